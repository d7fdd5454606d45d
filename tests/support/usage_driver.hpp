#pragma once

#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>

#include "support/catch.hpp"
#include "support/parsed_text.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley::test {

/// The response to `request` as its peer makes it, to be parsed. `cseq_more` is for one to the same request,
/// sent again with credentials.
inline std::string response_to(const sip::message& request, int status, std::string_view lines = {},
                               std::string_view tag = "b", std::uint32_t cseq_more = 0) {
  using sip::header_id;
  std::string to(request.value_of(header_id::to));
  if (to.find("tag=") == std::string::npos) to.append(";tag=").append(tag);
  const auto cseq = sip::parse<sip::cseq_header>(request.value_of(header_id::cseq)).value();
  return "SIP/2.0 " + std::to_string(status) + " x\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: " +
         std::string(request.value_of(header_id::from)) + "\r\nTo: " + to +
         "\r\nCall-ID: " + std::string(request.value_of(header_id::call_id)) +
         "\r\nCSeq: " + std::to_string(cseq.number + cseq_more) + " " + std::string(cseq.method_name) +
         "\r\n" + std::string(lines) + "\r\n";
}

/// Runs one usage, a machine with `poll_request` and `handle_response`, in virtual time.
template <class Machine>
class usage_driver {
 public:
  using event = typename Machine::event;

  explicit usage_driver(Machine of) : machine(std::move(of)) {}

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at_); }

  /// The request that the machine wants sent, if any; `in` is the dialog where that is not its own.
  template <class... Dialog>
  std::optional<sip::message> request(Dialog&... in) {
    sip::message out = sip::message::request("NONE", "sip:nobody").value();
    if (!machine.poll_request(now(), in..., out)) return std::nullopt;
    sent = out;
    return out;
  }

  /// The response to the request before, as its peer makes it.
  void hear(int status, std::string_view lines = {}, std::string_view tag = "b") {
    machine.handle_response(now(), *parsed_text(response_to(sent.value(), status, lines, tag)));
  }

  event go_to(std::int64_t milliseconds) {
    at_ = milliseconds;
    machine.handle_timeout(now());
    return machine.poll_event();
  }

  /// When the machine wants to be called next, in milliseconds, -1 for never.
  std::int64_t wakes_at() const {
    const auto at = machine.poll_timeout();
    return at == base::never ? -1
                             : std::chrono::duration_cast<std::chrono::milliseconds>(at - start_).count();
  }

  Machine machine;
  std::optional<sip::message> sent;

 private:
  base::time_point start_{std::chrono::seconds(1000)};
  std::int64_t at_ = 0;
};

}  // namespace parley::test
