#include "net/detail/next_hops.hpp"

#include <parley/net/clock.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/scripted_names.hpp"
#include "support/seeded_random.hpp"

#include <optional>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using sip::transport;
using strings = std::vector<std::string>;

/// `next_hops` on loopback, with names from a script.
struct finding {
  explicit finding(const std::vector<transport>& listen_on) {
    for (const transport over : listen_on) {
      f.listen(over);
      f.listen(over, base::ip_address::loopback_v6());
    }
    hops.emplace(f.io.get_executor(), *f.set, names, random, net::locator_options{},
                 net::blacklist_options{});
  }

  struct outcome {
    base::error_code error;
    std::vector<sip::hop> hops;
    strings addresses() const {
      strings out;
      for (const sip::hop& hop : hops) out.push_back(hop.remote.to_string());
      return out;
    }
  };
  outcome find(const net::location_query& asked, std::uint16_t from = 0) {
    std::optional<outcome> got;
    bool inside = true;
    hops->find(asked, from, [&](const base::error_code& error, const std::vector<sip::hop>& found) {
      CHECK(!inside);
      got = outcome{error, found};
    });
    inside = false;
    REQUIRE(f.until([&] { return got.has_value(); }));
    return *got;
  }
  void fail(const sip::hop& hop, std::chrono::seconds retry_after = {}) {
    hops->handle_failure(net::steady_clock_source::now(), hop, retry_after);
  }

  net_fixture f;
  name_script script;
  scripted_names names{f.io.get_executor(), script};
  seeded_random random;
  std::optional<net::detail::next_hops> hops;
};

net::location_query asking_for(std::string host, std::optional<transport> over = {}) {
  net::location_query out;
  out.host = std::move(host);
  out.transport = over;
  return out;
}

TEST_CASE("hops have the listener by which to leave, the one of the request where it fits", "[hops]") {
  finding f({transport::udp, transport::udp, transport::tcp});
  f.script.address("example.com", "192.0.2.1");
  f.script.address("example.com", "2001:db8::1");
  const auto listeners = [&](std::uint16_t from, transport over) {
    std::vector<std::uint16_t> out;
    net::location_query asked = asking_for("example.com", over);
    asked.choice = 1;  // no race
    for (const sip::hop& hop : f.find(asked, from).hops) out.push_back(hop.listener);
    return out;
  };
  using indices = std::vector<std::uint16_t>;
  CHECK(listeners(0, transport::udp) == indices{1, 0});
  CHECK(listeners(2, transport::udp) == indices{1, 2});
  CHECK(listeners(3, transport::udp) == indices{3, 0});
  CHECK(listeners(3, transport::tcp) == indices{5, 4});
}

TEST_CASE("the peer has to prove the name in the URI, not the one in an SRV record", "[hops]") {
  finding f({transport::udp, transport::ws});
  f.script.set("_sip._ws.example.com SRV", {srv_to(1, 1, 80, "host.provider.example")});
  f.script.address("host.provider.example", "192.0.2.1");
  const auto found = f.find(asking_for("example.com", transport::ws));
  REQUIRE(found.hops.size() == 1);
  CHECK(found.hops[0].domain == f.f.set->domain("example.com"));
  const auto dotted = f.find(asking_for("example.com.", transport::ws));
  REQUIRE(dotted.hops.size() == 1);
  CHECK(dotted.hops[0].domain == found.hops[0].domain);
  f.script.address("example.com", "192.0.2.9");
  const auto plain = f.find(asking_for("example.com", transport::udp));
  REQUIRE(plain.hops.size() == 1);
  CHECK(plain.hops[0].domain == 0);
}

TEST_CASE("hops that failed come last, also for other names, and none is lost", "[hops]") {
  finding f({transport::udp});
  for (const char* ip : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) f.script.address("example.com", ip);
  f.script.address("other.example", "192.0.2.2");
  f.script.address("other.example", "192.0.2.4");
  const auto asked = asking_for("example.com", transport::udp);
  const auto before = f.find(asked);
  REQUIRE(before.hops.size() == 3);
  f.fail(before.hops[1]);
  f.fail(before.hops[0], std::chrono::seconds(100));
  CHECK(f.hops->blacklisted() == 2);
  CHECK(f.find(asked).addresses() == strings{"192.0.2.3:5060", "192.0.2.1:5060", "192.0.2.2:5060"});
  CHECK(f.find(asking_for("other.example", transport::udp)).addresses() ==
        strings{"192.0.2.4:5060", "192.0.2.2:5060"});
  SECTION("but not where the hops follow from the request") {
    net::location_query chosen = asked;
    chosen.choice = 5;
    CHECK(f.find(chosen).addresses() == strings{"192.0.2.1:5060", "192.0.2.2:5060", "192.0.2.3:5060"});
  }
}

TEST_CASE("of the families of one server the first that opens is used", "[hops]") {
  finding f({transport::tcp});
  const tcp_host host(f.f.io);  // IPv4 only
  const std::uint16_t port = host.address().port;
  f.script.address("one.example", "::1");
  f.script.address("one.example", "127.0.0.1");
  const auto asked = asking_for("example.com", transport::tcp);
  SECTION("with its flow; the others follow") {
    f.script.set("_sip._tcp.example.com SRV",
                 {srv_to(1, 1, port, "one.example"), srv_to(2, 1, 9, "two.example")});
    f.script.address("two.example", "192.0.2.1");
    const auto found = f.find(asked);
    CHECK(found.addresses() ==
          strings{host.address().to_string(), "[::1]:" + std::to_string(port), "192.0.2.1:9"});
    CHECK(found.hops[0].flow != 0);
    CHECK(found.hops[1].flow == 0);
    CHECK(f.f.counters().races == 1);
    // The connection is there now.
    CHECK(f.find(asked).hops[0].flow == found.hops[0].flow);
    CHECK(f.f.counters().races == 1);
  }
  SECTION("where none does, other servers go first") {
    std::uint16_t refusing = 0;
    {
      const tcp_host gone(f.f.io);
      refusing = gone.address().port;
    }
    f.script.set("_sip._tcp.example.com SRV",
                 {srv_to(1, 1, refusing, "one.example"), srv_to(2, 1, port, "two.example")});
    f.script.address("two.example", "127.0.0.1");
    const auto found = f.find(asked);
    REQUIRE(found.hops.size() == 3);
    CHECK(found.hops[0].remote == host.address());
    CHECK(f.hops->blacklisted() == 2);
    CHECK(f.find(asked).hops[0].remote == host.address());
    CHECK(f.f.counters().races == 1);
  }
}

TEST_CASE("one family needs no race, and UDP has none", "[hops]") {
  finding f({transport::tcp, transport::udp});
  f.script.address("one.example", "192.0.2.1");
  f.script.address("one.example", "192.0.2.2");
  CHECK(f.find(asking_for("one.example", transport::tcp)).hops.size() == 2);
  f.script.address("one.example", "2001:db8::1");
  CHECK(f.find(asking_for("one.example", transport::udp)).hops.size() == 3);
  CHECK(f.f.counters().races == 0);
}

TEST_CASE("a name without servers is an error", "[hops]") {
  finding f({transport::udp});
  CHECK(f.find(asking_for("absent.example")).error == net::errc::name_not_found);
  CHECK(f.find(asking_for("absent.example", transport::tls)).error == net::errc::unsupported_transport);
}

}  // namespace
}  // namespace parley::test
