#include "net/detail/binding_keep_alive.hpp"

#include <parley/net/error.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/seeded_random.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using net::detail::binding_keep_alive;
using action = binding_keep_alive::action;

namespace {

constexpr base::time_point first_request{1'000'000us};
const base::socket_address here{base::ip_address::v4(0xC0000201U), 5060};

struct driver {
  /// Goes on to the next request and returns when it was sent.
  base::time_point ask() {
    const base::time_point at = machine.poll_timeout();
    CHECK(machine.handle_timeout(at - 1us, random) == action::none);
    REQUIRE(machine.handle_timeout(at, random) == action::send);
    return at;
  }

  /// Answers the request under way with what `fill` adds.
  action answer(base::time_point now, const std::function<void(stun::writer&)>& fill,
                stun::message_class kind = stun::message_class::success) {
    const auto request = stun::message_view::parse(machine.request());
    REQUIRE(request.has_value());
    return answer_to(request->transaction(), now, fill, kind);
  }
  action answer_to(const stun::transaction_id& id, base::time_point now,
                   const std::function<void(stun::writer&)>& fill,
                   stun::message_class kind = stun::message_class::success,
                   stun::method method = stun::method::binding) {
    std::array<std::byte, 256> memory;
    stun::writer out(memory, kind, method, id);
    fill(out);
    const auto view = stun::message_view::parse(out.finish().value());
    REQUIRE(view.has_value());
    return machine.handle_response(now, *view, random);
  }

  test::seeded_random random;
  binding_keep_alive machine{first_request, 30s, 500ms, random};
};

void mapped(stun::writer& out, const base::socket_address& at) { out.add<stun::xor_mapped_address>(at); }

}  // namespace

TEST_CASE("a pair that answers is asked again and again, by new transactions", "[net][stun]") {
  driver d;
  base::time_point last = first_request;
  std::string before;
  for (int i = 0; i < 10; ++i) {
    const base::time_point at = d.ask();
    CHECK(at - last >= 24s);
    CHECK(at - last <= 30s);
    const std::string request = test::to_hex(d.machine.request());
    CHECK(request.starts_with("000100002112a442"));
    CHECK(request.size() == 40);
    CHECK(request != before);
    before = request;
    last = at + 40ms;
    CHECK(d.answer(last, [](auto& out) { mapped(out, here); }) == action::none);
  }
  d.machine.set_interval(10s);
  d.answer(d.ask(), [](auto& out) { mapped(out, here); });
  CHECK(d.machine.poll_timeout() - last <= 40s);
}

TEST_CASE("RFC 8489 6.2.1: seven requests, and sixteen RTO behind the last", "[net][stun]") {
  driver d;
  const base::time_point first = d.ask();
  const std::string request = test::to_hex(d.machine.request());
  for (const auto after : {500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms}) {
    CHECK(d.ask() == first + after);
    CHECK(test::to_hex(d.machine.request()) == request);
  }
  CHECK(d.machine.poll_timeout() == first + 39500ms);
  CHECK(d.machine.handle_timeout(first + 39500ms - 1us, d.random) == action::none);
  SECTION("an answer in the last moment") {
    CHECK(d.answer(first + 39500ms - 1us, [](auto& out) { mapped(out, here); }) == action::none);
    CHECK(d.machine.poll_timeout() > first + 60s);
    CHECK(d.ask() < first + 70s);
  }
  SECTION("none") {
    CHECK(d.machine.handle_timeout(first + 39500ms, d.random) == action::fail);
    CHECK(d.machine.error() == net::errc::no_pong);
    CHECK(d.machine.poll_timeout() == base::never);
    CHECK(d.machine.handle_timeout(base::never, d.random) == action::none);
    CHECK(d.answer(first + 40s, [](auto& out) { mapped(out, here); }) == action::none);
  }
}

TEST_CASE("a changed mapped address is a failure", "[net][stun]") {
  driver d;
  base::socket_address other = here;
  SECTION("another port") { other.port = 5061; }
  SECTION("another address") { other.ip = base::ip_address::v4(0xC0000202U); }
  SECTION("another family") { other.ip = base::ip_address::loopback_v6(); }
  CHECK(d.answer(d.ask(), [](auto& out) { mapped(out, here); }) == action::none);
  CHECK(d.answer(d.ask(), [](auto& out) { mapped(out, here); }) == action::none);
  CHECK(d.answer(d.ask(), [&](auto& out) { mapped(out, other); }) == action::fail);
  CHECK(d.machine.error() == net::errc::mapping_changed);
}

TEST_CASE("an error response is a failure", "[net][stun]") {
  driver d;
  const base::time_point at = d.ask();
  const auto refuse = [](stun::writer& out) { out.add<stun::error_code>({400, "Bad Request"}); };
  CHECK(d.answer(at, refuse, stun::message_class::error) == action::fail);
  CHECK(d.machine.error() == net::errc::keep_alive_refused);
}

TEST_CASE("what is no answer to the request under way does nothing", "[net][stun]") {
  driver d;
  const auto good = [](stun::writer& out) { mapped(out, here); };
  CHECK(d.answer_to({}, first_request, good) == action::none);
  const base::time_point at = d.ask();
  const base::time_point next = d.machine.poll_timeout();
  const stun::transaction_id id = stun::message_view::parse(d.machine.request())->transaction();
  stun::transaction_id wrong = id;
  wrong[11] ^= std::byte{1};
  CHECK(d.answer_to(wrong, at, good) == action::none);
  CHECK(d.answer_to(id, at, good, stun::message_class::success, stun::method{3}) == action::none);
  CHECK(d.answer_to(id, at, good, stun::message_class::indication) == action::none);
  CHECK(d.answer_to(id, at, good, stun::message_class::request) == action::none);
  CHECK(d.answer_to(id, at, [](auto&) {}) == action::none);
  CHECK(d.answer_to(
            id, at, [](auto&) {}, stun::message_class::error) == action::none);
  CHECK(d.answer_to(id, at, [](auto& out) { out.template add<stun::mapped_address>(here); }) == action::none);
  CHECK(d.answer_to(id, at, [&](auto& out) {
    mapped(out, here);
    out.add_raw(stun::attribute_type{0x7FFF}, {});
  }) == action::none);
  const std::array<std::byte, 4> zeros{};
  CHECK(d.answer_to(id, at, [&](auto& out) {
    mapped(out, here);
    out.add_raw(stun::attribute_type::fingerprint, zeros);
  }) == action::none);
  CHECK(d.machine.poll_timeout() == next);
  CHECK(d.answer_to(id, at, [](auto& out) {
    mapped(out, here);
    out.fingerprint();
  }) == action::none);
  CHECK(d.machine.poll_timeout() > at + 20s);
  // A late copy of it neither.
  const base::time_point due = d.machine.poll_timeout();
  CHECK(d.answer_to(id, at + 1s, good) == action::none);
  CHECK(d.machine.poll_timeout() == due);
}
