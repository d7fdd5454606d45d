#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <optional>
#include <string>

namespace parley::test {
namespace {

using kind = call_event::kind;

TEST_CASE("a blind transfer: the peer calls somebody else, and says how that went", "[transfer]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  agent carol(io, "carol");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    std::optional<base::error_code> outcome;
    b.transfer(carol.uri(), [&](base::error_code error) { outcome = error; });
    const incoming_transfer asked = co_await alice.take_transfer();
    CHECK(asked.target() == carol.uri());
    CHECK(asked.referred_by() == "<sip:bob@" + bob.ep.local_address().to_string() + ">");
    CHECK(asked.transferred() == a);
    const auto fresh = asked.accept();
    REQUIRE(fresh);
    const incoming_call in = co_await carol.take_call();
    CHECK(in.header("Referred-By") == asked.referred_by());
    REQUIRE(in.ring());
    const call_event ringing = co_await next_event(b, kind::transfer_progress);
    CHECK(ringing.status >= 100);
    const call c = co_await in.answer();
    co_await fresh->answered();
    while (!outcome) co_await pause(std::chrono::milliseconds(1));
    CHECK(!*outcome);
    const call_event moved = co_await next_event(b, kind::transferred);
    CHECK(moved.text == carol.uri());
    b.hang_up();
    const call_ending ended = co_await a.ended();
    CHECK(ended.why == call_end::peer_hung_up);
    CHECK(fresh->state() == call::state::established);
    CHECK(c.state() == call::state::established);
  }());
}

TEST_CASE("a transfer that is refused, or whose target refuses, leaves the call as it is", "[transfer]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  agent carol(io, "carol");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    std::optional<base::error_code> outcome;
    const auto ask = [&] {
      outcome.reset();
      b.transfer(carol.uri(), [&](base::error_code error) { outcome = error; });
    };
    ask();
    {
      const incoming_transfer asked = co_await alice.take_transfer();
      REQUIRE(asked.refuse(403));
      CHECK(asked.accept().error() == errc::not_now);
    }
    while (!outcome) co_await pause(std::chrono::milliseconds(1));
    CHECK(*outcome == make_status_error(403));
    ask();
    {
      // Nobody says anything.
      const incoming_transfer asked = co_await alice.take_transfer();
    }
    while (!outcome) co_await pause(std::chrono::milliseconds(1));
    CHECK(*outcome == make_status_error(603));
    ask();
    const incoming_transfer asked = co_await alice.take_transfer();
    const auto fresh = asked.accept();
    REQUIRE(fresh);
    const incoming_call in = co_await carol.take_call();
    REQUIRE(in.refuse(486));
    while (!outcome) co_await pause(std::chrono::milliseconds(1));
    CHECK(*outcome == make_status_error(486));
    const auto [bad] = co_await b.transfer("mailto:x", as_values);
    CHECK(bad == errc::bad_uri);
    CHECK(a.state() == call::state::established);
    CHECK(b.state() == call::state::established);
  }());
}

TEST_CASE("an attended transfer: the call goes on with another peer, under the same handle", "[transfer]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  agent carol(io, "carol");
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    const auto [b2, c] = co_await connect(bob, carol);
    std::optional<base::error_code> outcome;
    b.transfer(b2, [&](base::error_code error) { outcome = error; });
    const incoming_transfer asked = co_await alice.take_transfer();
    const auto fresh = asked.accept();
    REQUIRE(fresh);
    co_await fresh->answered();
    const call_event moved = co_await next_event(c, kind::transferred);
    CHECK(moved.by_peer);
    CHECK(c.peer().uri == "sip:alice@example.com");
    CHECK(c.state() == call::state::established);
    CHECK(carol.calls.empty());
    const call_ending over = co_await b2.ended();
    CHECK(over.why == call_end::peer_hung_up);
    while (!outcome) co_await pause(std::chrono::milliseconds(1));
    CHECK(!*outcome);
    // What carol does is between her and alice now.
    co_await c.hold();
    CHECK(fresh->is_held_by_peer());
    CHECK(carol.ep.calls() == 1);
    c.hang_up();
    const call_ending last = co_await fresh->ended();
    CHECK(last.why == call_end::peer_hung_up);
  }());
}

TEST_CASE("an INVITE with Replaces for no call of ours, or where none is to be replaced, is refused",
          "[transfer]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob", "udp", {.accept_replaces = false});
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    call_options options;
    options.headers.emplace_back("Replaces", "nobody;to-tag=1;from-tag=2");
    const auto [none, c] = co_await alice.ep.call(bob.uri(), options, as_values);
    CHECK(none == make_status_error(481));
    CHECK(b.state() == call::state::established);
  }());
}

}  // namespace
}  // namespace parley::test
