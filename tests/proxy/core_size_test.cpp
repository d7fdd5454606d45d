#include "support/catch.hpp"
#include "support/proxy_harness.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

request_text with_body(std::size_t size, int n = 1) {
  request_text out;
  out.method = "MESSAGE";
  out.uri = "sip:bob@example.com";
  out.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKsize" + std::to_string(n);
  out.body = std::string(size, 'x');
  return out;
}

const std::vector<proxy::target> bob = {{"sip:bob@192.0.2.2", {}, 1000}};

/// The size of the body with which the request that leaves has just `size` bytes.
std::size_t body_for(std::size_t size) {
  proxy_harness h;
  h.targets = bob;
  h.receive(with_body(800).text());
  return 800 + size - h.take_one().text.size();
}

}  // namespace

TEST_CASE("a request goes by UDP up to 1300 bytes and by TCP beyond", "[proxy]") {
  const std::size_t fits = body_for(1300);
  proxy_harness h;
  h.targets = bob;
  h.receive(with_body(fits).text());
  auto out = h.take_one();
  CHECK(out.text.size() == 1300);
  CHECK(out.to.transport == sip::transport::udp);
  h.receive(with_body(fits + 1, 2).text());
  out = h.take_one();
  CHECK(out.to.transport == sip::transport::tcp);
  CHECK(out.to.remote == base::socket_address::from_string("192.0.2.2:5060").value());
  CHECK(out.value("Via").starts_with("SIP/2.0/TCP 192.0.2.10:5060"));
  CHECK(h.core.counters().moved_to_tcp == 1);
}

TEST_CASE("where TCP can't be had a large request comes back to UDP", "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  h.receive(with_body(4000).text());
  const auto by_tcp = h.take_one();
  REQUIRE(by_tcp.to.transport == sip::transport::tcp);
  h.fail(by_tcp);
  const auto by_udp = h.take_one();
  CHECK(by_udp.to.transport == sip::transport::udp);
  CHECK(by_udp.to.remote == by_tcp.to.remote);
  CHECK(by_udp.value("Via").starts_with("SIP/2.0/UDP 192.0.2.10:5060"));
  h.reply(by_udp, 200);
  CHECK(h.take_one().start_line().starts_with("SIP/2.0 200"));
}

TEST_CASE("a server that is busy over TCP is not asked again over UDP", "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  h.receive(with_body(4000).text());
  h.reply(h.take_one(), 503);
  CHECK(h.take_one().start_line().starts_with("SIP/2.0 500"));
}

TEST_CASE("of a name's addresses each is tried by TCP, then by UDP, for a large request", "[proxy]") {
  proxy_harness h;
  h.targets = {{"sip:bob@host.example.com", {}, 1000}};
  h.receive(with_body(4000).text());
  REQUIRE(h.events.size() == 1);
  h.resolve(h.events.front().lookup, {"192.0.2.2", "192.0.2.3"});
  strings seen;
  for (int i = 0; i < 4; ++i) {
    const auto out = h.take_one();
    seen.push_back(std::string(sip::name_of(out.to.transport)) + ' ' + out.to.remote.to_string());
    h.fail(out);
  }
  CHECK(seen ==
        strings{"TCP 192.0.2.2:5060", "UDP 192.0.2.2:5060", "TCP 192.0.2.3:5060", "UDP 192.0.2.3:5060"});
}

TEST_CASE("without a TCP listener, or by setting, all goes by UDP", "[proxy]") {
  auto options = proxy_harness::default_options();
  SECTION("no listener") { options.listeners.resize(1); }
  SECTION("off") { options.max_datagram_request = 0; }
  proxy_harness h(options);
  h.targets = bob;
  h.receive(with_body(4000).text());
  CHECK(h.take_one().to.transport == sip::transport::udp);
  CHECK(h.core.counters().moved_to_tcp == 0);
}
