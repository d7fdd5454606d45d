#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <string>
#include <utility>

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

}  // namespace
}  // namespace parley::test
