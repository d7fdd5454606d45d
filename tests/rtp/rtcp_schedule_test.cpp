#include <parley/rtp/rtcp_schedule.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

using namespace parley;
using namespace std::chrono_literals;
using rtp::rtcp_schedule;
using rtp::rtcp_schedule_options;
using due = rtcp_schedule::due;
using fate = rtcp_schedule::feedback_fate;
using state = enum rtcp_schedule::state;

namespace {

const base::time_point t0 = base::time_point{} + 1h;
constexpr double compensation = 1.21828182845904523536;

/// A source whose every draw lies at the same place between 0 and 1.
class fixed_random final : public base::random_source {
 public:
  explicit fixed_random(double at) : word_(static_cast<std::uint32_t>(at * 4294967296.0)) {}
  void at(double at) { word_ = static_cast<std::uint32_t>(at * 4294967296.0); }
  void fill(std::span<std::byte> out) noexcept override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(word_ >> (i % 4 * 8));
  }

 private:
  std::uint32_t word_;
};

double seconds(base::duration d) { return static_cast<double>(d.count()) / 1e6; }

/// Has sent its first report at the time that it returns.
base::time_point join(rtcp_schedule& s, std::size_t size = 72) {
  s.start(t0);
  base::time_point now = t0;
  for (int i = 0; i < 100; ++i) {
    now = s.poll_timeout();
    if (s.handle_timeout(now) == due::regular) break;
  }
  s.handle_sent(now, size);
  return now;
}

rtcp_schedule_options avpf() {
  rtcp_schedule_options o;
  o.feedback = true;
  o.sender_bandwidth = 1600;  // a packet of 100 bytes with its overhead takes half a second of that
  o.receiver_bandwidth = 1600;
  o.first_size = 72;
  return o;
}

}  // namespace

TEST_CASE("the first report comes after half the minimum, the later ones after the minimum", "[rtp]") {
  fixed_random random(0.5);  // the factor is 1
  rtcp_schedule s({}, random);
  s.start(t0);
  CHECK(seconds(s.poll_timeout() - t0) == Approx(2.5 / compensation));
  const auto now = s.poll_timeout();
  CHECK(s.handle_timeout(now - 1us) == due::nothing);
  CHECK(s.handle_timeout(now) == due::regular);
  CHECK(s.handle_timeout(now) == due::regular);
  s.handle_sent(now, 72);
  CHECK(s.handle_timeout(now) == due::nothing);
  CHECK(seconds(s.poll_timeout() - now) == Approx(5 / compensation));
}

TEST_CASE("the reduced minimum is 360 s over the session's kbit/s", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.reduced_minimum = true;
  o.session_bandwidth = 720000;
  o.sender_bandwidth = 9000;
  o.receiver_bandwidth = 27000;
  rtcp_schedule s(o, random);
  s.start(t0);
  CHECK(seconds(s.poll_timeout() - t0) == Approx(0.25 / compensation));
  // RFC 3550 6.2: members are timed out by the fixed minimum all the same.
  CHECK(s.member_timeout() == 25s);
  o.session_bandwidth = 8000;
  rtcp_schedule slow(o, random);
  slow.start(t0);
  CHECK(seconds(slow.poll_timeout() - t0) == Approx(2.5 / compensation));
}

TEST_CASE("intervals are spread between half and one and a half times the mean", "[rtp]") {
  double least = 1e9;
  double most = 0;
  double sum = 0;
  constexpr int runs = 4000;
  for (int seed = 0; seed < runs; ++seed) {
    test::seeded_random random(static_cast<std::uint64_t>(seed));
    rtcp_schedule s({}, random);
    s.start(t0);
    const double interval = seconds(s.poll_timeout() - t0) * compensation;
    least = std::min(least, interval);
    most = std::max(most, interval);
    sum += interval;
  }
  CHECK(least >= 1.25);
  CHECK(least < 1.26);
  CHECK(most <= 3.75);
  CHECK(most > 3.74);
  CHECK(sum / runs == Approx(2.5).epsilon(0.02));
}

TEST_CASE("the compensation makes up for reconsideration", "[rtp]") {
  // RFC 3550 6.3.1: with reconsideration at each timeout the mean is the deterministic interval again.
  test::seeded_random random(11);
  rtcp_schedule s({}, random);
  auto now = join(s);
  const auto first = now;
  constexpr int reports = 4000;
  for (int sent = 0; sent < reports;) {
    now = s.poll_timeout();
    if (s.handle_timeout(now) != due::regular) continue;
    s.handle_sent(now, 72);
    ++sent;
  }
  CHECK(seconds(now - first) / reports == Approx(5).epsilon(0.02));
}

TEST_CASE("senders have a share of their own while they are few", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.first_size = 72;  // 800 bits with the overhead
  rtcp_schedule s(o, random);
  const auto interval_of = [&](const rtp::rtcp_membership& membership) {
    rtcp_schedule fresh(o, random);
    fresh.update(t0, membership);
    fresh.start(t0);
    return seconds(fresh.interval()) * compensation;
  };
  CHECK(interval_of({1000, 100, true}) == Approx(800 * 100 / 800.0));
  CHECK(interval_of({1000, 100, false}) == Approx(800 * 900 / 2400.0));
  CHECK(interval_of({1000, 250, true}) == Approx(800 * 250 / 800.0));
  CHECK(interval_of({1000, 251, true}) == Approx(800 * 1000 / 3200.0));
  CHECK(interval_of({1000, 251, false}) == Approx(800 * 1000 / 3200.0));
  CHECK(interval_of({1000, 0, false}) == Approx(800 * 1000 / 2400.0));
}

TEST_CASE("without bandwidth there is no RTCP", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.sender_bandwidth = o.receiver_bandwidth = 0;
  o.feedback = true;
  rtcp_schedule s(o, random);
  s.start(t0);
  CHECK(s.poll_timeout() == base::never);
  CHECK(s.request_feedback(t0) == fate::dropped);
  // Receivers without a share, beside senders with one (RFC 3556 with RR of 0).
  o.sender_bandwidth = 4000;
  rtcp_schedule quiet(o, random);
  quiet.update(t0, {2, 1, false});
  quiet.start(t0);
  CHECK(quiet.poll_timeout() == base::never);
}

TEST_CASE("the average size follows packets by a sixteenth", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.first_size = 100;
  rtcp_schedule s(o, random);
  CHECK(s.average_size() == 128);
  s.handle_received(260);
  CHECK(s.average_size() == Approx(128 + (288 - 128) / 16.0));
  s.start(t0);
  const double before = s.average_size();
  REQUIRE(s.handle_timeout(s.poll_timeout()) == due::regular);
  s.handle_sent(s.poll_timeout(), 72);
  CHECK(s.average_size() == Approx(before * 15 / 16 + 100 / 16.0));
}

TEST_CASE("a group that grew makes the report wait", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.first_size = 72;
  rtcp_schedule s(o, random);
  s.start(t0);
  const auto first = s.poll_timeout();
  // A thousand joined meanwhile: 800 bits of each over 2400 bit/s.
  s.update(t0 + 1s, {1000, 0, false});
  CHECK(s.poll_timeout() == first);
  CHECK(s.handle_timeout(first) == due::nothing);
  const double interval = 800 * 1000 / 2400.0 / compensation;
  CHECK(seconds(s.poll_timeout() - t0) == Approx(interval));
  CHECK(s.handle_timeout(s.poll_timeout()) == due::regular);
}

TEST_CASE("a group that shrank brings the report nearer", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule_options o;
  o.first_size = 72;
  rtcp_schedule s(o, random);
  s.update(t0, {1000, 0, false});
  const auto sent = join(s);
  const auto next = s.poll_timeout();
  const auto now = sent + 100s;
  s.update(now, {100, 0, false});
  CHECK(seconds(s.poll_timeout() - now) == Approx(seconds(next - now) / 10).margin(1e-5));
  // tp moved too: the interval that is drawn at tn starts a tenth of 100 s before now.
  const auto at = s.poll_timeout();
  random.at(0.75);  // the factor is 1.25
  CHECK(s.handle_timeout(at) == due::nothing);
  const double interval = 1.25 * 8 * s.average_size() * 100 / 2400 / compensation;
  CHECK(seconds(s.poll_timeout() - now) == Approx(interval - 10).margin(1e-4));
  // Members who come back change nothing until then.
  const auto again = s.poll_timeout();
  s.update(now, {1000, 0, false});
  CHECK(s.poll_timeout() == again);
}

TEST_CASE("members are given five intervals of a receiver", "[rtp]") {
  fixed_random random(0);
  rtcp_schedule_options o;
  o.first_size = 72;
  rtcp_schedule s(o, random);
  CHECK(s.member_timeout() == 25s);
  s.update(t0, {1000, 100, true});
  CHECK(seconds(s.member_timeout()) == Approx(5 * 800 * 900 / 2400.0));
}

TEST_CASE("who never sent anything leaves without a BYE", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s({}, random);
  s.start(t0);
  s.leave(t0 + 1s, 8);
  CHECK(s.state() == state::left);
  CHECK(s.poll_timeout() == base::never);
}

TEST_CASE("a small group is left at once", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s({}, random);
  s.start(t0);
  s.update(t0, {50, 1, true});
  s.leave(t0 + 1s, 8);
  CHECK(s.poll_timeout() == t0 + 1s);
  CHECK(s.handle_timeout(t0 + 1s) == due::bye);
  s.handle_sent(t0 + 1s, 8);
  CHECK(s.state() == state::left);
  CHECK(s.poll_timeout() == base::never);
  CHECK(s.handle_timeout(t0 + 1h) == due::nothing);
}

TEST_CASE("a large group is left after a back-off that counts the others who leave", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s({}, random);
  s.update(t0, {51, 1, true});
  const auto now = join(s);
  s.leave(now, 8);
  CHECK(s.state() == state::leaving);
  CHECK(s.average_size() == 36);
  const auto first = s.poll_timeout();
  CHECK(seconds(first - now) == Approx(2.5 / compensation));
  for (int i = 0; i < 999; ++i) s.handle_bye(8);
  s.handle_received(1000);
  s.update(now, {1, 0, false});
  CHECK(s.average_size() == Approx(36));
  CHECK(s.handle_timeout(first) == due::nothing);
  CHECK(seconds(s.poll_timeout() - now) == Approx(36 * 8 * 1000 / 2400.0 / compensation));
  CHECK(s.handle_timeout(s.poll_timeout()) == due::bye);
}

TEST_CASE("AVPF has no minimum", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s(avpf(), random);
  s.update(t0, {2, 1, true});
  s.start(t0);
  CHECK(seconds(s.poll_timeout() - t0) == Approx(0.5 / compensation));
  // Among more than two, the first report waits for a second.
  rtcp_schedule group(avpf(), random);
  group.update(t0, {3, 1, true});
  group.start(t0);
  CHECK(seconds(group.poll_timeout() - t0) == Approx(1 / compensation));
  const auto now = group.poll_timeout();
  REQUIRE(group.handle_timeout(now) == due::regular);
  group.handle_sent(now, 72);
  CHECK(seconds(group.poll_timeout() - now) == Approx(0.5 / compensation));
}

TEST_CASE("between two, feedback goes at once, and the next report is skipped", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s(avpf(), random);
  s.update(t0, {2, 1, true});
  const auto tp = join(s);
  const auto tn = s.poll_timeout();
  const auto now = tp + 100ms;
  CHECK(s.request_feedback(now) == fate::early);
  CHECK(s.poll_timeout() == now);
  CHECK(s.request_feedback(now) == fate::scheduled);
  CHECK(s.handle_timeout(now) == due::feedback);
  s.handle_sent(now, 72);
  CHECK(s.poll_timeout() == tp + 2 * (tn - tp));
  // Now only what the next report can carry in time goes.
  CHECK(s.request_feedback(now) == fate::dropped);
  CHECK(s.request_feedback(tn) == fate::scheduled);
  const auto next = s.poll_timeout();
  CHECK(s.handle_timeout(next) == due::regular);
  s.handle_sent(next, 72);
  CHECK(s.request_feedback(next + 1ms) == fate::early);
}

TEST_CASE("without AVPF no feedback goes early", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s({}, random);
  join(s);
  CHECK(s.request_feedback(t0 + 10s) == fate::dropped);
}

TEST_CASE("in a group, feedback waits for others to say the same", "[rtp]") {
  fixed_random random(0.5);
  rtcp_schedule s(avpf(), random);
  s.update(t0, {10, 5, true});
  const auto tp = join(s);
  const auto tn = s.poll_timeout();
  random.at(0.25);
  REQUIRE(s.request_feedback(tp) == fate::early);
  CHECK(seconds(s.poll_timeout() - tp) == Approx(seconds(tn - tp) / 2 * 0.25).margin(1e-5));
  CHECK(s.handle_timeout(tp) == due::nothing);
  s.cancel_feedback();
  CHECK(s.poll_timeout() == tn);
  // 3a: too near to the next report for the time that it might wait.
  CHECK(s.request_feedback(tp + (tn - tp) * 6 / 10) == fate::scheduled);
  CHECK(s.poll_timeout() == tn);
  CHECK(s.handle_timeout(tn) == due::regular);
}

TEST_CASE("trr-int suppresses reports, and what waits goes all the same", "[rtp]") {
  fixed_random random(0.5);
  auto o = avpf();
  o.trr_interval = 2s;
  rtcp_schedule s(o, random);
  s.update(t0, {2, 1, true});
  const auto regular = join(s);
  const auto step = s.poll_timeout() - regular;
  CHECK(s.handle_timeout(regular + step) == due::nothing);
  CHECK(s.poll_timeout() == regular + 2 * step);
  // An early packet, so that later feedback is stored for the next report.
  const auto now = regular + step + 1ms;
  REQUIRE(s.request_feedback(now) == fate::early);
  REQUIRE(s.handle_timeout(now) == due::feedback);
  s.handle_sent(now, 72);
  const auto tn = s.poll_timeout();
  CHECK(tn == regular + 3 * step);
  REQUIRE(s.request_feedback(tn - 1ms) == fate::scheduled);
  CHECK(s.handle_timeout(tn) == due::feedback);
  s.handle_sent(tn, 72);
  // Full reports are two seconds apart at the least.
  auto at = s.poll_timeout();
  while (s.handle_timeout(at) == due::nothing) at = s.poll_timeout();
  CHECK(at - regular >= 2s);
  CHECK(at - regular < 2s + step);
  CHECK(s.member_timeout() == 25s);
  o.trr_interval = 7s;
  CHECK(rtcp_schedule(o, random).member_timeout() == 35s);
}
