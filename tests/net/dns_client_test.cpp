#include <parley/net/clock.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/error.hpp>

#include "support/catch.hpp"
#include "support/mock_dns.hpp"
#include "support/seeded_random.hpp"
#include "support/temporary_file.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace parley::test {
namespace {

using net::errc;
using net::record_type;
using strings = std::vector<std::string>;
using namespace std::chrono_literals;

/// A client of one name server, and what came of the last question.
struct asking {
  explicit asking(net::dns_options o = {}) {
    o.servers.push_back(server.address());
    if (o.hosts_file == "/etc/hosts") o.hosts_file.clear();
    client.emplace(io.get_executor(), random, std::move(o));
  }

  struct outcome {
    base::error_code error;
    net::name_records records;
  };
  outcome ask(const std::string& name, record_type type = record_type::a) {
    std::optional<outcome> got;
    bool inside = true;
    client->query(name, type, [&](base::error_code error, const net::name_records& records) {
      CHECK(!inside);
      got = outcome{error, records};
    });
    inside = false;
    REQUIRE(run_until(io, [&] { return got.has_value(); }));
    CHECK(got->error.failed() == got->records.empty());
    return *got;
  }
  std::string ip(const std::string& name) {
    const outcome got = ask(name);
    if (got.error) return got.error.message();
    return std::get<base::ip_address>(got.records.front().data).to_string();
  }

  asio::io_context io;
  mock_dns server{io};
  seeded_random random;
  std::optional<net::dns_client> client;
};

/// Fast enough for tests that wait for nothing.
net::dns_options hasty() {
  net::dns_options out;
  out.timeout = 30ms;
  out.tries = 1;
  return out;
}

TEST_CASE("records of each type come from the name server", "[dns]") {
  asking a;
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  a.server.record("example.com", record_type::a, dns::a("192.0.2.2"));
  a.server.record("example.com", record_type::aaaa, dns::aaaa("2001:db8::1"));
  a.server.record("_sip._udp.example.com", record_type::srv, dns::srv(1, 2, 5070, "sip.example.com"), 77);
  a.server.record("example.com", record_type::naptr,
                  dns::naptr(1, 2, "s", "SIP+D2U", "_sip._udp.example.com"));
  CHECK(a.ask("example.com").records.size() == 2);
  CHECK(std::get<base::ip_address>(a.ask("Example.COM.", record_type::aaaa).records[0].data).to_string() ==
        "2001:db8::1");
  const auto srv = a.ask("_sip._udp.example.com", record_type::srv).records;
  REQUIRE(srv.size() == 1);
  CHECK(srv[0] == net::name_record{net::srv_record{1, 2, 5070, "sip.example.com"}, 77s});
  const auto naptr = a.ask("example.com", record_type::naptr).records;
  REQUIRE(naptr.size() == 1);
  CHECK(std::get<net::naptr_record>(naptr[0].data).replacement == "_sip._udp.example.com");
  CHECK(a.client->counters().queries == 4);
  CHECK(a.client->counters().answers == 4);
}

TEST_CASE("an answer is remembered, and so is that there is none", "[dns]") {
  asking a;
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  a.server.on("empty.example AAAA", [](const mock_dns::question& q) { return strings{q.reply().bytes()}; });
  for (int i = 0; i < 3; ++i) {
    CHECK(a.ip("EXAMPLE.com") == "192.0.2.1");
    CHECK(a.ask("absent.example").error == errc::name_not_found);
    CHECK(a.ask("empty.example", record_type::aaaa).error == errc::no_records);
  }
  CHECK(a.server.asked == strings{"example.com A", "absent.example A", "empty.example AAAA"});
  CHECK(a.client->counters().cache_hits == 6);
}

TEST_CASE("those who ask at once share the answer", "[dns]") {
  asking a({.max_pending = 1, .max_waiting = 3});
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  int found = 0;
  int refused = 0;
  const auto note = [&](base::error_code error, const net::name_records&) {
    found += error ? 0 : 1;
    refused += error == errc::limit_reached ? 1 : 0;
  };
  for (int i = 0; i < 3; ++i) a.client->query("example.com", record_type::a, note);
  SECTION("up to a bound") { a.client->query("example.com", record_type::a, note); }
  SECTION("and no more is asked at once than the bound says") {
    a.client->query("other.example", record_type::a, note);
  }
  REQUIRE(run_until(a.io, [&] { return found + refused == 4; }));
  CHECK(found == 3);
  CHECK(refused == 1);
  CHECK(a.server.asked == strings{"example.com A"});
  CHECK(a.client->counters().shared == 2);
  CHECK(a.client->counters().refused == 1);
  CHECK(a.ask("other.example").error == errc::name_not_found);
}

/// What asks for names that nobody answers, and for one whose answer has run out.
struct besieged : asking {
  explicit besieged(net::dns_options o) : asking(std::move(o)) {
    server.on("good.example A", [this](const mock_dns::question& q) {
      if (silent) return strings{};
      return strings{q.reply().answer(dns::pointer(12), record_type::a, 0, dns::a("192.0.2.1")).bytes()};
    });
    CHECK(ip("good.example") == "192.0.2.1");
    const base::time_point then = net::steady_clock_source::now();
    REQUIRE(run_until(io, [&] { return net::steady_clock_source::now() > then + 2ms; }));
    silent = true;
  }
  static net::dns_options brief() {
    net::dns_options out;
    out.timeout = 1h;
    out.max_pending = 3;
    out.shortest_ttl = 1ms;
    return out;
  }
  /// One that is never answered.
  void ask_in_vain(const std::string& name) {
    server.on(name + " A", [](const mock_dns::question&) { return strings{}; });
    client->query(name, record_type::a, [](base::error_code, const net::name_records&) {});
  }
  bool silent = false;
};

TEST_CASE("names that nobody answers keep no known name from being found", "[dns]") {
  net::dns_options options = besieged::brief();
  SECTION("while as many are asked for as may be") {
    besieged b(options);
    for (int i = 0; i < 3; ++i) b.ask_in_vain("n" + std::to_string(i) + ".silent" + std::to_string(i));
    CHECK(b.ip("good.example") == "192.0.2.1");
    CHECK(b.client->counters().refused == 1);
    CHECK(b.client->counters().stale == 1);
  }
  SECTION("nor does its own server") {
    options.timeout = 30ms;
    options.tries = 1;
    besieged b(options);
    CHECK(b.ip("good.example") == "192.0.2.1");
    CHECK(b.client->counters().timed_out == 1);
    // It isn't asked again at once.
    CHECK(b.ip("good.example") == "192.0.2.1");
    CHECK(b.client->counters().queries == 2);
    CHECK(b.client->counters().stale == 2);
  }
  SECTION("unless nothing old is wanted") {
    options.stale_for = {};
    besieged b(options);
    for (int i = 0; i < 3; ++i) b.ask_in_vain("n" + std::to_string(i) + ".silent" + std::to_string(i));
    CHECK(b.ask("good.example").error == errc::limit_reached);
  }
}

TEST_CASE("as many questions about one zone as the limits allow, and others meanwhile", "[dns]") {
  net::dns_options options;
  options.timeout = 1h;
  options.max_pending_per_zone = 2;
  besieged b(options);
  b.ask_in_vain("one.silent.example");
  CHECK(b.client->counters().zone_full == 0);
  b.ask_in_vain("_sip._udp.two.SILENT.example.");
  CHECK(b.client->counters().zone_full == 0);
  CHECK(b.ask("three.silent.example").error == errc::limit_reached);
  CHECK(b.client->counters().zone_full == 1);
  CHECK(b.client->counters().refused == 1);
  b.server.record("example.com", record_type::a, dns::a("192.0.2.2"));
  CHECK(b.ip("example.com") == "192.0.2.2");
}

TEST_CASE("failures push no answer out of the cache", "[dns]") {
  net::dns_options options = hasty();
  options.max_names = 2;
  asking a(options);
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  CHECK(a.ip("example.com") == "192.0.2.1");
  for (int i = 0; i < 4; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    a.server.on(name + " A", [](const mock_dns::question& q) { return strings{q.reply().rcode(2).bytes()}; });
    CHECK(a.ask(name).error == errc::dns_failed);
  }
  const std::uint64_t queries = a.client->counters().queries;
  CHECK(a.ip("example.com") == "192.0.2.1");
  CHECK(a.client->counters().queries == queries);
}

TEST_CASE("each question has an id and a mixture of cases of its own", "[dns]") {
  asking a;
  std::set<std::uint16_t> ids;
  std::set<std::string> cases;
  for (int i = 0; i < 20; ++i) {
    a.ask("a-rather-long-name-" + std::to_string(i) + ".example.com");
    ids.insert(a.server.questions.back().id);
    cases.insert(a.server.questions.back().name.substr(0, 18));
  }
  CHECK(ids.size() > 15);
  CHECK(cases.size() > 15);
  asking plain({.mix_case = false});
  plain.ask("a-rather-long-name.example.com");
  CHECK(plain.server.questions.back().name == "a-rather-long-name.example.com");
}

TEST_CASE("an answer that is cut off is asked for again by TCP", "[dns]") {
  asking a;
  a.server.on("example.com A", [](const mock_dns::question& q) {
    if (!q.tcp) return strings{q.reply().truncated().bytes()};
    dns_message out = q.reply();
    for (int i = 0; i < 60; ++i)
      out.answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2." + std::to_string(i + 1)));
    return strings{out.bytes()};
  });
  CHECK(a.ask("example.com").records.size() == 60);
  CHECK(a.server.asked == strings{"example.com A", "TCP example.com A"});
}

TEST_CASE("what forgers send is not believed", "[dns]") {
  asking a(hasty());
  const auto forged = [](const mock_dns::question& q) {
    return q.reply().answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2.66"));
  };
  SECTION("a wrong id, before the right answer and alone") {
    bool alone = false;
    a.server.on("example.com A", [&](const mock_dns::question& q) {
      dns_message wrong = forged(q);
      wrong.id = static_cast<std::uint16_t>(q.id + 1);
      if (alone) return strings{wrong.bytes()};
      return strings{wrong.bytes(),
                     q.reply().answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2.1")).bytes()};
    });
    CHECK(a.ip("example.com") == "192.0.2.1");
    alone = true;
    asking other(hasty());
    other.server.on("example.com A", [&](const mock_dns::question& q) {
      dns_message wrong = forged(q);
      wrong.id = static_cast<std::uint16_t>(q.id + 1);
      return strings{wrong.bytes()};
    });
    CHECK(other.ask("example.com").error == errc::dns_timed_out);
  }
  SECTION("the question without its mixture of cases") {
    a.server.on("a-rather-long-name.example.com A", [](const mock_dns::question& q) {
      return strings{dns_message(q.id, "a-rather-long-name.example.com", q.type)
                         .answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2.66"))
                         .bytes()};
    });
    CHECK(a.ask("a-rather-long-name.example.com").error == errc::dns_bad_answer);
    CHECK(a.client->counters().rejected == 1);
  }
  SECTION("another question") {
    a.server.on("example.com A", [](const mock_dns::question& q) {
      return strings{dns_message(q.id, "other.example", q.type)
                         .answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2.66"))
                         .bytes()};
    });
    CHECK(a.ask("example.com").error == errc::dns_timed_out);
  }
  SECTION("records for other names, which are not remembered either") {
    a.server.on("example.com A", [](const mock_dns::question& q) {
      return strings{q.reply()
                         .answer(dns::name("bank.example"), record_type::a, 300, dns::a("192.0.2.66"))
                         .answer(dns::pointer(12), record_type::a, 300, dns::a("192.0.2.1"))
                         .additional(dns::name("bank.example"), record_type::a, 300, dns::a("192.0.2.66"))
                         .bytes()};
    });
    a.server.record("bank.example", record_type::a, dns::a("192.0.2.7"));
    CHECK(a.ip("example.com") == "192.0.2.1");
    CHECK(a.ip("bank.example") == "192.0.2.7");
  }
}

TEST_CASE("name servers that go wrong end in an error", "[dns]") {
  asking a(hasty());
  const auto answers = [&](const mock_dns::responder& make) {
    a.server.on("example.com A", [&make](const mock_dns::question& q) { return make(q); });
    return a.ask("example.com").error;
  };
  SECTION("silence") {
    CHECK(answers([](const mock_dns::question&) { return strings{}; }) == errc::dns_timed_out);
    CHECK(a.client->counters().timed_out == 1);
    // That nobody answers is remembered, for a while.
    CHECK(a.ask("example.com").error == errc::dns_timed_out);
    CHECK(a.server.asked.size() == 1);
  }
  SECTION("a compression loop") {
    CHECK(answers([](const mock_dns::question& q) {
            const std::size_t behind = q.reply().bytes().size();
            return strings{
                q.reply().answer(dns::pointer(behind), record_type::a, 9, dns::a("192.0.2.1")).bytes()};
          }) == errc::dns_bad_answer);
  }
  SECTION("a lame delegation") {
    CHECK(answers([](const mock_dns::question& q) {
            return strings{
                q.reply().authority(dns::name("com"), dns::ns, 9, dns::name("ns.example")).bytes()};
          }) == errc::dns_failed);
  }
  SECTION("a refusal and a failure") {
    CHECK(answers([](const mock_dns::question& q) { return strings{q.reply().rcode(5).bytes()}; }) ==
          errc::dns_failed);
    CHECK(a.client->counters().failed == 1);
  }
  SECTION("a chain of aliases that is too long, and a circle") {
    CHECK(answers([](const mock_dns::question& q) {
            dns_message out = q.reply();
            std::string owner = q.name;
            for (int i = 0; i < 20; ++i) {
              const std::string next = "n" + std::to_string(i);
              out.answer(dns::name(owner), dns::cname, 9, dns::name(next));
              owner = next;
            }
            return strings{out.answer(dns::name(owner), record_type::a, 9, dns::a("192.0.2.1")).bytes()};
          }) == errc::dns_bad_answer);
  }
  SECTION("half a message") {
    CHECK(answers([](const mock_dns::question& q) {
            const std::string whole =
                q.reply().answer(dns::pointer(12), record_type::a, 9, dns::a("192.0.2.1")).bytes();
            return strings{whole.substr(0, whole.size() - 2)};
          }) == errc::dns_bad_answer);
  }
}

TEST_CASE("the next name server is asked where one fails or is silent", "[dns]") {
  asio::io_context io;
  mock_dns silent(io);
  mock_dns failing(io);
  mock_dns good(io);
  silent.on("example.com A", [](const mock_dns::question&) { return strings{}; });
  failing.on("example.com A",
             [](const mock_dns::question& q) { return strings{q.reply().rcode(2).bytes()}; });
  good.record("example.com", record_type::a, dns::a("192.0.2.1"));
  seeded_random random;
  net::dns_options options = hasty();
  options.servers = {silent.address(), failing.address(), good.address()};
  net::dns_client client(io.get_executor(), random, options);
  bool found = false;
  client.query("example.com", record_type::a, [&](base::error_code error, const auto&) { found = !error; });
  CHECK(run_until(io, [&] { return found; }));
  CHECK(silent.asked.size() == 1);
  CHECK(failing.asked.size() == 1);
}

TEST_CASE("the hosts file goes before DNS, for addresses only", "[dns]") {
  const temporary_file hosts("192.0.2.5 example.com\n");
  asking a({.hosts_file = hosts.path()});
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  CHECK(a.ip("Example.com") == "192.0.2.5");
  CHECK(a.ask("example.com", record_type::aaaa).error == errc::no_records);
  CHECK(a.server.asked.empty());
  CHECK(a.client->counters().hosts_hits == 2);
  CHECK(a.ask("example.com", record_type::naptr).error == errc::name_not_found);
  CHECK(a.server.asked == strings{"example.com NAPTR"});
}

TEST_CASE("some names are nothing for DNS", "[dns]") {
  asking a;
  CHECK(a.ip("localhost") == "127.0.0.1");
  CHECK(a.ip("a.localhost") == "127.0.0.1");
  CHECK(a.ask("localhost", record_type::srv).error == errc::no_records);
  // RFC 7118 B.1: what browsers put into Contact.
  CHECK(a.ask("df7jal23ls0d.invalid").error == errc::name_not_found);
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
                                  std::string("a b"), std::string("a\\.b"), std::string(64, 'a'),
                                  std::string("a\0b", 3), std::string("b\xc3\xbc.example")}) {
    CHECK(a.ask(name).error == errc::name_not_found);
  }
  std::string longest;
  while (longest.size() < 250) longest += "a.";
  CHECK(a.server.asked.empty());
  a.ask(longest + "com");
  CHECK(a.server.asked.size() == 1);
  a.ask(longest + "comm");
  CHECK(a.server.asked.size() == 1);
}

TEST_CASE("a dns_client may be destroyed while it is asked, and in a handler", "[dns]") {
  asking a;
  a.server.record("example.com", record_type::a, dns::a("192.0.2.1"));
  int called = 0;
  SECTION("while it is asked") {
    a.client->query("example.com", record_type::a, [&](base::error_code, const auto&) { ++called; });
    a.client->query("localhost", record_type::a, [&](base::error_code, const auto&) { ++called; });
    a.client.reset();
    run_ready(a.io);
    CHECK(called == 0);
  }
  SECTION("in a handler") {
    for (int i = 0; i < 2; ++i) {
      a.client->query("example.com", record_type::a, [&](base::error_code, const auto&) {
        ++called;
        a.client.reset();
      });
    }
    CHECK(run_until(a.io, [&] { return called > 0; }));
    run_ready(a.io);
    CHECK(called == 1);
  }
}

}  // namespace
}  // namespace parley::test
