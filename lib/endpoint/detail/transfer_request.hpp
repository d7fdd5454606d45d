#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/endpoint/incoming_call.hpp>
#include <parley/ua/refer.hpp>

#include "endpoint/detail/call_state.hpp"

#include <memory>
#include <utility>

namespace parley {

/// A REFER that waits for its answer.
struct incoming_transfer::state {
  state(std::shared_ptr<detail::call_state> its_call, ua::request_id id, base::packet_buffer data,
        ua::referral its_referral)
      : of(std::move(its_call)),
        handle(of->handle_of()),
        request(id),
        message(std::move(data)),
        what(std::move(its_referral)) {}
  ~state();
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  std::shared_ptr<detail::call_state> of;
  call handle;
  ua::request_id request;
  base::packet_buffer message;
  ua::referral what;
  bool answered = false;
};

}  // namespace parley
