#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {
namespace {

using kind = call_event::kind;

TEST_CASE("a call is placed, answered and ended by the caller", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    auto made = alice.ep.dial(bob.uri());
    REQUIRE(made);
    const call a = *made;
    CHECK(a.state() == call::state::calling);
    CHECK(a.is_caller());
    const incoming_call in = co_await bob.take_call();
    CHECK(in.caller().uri == "sip:alice@example.com");
    CHECK(in.caller().display_name == "alice");
    CHECK(in.target() == bob.uri());
    CHECK(in.header("call-id") != "");
    REQUIRE(in.ring());
    const call_event ringing = co_await a.next_event();
    CHECK(ringing.what == kind::ringing);
    CHECK(ringing.status == 180);
    CHECK(ringing.reason == "Ringing");
    const call b = co_await in.answer();
    co_await a.answered();
    CHECK(a.state() == call::state::established);
    CHECK(b.state() == call::state::established);
    CHECK(a.call_id() == b.call_id());
    REQUIRE(a.negotiated().size() == 1);
    CHECK(a.negotiated()[0].active);
    CHECK(a.negotiated()[0].formats.size() == 3);
    const call_event answered = co_await a.next_event();
    CHECK(answered.what == kind::answered);
    CHECK(alice.ep.calls() == 1);
    a.hang_up();
    const call_ending ended = co_await b.ended();
    CHECK(ended.why == call_end::peer_hung_up);
    const call_ending own = co_await a.ended();
    CHECK(own.why == call_end::hung_up);
    CHECK(alice.ep.calls() == 0);
    CHECK(bob.ep.calls() == 0);
    const call_event last = co_await a.next_event();
    CHECK(last.what == kind::ended);
    const auto [none, event] = co_await a.next_event(as_values);
    CHECK(none == errc::call_over);
  }());
}

TEST_CASE("a call that is refused ends with the status of the refusal", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto made = alice.ep.dial(bob.uri());
    REQUIRE(made);
    const incoming_call in = co_await bob.take_call();
    REQUIRE(in.refuse(486));
    CHECK(in.refuse(486).error() == errc::call_over);
    CHECK(in.ring().error() == errc::call_over);
    const auto [error] = co_await made->answered(as_values);
    CHECK(error == make_status_error(486));
    CHECK(status_of(error) == 486);
    CHECK(error.message() == "486 Busy Here");
    const call_ending ended = co_await made->ended();
    CHECK(ended.why == call_end::refused);
    CHECK(ended.status == 486);
    CHECK(ended.reason == "Busy Here");
    const auto [again] = co_await made->hold(as_values);
    CHECK(again == errc::not_now);
  }());
}

TEST_CASE("a call is sent to another address by a redirection, which the caller's application follows",
          "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto made = alice.ep.dial(bob.uri());
    const incoming_call in = co_await bob.take_call();
    CHECK(in.redirect("no uri").error() == errc::bad_uri);
    REQUIRE(in.redirect("sip:carol@192.0.2.9"));
    const call_ending ended = co_await made->ended();
    CHECK(ended.status == 302);
  }());
}

TEST_CASE("a caller gives up before the call is answered", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    auto made = alice.ep.dial(bob.uri());
    const incoming_call in = co_await bob.take_call();
    SECTION("by a command") { made->hang_up(); }
    SECTION("by dropping the call") { made = errc::closed; }
    const call_ending at_callee = co_await in.handle().ended();
    CHECK(at_callee.why == call_end::cancelled);
    const auto [error, none] = co_await in.answer(as_values);
    CHECK(error == errc::call_over);
    CHECK(!none);
    if (made) {
      const call_ending at_caller = co_await made->ended();
      CHECK(at_caller.why == call_end::cancelled);
    }
    CHECK(bob.ep.calls() == 0);
  }());
}

TEST_CASE("a call that rings too long is given up", "[call]") {
  asio::io_context io;
  agent alice(io, "alice", "udp", {.answer_timeout = std::chrono::milliseconds(50)});
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto made = alice.ep.dial(bob.uri());
    const incoming_call in = co_await bob.take_call();
    REQUIRE(in.ring());
    const call_ending ended = co_await made->ended();
    CHECK(ended.why == call_end::no_answer);
    const call_ending at_callee = co_await in.handle().ended();
    CHECK(at_callee.why == call_end::cancelled);
  }());
}

TEST_CASE("an operation is cancelled through its slot: the call that it was for is given up", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  asio::cancellation_signal stop;
  std::optional<base::error_code> ended;
  alice.ep.call(bob.uri(), {}, asio::bind_cancellation_slot(stop.slot(), [&](base::error_code error, call c) {
                  ended = error;
                  CHECK(!c);
                }));
  run(io, [&]() -> asio::awaitable<void> {
    const incoming_call in = co_await bob.take_call();
    stop.emit(asio::cancellation_type::terminal);
    CHECK(!ended);  // never from inside
    const call_ending at_callee = co_await in.handle().ended();
    CHECK(at_callee.why == call_end::cancelled);
    CHECK(ended == asio::error::operation_aborted);
  }());
}

TEST_CASE("a call that nobody holds is hung up, and one that nobody takes is refused", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    {
      auto calls = co_await connect(alice, bob);
      calls.callee = {};
      const call_ending ended = co_await calls.caller.ended();
      CHECK(ended.why == call_end::peer_hung_up);
    }
    bob.ep.on_call([](const incoming_call&) {});
    const auto [error, none] = co_await alice.ep.call(bob.uri(), as_values);
    CHECK(error == make_status_error(480));
  }());
}

asio::awaitable<void> hold_and_resume(call one, call other) {
  co_await one.hold();
  CHECK(one.is_held_by_us());
  CHECK(other.is_held_by_peer());
  CHECK(one.negotiated()[0].direction == sdp::direction::sendonly);
  const call_event held = co_await next_event(other, kind::held);
  CHECK(held.by_peer);
  const call_event own = co_await next_event(one, kind::held);
  CHECK(!own.by_peer);
  co_await one.resume();
  CHECK(!one.is_held_by_us());
  CHECK(!other.is_held_by_peer());
  CHECK(one.negotiated()[0].direction == sdp::direction::sendrecv);
  const call_event resumed = co_await next_event(other, kind::resumed);
  CHECK(resumed.by_peer);
}

TEST_CASE("each end holds the call and resumes it, and the other hears of that", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    co_await hold_and_resume(a, b);
    co_await hold_and_resume(b, a);
    co_await a.refresh();
    const call_event refreshed = co_await next_event(b, kind::refreshed);
    CHECK(refreshed.by_peer);
  }());
}

TEST_CASE("both ends hold at once: one of them tries again, and both are on hold in the end", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    int done = 0;
    a.hold([&](base::error_code error) { done += error ? 0 : 1; });
    b.hold([&](base::error_code error) { done += error ? 0 : 1; });
    const auto [second] = co_await a.hold(as_values);
    CHECK(second == errc::in_progress);
    while (done < 2) co_await pause(std::chrono::milliseconds(5));
    CHECK(a.is_held_by_us());
    CHECK(b.is_held_by_us());
    CHECK(a.is_held_by_peer());
    CHECK(b.is_held_by_peer());
    CHECK(a.negotiated()[0].direction == sdp::direction::inactive);
  }());
}

TEST_CASE("a hold that comes while the peer's is under way waits for the end of that", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    std::optional<base::error_code> own;
    a.hold([](base::error_code) {});
    co_await next_event(b, kind::held);
    // Its ACK is not there yet.
    b.hold([&](base::error_code error) { own = error; });
    while (!own) co_await pause(std::chrono::milliseconds(1));
    CHECK(!*own);
    CHECK(b.negotiated()[0].direction == sdp::direction::inactive);
  }());
}

TEST_CASE("a call is answered at once after a reliable provisional response", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    call_options options;
    options.headers.emplace_back("Require", "100rel");
    const auto made = alice.ep.dial(bob.uri(), options);
    const incoming_call in = co_await bob.take_call();
    REQUIRE(in.ring(183, true));
    co_await in.answer();
    co_await made->answered();
    made->hang_up();
    const call_ending ended = co_await in.handle().ended();
    CHECK(ended.reason == "");
  }());
}

TEST_CASE("the callee makes the offer where the caller has none", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto made = alice.ep.dial(bob.uri(), {.late_offer = true});
    REQUIRE(made);
    const incoming_call in = co_await bob.take_call();
    const bool early = GENERATE(false, true);
    if (early) REQUIRE(in.ring(183, true));
    const call b = co_await in.answer();
    co_await made->answered();
    REQUIRE(made->negotiated().size() == 1);
    CHECK(made->negotiated()[0].active);
    CHECK(b.negotiated()[0].active);
  }());
}

TEST_CASE("media may flow before the call is answered", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto made = alice.ep.dial(bob.uri());
    const incoming_call in = co_await bob.take_call();
    REQUIRE(in.ring(183, true));
    co_await next_event(*made, kind::early_media);
    CHECK(made->negotiated().empty());
    const call b = co_await in.answer();
    co_await made->answered();
    CHECK(made->negotiated()[0].active);
  }());
}

TEST_CASE("keys and other INFO arrive as events", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob", "udp", {.info_packages = {"example"}});
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    const auto [bad] = co_await a.send_dtmf("12x", as_values);
    CHECK(bad == errc::bad_key);
    co_await a.send_dtmf("1#D");
    for (const char key : {'1', '#', 'D'}) {
      const call_event pressed = co_await next_event(b, kind::dtmf);
      CHECK(pressed.key == key);
      CHECK(pressed.duration == std::chrono::milliseconds(100));
    }
    co_await a.send_info("example", "text/plain", "hello");
    const call_event told = co_await next_event(b, kind::info);
    CHECK(told.text == "example");
    CHECK(told.content_type == "text/plain");
    CHECK(told.body == "hello");
    const auto [unknown] = co_await a.send_info("other", "text/plain", "hello", as_values);
    CHECK(unknown == make_status_error(469));
    CHECK(a.state() == call::state::established);
  }());
}

TEST_CASE("events go to a handler, those first that came before it", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    auto [a, b] = co_await connect(alice, bob);
    std::vector<kind> seen;
    // The handler holds the call, and drops it.
    b.on_event([&seen, &b = b](const call_event& event) {
      seen.push_back(event.what);
      if (event.what == kind::ended) b = {};
    });
    CHECK(seen.empty());
    co_await a.hold();
    a.hang_up();
    while (b) co_await pause(std::chrono::milliseconds(1));
    CHECK(seen == std::vector{kind::answered, kind::held, kind::ended});
  }());
}

TEST_CASE("only one waits for events, and it may stop waiting", "[call]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    co_await next_event(a, kind::answered);
    asio::cancellation_signal stop;
    std::optional<base::error_code> ended;
    a.next_event(asio::bind_cancellation_slot(
        stop.slot(), [&](base::error_code error, const call_event&) { ended = error; }));
    const auto [second, none] = co_await a.next_event(as_values);
    CHECK(second == errc::in_progress);
    stop.emit(asio::cancellation_type::terminal);
    co_await pause(std::chrono::milliseconds(5));
    CHECK(ended == asio::error::operation_aborted);
    CHECK(a.state() == call::state::established);
  }());
}

}  // namespace
}  // namespace parley::test
