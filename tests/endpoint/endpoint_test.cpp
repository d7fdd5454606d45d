#include <parley/net/error.hpp>

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <memory>
#include <optional>
#include <string>

// Set-up and end of an endpoint, its transports, and what is not a call.

namespace parley::test {
namespace {

using kind = call_event::kind;

TEST_CASE("options that can't be met are refused, and named", "[endpoint]") {
  asio::io_context io;
  const auto why = [&](endpoint_options options, const base::error_code& error, const std::string& named) {
    std::string what;
    const auto made = endpoint::make(io.get_executor(), options, what);
    REQUIRE(!made);
    CHECK(made.error() == error);
    CHECK(what == named);
    try {
      const endpoint ep(io, options);
      CHECK(false);
    } catch (const boost::system::system_error& thrown) {
      CHECK(thrown.code() == error);
      CHECK(std::string(thrown.what()).find(named) != std::string::npos);
    }
  };
  why({.listen = {"5060"}}, errc::bad_listener, "listener 5060");
  why({.listen = {"sctp:127.0.0.1:0"}}, errc::bad_listener, "listener sctp:127.0.0.1:0");
  why({.listen = {"udp:example.com:5060"}}, errc::bad_listener, "listener udp:example.com:5060");
  why({.listen = {"tls:127.0.0.1:0"}}, net::errc::no_certificate, "listener tls:127.0.0.1:0");
  why({.listen = {"udp:127.0.0.1:0"}, .identity = "alice"}, errc::bad_uri, "identity alice");
  const endpoint taken(io, {.listen = {"udp:127.0.0.1:0"}});
  const std::string same = "udp:" + taken.local_address().to_string();
  why({.listen = {same}}, asio::error::address_in_use, "listener " + same);
}

TEST_CASE("calls go over each transport", "[endpoint]") {
  const std::string transport = GENERATE("udp", "tcp", "tls", "ws", "wss");
  asio::io_context io;
  authority issuer;
  net::tls_options tls;
  tls.certificates = {issuer.issue({.common_name = "test", .alternative_names = "IP:127.0.0.1"})};
  tls.authority_files = {issuer.file()};
  const auto context = net::tls_context::make(tls);
  REQUIRE(context.has_value());
  agent alice(io, "alice", transport, {.tls = *context});
  agent bob(io, "bob", transport, {.tls = *context});
  run(io, [&]() -> asio::awaitable<void> {
    const auto [a, b] = co_await connect(alice, bob);
    co_await a.hold();
    co_await b.hold();
    co_await alice.ep.send_message(bob.uri(), {"hello"});
    b.hang_up();
    const call_ending ended = co_await a.ended();
    CHECK(ended.why == call_end::peer_hung_up);
  }());
}

TEST_CASE("messages are delivered in and outside of calls", "[endpoint]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    const int status = co_await alice.ep.send_message(bob.uri(), {"<b>hello</b>", "text/html"});
    CHECK(status == 200);
    const incoming_message got = co_await bob.take_message();
    CHECK(got.sender.uri == "sip:alice@example.com");
    CHECK(got.sender.display_name == "alice");
    CHECK(got.target == bob.uri());
    CHECK(got.content_type == "text/html");
    CHECK(got.text == "<b>hello</b>");
    CHECK(!got.within);
    // One after the other (RFC 3428 8).
    int delivered = 0;
    for (int i = 0; i < 5; ++i) {
      alice.ep.send_message(bob.uri(), {std::to_string(i)},
                            [&](base::error_code error, int) { delivered += !error; });
    }
    for (int i = 0; i < 5; ++i) {
      const incoming_message next = co_await bob.take_message();
      CHECK(next.text == std::to_string(i));
    }
    while (delivered < 5) co_await pause(std::chrono::milliseconds(1));
    const auto [bad, none] = co_await alice.ep.send_message("bob", {"hello"}, as_values);
    CHECK(bad == errc::bad_uri);
  }());
}

TEST_CASE("what nobody has a handler for is refused; OPTIONS is answered", "[endpoint]") {
  asio::io_context io;
  agent alice(io, "alice");
  endpoint bare(io, {.listen = {"udp:127.0.0.1:0"}});
  const std::string uri = "sip:x@" + bare.local_address().to_string();
  run(io, [&]() -> asio::awaitable<void> {
    const auto [message_error, message_status] = co_await alice.ep.send_message(uri, {"hello"}, as_values);
    CHECK(message_error == make_status_error(405));
    CHECK(message_status == 405);
    const auto [call_error, none] = co_await alice.ep.call(uri, as_values);
    CHECK(call_error == make_status_error(480));
    const int status = co_await alice.ep.query(uri);
    CHECK(status == 200);
    const auto [bad, zero] = co_await alice.ep.query("x", as_values);
    CHECK(bad == errc::bad_uri);
    const auto subscribed = alice.ep.subscribe({.target = uri, .event = "presence"});
    REQUIRE(subscribed);
    const auto [refused, nothing] = co_await subscribed->next(as_values);
    CHECK(refused == make_status_error(489));
    const auto [over, still_nothing] = co_await subscribed->next(as_values);
    CHECK(over == make_status_error(489));
  }());
}

TEST_CASE("an endpoint is destroyed while operations wait, in a handler of its own", "[endpoint]") {
  asio::io_context io;
  auto alice = std::make_unique<agent>(io, "alice");
  auto bob = std::make_unique<agent>(io, "bob");
  std::optional<base::error_code> ended;
  std::optional<base::error_code> held;
  run(io, [&]() -> asio::awaitable<void> {
    auto [a, b] = co_await connect(*alice, *bob);
    a.ended([&](base::error_code error, const call_ending& how) {
      ended = error;
      CHECK(how.why == call_end::closed);
    });
    b.on_event([&](const call_event& event) {
      if (event.what == kind::held) alice.reset();
    });
    a.hold([&](base::error_code error) { held = error; });
    while (!held || !ended) co_await pause(std::chrono::milliseconds(1));
    CHECK(*ended == asio::error::operation_aborted);
    CHECK(a.state() == call::state::ended);
    a.hang_up();
    a = {};
    bob.reset();
  }());
}

TEST_CASE("an error in a handler's coroutine ends that one only", "[endpoint]") {
  asio::io_context io;
  agent alice(io, "alice");
  agent bob(io, "bob");
  bob.ep.on_call([](incoming_call in) -> asio::awaitable<void> {
    co_await in.answer();
    throw std::runtime_error("the application is broken");
  });
  run(io, [&]() -> asio::awaitable<void> {
    // Its handle has gone with the coroutine.
    const call first = co_await alice.ep.call(bob.uri());
    const call_ending ended = co_await first.ended();
    CHECK(ended.why == call_end::peer_hung_up);
    const call second = co_await alice.ep.call(bob.uri());
    CHECK(second);
  }());
}

}  // namespace
}  // namespace parley::test
