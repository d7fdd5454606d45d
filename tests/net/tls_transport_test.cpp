#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/net_fixture.hpp"

#include <openssl/x509_vfy.h>

#include <string>

using namespace parley;
using test::authority;
using test::net_fixture;
using test::request;
using test::tcp_peer;

namespace {

/// Two sets on one context, the second with a client's part only.
struct tls_fixture {
  explicit tls_fixture(const net::transport_limits& limits = {}) : server(limits) {}

  net::tls_context context(std::vector<net::tls_certificate> certificates) {
    net::tls_options options;
    options.certificates = std::move(certificates);
    options.authority_files = {ca.file()};
    return net::tls_context::make(options).value();
  }
  std::uint16_t listen(net_fixture& f, const net::tls_context& tls) {
    const auto index = f.set->listen(
        {.transport = sip::transport::tls, .bind = {base::ip_address::loopback_v4(), 0}, .tls = tls});
    return index ? *index : std::uint16_t{0xFFFF};
  }
  sip::hop to_server(std::uint32_t domain) const {
    return {sip::transport::tls, 0, server.address(0), 0, domain};
  }
  bool until(const std::function<bool()>& done) {
    return test::run_until(client.io, [&] {
      test::run_ready(server.io);
      return done();
    });
  }

  authority ca;
  net_fixture server;
  net_fixture client;
};

}  // namespace

TEST_CASE("messages go over TLS, and answers come back on the flow", "[net][tls]") {
  net::transport_limits limits;
  limits.half_close_timeout = std::chrono::milliseconds(50);
  tls_fixture f(limits);
  REQUIRE(f.listen(f.server, f.context({f.ca.issue({"x", "DNS:example.com"})})) == 0);
  REQUIRE(f.listen(f.client, f.context({f.ca.issue({"y", "DNS:client.example.com"})})) == 0);
  f.server.owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) {
    f.server.set->send({from, data, 0});
  };
  const auto domain = f.client.set->domain("example.com");
  const std::string small = request("small", 10);
  const std::string large = request("large", 60'000);
  f.client.send(f.to_server(domain), small);
  f.client.send(f.to_server(domain), large);
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == 2; }));
  CHECK(f.client.owner.messages[0].text() == small);
  CHECK(f.client.owner.messages[1].text() == large);
  CHECK(f.server.owner.messages[0].from.transport == sip::transport::tls);
  CHECK(f.client.set->connection_count() == 1);
  CHECK(f.client.counters().connections_opened == 1);

  SECTION("a connection to one domain carries nothing that is for another") {
    f.client.send(f.to_server(f.client.set->domain("example.org")), small, 5);
    REQUIRE(f.until([&] { return f.client.owner.failures.size() == 1; }));
    CHECK(f.client.owner.failures[0].error ==
          base::error_code(X509_V_ERR_HOSTNAME_MISMATCH, net::certificate_category()));
    CHECK(f.client.set->connection_count() == 1);
    CHECK(f.client.counters().connections_failed == 1);
    f.client.send(f.to_server(0), small, 6);
    REQUIRE(f.until([&] { return f.client.owner.failures.size() == 2; }));
    CHECK(f.client.owner.failures[1].error ==
          base::error_code(X509_V_ERR_IP_ADDRESS_MISMATCH, net::certificate_category()));
    REQUIRE(f.until([&] { return f.server.counters().handshakes_failed == 2; }));
  }
  SECTION("a domain that is forgotten is an error") {
    f.client.send(f.to_server(77), small, 5);
    REQUIRE(f.until([&] { return f.client.owner.failures.size() == 1; }));
    CHECK(f.client.owner.failures[0].error == net::errc::unknown_domain);
  }
  SECTION("another certificate is shown to those who come later") {
    CHECK(f.server.set->set_tls(0, f.context({})).error() == net::errc::no_certificate);
    CHECK(f.server.set->set_tls(9, f.context({})).error() == net::errc::unknown_listener);
    REQUIRE(f.server.set->set_tls(0, f.context({f.ca.issue({"x", "DNS:example.org"})})));
    f.client.send(f.to_server(domain), small);
    f.client.send(f.to_server(f.client.set->domain("example.org")), large);
    REQUIRE(f.until([&] { return f.client.owner.messages.size() == 4; }));
    CHECK(f.client.set->connection_count() == 2);
  }
  SECTION("the end of one side is told to the other") {
    f.client.set->close_flow(f.client.owner.messages[0].from.flow);
    REQUIRE(f.until([&] { return f.server.owner.closed.size() == 1; }));
    CHECK(f.server.owner.closed[0].why == net::errc::closed_by_peer);
  }
}

TEST_CASE("a secure listener needs a certificate", "[net][tls]") {
  tls_fixture f;
  const base::socket_address at{base::ip_address::loopback_v4(), 0};
  CHECK(f.server.set->listen({.transport = sip::transport::tls, .bind = at}).error() ==
        net::errc::no_certificate);
  CHECK(f.server.set->listen({.transport = sip::transport::tls, .bind = at, .tls = f.context({})}).error() ==
        net::errc::no_certificate);
}

TEST_CASE("handshakes are bounded in time and in number", "[net][tls]") {
  net::transport_limits limits;
  limits.max_handshakes = 2;
  limits.handshake_timeout = std::chrono::milliseconds(100);
  tls_fixture f(limits);
  REQUIRE(f.listen(f.server, f.context({f.ca.issue({"x", "DNS:example.com"})})) == 0);
  tcp_peer first(f.server.io, f.server.address(0));
  tcp_peer second(f.server.io, f.server.address(0));
  first.send("\x16\x03\x01\x02");  // the beginning of a handshake
  REQUIRE(f.server.until([&] { return f.server.counters().connections_accepted == 2; }));
  tcp_peer third(f.server.io, f.server.address(0));
  REQUIRE(f.server.until([&] { return third.ended(); }));
  CHECK(f.server.counters().handshakes_refused == 1);
  REQUIRE(f.server.until([&] { return first.ended() && second.ended(); }));
  CHECK(f.server.counters().handshakes_failed == 2);
  CHECK(f.server.counters().connections_timed_out == 2);
  CHECK(f.server.set->connection_count() == 0);
  CHECK(f.server.owner.closed.empty());
  tcp_peer fourth(f.server.io, f.server.address(0));
  REQUIRE(f.server.until([&] { return f.server.counters().connections_accepted == 3; }));
  fourth.send(request("in the clear", 0));
  REQUIRE(f.server.until([&] { return fourth.ended(); }));
  CHECK(f.server.counters().handshakes_failed == 3);
}

TEST_CASE("a connection that a proven neighbour offers is used for requests to it", "[net][tls]") {
  tls_fixture f;
  const auto asking = [&](const char* name) {
    net::tls_options options;
    options.certificates = {f.ca.issue({name, std::string("DNS:") + name})};
    options.authority_files = {f.ca.file()};
    options.clients = net::client_certificate::optional;
    return net::tls_context::make(options).value();
  };
  REQUIRE(f.listen(f.server, asking("example.com")) == 0);
  REQUIRE(f.listen(f.client, asking("client.example.com")) == 0);
  f.client.send(f.to_server(f.client.set->domain("example.com")), request("first"));
  REQUIRE(f.until([&] { return f.server.owner.messages.size() == 1; }));
  const sip::hop from = f.server.owner.messages[0].from;

  // Its own listener is where it would be reached without the alias.
  sip::hop to = from;
  to.flow = 0;
  to.remote.port = f.client.address(0).port;
  to.domain = f.server.set->domain("client.example.com");
  CHECK(f.server.set->alias(from.flow, "other.example.com", to.remote.port).error() ==
        net::errc::not_verified);
  CHECK(f.server.set->alias(from.flow, "127.0.0.2", to.remote.port).error() == net::errc::not_verified);
  CHECK(f.server.set->alias(99, "client.example.com", to.remote.port).error() == net::errc::flow_gone);
  REQUIRE(f.server.set->alias(from.flow, "client.example.com", to.remote.port));
  f.server.send(to, request("back"));
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == 1; }));
  CHECK(f.server.set->connection_count() == 1);
  CHECK(f.server.counters().connections_opened == 0);

  // For another of its names a connection of its own is opened.
  to.domain = f.server.set->domain("example.com");
  f.server.send(to, request("other"), 5);
  REQUIRE(f.until([&] { return f.server.owner.failures.size() == 1; }));
  // With the connection goes the alias.
  f.client.set->close_flow(f.client.owner.messages[0].from.flow);
  REQUIRE(f.until([&] { return f.server.owner.closed.size() == 1; }));
  to.domain = f.server.set->domain("client.example.com");
  f.server.send(to, request("again"));
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == 2; }));
  CHECK(f.server.counters().connections_opened == 1);
}

TEST_CASE("who has connected and proven nothing gets nothing that is for his address", "[net][tls]") {
  const auto transport = GENERATE(sip::transport::tls, sip::transport::wss);
  tls_fixture f;
  const auto listen = [&](net_fixture& at, std::uint32_t address, const char* names) {
    return at.set->listen({.transport = transport,
                           .bind = {base::ip_address::v4(address), 0},
                           .tls = f.context({f.ca.issue({"x", names})})});
  };
  REQUIRE(listen(f.server, 0x7F000001, "DNS:example.com"));
  REQUIRE(listen(f.client, 0x7F000002, "DNS:client.example.com"));
  sip::hop there = f.to_server(f.client.set->domain("example.com"));
  there.transport = transport;
  f.client.send(there, request("first"));
  REQUIRE(f.until([&] { return f.server.owner.messages.size() == 1; }));
  const sip::hop from = f.server.owner.messages[0].from;
  CHECK(from.remote.ip == base::ip_address::v4(0x7F000002));

  // Nobody listens there, and the connection from there is no other's.
  f.server.send({transport, 0, from.remote, 0}, request("for the one who proves it"), 5);
  REQUIRE(f.until([&] { return f.server.owner.failures.size() == 1; }));
  CHECK(f.server.owner.failures[0].error == boost::system::errc::connection_refused);
  CHECK(f.server.counters().connections_failed == 1);
  CHECK(f.client.owner.messages.empty());
  // Its own flow leads to it.
  f.server.send(from, request("answer"));
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == 1; }));
  CHECK(f.client.owner.messages[0].text() == request("answer"));
}

TEST_CASE("TLS and WebSocket listeners serve IPv6", "[net][tls][ws]") {
  const auto transport = GENERATE(sip::transport::tls, sip::transport::ws, sip::transport::wss);
  const bool by_name = GENERATE(true, false);
  tls_fixture f;
  for (net_fixture* const at : {&f.server, &f.client}) {
    net::listener_options options{.transport = transport, .bind = {base::ip_address::loopback_v6(), 0}};
    if (sip::is_secure(transport)) options.tls = f.context({f.ca.issue({"x", "DNS:example.com,IP:::1"})});
    REQUIRE(at->set->listen(options).has_value());
  }
  f.server.owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) {
    f.server.set->send({from, data, 0});
  };
  sip::hop to = f.to_server(by_name ? f.client.set->domain("example.com") : 0);
  to.transport = transport;
  f.client.send(to, request("six"));
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == 1; }));
  CHECK(f.client.owner.messages[0].text() == request("six"));
  CHECK(f.client.owner.messages[0].from.remote == f.server.address(0));
  CHECK(f.server.owner.messages[0].from.remote.ip == base::ip_address::loopback_v6());
}

TEST_CASE("a neighbour without a certificate offers its connection in vain", "[net][tls]") {
  tls_fixture f;
  REQUIRE(f.listen(f.server, f.context({f.ca.issue({"x", "DNS:example.com"})})) == 0);
  REQUIRE(f.listen(f.client, f.context({f.ca.issue({"y", "DNS:client.example.com"})})) == 0);
  f.client.send(f.to_server(f.client.set->domain("example.com")), request("first"));
  REQUIRE(f.until([&] { return f.server.owner.messages.size() == 1; }));
  CHECK(f.server.set->alias(f.server.owner.messages[0].from.flow, "client.example.com", 5061).error() ==
        net::errc::not_verified);
}
