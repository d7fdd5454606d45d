#include <parley/proxy/location.hpp>

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;

namespace {

const base::time_point start{1000s};

proxy::binding bound(std::string contact, base::duration lasts, std::uint64_t flow = 0) {
  proxy::binding out;
  out.contact = std::move(contact);
  out.expires = start + lasts;
  out.flow.flow = flow;
  out.flow.only_flow = flow != 0;
  return out;
}

struct fixture {
  std::vector<std::string> contacts(std::string_view address) const {
    std::vector<std::string> out;
    for (const auto& b : place.find(address)) out.push_back(b.contact);
    return out;
  }

  proxy::location place{3, 1 << 20, {1, 2}, start};
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("an address of record is its user and host", "[proxy]") {
  CHECK(proxy::address_of_record(*sip::parse_uri("sips:%61lice:secret@EXAMPLE.com:5070;transport=tcp")) ==
        "alice@example.com");
  CHECK(proxy::address_of_record(*sip::parse_uri("sip:Alice@example.com")) == "Alice@example.com");
}

TEST_CASE("bindings end one by one when their time is over", "[proxy]") {
  fixture f;
  REQUIRE(f.place.replace("a@x", {bound("sip:1@h", 60s), bound("sip:2@h", 120s)}));
  REQUIRE(f.place.replace("b@x", {bound("sip:3@h", 90s)}));
  CHECK(f.contacts("a@x") == strings{"sip:1@h", "sip:2@h"});
  f.place.handle_timeout(start + 59s);
  CHECK(f.contacts("a@x").size() == 2);
  CHECK(f.place.poll_timeout() <= start + 61s);
  f.place.handle_timeout(start + 61s);
  CHECK(f.contacts("a@x") == strings{"sip:2@h"});
  f.place.handle_timeout(start + 91s);
  CHECK(f.contacts("b@x").empty());
  CHECK(f.place.size() == 1);
  f.place.handle_timeout(start + 200s);
  CHECK(f.place.size() == 0);
  CHECK(f.place.poll_timeout() == base::never);
}

TEST_CASE("a refreshed binding lasts until its new time", "[proxy]") {
  fixture f;
  REQUIRE(f.place.replace("a@x", {bound("sip:1@h", 60s)}));
  REQUIRE(f.place.replace("a@x", {bound("sip:1@h", 600s)}));
  f.place.handle_timeout(start + 599s);
  CHECK(f.contacts("a@x").size() == 1);
  f.place.handle_timeout(start + 601s);
  CHECK(f.contacts("a@x").empty());
}

TEST_CASE("a connection that ends takes what only it led to", "[proxy]") {
  fixture f;
  REQUIRE(
      f.place.replace("a@x", {bound("sip:1@h", 60s, 7), bound("sip:2@h", 60s), bound("sip:3@h", 60s, 7)}));
  REQUIRE(f.place.replace("b@x", {bound("sip:4@h", 60s, 7)}));
  REQUIRE(f.place.replace("c@x", {bound("sip:5@h", 60s, 8)}));
  f.place.drop_flow(9);
  CHECK(f.place.size() == 3);
  f.place.drop_flow(7);
  CHECK(f.contacts("a@x") == strings{"sip:2@h"});
  CHECK(f.contacts("b@x").empty());
  CHECK(f.contacts("c@x") == strings{"sip:5@h"});
  // A binding that has moved to another connection stays.
  REQUIRE(f.place.replace("c@x", {bound("sip:5@h", 60s, 10)}));
  f.place.drop_flow(8);
  CHECK(f.contacts("c@x") == strings{"sip:5@h"});
  f.place.handle_timeout(start + 61s);
  f.place.drop_flow(10);
  CHECK(f.place.size() == 0);
}

TEST_CASE("a connection that all are bound to ends in no more time than they took to come", "[proxy]") {
  // With a list of the flow's addresses that is walked for each, this takes minutes.
  constexpr int addresses = 20'000;
  proxy::location place{addresses, std::size_t{1} << 30U, {1, 2}, start};
  for (int round = 0; round < 2; ++round) {
    for (int a = 0; a < addresses; ++a) {
      std::vector<proxy::binding> bindings;
      bindings.reserve(10);
      for (int b = 0; b < 10; ++b) bindings.push_back(bound("sip:" + std::to_string(b) + "@h", 60s, 7));
      if (!place.replace(std::to_string(a) + "@x", std::move(bindings))) FAIL("no room");
    }
  }
  CHECK(place.size() == addresses);
  place.drop_flow(7);
  CHECK(place.size() == 0);
  CHECK(place.bytes() == 0);
}

TEST_CASE("the bytes of bindings have a bound", "[proxy]") {
  fixture f;
  const std::string long_uri = "sip:" + std::string(100'000, 'x') + "@h";
  REQUIRE(f.place.replace("a@x", {bound(long_uri, 60s), bound(long_uri, 60s), bound(long_uri, 120s)}));
  CHECK(f.place.bytes() > 300'000);
  CHECK(f.place.bytes() < 310'000);
  REQUIRE(f.place.replace("b@x", std::vector<proxy::binding>(7, bound(long_uri, 60s))));
  const auto before = f.place.bytes();
  const auto refused = f.place.replace("c@x", {bound(long_uri, 60s)});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == base::errc::limit_reached);
  CHECK_FALSE(f.place.replace("a@x", std::vector<proxy::binding>(4, bound(long_uri, 60s))));
  CHECK(f.contacts("a@x").size() == 3);
  CHECK(f.place.bytes() == before);
  // A refresh takes no more.
  REQUIRE(f.place.replace("b@x", std::vector<proxy::binding>(7, bound(long_uri, 90s))));
  CHECK(f.place.bytes() == before);
  // What ends makes room.
  f.place.handle_timeout(start + 61s);
  CHECK(f.place.bytes() < before - 190'000);
  CHECK(f.place.replace("c@x", {bound(long_uri, 600s)}));
  f.place.handle_timeout(start + 121s);
  CHECK(f.place.size() == 1);
  REQUIRE(f.place.replace("c@x", {}));
  CHECK(f.place.bytes() == 0);
}

TEST_CASE("the number of addresses has a bound", "[proxy]") {
  fixture f;
  for (const char* address : {"1@x", "2@x", "3@x"})
    REQUIRE(f.place.replace(address, {bound("sip:1@h", 60s)}));
  const auto fourth = f.place.replace("4@x", {bound("sip:1@h", 60s)});
  REQUIRE_FALSE(fourth);
  CHECK(fourth.error() == base::errc::limit_reached);
  CHECK(f.contacts("4@x").empty());
  // Those that are there may change, and the room of one that went is free.
  REQUIRE(f.place.replace("1@x", {bound("sip:2@h", 60s)}));
  REQUIRE(f.place.replace("2@x", {}));
  CHECK(f.place.replace("4@x", {bound("sip:1@h", 60s)}));
}
