#include <parley/ua/session_timer.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using sip::header_id;
using ua::errc;
using ua::refresh_by;
using ua::session_timer;
using ua::session_timer_options;
using state = enum session_timer::state;
using event = session_timer::event;
using outcome = session_timer::outcome;

struct run {
  explicit run(const session_timer_options& options = {}) : timer(options) {}

  sip::message request(std::string_view method = "INVITE") {
    auto made = sip::message::request(method, "sip:bob@example.com").value();
    timer.write_request(made);
    return made;
  }
  outcome hear(int status, std::string_view lines = {}, std::string_view method = "INVITE") {
    const auto heard =
        timer.handle_response(now(), *parsed_text(texts::response(status, 10, method, "a", "b", lines)));
    REQUIRE(heard);
    return *heard;
  }
  /// The 2xx to a request with these lines.
  sip::message answer(std::string_view lines, std::string_view method = "INVITE") {
    const parsed_text request(texts::request(method, 10, "a", "b", lines));
    const auto asked = timer.handle_request(*request);
    REQUIRE(asked);
    auto response = sip::message::response(200).value();
    timer.write_response(now(), *asked, response);
    return response;
  }
  errc refuse(std::string_view lines) {
    const auto taken = timer.handle_request(*parsed_text(texts::invite(lines)));
    return taken ? errc{} : static_cast<errc>(taken.error().value());
  }
  base::time_point now() const { return base::time_point(1h) + std::chrono::milliseconds(at); }
  event go_to(std::int64_t milliseconds) {
    at = milliseconds;
    timer.handle_timeout(now());
    return timer.poll_event();
  }
  std::int64_t wakes_at() const {
    if (timer.poll_timeout() == base::never) return -1;
    return std::chrono::duration_cast<std::chrono::milliseconds>(timer.poll_timeout() - base::time_point(1h))
        .count();
  }

  session_timer timer;
  std::int64_t at = 0;
};

constexpr std::string_view supported = "Supported: timer\r\n";

std::string asks(std::string_view value) {
  return std::string(supported).append("Session-Expires: ").append(value).append("\r\n");
}

}  // namespace

TEST_CASE("an INVITE and an UPDATE ask for a timer, other requests say that it is known") {
  run r;
  for (const char* const method : {"INVITE", "UPDATE"}) {
    const auto request = r.request(method);
    CHECK(request.value_of(header_id::supported) == "timer");
    CHECK(request.value_of(header_id::session_expires) == "1800");
    CHECK(request.value_of(header_id::min_se).empty());
  }
  CHECK(r.request("INFO").header_count() == 1);
  CHECK(r.request("INFO").value_of(header_id::supported) == "timer");
  CHECK(r.request("ACK").header_text().empty());

  run none({.session_expires = 0});
  CHECK(none.request().header_count() == 1);
  run least({.session_expires = 100, .min_se = 300});
  CHECK(least.request().value_of(header_id::session_expires) == "300");
  CHECK(least.request().value_of(header_id::min_se) == "300");
  CHECK(run({.refresher = refresh_by::local}).request().value_of(header_id::session_expires) ==
        "1800;refresher=uac");
  CHECK(run({.refresher = refresh_by::remote}).request().value_of(header_id::session_expires) ==
        "1800;refresher=uas");
}

TEST_CASE("the client refreshes at half of what the 2xx grants, and again") {
  run r;
  r.request();
  CHECK(r.hear(180, "Session-Expires: 100;refresher=uac\r\n") == outcome::none);
  CHECK(r.timer.state() == state::off);
  CHECK(r.hear(200, "Session-Expires: 1000;refresher=uac\r\nRequire: timer\r\n") == outcome::none);
  CHECK(r.timer.state() == state::running);
  CHECK(r.timer.interval() == 1000);
  CHECK(r.timer.refresher() == refresh_by::local);
  CHECK(r.wakes_at() == 500'000);
  CHECK(r.go_to(499'999) == event::none);
  CHECK(r.go_to(500'000) == event::refresh);
  CHECK(r.timer.state() == state::refreshing);
  // Within the dialog it asks for what runs, with the refresher that there is.
  CHECK(r.request("UPDATE").value_of(header_id::session_expires) == "1000;refresher=uac");
  r.at = 501'000;
  CHECK(r.hear(200, "Session-Expires: 1000;refresher=uac\r\n", "UPDATE") == outcome::none);
  CHECK(r.wakes_at() == 1'001'000);
  CHECK(r.timer.state() == state::running);
}

TEST_CASE("the end is 32 s before the interval's, or a third of it") {
  for (const auto& [seconds, end] :
       {std::pair{1000, 968'000}, std::pair{90, 60'000}, std::pair{96, 64'000}}) {
    const std::string lines = "Session-Expires: " + std::to_string(seconds);
    run refreshed;
    refreshed.hear(200, lines + ";refresher=uas\r\n");
    CHECK(refreshed.timer.refresher() == refresh_by::remote);
    CHECK(refreshed.wakes_at() == end);
    CHECK(refreshed.go_to(end - 1) == event::none);
    CHECK(refreshed.go_to(end) == event::expired);
    CHECK(refreshed.timer.state() == state::expired);
    CHECK(refreshed.wakes_at() == -1);
    run refreshes;
    refreshes.hear(200, lines + ";refresher=uac\r\n");
    CHECK(refreshes.go_to(seconds * 500) == event::refresh);
    CHECK(refreshes.wakes_at() == end);
    CHECK(refreshes.go_to(end) == event::expired);
  }
}

TEST_CASE("an ended session has no more events") {
  run r;
  r.hear(200, "Session-Expires: 90;refresher=uas\r\n");
  CHECK(r.go_to(60'000) == event::expired);
  r.hear(200, "Session-Expires: 90;refresher=uac\r\n");
  CHECK(r.timer.state() == state::expired);
  CHECK(r.answer(asks("90")).header_text().empty());
  CHECK(r.go_to(1'000'000) == event::none);
  run stopped;
  stopped.hear(200, "Session-Expires: 90;refresher=uac\r\n");
  stopped.timer.stop();
  CHECK(stopped.wakes_at() == -1);
  CHECK(stopped.go_to(1'000'000) == event::none);
}

TEST_CASE("without Session-Expires in the 2xx the session does not expire") {
  run r;
  CHECK(r.hear(200) == outcome::none);
  CHECK(r.timer.state() == state::off);
  r.hear(200, "Session-Expires: 90;refresher=uac\r\n");
  CHECK(r.timer.state() == state::running);
  // A refresh that is answered without ends the timer.
  CHECK(r.go_to(45'000) == event::refresh);
  r.hear(200);
  CHECK(r.timer.state() == state::off);
  CHECK(r.wakes_at() == -1);
  // Other requests say nothing about it.
  r.hear(200, "Session-Expires: 90;refresher=uac\r\n", "INFO");
  CHECK(r.timer.state() == state::off);
}

TEST_CASE("a 2xx that does not say who refreshes leaves it to the client") {
  run r;
  r.hear(200, "Session-Expires: 90\r\n");
  CHECK(r.timer.refresher() == refresh_by::local);
}

TEST_CASE("a 2xx with less than we allow is held to what we allow") {
  run r;
  r.hear(200, "Session-Expires: 1;refresher=uac\r\n");
  CHECK(r.timer.interval() == 90);
  CHECK(r.wakes_at() == 45'000);
}

TEST_CASE("a Session-Expires that can't be read counts as none") {
  run r;
  const auto heard = r.timer.handle_response(
      r.now(), *parsed_text(texts::response(200, 10, "INVITE", "a", "b", "Session-Expires: soon\r\n")));
  CHECK(heard.error() == errc::bad_message);
  CHECK(r.timer.state() == state::off);
}

TEST_CASE("a 422 is met by a new request with its Min-SE") {
  run r({.session_expires = 100});
  CHECK(r.hear(422, "Min-SE: 1000\r\n") == outcome::retry);
  auto request = r.request();
  CHECK(request.value_of(header_id::session_expires) == "1000");
  CHECK(request.value_of(header_id::min_se) == "1000");
  CHECK(r.hear(422, "Min-SE: 1200\r\n") == outcome::retry);
  CHECK(r.request().value_of(header_id::min_se) == "1200");
  // Once there is a dialog, what was said before it counts no more.
  r.hear(200, "Session-Expires: 1200;refresher=uac\r\n");
  CHECK(r.request("UPDATE").value_of(header_id::min_se).empty());
  CHECK(r.request("UPDATE").value_of(header_id::session_expires) == "1200;refresher=uac");
  // In the dialog it stays.
  CHECK(r.hear(422, "Min-SE: 1300\r\n", "UPDATE") == outcome::retry);
  CHECK(r.request("UPDATE").value_of(header_id::min_se) == "1300");
  r.hear(200, "Session-Expires: 1300;refresher=uac\r\n", "UPDATE");
  CHECK(r.request("UPDATE").value_of(header_id::min_se) == "1300");
}

TEST_CASE("a 422 that asks for no more than it got, or for too much, or once too often, is a refusal") {
  run r({.session_expires = 1800});
  CHECK(r.hear(422, "Min-SE: 1800\r\n") == outcome::refused);
  CHECK(r.hear(422, "Min-SE: 86401\r\n") == outcome::refused);
  CHECK(
      r.timer.handle_response(r.now(), *parsed_text(texts::response(422, 10, "INVITE", "a", "b"))).error() ==
      errc::bad_message);
  for (int i = 1; i <= session_timer::max_retries; ++i) {
    CHECK(r.hear(422, "Min-SE: " + std::to_string(1800 + i) + "\r\n") == outcome::retry);
  }
  CHECK(r.hear(422, "Min-SE: 2000\r\n") == outcome::refused);
  CHECK(run({.session_expires = 0}).hear(422, "Min-SE: 100\r\n") == outcome::refused);
}

TEST_CASE("a refresh that the peer does not know, or does not answer, ends the session") {
  for (const int status : {408, 481}) {
    for (const bool local : {false, true}) {
      run r;
      r.hear(200, "Session-Expires: 90;refresher=uac\r\n");
      CHECK(r.go_to(45'000) == event::refresh);
      if (local) {
        r.timer.handle_failure(r.now(), status);
      } else {
        r.hear(status);
      }
      CHECK(r.timer.poll_event() == event::expired);
      CHECK(r.timer.state() == state::expired);
    }
  }
}

TEST_CASE("a refresh that is refused otherwise is tried again until the end") {
  run r;
  r.hear(200, "Session-Expires: 90;refresher=uac\r\n");
  CHECK(r.go_to(45'000) == event::refresh);
  CHECK(r.hear(491) == outcome::none);
  CHECK(r.timer.state() == state::running);
  CHECK(r.wakes_at() == 52'500);
  CHECK(r.go_to(52'500) == event::refresh);
  r.timer.handle_failure(r.now(), 503);
  CHECK(r.wakes_at() == 56'250);
  int refreshes = 0;
  while (r.timer.state() != state::expired) {
    if (r.go_to(r.wakes_at()) == event::refresh) {
      ++refreshes;
      r.hear(500);
    }
  }
  CHECK(r.at == 60'000);
  CHECK(refreshes == 2);
  // A refusal of another request, as one that asks for hold, is not the timer's.
  run idle;
  idle.hear(200, "Session-Expires: 90;refresher=uac\r\n");
  idle.hear(481);
  CHECK(idle.timer.state() == state::running);
  CHECK(idle.wakes_at() == 45'000);
}

TEST_CASE("a server grants what was asked for up to its own, and says who refreshes") {
  struct row {
    std::string lines;
    std::string_view granted;
    bool requires_timer;
  };
  const row rows[] = {
      // RFC 4028, table 2.
      {asks("1000"), "1000;refresher=uac", true},
      {asks("1000;refresher=uac"), "1000;refresher=uac", true},
      {asks("1000;refresher=uas"), "1000;refresher=uas", true},
      {"Session-Expires: 1000\r\n", "1000;refresher=uas", false},
      {"Session-Expires: 1000;refresher=uas\r\n", "1000;refresher=uas", false},
      // The interval.
      {asks("90000"), "1800;refresher=uac", true},
      {asks("90000") + "Min-SE: 3600\r\n", "3600;refresher=uac", true},
      {asks("1000") + "Min-SE: 3600\r\n", "1000;refresher=uac", true},
      {asks("90"), "90;refresher=uac", true},
      {std::string(supported), "1800;refresher=uac", true},
      {std::string(supported) + "Min-SE: 3600\r\n", "3600;refresher=uac", true},
      {"", "1800;refresher=uas", false},
  };
  for (const row& each : rows) {
    CAPTURE(each.lines);
    run r;
    const auto response = r.answer(each.lines);
    CHECK(response.value_of(header_id::session_expires) == each.granted);
    CHECK(response.value_of(header_id::require) == (each.requires_timer ? "timer" : ""));
    CHECK(response.value_of(header_id::min_se).empty());
    CHECK(r.timer.state() == state::running);
    CHECK(r.timer.refresher() == (each.granted.ends_with("uas") ? refresh_by::local : refresh_by::remote));
  }
  run self({.refresher = refresh_by::local});
  CHECK(self.answer(asks("1000")).value_of(header_id::session_expires) == "1000;refresher=uas");
  CHECK(self.answer(asks("1000;refresher=uac")).value_of(header_id::session_expires) == "1000;refresher=uac");
}

TEST_CASE("a server that wants no timer grants what is asked for, and starts none") {
  run r({.session_expires = 0});
  CHECK(r.answer("").header_text().empty());
  CHECK(r.timer.state() == state::off);
  CHECK(r.answer(asks("5000")).value_of(header_id::session_expires) == "5000;refresher=uac");
}

TEST_CASE("too small an interval gets 422 where the client knows what that is") {
  run r({.min_se = 300});
  CHECK(r.refuse(asks("299")) == errc::interval_too_small);
  CHECK(r.refuse("Require: timer\r\nSession-Expires: 299\r\n") == errc::interval_too_small);
  CHECK(r.refuse(asks("300")) == errc{});
  CHECK(ua::status_for(errc::interval_too_small) == 422);
  auto refusal = sip::message::response(422).value();
  r.timer.write_refusal(refusal);
  CHECK(refusal.value_of(header_id::min_se) == "300");
  // A proxy asks in the client's name.
  CHECK(r.refuse("Session-Expires: 299\r\n") == errc{});
  CHECK(r.answer("Session-Expires: 299\r\n").header_text().empty());
  CHECK(r.timer.state() == state::off);
  CHECK(r.refuse(asks("soon")) == errc::bad_message);
  CHECK(r.refuse(asks("1000;refresher=me")) == errc::bad_message);
  CHECK(r.refuse("Min-SE: x\r\n") == errc::bad_message);
}

TEST_CASE("a refused request leaves the timer as it was") {
  run r;
  r.answer(asks("1000"));
  r.at = 1000;
  CHECK(r.refuse(asks("1")) == errc::interval_too_small);
  CHECK(r.wakes_at() == 968'000);
}

TEST_CASE("a server refreshes, and is refreshed, as agreed") {
  run r;
  r.answer(asks("1000;refresher=uas"));
  CHECK(r.wakes_at() == 500'000);
  CHECK(r.go_to(500'000) == event::refresh);
  // Now it is the one who asks.
  CHECK(r.request().value_of(header_id::session_expires) == "1000;refresher=uac");
  r.hear(200, "Session-Expires: 1000;refresher=uac\r\n");
  CHECK(r.timer.refresher() == refresh_by::local);

  run refreshed;
  refreshed.answer(asks("1000;refresher=uac"));
  refreshed.at = 500'000;
  refreshed.answer(asks("1000;refresher=uac"), "UPDATE");
  CHECK(refreshed.wakes_at() == 1'468'000);
  // A request of its own keeps the peer as the refresher.
  CHECK(refreshed.request().value_of(header_id::session_expires) == "1000;refresher=uas");
}

TEST_CASE("the Min-SE of a peer's request is repeated in ours") {
  run r;
  r.answer(asks("1000") + "Min-SE: 500\r\n");
  r.answer(asks("1000") + "Min-SE: 400\r\n");
  CHECK(r.request().value_of(header_id::min_se) == "500");
}
