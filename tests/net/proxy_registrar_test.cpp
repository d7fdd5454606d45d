#include <parley/net/proxy_server.hpp>

#include "support/catch.hpp"
#include "support/net_peers.hpp"
#include "support/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using sip::transport;

/// A registrar for example.com with TCP and UDP listeners on loopback, on several shards.
struct registering {
  explicit registering(std::size_t workers) {
    net::proxy_server_options options;
    options.listeners.push_back({.transport = transport::tcp, .bind = {base::ip_address::loopback_v4(), 0}});
    options.listeners.push_back({.transport = transport::udp, .bind = {base::ip_address::loopback_v4(), 0}});
    options.workers = workers;
    options.registrar.domains = {"example.com"};
    server = std::make_unique<net::proxy_server>(std::move(options));
    std::size_t failed = 0;
    REQUIRE(server->open(failed));
    server->start();
  }

  static std::string request(std::string_view method, const std::string& user, const std::string& via,
                             const std::string& lines) {
    const std::string name(method);
    return name + " sip:" + (method == "REGISTER" ? std::string() : user + "@") +
           "example.com SIP/2.0\r\nVia: SIP/2.0/" + via + ";branch=z9hG4bK" + name + user +
           "\r\nFrom: <sip:" + user + "@example.com>;tag=1\r\nTo: <sip:" + user +
           "@example.com>\r\nCall-ID: " + name + user + "\r\nCSeq: 1 " + name + "\r\nMax-Forwards: 70\r\n" +
           lines + "Content-Length: 0\r\n\r\n";
  }

  asio::io_context io;
  std::unique_ptr<net::proxy_server> server;
};

bool begins_with_ok(tcp_peer& peer) { return peer.received().starts_with("SIP/2.0 200 OK\r\n"); }

}  // namespace

TEST_CASE("a client is reached by its connection, whichever shard that lives on", "[net]") {
  registering r(4);
  std::vector<std::unique_ptr<tcp_peer>> phones;
  std::vector<std::unique_ptr<udp_peer>> callers;
  constexpr std::size_t count = 12;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = "u" + std::to_string(i);
    phones.push_back(std::make_unique<tcp_peer>(r.io, r.server->local_address(0)));
    // Nobody listens where the Contact says.
    phones.back()->send(registering::request("REGISTER", user, "TCP " + user + ".invalid",
                                             "Contact: <sip:" + user + "@" + user + ".invalid>\r\n"));
    REQUIRE(run_until(r.io, [&] { return begins_with_ok(*phones.back()); }));
    phones.back()->received().clear();
  }
  CHECK(r.server->status().addresses == count);
  CHECK(r.server->status().registrar.registered == count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = "u" + std::to_string(i);
    callers.push_back(std::make_unique<udp_peer>(r.io));
    callers.back()->send(
        r.server->local_address(1),
        registering::request("MESSAGE", user, "UDP " + callers.back()->address().to_string(), {}));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string user = "u" + std::to_string(i);
    REQUIRE(run_until(r.io, [&] { return !phones[i]->received().empty(); }));
    const std::string got = phones[i]->received();
    CHECK(got.starts_with("MESSAGE sip:" + user + "@" + user + ".invalid SIP/2.0\r\n"));
    phones[i]->send("SIP/2.0 200 OK\r\n" + got.substr(got.find("\r\n") + 2));
    REQUIRE(run_until(r.io, [&] {
      for (const auto& [from, text] : callers[i]->received()) {
        if (text.starts_with("SIP/2.0 200 OK\r\n")) return true;
      }
      return false;
    }));
  }
}

TEST_CASE("a client whose connection has ended is not there any more", "[net]") {
  registering r(2);
  tcp_peer phone(r.io, r.server->local_address(0));
  phone.send(
      registering::request("REGISTER", "alice", "TCP a.invalid", "Contact: <sip:alice@a.invalid>\r\n"));
  REQUIRE(run_until(r.io, [&] { return begins_with_ok(phone); }));
  phone.reset();
  REQUIRE(run_until(r.io, [&] { return r.server->status().addresses == 0; }));
  for (int i = 0; i < 4; ++i) {
    udp_peer caller(r.io);
    caller.send(r.server->local_address(1),
                registering::request("MESSAGE", "alice", "UDP " + caller.address().to_string(), {}));
    REQUIRE(run_until(r.io, [&] { return !caller.received().empty(); }));
    CHECK(caller.received().back().second.starts_with("SIP/2.0 480 Temporarily Unavailable\r\n"));
  }
}

}  // namespace parley::test
