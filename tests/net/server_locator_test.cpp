#include <parley/net/error.hpp>
#include <parley/net/server_locator.hpp>

#include "net/detail/location_search.hpp"
#include "net/detail/srv_order.hpp"
#include "support/catch.hpp"
#include "support/net_peers.hpp"
#include "support/scripted_names.hpp"
#include "support/seeded_random.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using net::errc;
using sip::transport;
using strings = std::vector<std::string>;

const std::vector<net::usable_transport> all_transports = {{transport::udp, true, true},
                                                           {transport::tcp, true, true},
                                                           {transport::tls, true, true},
                                                           {transport::ws, true, true},
                                                           {transport::wss, true, true}};

/// A search over a script, without an executor.
struct located {
  explicit located(name_script& script, net::location_query query,
                   const std::vector<net::usable_transport>& transports = {{transport::udp, true, true},
                                                                           {transport::tcp, true, true}},
                   const net::locator_options& options = {}, std::uint64_t seed = 1) {
    seeded_random random(seed);
    net::detail::location_search search(std::move(query), transports, random, options);
    net::detail::location_search::question q;
    while (search.poll_question(q)) {
      const auto [failed, records] = script.answer(question_text(q.name, q.type));
      search.handle_answer(q.id, failed, records);
    }
    REQUIRE(search.ended());
    error = search.error();
    CHECK(error.failed() == search.targets().empty());
    for (const net::located_target& t : search.targets()) {
      targets.push_back(std::string(sip::name_of(t.transport)) + ' ' + t.address.to_string());
      servers.push_back(t.server);
    }
  }

  base::error_code error;
  strings targets;
  std::vector<std::size_t> servers;
};

TEST_CASE("an address is asked for nowhere", "[locator]") {
  name_script names;
  CHECK(located(names, {.host = "192.0.2.1"}).targets == strings{"UDP 192.0.2.1:5060"});
  CHECK(located(names, {.host = "[2001:db8::1]", .port = 5070}).targets == strings{"UDP [2001:db8::1]:5070"});
  CHECK(located(names, {.host = "2001:db8::1", .transport = transport::tcp}).targets ==
        strings{"TCP [2001:db8::1]:5060"});
  CHECK(located(names, {.host = "::ffff:192.0.2.1"}).targets == strings{"UDP 192.0.2.1:5060"});
  CHECK(located(names, {.host = "192.0.2.1", .secure = true}, all_transports).targets ==
        strings{"TLS 192.0.2.1:5061"});
  CHECK(located(names, {.host = "192.0.2.1", .transport = transport::ws, .secure = true}, all_transports)
            .targets == strings{"WSS 192.0.2.1:443"});
  CHECK(located(names, {.host = "2001:db8::1"}, {{transport::udp, true, false}}).error == errc::wrong_family);
  CHECK(names.asked.empty());
}

TEST_CASE("a port that is written needs addresses only", "[locator]") {
  name_script names;
  names.address("example.com", "192.0.2.1");
  SECTION("by UDP where no transport is named") {
    CHECK(located(names, {.host = "example.com.", .port = 5070}).targets == strings{"UDP 192.0.2.1:5070"});
  }
  SECTION("by the one that is named") {
    CHECK(located(names, {.host = "example.com", .port = 5070, .transport = transport::tcp}).targets ==
          strings{"TCP 192.0.2.1:5070"});
  }
  SECTION("by TLS for sips") {
    CHECK(located(names, {.host = "example.com", .port = 5070, .secure = true}, all_transports).targets ==
          strings{"TLS 192.0.2.1:5070"});
  }
  CHECK(names.asked == strings{"example.com AAAA", "example.com A"});
}

TEST_CASE("a transport that is named is looked for as a service", "[locator]") {
  name_script names;
  names.address("a.example.com", "192.0.2.1");
  names.address("example.com", "192.0.2.9");
  names.set("_sip._tcp.example.com SRV", {srv_to(1, 1, 5080, "a.example.com")});
  SECTION("SRV") {
    CHECK(located(names, {.host = "example.com", .transport = transport::tcp}).targets ==
          strings{"TCP 192.0.2.1:5080"});
    CHECK(names.asked == strings{"_sip._tcp.example.com SRV", "a.example.com AAAA", "a.example.com A"});
  }
  SECTION("without SRV the host itself, at the default port") {
    CHECK(located(names, {.host = "example.com", .transport = transport::udp}).targets ==
          strings{"UDP 192.0.2.9:5060"});
    CHECK(names.asked == strings{"_sip._udp.example.com SRV", "example.com AAAA", "example.com A"});
  }
  SECTION("each has its name") {
    const auto ask = [&](transport over, bool secure) {
      names.asked.clear();
      located(names, {.host = "x.example", .transport = over, .secure = secure}, all_transports);
      return names.asked.front();
    };
    CHECK(ask(transport::tls, false) == "_sips._tcp.x.example SRV");
    CHECK(ask(transport::tcp, true) == "_sips._tcp.x.example SRV");
    CHECK(ask(transport::ws, false) == "_sip._ws.x.example SRV");
    CHECK(ask(transport::ws, true) == "_sips._ws.x.example SRV");
  }
  SECTION("one that we don't have") {
    CHECK(located(names, {.host = "example.com", .transport = transport::tls}).error ==
          errc::unsupported_transport);
    CHECK(
        located(names, {.host = "example.com", .transport = transport::sctp, .secure = true}, all_transports)
            .error == errc::unsupported_transport);
    CHECK(names.asked.empty());
  }
}

TEST_CASE("NAPTR names the transports, in the order that the domain states", "[locator]") {
  name_script names;
  names.address("a.example.com", "192.0.2.1");
  names.address("b.example.com", "192.0.2.2");
  names.address("c.example.com", "192.0.2.3");
  names.set("_sips._tcp.example.com SRV", {srv_to(1, 1, 5061, "a.example.com")});
  names.set("_sip._tcp.example.com SRV", {srv_to(1, 1, 5060, "b.example.com")});
  names.set("_sip._udp.example.com SRV", {srv_to(1, 1, 5060, "c.example.com")});
  const auto tls = naptr_to(50, 50, "SIPS+D2T", "_sips._tcp.example.com");
  const auto tcp = naptr_to(90, 50, "SIP+D2T", "_sip._tcp.example.com");
  const auto udp = naptr_to(100, 50, "SIP+D2U", "_sip._udp.example.com");

  SECTION("the lowest order that we can use (RFC 3263 4.1, the example)") {
    names.set("example.com NAPTR", {udp, tls, tcp});
    CHECK(located(names, {.host = "example.com"}, all_transports).targets == strings{"TLS 192.0.2.1:5061"});
    CHECK(located(names, {.host = "example.com"}).targets == strings{"TCP 192.0.2.2:5060"});
    CHECK(located(names, {.host = "example.com"}, {{transport::udp, true, true}}).targets ==
          strings{"UDP 192.0.2.3:5060"});
  }
  SECTION("those of one order by their preference, all of them") {
    names.set("example.com NAPTR", {naptr_to(10, 20, "SIP+D2U", "_sip._udp.example.com"),
                                    naptr_to(10, 10, "sip+d2t", "_sip._tcp.example.com", "S")});
    CHECK(located(names, {.host = "example.com"}).targets ==
          strings{"TCP 192.0.2.2:5060", "UDP 192.0.2.3:5060"});
  }
  SECTION("only secure ones for sips") {
    names.set("example.com NAPTR", {naptr_to(1, 1, "SIP+D2U", "_sip._udp.example.com"), tls});
    CHECK(located(names, {.host = "example.com", .secure = true}, all_transports).targets ==
          strings{"TLS 192.0.2.1:5061"});
    names.set("example.com NAPTR", {udp, tcp});
    names.asked.clear();
    located(names, {.host = "example.com", .secure = true}, all_transports);
    for (const std::string& question : names.asked) CHECK(question.find("_sip.") == std::string::npos);
  }
  SECTION("WebSocket (RFC 7118)") {
    names.set("example.com NAPTR", {naptr_to(1, 2, "SIP+D2W", "_sip._ws.example.com"),
                                    naptr_to(1, 1, "SIPS+D2W", "_sips._ws.example.com")});
    names.set("_sip._ws.example.com SRV", {srv_to(1, 1, 80, "a.example.com")});
    names.set("_sips._ws.example.com SRV", {srv_to(1, 1, 443, "a.example.com")});
    CHECK(located(names, {.host = "example.com"}, all_transports).targets ==
          strings{"WSS 192.0.2.1:443", "WS 192.0.2.1:80"});
  }
  SECTION("a replacement in another domain is followed") {
    names.set("_sip._udp.provider.example SRV", {srv_to(1, 1, 5062, "c.example.com")});
    names.set("example.com NAPTR", {naptr_to(1, 1, "SIP+D2U", "_sip._udp.provider.example")});
    CHECK(located(names, {.host = "example.com"}).targets == strings{"UDP 192.0.2.3:5062"});
  }
  SECTION("what is no service of ours is passed over") {
    names.set("example.com NAPTR",
              {naptr_to(1, 1, "E2U+sip", "_sip._tcp.example.com"),
               naptr_to(1, 1, "SIP+D2T", "_sip._tcp.example.com", "a"),
               naptr_to(1, 1, "SIP+D2T", "_sip._tcp.example.com", "s", "!^.*$!x!"),
               naptr_to(1, 1, "SIP+D2T", "."), naptr_to(1, 1, "SIP+D2S", "_sip._sctp.x"), udp});
    CHECK(located(names, {.host = "example.com"}).targets == strings{"UDP 192.0.2.3:5060"});
  }
  SECTION("where its SRV records are missing, the host over that transport") {
    names.address("example.com", "192.0.2.9");
    names.set("example.com NAPTR", {naptr_to(1, 1, "SIP+D2T", "_sip._tcp.absent.example")});
    CHECK(located(names, {.host = "example.com"}).targets == strings{"TCP 192.0.2.9:5060"});
  }
}

TEST_CASE("without NAPTR each of our transports is asked for", "[locator]") {
  name_script names;
  names.address("a.example.com", "192.0.2.1");
  names.address("example.com", "192.0.2.9");
  SECTION("SRV, in our order") {
    names.set("_sip._tcp.example.com SRV", {srv_to(1, 1, 5062, "a.example.com")});
    names.set("_sip._udp.example.com SRV", {srv_to(1, 1, 5061, "a.example.com")});
    CHECK(located(names, {.host = "example.com"}).targets ==
          strings{"UDP 192.0.2.1:5061", "TCP 192.0.2.1:5062"});
    CHECK(names.asked[0] == "example.com NAPTR");
    CHECK(names.asked[1] == "_sip._udp.example.com SRV");
    CHECK(names.asked[2] == "_sip._tcp.example.com SRV");
  }
  SECTION("no SRV either: UDP, or TLS for sips") {
    CHECK(located(names, {.host = "example.com"}, all_transports).targets == strings{"UDP 192.0.2.9:5060"});
    CHECK(located(names, {.host = "example.com", .secure = true}, all_transports).targets ==
          strings{"TLS 192.0.2.9:5061"});
    CHECK(located(names, {.host = "example.com"}, {{transport::tcp, true, true}}).targets ==
          strings{"TCP 192.0.2.9:5060"});
  }
  SECTION("a name server that knows neither type") {
    names.fail("example.com NAPTR", errc::dns_failed);
    names.fail("_sip._udp.example.com SRV", errc::dns_timed_out);
    CHECK(located(names, {.host = "example.com"}).targets == strings{"UDP 192.0.2.9:5060"});
  }
}

TEST_CASE("a service that is decidedly not there is not gone around", "[locator]") {
  name_script names;
  names.address("example.com", "192.0.2.9");
  names.address("a.example.com", "192.0.2.1");
  names.set("_sip._udp.example.com SRV", {srv_to(0, 0, 0, ".")});
  SECTION("named") {
    CHECK(located(names, {.host = "example.com", .transport = transport::udp}).error == errc::service_absent);
  }
  SECTION("the default") { CHECK(located(names, {.host = "example.com"}).error == errc::service_absent); }
  SECTION("another transport") {
    names.set("_sip._tcp.example.com SRV", {srv_to(1, 1, 5062, "a.example.com")});
    CHECK(located(names, {.host = "example.com"}).targets == strings{"TCP 192.0.2.1:5062"});
  }
}

TEST_CASE("errors say why there is no target", "[locator]") {
  name_script names;
  CHECK(located(names, {.host = "absent.example"}).error == errc::name_not_found);
  names.fail("example.com A", errc::no_records);
  names.fail("example.com AAAA", errc::dns_timed_out);
  CHECK(located(names, {.host = "example.com"}).error == errc::dns_timed_out);
  names.set("example.com A", {});
  names.fail("example.com AAAA", errc::no_records);
  CHECK(located(names, {.host = "example.com"}).error == errc::no_records);
}

TEST_CASE("families alternate, and only ours are asked for", "[locator]") {
  name_script names;
  for (const char* ip : {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"})
    names.address("example.com", ip);
  const net::location_query query{.host = "example.com", .port = 5060, .transport = transport::tcp};
  CHECK(located(names, query).targets == strings{"TCP [2001:db8::1]:5060", "TCP 192.0.2.1:5060",
                                                 "TCP [2001:db8::2]:5060", "TCP [2001:db8::3]:5060"});
  CHECK(located(names, query, {{transport::tcp, true, true}}, {.prefer_ipv4 = true}).targets.front() ==
        "TCP 192.0.2.1:5060");
  names.asked.clear();
  CHECK(located(names, query, {{transport::tcp, true, false}}).targets == strings{"TCP 192.0.2.1:5060"});
  CHECK(names.asked == strings{"example.com A"});
}

TEST_CASE("servers stay apart, in the order of their priorities", "[locator]") {
  name_script names;
  names.set("_sip._udp.example.com SRV",
            {srv_to(20, 0, 5060, "b.example"), srv_to(10, 0, 5060, "a.example")});
  for (const char* ip : {"192.0.2.1", "192.0.2.2", "2001:db8::1"}) names.address("a.example", ip);
  for (const char* ip : {"192.0.2.3", "192.0.2.1"}) names.address("b.example", ip);
  const located got(names, {.host = "example.com", .transport = transport::udp});
  CHECK(got.targets ==
        strings{"UDP [2001:db8::1]:5060", "UDP 192.0.2.1:5060", "UDP 192.0.2.2:5060", "UDP 192.0.2.3:5060"});
  CHECK(got.servers == std::vector<std::size_t>{0, 0, 0, 1});
}

TEST_CASE("equal priorities are chosen by weight", "[locator]") {
  seeded_random random(7);
  std::map<std::string, int> first;
  constexpr int runs = 20000;
  for (int i = 0; i < runs; ++i) {
    std::vector<net::srv_record> records = {{1, 60, 1, "heavy"},
                                            {1, 20, 1, "light"},
                                            {1, 20, 1, "other"},
                                            {2, 1000, 1, "later"},
                                            {1, 0, 1, "zero"}};
    net::detail::order_srv(records, random);
    CHECK(records.back().target == "later");
    ++first[records.front().target];
  }
  CHECK(first["heavy"] > runs * 57 / 100);
  CHECK(first["heavy"] < runs * 62 / 100);
  CHECK(first["light"] > runs * 18 / 100);
  CHECK(first["other"] > runs * 18 / 100);
  CHECK(first["zero"] > 0);
  CHECK(first["zero"] < runs * 3 / 100);
}

TEST_CASE("a choice that is fixed does not depend on chance or on the order of records", "[locator]") {
  name_script names;
  name_script reversed;
  net::name_records records;
  for (int i = 0; i < 8; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example";
    records.push_back(srv_to(1, 10, 5060, host));
    for (const char digit : {'1', '2'}) {
      const std::string ip = "192.0." + std::to_string(i) + '.' + digit;
      names.address(host, ip);
    }
    for (const char digit : {'2', '1'}) reversed.address(host, "192.0." + std::to_string(i) + '.' + digit);
  }
  names.set("_sip._udp.example.com SRV", records);
  reversed.set("_sip._udp.example.com SRV", {records.rbegin(), records.rend()});
  std::map<std::string, int> firsts;
  for (std::uint64_t choice = 0; choice < 40; ++choice) {
    const net::location_query query{.host = "example.com", .transport = transport::udp, .choice = choice};
    const std::vector<net::usable_transport> udp = {{transport::udp, true, false}};
    const auto one = located(names, query, udp, {}, 1).targets;
    CHECK(one == located(reversed, query, udp, {}, 2).targets);
    ++firsts[one.front()];
  }
  CHECK(firsts.size() > 3);
}

TEST_CASE("what a domain can make us ask and try is bounded", "[locator]") {
  name_script names;
  net::name_records services;
  net::name_records servers;
  for (std::uint16_t i = 0; i < 100; ++i) {
    services.push_back(naptr_to(1, i, "SIP+D2U", "_sip._udp.n" + std::to_string(i)));
    servers.push_back(srv_to(i, 1, 5060, "h" + std::to_string(i) + ".example"));
    for (int k = 0; k < 30; ++k)
      names.address("h" + std::to_string(i) + ".example",
                    "192.0." + std::to_string(i) + '.' + std::to_string(k));
  }
  names.set("example.com NAPTR", services);
  names.set("_sip._udp.n0 SRV", servers);
  const net::locator_options options{.max_services = 3, .max_servers = 4, .max_targets = 50};
  const located got(names, {.host = "example.com"}, {{transport::udp, true, false}}, options);
  CHECK(names.asked.size() == 1 + 3 + 4);
  CHECK(got.targets.size() == 50);
  CHECK(got.servers.back() == 1);
}

TEST_CASE("a server_locator answers from the executor", "[locator]") {
  asio::io_context io;
  name_script script;
  script.address("example.com", "192.0.2.1");
  scripted_names names(io.get_executor(), script);
  seeded_random random;
  std::optional<net::server_locator> locator;
  locator.emplace(io.get_executor(), names, random,
                  std::vector<net::usable_transport>{{transport::udp, true, true}},
                  net::locator_options{.max_pending = 3});
  std::vector<std::string> got;
  const auto note = [&](base::error_code error, const std::vector<net::located_target>& targets) {
    got.push_back(error ? error.message() : targets.front().address.to_string());
  };
  locator->locate({.host = "example.com"}, note);
  locator->locate({.host = "192.0.2.2"}, note);
  locator->locate({.host = "example.com", .transport = transport::tls}, note);
  locator->locate({.host = "192.0.2.3"}, note);
  CHECK(got.empty());
  SECTION("and refuses what is beyond its bound") {
    run_ready(io);
    std::sort(got.begin(), got.end());
    CHECK(got == strings{"192.0.2.1:5060", "192.0.2.2:5060", "a limit is reached",
                         "the transport is not supported"});
    locator->locate({.host = "192.0.2.4"}, note);
    run_ready(io);
    CHECK(got.back() == "192.0.2.4:5060");
  }
  SECTION("and may be destroyed in a handler") {
    locator->locate({.host = "192.0.2.4"}, note);
    locator.emplace(io.get_executor(), names, random,
                    std::vector<net::usable_transport>{{transport::udp, true, true}});
    locator->locate({.host = "example.com"}, [&](base::error_code, const auto&) {
      locator.reset();
      got.emplace_back("destroyed");
    });
    locator->locate({.host = "example.com"}, note);
    run_ready(io);
    CHECK(got == strings{"destroyed"});
  }
}

}  // namespace
}  // namespace parley::test
