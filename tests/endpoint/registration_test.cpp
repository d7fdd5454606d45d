#include <parley/net/proxy_server.hpp>

#include "support/catch.hpp"
#include "support/endpoints.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

// Registrations with a registrar of our own, and calls through its proxy.

namespace parley::test {
namespace {

/// A proxy with a registrar for example.com on loopback; a password is asked for.
struct registrar {
  explicit registrar(const std::vector<sip::transport>& transports = {sip::transport::udp}) {
    net::proxy_server_options options;
    for (const sip::transport over : transports) {
      net::listener_options listener;
      listener.transport = over;
      listener.bind = {base::ip_address::loopback_v4(), 0};
      options.listeners.push_back(listener);
    }
    options.domains = {"example.com"};
    options.registrar.domains = {"example.com"};
    options.registrar.users = {{"alice", "secret"}, {"bob", "secret"}};
    options.dns.hosts_file = "";
    server = std::make_unique<net::proxy_server>(std::move(options));
    std::size_t failed = 0;
    REQUIRE(server->open(failed));
    server->start();
  }
  ~registrar() { server->stop(); }

  std::string route(std::size_t listener = 0, const std::string& transport = "udp") const {
    return "sip:" + server->local_address(listener).to_string() + ";transport=" + transport + ";lr";
  }

  std::unique_ptr<net::proxy_server> server;
};

endpoint_options behind(const registrar& at, const std::string& password, std::size_t listener = 0,
                        const std::string& transport = "udp") {
  endpoint_options options;
  options.routes = {at.route(listener, transport)};
  options.accounts = {{"example.com", "alice", password}};
  return options;
}

TEST_CASE("an address is registered with a password, called, and removed again", "[registration]") {
  registrar at;
  asio::io_context io;
  agent alice(io, "alice", "udp", behind(at, "secret"));
  agent bob(io, "bob", "udp", {.routes = {at.route()}});
  run(io, [&]() -> asio::awaitable<void> {
    registration_options options;
    options.address = "sip:alice@example.com";
    options.expires = 600;
    const auto made = alice.ep.register_address(options);
    REQUIRE(made);
    std::vector<registration_event::kind> seen;
    made->on_event([&](const registration_event& event) { seen.push_back(event.what); });
    co_await made->registered();
    CHECK(made->is_registered());
    CHECK(made->granted() == 600);
    REQUIRE(made->bindings().size() == 1);
    CHECK(made->bindings()[0].contact == made->contact());
    co_await made->registered();

    const auto call_to_her = bob.ep.dial("sip:alice@example.com");
    REQUIRE(call_to_her);
    const incoming_call in = co_await alice.take_call();
    const call at_alice = co_await in.answer();
    co_await call_to_her->answered();
    co_await at_alice.hold();
    CHECK(call_to_her->is_held_by_peer());
    call_to_her->hang_up();
    co_await at_alice.ended();

    co_await made->unregister();
    CHECK(!made->is_registered());
    co_await made->unregister();
    const auto [error] = co_await made->registered(as_values);
    CHECK(error == errc::closed);
    const auto [gone, none] = co_await bob.ep.call("sip:alice@example.com", as_values);
    CHECK(status_of(gone) >= 400);
    co_await pause(std::chrono::milliseconds(5));
    CHECK(seen == std::vector{registration_event::kind::registered, registration_event::kind::unregistered});
  }());
}

TEST_CASE("a wrong password is told, and nothing is registered", "[registration]") {
  registrar at;
  asio::io_context io;
  agent alice(io, "alice", "udp", behind(at, "guess"));
  run(io, [&]() -> asio::awaitable<void> {
    registration_options options;
    options.address = "sip:alice@example.com";
    const auto made = alice.ep.register_address(options);
    REQUIRE(made);
    const auto [error] = co_await made->registered(as_values);
    CHECK(status_of(error) >= 400);
    CHECK(!made->is_registered());
    // Cured by the right one.
    REQUIRE(alice.ep.set_account({"example.com", "alice", "secret"}));
    const auto again = alice.ep.register_address(options);
    co_await again->registered();
    CHECK(again->is_registered());
  }());
}

TEST_CASE("a registration whose handle is dropped is removed", "[registration]") {
  registrar at;
  asio::io_context io;
  agent alice(io, "alice", "udp", behind(at, "secret"));
  run(io, [&]() -> asio::awaitable<void> {
    registration_options options;
    options.address = "sip:alice@example.com";
    {
      const auto made = alice.ep.register_address(options);
      co_await made->registered();
      CHECK(at.server->status().addresses == 1);
    }
    while (at.server->status().addresses != 0) co_await pause(std::chrono::milliseconds(2));
  }());
}

TEST_CASE("a flow is registered, and calls come by it", "[registration]") {
  registrar at({sip::transport::tcp});
  asio::io_context io;
  agent alice(io, "alice", "tcp", behind(at, "secret", 0, "tcp"));
  agent bob(io, "bob", "tcp", {.routes = {at.route(0, "tcp")}});
  run(io, [&]() -> asio::awaitable<void> {
    registration_options options;
    options.address = "sip:alice@example.com";
    options.outbound = true;
    // Nobody could open a connection to that.
    options.contact = "sip:alice@192.0.2.1:9;transport=tcp";
    const auto made = alice.ep.register_address(options);
    REQUIRE(made);
    co_await made->registered();
    const auto placed = bob.ep.dial("sip:alice@example.com");
    const incoming_call in = co_await alice.take_call();
    CHECK(in.target() == options.contact);
    REQUIRE(in.refuse(486));
    const call_ending ended = co_await placed->ended();
    CHECK(ended.status == 486);
  }());
}

TEST_CASE("an endpoint that takes its leave hangs up and removes what it has registered", "[registration]") {
  registrar at;
  asio::io_context io;
  agent alice(io, "alice", "udp", behind(at, "secret"));
  agent bob(io, "bob");
  run(io, [&]() -> asio::awaitable<void> {
    registration_options options;
    options.address = "sip:alice@example.com";
    const auto made = alice.ep.register_address(options);
    co_await made->registered();
    const auto ringing = alice.ep.dial(at.route());
    co_await alice.ep.close();
    CHECK(at.server->status().addresses == 0);
    CHECK(alice.ep.calls() == 0);
    const auto refused = alice.ep.dial("sip:bob@example.com");
    CHECK(refused.error() == errc::closed);
    CHECK(alice.ep.register_address(options).error() == errc::closed);
    const auto [error, status] = co_await alice.ep.send_message("sip:bob@example.com", {"late"}, as_values);
    CHECK(error == errc::closed);
    co_await alice.ep.close();
  }());
}

}  // namespace
}  // namespace parley::test
