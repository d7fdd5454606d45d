#include "net/detail/dns_answer.hpp"

#include <parley/net/error.hpp>

#include "support/catch.hpp"
#include "support/dns_message.hpp"
#include "support/result.hpp"

#include <string>

namespace parley::test {
namespace {

using net::errc;
using net::record_type;
using net::detail::read_dns_answer;

constexpr std::string_view host = "sip.example.com";

base::result<net::detail::dns_answer> read(const std::string& bytes, record_type type = record_type::a,
                                           const net::detail::dns_answer_limits& limits = {}) {
  return read_dns_answer(std::as_bytes(std::span(bytes)), host, type, limits);
}
base::result<net::detail::dns_answer> read(const dns_message& message, record_type type = record_type::a) {
  return read(message.bytes(), type);
}
dns_message answer_for(record_type type = record_type::a) { return {host, type}; }

const std::string self = dns::pointer(12);  // the name in the question

base::ip_address ip(const net::name_record& record) { return std::get<base::ip_address>(record.data); }

TEST_CASE("the four kinds of records are read with their TTLs", "[dns]") {
  SECTION("A") {
    const auto got = read(answer_for()
                              .answer(self, record_type::a, 300, dns::a("192.0.2.1"))
                              .answer(dns::name("SIP.Example.com"), record_type::a, 60, dns::a("192.0.2.2")));
    REQUIRE(got);
    CHECK(!got->error);
    REQUIRE(got->records.size() == 2);
    CHECK(ip(got->records[0]).to_string() == "192.0.2.1");
    CHECK(got->records[0].ttl == std::chrono::seconds(300));
    CHECK(ip(got->records[1]).to_string() == "192.0.2.2");
    CHECK(got->ttl == std::chrono::seconds(60));
  }
  SECTION("AAAA") {
    const auto got = read(
        answer_for(record_type::aaaa).answer(self, record_type::aaaa, 0x80000001U, dns::aaaa("2001:db8::1")),
        record_type::aaaa);
    REQUIRE(got);
    REQUIRE(got->records.size() == 1);
    CHECK(ip(got->records[0]).to_string() == "2001:db8::1");
    CHECK(got->ttl == base::duration::zero());  // RFC 2181 8
  }
  SECTION("SRV") {
    const auto got = read(answer_for(record_type::srv)
                              .answer(self, record_type::srv, 5, dns::srv(10, 20, 5070, "a.example.com"))
                              .answer(self, record_type::srv, 5, dns::srv(0, 0, 0, "")),
                          record_type::srv);
    REQUIRE(got);
    REQUIRE(got->records.size() == 2);
    CHECK(std::get<net::srv_record>(got->records[0].data) == net::srv_record{10, 20, 5070, "a.example.com"});
    CHECK(std::get<net::srv_record>(got->records[1].data).target == ".");
  }
  SECTION("NAPTR") {
    const auto got = read(
        answer_for(record_type::naptr)
            .answer(self, record_type::naptr, 5, dns::naptr(50, 60, "s", "SIP+D2T", "_sip._tcp.example.com")),
        record_type::naptr);
    REQUIRE(got);
    REQUIRE(got->records.size() == 1);
    CHECK(std::get<net::naptr_record>(got->records[0].data) ==
          net::naptr_record{50, 60, "s", "SIP+D2T", "", "_sip._tcp.example.com"});
  }
}

TEST_CASE("records for other names do not count", "[dns]") {
  const auto got = read(answer_for()
                            .answer(dns::name("other.example.com"), record_type::a, 300, dns::a("192.0.2.66"))
                            .answer(self, record_type::a, 300, dns::a("192.0.2.1"))
                            .answer(dns::name("example.com"), record_type::a, 300, dns::a("192.0.2.66"))
                            .answer(dns::name("x.sip.example.com"), record_type::a, 300, dns::a("192.0.2.66"))
                            .answer(self, record_type::aaaa, 300, dns::aaaa("2001:db8::66"))
                            .additional(self, record_type::a, 300, dns::a("192.0.2.66")));
  REQUIRE(got);
  REQUIRE(got->records.size() == 1);
  CHECK(ip(got->records[0]).to_string() == "192.0.2.1");

  const auto none =
      read(answer_for().answer(dns::name("other.example.com"), record_type::a, 9, dns::a("192.0.2.66")));
  REQUIRE(none);
  CHECK(none->error == errc::no_records);
}

TEST_CASE("aliases are followed from the name that was asked for", "[dns]") {
  const auto alias = [](int i) { return "c" + std::to_string(i) + ".example.net"; };
  const auto chain = [&](int length) {
    dns_message out = answer_for();
    std::string owner(host);
    for (int i = 0; i < length; ++i) {
      out.answer(dns::name(owner), dns::cname, static_cast<std::uint32_t>(100 + i), dns::name(alias(i)));
      owner = alias(i);
    }
    return out.answer(dns::name(owner), record_type::a, 300, dns::a("192.0.2.1"));
  };
  for (const int length : {1, 7, 8}) {
    const auto got = read(chain(length));
    REQUIRE(got);
    REQUIRE(got->records.size() == 1);
    CHECK(got->ttl == std::chrono::seconds(100));
  }
  CHECK(read(chain(9)).error() == errc::dns_bad_answer);
  SECTION("not those of others") {
    const auto got = read(answer_for()
                              .answer(dns::name("x.example"), dns::cname, 9, dns::name("y.example"))
                              .answer(dns::name("y.example"), record_type::a, 9, dns::a("192.0.2.66")));
    REQUIRE(got);
    CHECK(got->error == errc::no_records);
  }
  SECTION("not in a circle") {
    CHECK(read(answer_for().answer(self, dns::cname, 9, self)).error() == errc::dns_bad_answer);
  }
}

TEST_CASE("the absence of records is read with the time for which it holds", "[dns]") {
  SECTION("no such name") {
    const auto got =
        read(answer_for().rcode(3).authority(dns::name("example.com"), dns::soa, 900, dns::soa_data(60)));
    REQUIRE(got);
    CHECK(got->error == errc::name_not_found);
    CHECK(got->ttl == std::chrono::seconds(60));
  }
  SECTION("the SOA record's own TTL is the shorter one") {
    const auto got = read(answer_for().rcode(3).authority(dns::name(""), dns::soa, 30, dns::soa_data(60)));
    REQUIRE(got);
    CHECK(got->ttl == std::chrono::seconds(30));
  }
  SECTION("no such records") {
    const auto got = read(answer_for().authority(dns::name("example.com"), dns::soa, 900, dns::soa_data(60)));
    REQUIRE(got);
    CHECK(got->error == errc::no_records);
    CHECK(got->ttl == std::chrono::seconds(60));
  }
  SECTION("the SOA record of another domain says nothing") {
    const auto got =
        read(answer_for().rcode(3).authority(dns::name("ample.com"), dns::soa, 900, dns::soa_data(60)));
    REQUIRE(got);
    CHECK(got->error == errc::name_not_found);
    CHECK(got->ttl == base::duration::zero());
  }
  SECTION("a lame delegation is no answer") {
    const auto got =
        read(answer_for().authority(dns::name("example.com"), dns::ns, 900, dns::name("ns.example.com")));
    REQUIRE(got);
    CHECK(got->error == errc::dns_failed);
  }
  SECTION("a server that fails or refuses") {
    for (const unsigned code : {1U, 2U, 4U, 5U}) {
      const auto got = read(answer_for().rcode(code));
      REQUIRE(got);
      CHECK(got->error == errc::dns_failed);
    }
  }
}

TEST_CASE("an answer to another question is refused", "[dns]") {
  const auto refused = [](const dns_message& message) {
    return read(message).error() == errc::dns_bad_answer;
  };
  CHECK(refused(dns_message("sip.example.net", record_type::a)));
  CHECK(refused(dns_message("SIP.example.com", record_type::a)));  // the case is part of what was asked
  CHECK(refused(dns_message(host, record_type::aaaa)));
  dns_message message = answer_for();
  SECTION("a query") {
    message.flags &= 0x7FFFU;
    CHECK(refused(message));
  }
  SECTION("another operation") {
    message.flags |= 0x0800U;
    CHECK(refused(message));
  }
  SECTION("cut off") { CHECK(refused(message.truncated())); }
  SECTION("no question") {
    message.questions = 0;
    CHECK(refused(message));
  }
  SECTION("two questions") {
    message.questions = 2;
    CHECK(refused(message));
  }
}

TEST_CASE("malformed answers are refused", "[dns]") {
  const auto refused = [](const std::string& bytes, record_type type = record_type::a) {
    const auto got = read(bytes, type);
    return got.has_error() && got.error() == errc::dns_bad_answer;
  };
  const std::size_t behind = answer_for().bytes().size();
  SECTION("a name that points to itself") {
    CHECK(refused(answer_for().answer(dns::pointer(behind), record_type::a, 9, dns::a("192.0.2.1")).bytes()));
  }
  SECTION("two names that point to each other") {
    CHECK(refused(answer_for()
                      .answer(dns::pointer(behind + 2), record_type::a, 9, dns::a("192.0.2.1"))
                      .bytes()
                      .replace(behind + 2, 2, dns::pointer(behind))));
  }
  SECTION("a pointer behind the end") {
    CHECK(refused(answer_for().answer(dns::pointer(0x3FFF), record_type::a, 9, dns::a("192.0.2.1")).bytes()));
  }
  SECTION("a label that is too long, and one of an unknown kind") {
    CHECK(refused(answer_for().answer(std::string("\x40") + "x", record_type::a, 9, "").bytes()));
    CHECK(refused(answer_for().answer(std::string("\x80") + "x", record_type::a, 9, "").bytes()));
  }
  SECTION("data that is too short or too long") {
    CHECK(refused(answer_for().answer(self, record_type::a, 9, "abc").bytes()));
    CHECK(refused(answer_for().answer(self, record_type::a, 9, "abcde").bytes()));
    CHECK(refused(answer_for(record_type::aaaa).answer(self, record_type::aaaa, 9, "abcd").bytes(),
                  record_type::aaaa));
    CHECK(refused(
        answer_for(record_type::srv).answer(self, record_type::srv, 9, dns::srv(1, 2, 3, "a") + 'x').bytes(),
        record_type::srv));
    CHECK(refused(
        answer_for(record_type::naptr).answer(self, record_type::naptr, 9, dns::u32(1) + "\x09x").bytes(),
        record_type::naptr));
    CHECK(refused(answer_for().answer(self, dns::cname, 9, dns::name("x") + 'x').bytes()));
  }
  SECTION("an end anywhere") {
    const std::string whole =
        answer_for(record_type::naptr)
            .answer(self, record_type::naptr, 9, dns::naptr(1, 2, "s", "SIP+D2U", "x.example"))
            .authority(dns::name("example.com"), dns::soa, 9, dns::soa_data(1))
            .bytes();
    REQUIRE(read(whole, record_type::naptr));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      INFO(n);
      CHECK(refused(whole.substr(0, n), record_type::naptr));
    }
  }
}

TEST_CASE("what is kept of an answer is bounded", "[dns]") {
  dns_message message = answer_for();
  for (int i = 0; i < 5; ++i) message.answer(self, record_type::a, 9, dns::a("192.0.2.1"));
  const auto bounded = [&](std::size_t records, std::size_t all) {
    return read(message.bytes(), record_type::a, {.max_records = records, .max_sections = all});
  };
  CHECK(bounded(4, 5)->records.size() == 4);
  CHECK(bounded(5, 5)->records.size() == 5);
  CHECK(bounded(6, 5)->records.size() == 5);
  CHECK(bounded(5, 4).error() == errc::dns_bad_answer);
}

}  // namespace
}  // namespace parley::test
