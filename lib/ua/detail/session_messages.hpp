#pragma once

#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/session.hpp>
#include <parley/ua/session_description.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace parley::ua::detail {

/// When a request that came at `now` is not wanted any more (RFC 3261 20.19).
inline base::time_point expiry_of(const sip::message_view& request, base::time_point now) noexcept {
  const auto expires = request.get<sip::expires_header>();
  return expires ? base::add_saturated(now, std::chrono::seconds(expires->value)) : base::never;
}

/// The headers and the body that a response has of its own.
inline base::result<sip::message> make_response(int status, std::string_view contact,
                                                std::string_view description,
                                                std::span<const session::field> fields = {}) {
  auto made = sip::message::response(status);
  if (!made) return errc::not_now;
  if (!contact.empty() && !made->add(sip::header_id::contact, contact)) return errc::bad_message;
  for (const auto& [id, value] : fields) {
    if (!made->add(id, value)) return errc::bad_message;
  }
  if (!description.empty()) {
    std::ignore = made->set_body(std::string(description), session_description_type);
  }
  return std::move(*made);
}

}  // namespace parley::ua::detail
