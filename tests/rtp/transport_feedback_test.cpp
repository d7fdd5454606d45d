#include <parley/rtp/bandwidth_estimator.hpp>
#include <parley/rtp/transport_feedback.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <array>
#include <chrono>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using rtp::transport_feedback;

namespace {

const base::time_point first_sent = base::time_point{} + 1000 * 64ms;

std::vector<int> deltas(const rtp::transport_cc& feedback) {
  std::vector<int> out;
  for (const auto& p : feedback.packets) out.push_back(p.received ? p.delta : -1000000);
  return out;
}
constexpr int none_came = -1000000;

}  // namespace

TEST_CASE("feedback says when each packet came", "[rtp]") {
  transport_feedback f;
  CHECK(f.poll_timeout() == base::never);
  CHECK_FALSE(f.collect(first_sent));
  f.handle_packet(first_sent + 10ms, 65534);
  f.handle_packet(first_sent + 12ms, 65535);
  f.handle_packet(first_sent + 20ms, 2);
  f.handle_packet(first_sent + 19ms, 1);
  f.handle_packet(first_sent + 90ms, 2);  // a duplicate
  CHECK(f.poll_timeout() == first_sent + 110ms);
  const auto feedback = f.collect(first_sent + 110ms);
  REQUIRE(feedback);
  CHECK(feedback->base_sequence == 65534);
  CHECK(feedback->reference_time == 1000);
  CHECK(feedback->feedback_count == 0);
  CHECK(deltas(*feedback) == std::vector<int>{40, 8, none_came, 28, 4});
  CHECK(f.poll_timeout() == base::never);
  CHECK_FALSE(f.collect(first_sent + 200ms));
  f.handle_packet(first_sent + 200ms, 3);
  CHECK(f.collect(first_sent + 300ms)->feedback_count == 1);
}

TEST_CASE("a packet that was called lost is spoken of when it comes", "[rtp]") {
  transport_feedback f;
  f.handle_packet(first_sent, 10);
  f.handle_packet(first_sent, 12);
  CHECK(deltas(*f.collect(first_sent)) == std::vector<int>{0, none_came, 0});
  f.handle_packet(first_sent + 1ms, 11);
  const auto again = f.collect(first_sent + 1ms);
  REQUIRE(again);
  CHECK(again->base_sequence == 11);
  CHECK(deltas(*again) == std::vector<int>{4, -4});
  // Also one from before the first.
  f.handle_packet(first_sent + 2ms, 9);
  CHECK(f.collect(first_sent + 2ms)->base_sequence == 9);
}

TEST_CASE("what does not fit into one feedback goes with the next", "[rtp]") {
  rtp::transport_feedback_options o;
  o.max_packets = 4;
  transport_feedback f(o);
  for (std::uint16_t i = 0; i < 6; ++i) f.handle_packet(first_sent, i);
  CHECK(f.collect(first_sent)->packets.size() == 4);
  CHECK(f.poll_timeout() == first_sent);
  CHECK(f.collect(first_sent)->packets.size() == 2);
  CHECK(f.poll_timeout() == base::never);
  // Eight seconds and more are too far apart for one.
  f.handle_packet(first_sent + 1s, 6);
  f.handle_packet(first_sent + 10s, 7);
  CHECK(f.collect(first_sent + 10s)->packets.size() == 1);
  CHECK(f.collect(first_sent + 10s)->base_sequence == 7);
}

TEST_CASE("a gap wider than the memory is forgotten", "[rtp]") {
  rtp::transport_feedback_options o;
  o.max_packets = 4;
  transport_feedback f(o);
  f.handle_packet(first_sent, 0);
  f.handle_packet(first_sent, 30000);
  std::size_t packets = 0;
  while (f.poll_timeout() != base::never) {
    if (const auto feedback = f.collect(first_sent)) packets += feedback->packets.size();
  }
  CHECK(packets <= 8);
  f.handle_packet(first_sent, 100);
  CHECK(f.poll_timeout() == base::never);
}

TEST_CASE("feedback that could not go is put off", "[rtp]") {
  transport_feedback f;
  f.postpone(first_sent);
  CHECK(f.poll_timeout() == base::never);
  f.handle_packet(first_sent, 0);
  f.postpone(first_sent + 100ms);
  CHECK(f.poll_timeout() == first_sent + 200ms);
}

TEST_CASE("what one end writes the other's estimator reads, across the wrap of the reference", "[rtp]") {
  // The receiver's clock is 2^23 units of 64 ms short of the sign.
  const base::time_point receiver = base::time_point{} + (0x7FFFFE * 64ms);
  transport_feedback f;
  rtp::bandwidth_estimator e;
  std::array<std::byte, 1500> memory;
  for (int i = 0; i < 500; ++i) {
    const auto sequence = static_cast<std::uint16_t>(65000 + i * 2);
    e.handle_sent(first_sent + i * 10ms, sequence, 1000);
    f.handle_packet(receiver + i * 10ms, sequence);
    if (f.poll_timeout() > receiver + i * 10ms) continue;
    const auto feedback = f.collect(receiver + i * 10ms);
    REQUIRE(feedback);
    const auto written = rtp::compound_writer(memory).add(*feedback).finish();
    REQUIRE(written);
    const auto compound = rtp::compound_view::parse(*written, rtp::rtcp_form::reduced_size);
    REQUIRE(compound);
    const auto read = compound->begin()->get<rtp::transport_cc>();
    REQUIRE(read);
    e.handle_feedback(first_sent + i * 10ms, *read);
  }
  // 1000 bytes each 10 ms, without a jump at the wrap.
  CHECK(e.arriving() == Approx(800000).epsilon(0.03));
  CHECK(e.trend().trend() == Approx(0).margin(0.5));
  CHECK(e.loss() == 0);
  CHECK(e.estimate() > 300000);
}
