#include <parley/net/target_blacklist.hpp>

#include "support/catch.hpp"

#include <string_view>
#include <vector>

namespace parley::test {
namespace {

using std::chrono::seconds;

constexpr base::siphash_key key{1, 2};
constexpr base::time_point first_failure{std::chrono::hours(1)};

sip::hop hop(std::string_view address, sip::transport over = sip::transport::udp, std::uint32_t domain = 0) {
  sip::hop out;
  out.transport = over;
  out.remote = base::socket_address::from_string(address).value();
  out.domain = domain;
  return out;
}

TEST_CASE("a target that failed is on the list until its time is over", "[blacklist]") {
  net::target_blacklist list(key, {.failed_for = seconds(60), .longest = seconds(600)});
  const auto bad = hop("192.0.2.1:5060");
  CHECK(!list.contains(first_failure, bad));
  list.add(first_failure, bad);
  CHECK(list.contains(first_failure + seconds(60) - base::duration(1), bad));
  CHECK(!list.contains(first_failure + seconds(60), bad));
  SECTION("again") {
    list.add(first_failure + seconds(30), bad);
    CHECK(list.contains(first_failure + seconds(89), bad));
    CHECK(!list.contains(first_failure + seconds(90), bad));
  }
  SECTION("for as long as it asks for, within reason") {
    list.add(first_failure, bad, seconds(120));
    CHECK(list.contains(first_failure + seconds(119), bad));
    CHECK(!list.contains(first_failure + seconds(120), bad));
    list.add(first_failure, bad, seconds(100'000));
    CHECK(list.contains(first_failure + seconds(599), bad));
    CHECK(!list.contains(first_failure + seconds(600), bad));
  }
}

TEST_CASE("transport, address and domain make a target", "[blacklist]") {
  net::target_blacklist list(key);
  list.add(first_failure, hop("192.0.2.1:5061", sip::transport::tls, 7));
  sip::hop same = hop("192.0.2.1:5061", sip::transport::tls, 7);
  same.listener = 3;
  same.flow = 9;
  CHECK(list.contains(first_failure, same));
  CHECK(!list.contains(first_failure, hop("192.0.2.1:5061", sip::transport::tls, 8)));
  CHECK(!list.contains(first_failure, hop("192.0.2.1:5061", sip::transport::tcp, 7)));
  CHECK(!list.contains(first_failure, hop("192.0.2.1:5062", sip::transport::tls, 7)));
  CHECK(!list.contains(first_failure, hop("192.0.2.2:5061", sip::transport::tls, 7)));
}

TEST_CASE("failed targets come last, in their order, and none is lost", "[blacklist]") {
  net::target_blacklist list(key);
  std::vector<sip::hop> hops = {hop("192.0.2.1:1"), hop("192.0.2.2:1"), hop("192.0.2.3:1"),
                                hop("192.0.2.4:1")};
  const auto all = hops;
  list.order(first_failure, hops);
  CHECK(hops == all);
  list.add(first_failure, all[2]);
  list.add(first_failure, all[0]);
  list.order(first_failure, hops);
  CHECK(hops == std::vector{all[1], all[3], all[0], all[2]});
  for (const sip::hop& one : all) list.add(first_failure, one);
  hops = all;
  list.order(first_failure, hops);
  CHECK(hops == all);
}

TEST_CASE("the list does not grow, and what would end first gives way", "[blacklist]") {
  net::target_blacklist list(key, {.max_targets = 4});
  const auto at = [](int i) { return hop("192.0.2.1:" + std::to_string(i + 1)); };
  for (int i = 0; i < 4; ++i) list.add(first_failure + seconds(i), at(i));
  for (int i = 0; i < 4; ++i) CHECK(list.contains(first_failure + seconds(3), at(i)));
  list.add(first_failure + seconds(4), at(4));
  CHECK(!list.contains(first_failure + seconds(4), at(0)));
  for (int i = 1; i < 5; ++i) CHECK(list.contains(first_failure + seconds(4), at(i)));
}

}  // namespace
}  // namespace parley::test
