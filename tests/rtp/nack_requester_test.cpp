#include <parley/rtp/nack_requester.hpp>

#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using rtp::nack_requester;

namespace {

const base::time_point t0 = base::time_point{} + 1h;

std::vector<int> asked(nack_requester& r, base::time_point now) {
  std::array<std::uint16_t, 16> out{};
  const std::size_t n = r.collect(now, out);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n)};
}

}  // namespace

TEST_CASE("a gap is asked for once it is no reordering", "[rtp]") {
  nack_requester r;
  r.handle_packet(t0, 65534);
  r.handle_packet(t0, 65538);
  CHECK(r.missing() == 3);
  CHECK(r.poll_timeout() == t0 + 10ms);
  r.handle_packet(t0 + 5ms, 65535);
  CHECK(asked(r, t0 + 9ms).empty());
  CHECK(asked(r, t0 + 10ms) == std::vector<int>{0, 1});
  CHECK(asked(r, t0 + 10ms).empty());
  r.handle_packet(t0 + 12ms, 65536);
  r.handle_packet(t0 + 12ms, 65537);
  CHECK(r.missing() == 0);
  CHECK(r.poll_timeout() == base::never);
  CHECK(r.given_up() == 0);
}

TEST_CASE("a request is repeated after a round trip, and not for ever", "[rtp]") {
  rtp::nack_requester_options o;
  o.max_requests = 3;
  nack_requester r(o);
  r.set_round_trip(80ms);
  r.handle_packet(t0, 1);
  r.handle_packet(t0, 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(r.poll_timeout() == t0 + 10ms + i * 80ms);
    CHECK(asked(r, r.poll_timeout() - 1us).empty());
    CHECK(asked(r, r.poll_timeout()) == std::vector<int>{2});
  }
  CHECK(r.missing() == 1);
  CHECK(asked(r, r.poll_timeout()).empty());
  CHECK(r.missing() == 0);
  CHECK(r.given_up() == 1);
  CHECK(r.poll_timeout() == base::never);
}

TEST_CASE("a packet that would come too late is given up", "[rtp]") {
  rtp::nack_requester_options o;
  o.max_age = 100ms;
  nack_requester r(o);
  r.handle_packet(t0, 1);
  r.handle_packet(t0, 3);
  CHECK(asked(r, t0 + 100ms).empty());
  CHECK(r.given_up() == 1);
}

TEST_CASE("what does not fit into one request goes with the next", "[rtp]") {
  nack_requester r;
  r.handle_packet(t0, 0);
  r.handle_packet(t0, 21);
  CHECK(asked(r, t0 + 10ms).size() == 16);
  CHECK(r.poll_timeout() == t0 + 10ms);
  CHECK(asked(r, t0 + 10ms) == std::vector<int>{17, 18, 19, 20});
}

TEST_CASE("the table is bounded, the oldest gives way", "[rtp]") {
  rtp::nack_requester_options o;
  o.max_missing = 4;
  nack_requester r(o);
  r.handle_packet(t0, 0);
  r.handle_packet(t0, 1000000);
  CHECK(r.missing() == 4);
  CHECK(r.given_up() == 999999 - 4);
  r.handle_packet(t0, 1000002);
  CHECK(r.missing() == 4);
  CHECK(asked(r, t0 + 10ms).size() == 4);
  r.clear();
  CHECK(r.missing() == 0);
  r.handle_packet(t0, 5);
  CHECK(r.missing() == 0);
}
