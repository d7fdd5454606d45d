#include <parley/net/proxy_server.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/via.hpp>
#include <parley/transaction/branch.hpp>

#include "support/catch.hpp"
#include "support/mock_dns.hpp"
#include "support/net_peers.hpp"
#include "support/result.hpp"

#include <string>

namespace parley::test {
namespace {

using sip::transport;

/// A proxy on loopback whose next hop is `callee`, and the two peers around it.
struct proxied {
  explicit proxied(std::size_t workers = 1, transport listen_on = transport::udp,
                   const std::string& name = {}) {
    net::proxy_server_options options;
    options.listeners.push_back(
        {.transport = listen_on, .bind = {base::ip_address::loopback_v4(), 0}, .advertised_host = name});
    options.workers = workers;
    const std::string route = "sip:" + callee.address().to_string();
    REQUIRE(options.routes.set_default_route(route));
    server = std::make_unique<net::proxy_server>(std::move(options));
    std::size_t failed = 0;
    REQUIRE(server->open(failed));
    server->start();
    address = server->local_address(0);
  }

  std::string request(const std::string& method, const std::string& uri, const std::string& branch,
                      const std::string& more = {}) const {
    return method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP " + caller.address().to_string() +
           ";branch=z9hG4bK" + branch +
           "\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: " + branch +
           "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\n" + more + "Content-Length: 0\r\n\r\n";
  }
  std::string uri() const { return "sip:b@" + address.to_string(); }

  /// The `n`th datagram that a peer got.
  std::string wait(udp_peer& peer, std::size_t n) {
    REQUIRE(run_until(io, [&] { return peer.received().size() > n; }));
    return peer.received()[n].second;
  }

  /// 200 to a request that the proxy forwarded.
  static std::string answer(const std::string& request) {
    const std::size_t headers = request.find("\r\n") + 2;
    return "SIP/2.0 200 OK\r\n" + request.substr(headers);
  }

  asio::io_context io;
  udp_peer caller{io};
  udp_peer callee{io};
  std::unique_ptr<net::proxy_server> server;
  base::socket_address address;
};

TEST_CASE("a request goes through a proxy_server and its response comes back") {
  proxied p;
  p.caller.send(p.address, p.request("MESSAGE", p.uri(), "m1"));
  const std::string forwarded = p.wait(p.callee, 0);
  sip::message_view view;
  REQUIRE(view.parse(std::string_view(forwarded)));
  CHECK(view.request_uri() == p.uri());
  CHECK(view.value_of(sip::header_id::max_forwards) == "69");
  CHECK(view.get<sip::via_header>()->host == "127.0.0.1");
  CHECK(view.get<sip::via_header>()->port == p.address.port);
  p.callee.send(p.address, proxied::answer(forwarded));
  const std::string response = p.wait(p.caller, 0);
  CHECK(response.starts_with("SIP/2.0 200 OK\r\n"));
  REQUIRE(view.parse(std::string_view(response)));
  CHECK(view.get<sip::via_header>()->sent_by == p.caller.address().to_string());
  CHECK(p.server->status().core.requests_forwarded == 1);
  CHECK(p.server->status().core.responses_forwarded == 1);
}

TEST_CASE("a proxy_server answers OPTIONS for itself") {
  proxied p;
  p.caller.send(p.address, p.request("OPTIONS", "sip:" + p.address.to_string(), "o1"));
  const std::string response = p.wait(p.caller, 0);
  CHECK(response.starts_with("SIP/2.0 200 OK\r\n"));
  CHECK(response.find("\r\nAllow: ") != std::string::npos);
}

TEST_CASE("a proxy_server goes by its advertised name and still by its address") {
  proxied p(1, transport::udp, "sip.example.com");
  const std::string port = std::to_string(p.address.port);
  p.caller.send(p.address, p.request("OPTIONS", "sip:sip.example.com:" + port, "o1"));
  CHECK(p.wait(p.caller, 0).starts_with("SIP/2.0 200 OK\r\n"));
  p.caller.send(p.address, p.request("OPTIONS", "sip:" + p.address.to_string(), "o2"));
  CHECK(p.wait(p.caller, 1).starts_with("SIP/2.0 200 OK\r\n"));
  p.caller.send(p.address, p.request("MESSAGE", "sip:b@elsewhere.example.com", "m1"));
  sip::message_view view;
  const std::string forwarded = p.wait(p.callee, 0);
  REQUIRE(view.parse(std::string_view(forwarded)));
  CHECK(view.get<sip::via_header>()->host == "sip.example.com");
  CHECK(view.get<sip::via_header>()->port == p.address.port);
}

TEST_CASE("a request fails at once when the connection that it went by ends") {
  const std::size_t workers = GENERATE(1U, 3U);
  asio::io_context io;
  tcp_host callee(io);
  net::proxy_server_options options;
  options.workers = workers;
  for (const transport over : {transport::udp, transport::tcp})
    options.listeners.push_back({.transport = over, .bind = {base::ip_address::loopback_v4(), 0}});
  REQUIRE(options.routes.set_default_route("sip:" + callee.address().to_string() + ";transport=tcp"));
  net::proxy_server server(std::move(options));
  std::size_t failed = 0;
  REQUIRE(server.open(failed));
  server.start();
  udp_peer caller(io);
  const auto send = [&](const std::string& method, const std::string& branch) {
    caller.send(server.local_address(0),
                method + " sip:b@" + server.local_address(0).to_string() + " SIP/2.0\r\nVia: SIP/2.0/UDP " +
                    caller.address().to_string() + ";branch=z9hG4bK" + branch +
                    "\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: " + branch +
                    "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
  };
  const auto has_final = [&](std::string_view branch) {
    for (const auto& [from, text] : caller.received()) {
      if (text.starts_with("SIP/2.0 500 ") && text.find(branch) != std::string::npos) return true;
    }
    return false;
  };
  // Timers B and F would be over after 32 s, which the test does not wait for.
  const std::string method = GENERATE("INVITE", "MESSAGE");
  send(method, "dead");
  REQUIRE(run_until(io, [&] {
    return !callee.accepted().empty() &&
           callee.accepted()[0].received().find("\r\n\r\n") != std::string::npos;
  }));
  callee.accepted()[0].reset();
  REQUIRE(run_until(io, [&] { return has_final("dead"); }));
  CHECK(server.status().requests_under_way == 0);
}

TEST_CASE("responses find the shard that sent the request") {
  // With many requests from one address all responses come from one other address, so the system gives all
  // requests to one shard and all responses to one shard; with several callers, some pairs of these differ.
  proxied p(4);
  std::vector<std::unique_ptr<udp_peer>> callers;
  for (int i = 0; i < 16; ++i) callers.push_back(std::make_unique<udp_peer>(p.io));
  for (std::size_t i = 0; i < callers.size(); ++i) {
    std::string text = p.request("MESSAGE", p.uri(), "s" + std::to_string(i));
    const std::string own = p.caller.address().to_string();
    text.replace(text.find(own), own.size(), callers[i]->address().to_string());
    callers[i]->send(p.address, text);
  }
  REQUIRE(run_until(p.io, [&] { return p.callee.received().size() == callers.size(); }));
  bool shards[4] = {};
  for (const auto& [from, text] : p.callee.received()) {
    sip::message_view view;
    REQUIRE(view.parse(std::string_view(text)));
    const auto branch = transaction::branch_format::read(view.get<sip::via_header>()->branch);
    REQUIRE(branch);
    REQUIRE(branch->shard < 4);
    shards[branch->shard] = true;
    p.callee.send(p.address, proxied::answer(text));
  }
  for (auto& caller : callers) {
    REQUIRE(run_until(p.io, [&] { return !caller->received().empty(); }));
    CHECK(caller->received()[0].second.starts_with("SIP/2.0 200 OK\r\n"));
  }
  CHECK(shards[0] + shards[1] + shards[2] + shards[3] > 1);
  CHECK(p.server->status().core.responses_forwarded == callers.size());
}

TEST_CASE("a next hop that is a name is looked up") {
  asio::io_context io;
  udp_peer caller(io);
  udp_peer callee(io);
  net::proxy_server_options options;
  options.listeners.push_back({.bind = {base::ip_address::loopback_v4(), 0}});
  REQUIRE(options.routes.set_default_route("sip:localhost:" + std::to_string(callee.address().port)));
  net::proxy_server server(std::move(options));
  std::size_t failed = 0;
  REQUIRE(server.open(failed));
  server.start();
  const std::string text =
      "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP " + caller.address().to_string() +
      ";branch=z9hG4bKn1\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
      "Call-ID: n1\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n";
  caller.send(server.local_address(0), text);
  CHECK(run_until(io, [&] { return !callee.received().empty(); }));
}

/// A proxy whose requests go to sip:example.test, and what stands around it.
struct named {
  void start(net::proxy_server_options options) {
    for (const transport over : {transport::udp, transport::tcp})
      options.listeners.push_back({.transport = over, .bind = {base::ip_address::loopback_v4(), 0}});
    REQUIRE(options.routes.set_default_route("sip:example.test"));
    server = std::make_unique<net::proxy_server>(std::move(options));
    std::size_t failed = 0;
    REQUIRE(server->open(failed));
    server->start();
  }
  void send(const std::string& branch) {
    caller.send(server->local_address(0),
                "MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP " + caller.address().to_string() +
                    ";branch=z9hG4bK" + branch +
                    "\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: " + branch +
                    "\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n");
  }

  asio::io_context io;
  mock_dns dns{io};
  udp_peer caller{io};
  udp_peer callee{io};
  std::unique_ptr<net::proxy_server> server;
};

TEST_CASE("NAPTR and SRV records lead to the next hop, and the one behind where it fails", "[dns]") {
  named n;
  std::uint16_t refusing = 0;
  {
    const tcp_host gone(n.io);
    refusing = gone.address().port;
  }
  using net::record_type;
  n.dns.record("example.test", record_type::naptr,
               dns::naptr(1, 1, "s", "SIP+D2T", "_sip._tcp.example.test"));
  n.dns.record("example.test", record_type::naptr,
               dns::naptr(1, 2, "s", "SIP+D2U", "_sip._udp.example.test"));
  n.dns.record("_sip._tcp.example.test", record_type::srv, dns::srv(1, 1, refusing, "host.example.test"));
  n.dns.record("_sip._udp.example.test", record_type::srv,
               dns::srv(1, 1, n.callee.address().port, "host.example.test"));
  n.dns.record("host.example.test", record_type::a, dns::a("127.0.0.1"));
  net::proxy_server_options options;
  options.dns.servers = {n.dns.address()};
  n.start(std::move(options));
  n.send("n1");
  REQUIRE(run_until(n.io, [&] { return !n.callee.received().empty(); }));
  CHECK(n.server->status().hops_failed == 1);
  CHECK(n.server->status().dns.queries == 4);
  CHECK(n.server->status().transport.connections_failed == 1);
  // The next request knows the names, and leaves the server alone that failed.
  n.send("n2");
  REQUIRE(run_until(n.io, [&] { return n.callee.received().size() == 2; }));
  CHECK(n.server->status().transport.connections_failed == 1);
  CHECK(n.server->status().dns.queries == 4);
  CHECK(n.server->status().dns.cache_hits == 5);
}

TEST_CASE("an application may have names from elsewhere", "[dns]") {
  named n;
  name_script script;
  script.set("_sip._udp.example.test SRV", {srv_to(1, 1, n.callee.address().port, "host.example.test")});
  script.address("host.example.test", "127.0.0.1");
  net::proxy_server_options options;
  options.make_names = [&script](const asio::any_io_executor& executor) {
    return std::make_unique<scripted_names>(executor, script);
  };
  n.start(std::move(options));
  n.send("s1");
  CHECK(run_until(n.io, [&] { return !n.callee.received().empty(); }));
  CHECK(n.dns.asked.empty());
  CHECK(n.server->status().dns.asked == 0);
}

TEST_CASE("an address in use is reported with the listener that wanted it") {
  asio::io_context io;
  udp_peer other(io);
  net::proxy_server_options options;
  options.listeners.push_back({.bind = {base::ip_address::loopback_v4(), 0}});
  options.listeners.push_back({.bind = other.address()});
  net::proxy_server server(std::move(options));
  std::size_t failed = 99;
  const auto opened = server.open(failed);
  REQUIRE(!opened);
  CHECK(failed == 1);
  CHECK(opened.error() == boost::system::errc::address_in_use);
}

TEST_CASE("a proxy_server that drains refuses new requests and is then drained") {
  proxied p;
  p.caller.send(p.address, p.request("INVITE", p.uri(), "d1"));
  const std::string invite = p.wait(p.callee, 0);
  p.server->drain();
  p.caller.send(p.address, p.request("INVITE", p.uri(), "d2"));
  REQUIRE(run_until(p.io, [&] {
    for (const auto& [from, text] : p.caller.received()) {
      if (text.starts_with("SIP/2.0 503 ")) return true;
    }
    return false;
  }));
  CHECK(!p.server->is_drained());
  std::string busy = proxied::answer(invite);
  busy.replace(0, std::string("SIP/2.0 200 OK").size(), "SIP/2.0 486 Busy Here");
  p.callee.send(p.address, busy);
  CHECK(run_until(p.io, [&] { return p.server->is_drained(); }));
}

TEST_CASE("calls between TCP and UDP have both sides in the route") {
  asio::io_context io;
  udp_peer callee(io);
  net::proxy_server_options options;
  options.listeners.push_back({.transport = transport::tcp, .bind = {base::ip_address::loopback_v4(), 0}});
  options.listeners.push_back({.transport = transport::udp, .bind = {base::ip_address::loopback_v4(), 0}});
  REQUIRE(options.routes.set_default_route("sip:" + callee.address().to_string()));
  net::proxy_server server(std::move(options));
  std::size_t failed = 0;
  REQUIRE(server.open(failed));
  server.start();
  tcp_peer caller(io, server.local_address(0));
  const std::string call =
      "INVITE sip:b@" + server.local_address(0).to_string() + " SIP/2.0\r\nVia: SIP/2.0/TCP " +
      caller.address().to_string() +
      ";branch=z9hG4bKt1\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: "
      "t1\r\nCSeq: 1 INVITE\r\n"
      "Contact: <sip:a@example.com;transport=tcp>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
  caller.send(call);
  REQUIRE(run_until(io, [&] { return !callee.received().empty(); }));
  const std::string invite = callee.received()[0].second;
  sip::message_view view;
  REQUIRE(view.parse(std::string_view(invite)));
  const std::size_t first = view.find(sip::header_id::record_route);
  REQUIRE(first != sip::message_view::npos);
  const std::size_t second = view.find_after(sip::header_id::record_route, first);
  REQUIRE(second != sip::message_view::npos);
  // Behind `lr` stands the seal.
  CHECK(view.value(first).starts_with("<sip:" + server.local_address(1).to_string() + ";lr"));
  CHECK(view.value(second).starts_with("<sip:" + server.local_address(0).to_string() + ";transport=tcp;lr"));
  callee.send(server.local_address(1), proxied::answer(invite));
  CHECK(run_until(io, [&] { return caller.received().starts_with("SIP/2.0 200 OK\r\n"); }));
}

TEST_CASE("a client that was given a Flow-Timer and sends nothing is closed") {
  asio::io_context io;
  net::proxy_server_options options;
  options.listeners.push_back({.transport = transport::tcp, .bind = {base::ip_address::loopback_v4(), 0}});
  options.registrar.domains = {"example.com"};
  options.registrar.flow_timer = std::chrono::seconds(1);
  options.limits.keep_alive_grace = std::chrono::milliseconds(20);
  net::proxy_server server(std::move(options));
  std::size_t failed = 0;
  REQUIRE(server.open(failed));
  server.start();
  tcp_peer client(io, server.local_address(0));
  tcp_peer other(io, server.local_address(0));
  const auto register_as = [&](tcp_peer& who, const std::string& contact) {
    who.send("REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP " + who.address().to_string() +
             ";branch=z9hG4bKr\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: " +
             who.address().to_string() +
             "\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nSupported: outbound, path\r\n" +
             "Contact: <sip:a@" + who.address().to_string() + ";transport=tcp>" + contact +
             "\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(run_until(io, [&] { return who.received().starts_with("SIP/2.0 200 "); }));
  };
  register_as(client, ";+sip.instance=\"<urn:uuid:0>\";reg-id=1");
  CHECK(client.received().find("Flow-Timer: 1\r\n") != std::string::npos);
  register_as(other, "");
  CHECK(server.status().addresses == 1);
  REQUIRE(run_until(io, [&] { return client.ended(); }));
  CHECK(server.status().transport.flows_dead == 1);
  CHECK_FALSE(other.ended());
}

}  // namespace
}  // namespace parley::test
