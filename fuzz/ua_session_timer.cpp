// Requests, responses and waits on one session timer, in both roles: it always ends a session that nobody
// refreshes, in time; it refreshes only where that is its part, and seldom; it asks for and grants what
// RFC 4028 allows; what a peer writes never makes it ask again without end.
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/session_timer.hpp>

#include "support/dialog_texts.hpp"
#include "support/operation_bytes.hpp"
#include "support/parsed_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::refresh_by;
using ua::session_timer;
using state = enum session_timer::state;
using event = session_timer::event;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<std::string_view, 4> support_lines = {"", "Supported: timer\r\n", "Require: timer\r\n",
                                                           "Supported: 100rel,timer\r\n"};
constexpr std::array<std::string_view, 6> refreshers = {
    "", ";refresher=uac", ";refresher=uas", ";x=y;refresher=UAC", ";refresher=me", ";refresher"};
constexpr std::array<std::string_view, 5> methods = {"INVITE", "UPDATE", "INFO", "ACK", "BYE"};
constexpr std::array<int, 10> statuses = {100, 183, 200, 202, 302, 408, 422, 481, 491, 500};

class run {
 public:
  explicit run(test::operation_bytes in) : in_(in), options_(choose()), timer_(options_) {}

  void go() {
    for (int i = 0; i < 300 && !in_.empty(); ++i) {
      step();
      check();
    }
    // Left alone, it comes to its end.
    for (int i = 0; timer_.poll_timeout() != base::never; ++i) {
      require(i < 64);
      now_ = std::max(now_, timer_.poll_timeout());
      timer_.handle_timeout(now_);
      take_event();
      check();
      // Whoever never answers a refresh lets it expire.
    }
    require(timer_.state() == state::off || timer_.state() == state::expired);
  }

 private:
  ua::session_timer_options choose() {
    ua::session_timer_options out;
    out.session_expires = static_cast<std::uint32_t>(in_.scaled(32));
    out.min_se = static_cast<std::uint32_t>(in_.scaled(12));
    out.refresher = static_cast<refresh_by>(in_.u8() % 3);
    return out;
  }

  std::string lines() {
    std::string out(support_lines[in_.u8() % support_lines.size()]);
    const unsigned choice = in_.u8();
    if (choice % 4 != 0) {
      out += "Session-Expires: " + std::to_string(in_.scaled(34)) +
             std::string(refreshers[in_.u8() % refreshers.size()]) + "\r\n";
    }
    if (choice >= 128) out += "Min-SE: " + std::to_string(in_.scaled(34)) + "\r\n";
    return out;
  }

  void step() {
    const std::string_view method = methods[in_.u8() % methods.size()];
    switch (in_.u8() % 6) {
      case 0: return write(method);
      case 1: return hear(method);
      case 2: return answer(method);
      case 3: timer_.handle_failure(now_, statuses[in_.u8() % statuses.size()]); return take_event();
      case 4:
        // As a driver does: never past a deadline without a call.
        now_ =
            std::min(now_ + std::chrono::milliseconds(in_.scaled(24)), std::max(now_, timer_.poll_timeout()));
        timer_.handle_timeout(now_);
        return take_event();
      default:
        if (in_.u8() == 0) timer_.stop();
    }
  }

  void write(std::string_view method) {
    auto request = sip::message::request(method, "sip:bob@example.com").value();
    timer_.write_request(request);
    const auto asked = request.value_of(header_id::session_expires);
    const auto min = request.value_of(header_id::min_se);
    require(method != "ACK" || request.header_text().empty());
    if (method != "INVITE" && method != "UPDATE") return require(asked.empty() && min.empty());
    std::uint32_t least = std::max<std::uint32_t>(options_.min_se, 1);
    if (!min.empty()) least = std::max(least, sip::parse<sip::min_se_header>(min)->seconds);
    if (!asked.empty()) require(sip::parse<sip::session_expires_header>(asked)->seconds >= least);
  }

  void hear(std::string_view method) {
    const int status = statuses[in_.u8() % statuses.size()];
    const auto heard =
        timer_.handle_response(now_, *parsed_text(texts::response(status, 10, method, "a", "b", lines())));
    if (heard && *heard == session_timer::outcome::retry) {
      require(status == 422 && ++retries_ <= session_timer::max_retries);
    }
    if (status >= 200 && status < 300) {
      retries_ = 0;
      refreshes_ = 0;
    }
    take_event();
  }

  void answer(std::string_view method) {
    const parsed_text request(texts::request(method, 10, "a", "b", lines()));
    const auto taken = timer_.handle_request(*request);
    auto response = sip::message::response(taken ? 200 : 422).value();
    if (!taken) {
      timer_.write_refusal(response);
      require(!response.value_of(header_id::min_se).empty());
      return;
    }
    timer_.write_response(now_, *taken, response);
    refreshes_ = 0;
    const auto granted = response.value_of(header_id::session_expires);
    require(response.value_of(header_id::min_se).empty());
    if (granted.empty()) return;
    const auto read = sip::parse<sip::session_expires_header>(granted);
    require(read && read->refresher != sip::session_refresher::none);
    require(read->seconds == timer_.interval());
    // RFC 4028 9: never more than was asked for; who has to refresh is told so.
    const auto asked = request->get<sip::session_expires_header>();
    if (asked) require(read->seconds <= asked->seconds);
    if (read->refresher == sip::session_refresher::uac) {
      require(response.value_of(header_id::require) == "timer");
    }
  }

  void take_event() {
    const event what = timer_.poll_event();
    require(timer_.poll_event() == event::none);
    if (what == event::refresh) {
      require(timer_.state() == state::refreshing && timer_.refresher() == refresh_by::local);
      // Halves of what is left until two seconds are.
      require(++refreshes_ <= 40);
    }
    if (what == event::expired) require(timer_.state() == state::expired && ++ends_ == 1);
  }

  void check() const {
    const bool active = timer_.state() == state::running || timer_.state() == state::refreshing;
    require((timer_.poll_timeout() != base::never) == active);
    require((timer_.interval() != 0) == active && (timer_.refresher() != refresh_by::any) == active);
    require(ends_ == 0 || timer_.state() != state::running);
    if (!active) return;
    require(timer_.interval() >= options_.min_se);
    require(timer_.poll_timeout() <= now_ + std::chrono::seconds(timer_.interval()));
  }

  test::operation_bytes in_;
  ua::session_timer_options options_;
  session_timer timer_;
  base::time_point now_{1h};
  int retries_ = 0;
  int refreshes_ = 0;
  int ends_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(test::operation_bytes(std::span(data, size))).go();
  return 0;
}
