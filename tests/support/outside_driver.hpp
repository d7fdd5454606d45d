#pragma once

#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>

#include "support/parsed_text.hpp"
#include "support/seeded_random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::test {

/// Runs one usage outside dialogs (registration, publication, pager) in virtual time, and plays the core
/// below it and the server. Times are in milliseconds from the start.
template <class Usage>
class outside_driver {
 public:
  template <class Options, class... Rest>
  explicit outside_driver(const Options& options, Rest... rest) : usage(options, random_, rest...) {}

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at); }

  /// The request that is to be sent now, if there is one.
  std::optional<sip::message> request() {
    auto out = sip::message::request("X", "sip:x").value();
    if (!usage.poll_request(now(), out)) return std::nullopt;
    last_ = out;
    return out;
  }
  /// The same as a text, empty where there is none.
  std::string request_text() {
    const auto sent = request();
    return sent ? sent->to_string() : std::string();
  }

  /// Answers the last request. `cseq` stands in the response where it is not 0, as after challenges.
  void answer(int status, std::string_view lines = {}, std::uint32_t cseq = 0) {
    usage.handle_response(now(), *parsed_text(response_text(status, lines, cseq)));
  }
  /// Sends what is due, and answers it.
  std::optional<sip::message> exchange(int status, std::string_view lines = {}) {
    auto sent = request();
    if (sent) answer(status, lines);
    return sent;
  }
  void fail(int status) { usage.handle_failure(now(), status); }

  typename Usage::event event() { return usage.poll_event(); }
  typename Usage::event_kind event_kind() { return usage.poll_event().kind; }

  void go_to(std::int64_t milliseconds) {
    at = milliseconds;
    usage.handle_timeout(now());
  }
  /// Goes to the next moment that the usage asks for; false where there is none.
  bool go_on() {
    if (usage.poll_timeout() == base::never) return false;
    go_to(wakes_at());
    return true;
  }
  std::int64_t wakes_at() const { return since_start(usage.poll_timeout()); }
  /// -1 for never.
  std::int64_t since_start(base::time_point time) const {
    if (time == base::never) return -1;
    return std::chrono::duration_cast<std::chrono::milliseconds>(time - start_ +
                                                                 std::chrono::microseconds(999))
        .count();
  }

  std::string response_text(int status, std::string_view lines, std::uint32_t cseq = 0) const {
    using sip::header_id;
    const std::string method(last_.method_name());
    const std::string number = cseq == 0 ? std::string(last_.value_of(header_id::cseq))
                                         : std::to_string(cseq).append(" ").append(method);
    return std::string("SIP/2.0 ")
        .append(std::to_string(status))
        .append(" Words\r\nVia: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1\r\nFrom: ")
        .append(last_.value_of(header_id::from))
        .append("\r\nTo: ")
        .append(last_.value_of(header_id::to))
        .append(";tag=r\r\nCall-ID: ")
        .append(last_.value_of(header_id::call_id))
        .append("\r\nCSeq: ")
        .append(number)
        .append("\r\n")
        .append(lines)
        .append("\r\n");
  }

 private:
  seeded_random random_;
  base::time_point start_{std::chrono::seconds(1000)};
  sip::message last_ = sip::message::request("X", "sip:x").value();

 public:
  Usage usage;
  std::int64_t at = 0;
};

}  // namespace parley::test
