#include <parley/rtp/bandwidth_estimator.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using rtp::bandwidth_estimator;
using rtp::packet_arrival;

namespace {

/// One sender, one bottleneck with a queue, one receiver that reports each 50 ms. The sender sends what the
/// estimate allows, evenly, in packets of 1200 bytes.
class bottleneck {
 public:
  explicit bottleneck(double capacity, double loss = 0, std::uint64_t seed = 1)
      : capacity_(capacity), loss_(loss), random_(seed) {}

  void capacity(double c) { capacity_ = c; }
  void loss(double l) { loss_ = l; }
  /// Another flow takes that much of it, come what may.
  void cross_traffic(double rate) { cross_ = rate; }

  void run(base::duration length) {
    const auto end = now_ + length;
    low_ = 1e12;
    high_ = 0;
    double sum = 0;
    int steps = 0;
    for (; now_ < end; now_ += 1ms) {
      step();
      low_ = std::min(low_, estimator_.estimate());
      high_ = std::max(high_, estimator_.estimate());
      sum += estimator_.estimate();
      ++steps;
    }
    mean_ = sum / steps;
  }

  /// Of the last run.
  double low() const { return low_; }
  double high() const { return high_; }
  double mean() const { return mean_; }
  double estimate() const { return estimator_.estimate(); }
  base::duration queue() const { return std::max(free_at_ - now_, base::duration::zero()); }
  int dropped() const { return dropped_; }

 private:
  static constexpr std::size_t size = 1200;

  void step() {
    for (; next_send_ <= now_; next_send_ += seconds(size * 8 / estimator_.estimate())) send();
    if (now_ >= next_feedback_) {
      next_feedback_ += 50ms;
      feedback();
    }
    while (!reports_.empty() && reports_.front().due <= now_) {
      estimator_.handle_feedback(now_, reports_.front().arrivals);
      reports_.pop_front();
    }
    if (estimator_.poll_timeout() <= now_) estimator_.handle_timeout(now_);
  }

  void send() {
    const std::uint16_t sequence = next_sequence_++;
    estimator_.handle_sent(now_, sequence, size);
    const bool lost = static_cast<double>(random_.uniform(100000)) < loss_ * 100000;
    free_at_ = std::max(free_at_, now_);
    if (free_at_ - now_ > 400ms) {
      ++dropped_;
      return;
    }
    free_at_ += seconds(size * 8 / (capacity_ - cross_));
    // The receiver's clock is another one.
    if (!lost) arrived_.push_back({sequence, true, free_at_ + 25ms + 77h});
  }

  void feedback() {
    report r{now_ + 25ms, {}};
    while (!arrived_.empty() && arrived_.front().at <= now_ + 77h) {
      const packet_arrival a = arrived_.front();
      arrived_.pop_front();
      while (next_reported_ != a.sequence) r.arrivals.push_back({next_reported_++, false, {}});
      r.arrivals.push_back(a);
      ++next_reported_;
    }
    if (!r.arrivals.empty()) reports_.push_back(std::move(r));
  }

  static base::duration seconds(double s) { return base::duration(static_cast<std::int64_t>(s * 1e6)); }

  struct report {
    base::time_point due;
    std::vector<packet_arrival> arrivals;
  };

  double capacity_;
  double loss_;
  double cross_ = 0;
  test::seeded_random random_;
  bandwidth_estimator estimator_;
  base::time_point now_ = base::time_point{} + 1h;
  base::time_point next_send_ = now_;
  base::time_point next_feedback_ = now_;
  base::time_point free_at_ = now_;
  std::deque<packet_arrival> arrived_;
  std::deque<report> reports_;
  std::uint16_t next_sequence_ = 65000;
  std::uint16_t next_reported_ = 65000;
  double low_ = 0;
  double high_ = 0;
  double mean_ = 0;
  int dropped_ = 0;
};

constexpr double mbit = 1e6;

}  // namespace

TEST_CASE("the estimate settles near what the path bears", "[rtp]") {
  bottleneck path(1 * mbit);
  path.run(40s);
  path.run(60s);
  INFO("from " << path.low() << " to " << path.high() << ", mean " << path.mean());
  CHECK(path.low() >= 0.7 * mbit);
  CHECK(path.high() <= 1.05 * mbit);
  CHECK(path.dropped() == 0);
}

TEST_CASE("the estimate follows a path that gets narrower and wider", "[rtp]") {
  bottleneck path(1 * mbit);
  path.run(60s);
  path.capacity(0.5 * mbit);
  path.run(2s);
  CHECK(path.estimate() <= 0.525 * mbit);
  path.run(10s);
  path.run(30s);
  INFO("from " << path.low() << " to " << path.high());
  CHECK(path.low() >= 0.7 * 0.5 * mbit);
  CHECK(path.high() <= 1.05 * 0.5 * mbit);
  path.capacity(1 * mbit);
  path.run(40s);
  CHECK(path.estimate() >= 0.7 * mbit);
}

TEST_CASE("a tenth of the packets lost makes it back off, a hundredth does not", "[rtp]") {
  bottleneck path(1 * mbit, 0.01);
  path.run(40s);
  path.run(60s);
  INFO("from " << path.low() << " to " << path.high());
  CHECK(path.low() >= 0.7 * mbit);
  CHECK(path.high() <= 1.05 * mbit);
  path.loss(0.10);
  path.run(30s);
  CHECK(path.estimate() < 0.6 * mbit);
}

TEST_CASE("it makes room for another flow", "[rtp]") {
  bottleneck path(2 * mbit);
  path.run(60s);
  path.cross_traffic(1 * mbit);
  path.run(2s);
  CHECK(path.estimate() <= 1.05 * mbit);
}

TEST_CASE("queueing stays short", "[rtp]") {
  bottleneck path(1 * mbit);
  path.run(40s);
  base::duration longest{};
  for (int i = 0; i < 600; ++i) {
    path.run(100ms);
    longest = std::max(longest, path.queue());
  }
  INFO(longest.count());
  CHECK(longest < 200ms);
}

TEST_CASE("without feedback the estimate falls step by step", "[rtp]") {
  bandwidth_estimator e;
  const auto t0 = base::time_point{} + 1h;
  CHECK(e.poll_timeout() == base::never);
  e.handle_sent(t0, 1, 1200);
  CHECK(e.poll_timeout() == t0 + 1500ms);
  e.handle_timeout(t0 + 1499ms);
  CHECK(e.estimate() == 300000);
  e.handle_timeout(t0 + 1500ms);
  CHECK(e.estimate() == Approx(240000));
  CHECK(e.poll_timeout() == t0 + 2000ms);
  for (int i = 0; i < 100; ++i) e.handle_timeout(e.poll_timeout());
  CHECK(e.estimate() == 30000);
}

TEST_CASE("feedback on packets that were never sent, or twice, changes nothing", "[rtp]") {
  bandwidth_estimator e;
  const auto t0 = base::time_point{} + 1h;
  for (std::uint16_t i = 0; i < 100; ++i) e.handle_sent(t0 + i * 10ms, i, 1200);
  std::vector<packet_arrival> arrivals;
  for (std::uint16_t i = 0; i < 100; ++i) arrivals.push_back({i, true, t0 + i * 10ms + 20ms});
  e.handle_feedback(t0 + 1s, arrivals);
  const double first = e.estimate();
  const double arriving = e.arriving();
  CHECK(arriving == Approx(960000).epsilon(0.05));
  for (int i = 0; i < 10; ++i) e.handle_feedback(t0 + 1s + i * 100ms, arrivals);
  for (auto& a : arrivals) a.sequence = static_cast<std::uint16_t>(a.sequence + 2048);
  e.handle_feedback(t0 + 3s, arrivals);
  CHECK(e.estimate() == first);
  CHECK(e.arriving() == arriving);
}

TEST_CASE("a queue that grows is over-use, one that drains under-use", "[rtp]") {
  rtp::delay_trend trend;
  auto sent = base::time_point{} + 1h;
  auto arrived = sent;
  const auto feed = [&](base::duration step, int count) {
    for (int i = 0; i < count; ++i) {
      sent += 10ms;
      arrived += step;
      trend.handle_packet(sent, arrived);
    }
  };
  feed(10ms, 50);
  CHECK(trend.signal() == rtp::delay_trend::signal::normal);
  CHECK(trend.trend() == Approx(0).margin(0.01));
  feed(11ms, 50);
  CHECK(trend.signal() == rtp::delay_trend::signal::overuse);
  feed(9ms, 50);
  CHECK(trend.signal() == rtp::delay_trend::signal::underuse);
  feed(10ms, 60);
  CHECK(trend.signal() == rtp::delay_trend::signal::normal);
  // A silence begins anew.
  sent += 10s;
  arrived += 20s;
  trend.handle_packet(sent, arrived);
  CHECK(trend.trend() == 0);
}

TEST_CASE("the loss-based rate goes by the share of lost packets", "[rtp]") {
  const auto t0 = base::time_point{} + 1h;
  rtp::loss_rate_control c(mbit, 10000, 10 * mbit);
  c.update(t0, 0, 0, mbit);
  c.update(t0 + 999ms, 99, 1, mbit);
  CHECK(c.rate() == mbit);
  c.update(t0 + 1s, 0, 0, mbit);
  CHECK(c.loss() == Approx(0.01));
  CHECK(c.rate() == Approx(1.05 * mbit));
  c.update(t0 + 2s, 95, 5, mbit);
  CHECK(c.rate() == Approx(1.05 * mbit));
  c.update(t0 + 3s, 80, 20, mbit);
  CHECK(c.rate() == Approx(0.9 * mbit));
  // Too few packets to tell.
  c.update(t0 + 4s, 0, 19, mbit);
  CHECK(c.rate() == Approx(0.9 * mbit));
}

TEST_CASE("the delay-based rate goes by the table of the draft", "[rtp]") {
  using control = rtp::delay_rate_control;
  using signal = enum rtp::delay_trend::signal;
  const auto t0 = base::time_point{} + 1h;
  control c(mbit, 10000, 10 * mbit);
  c.update(t0, signal::normal, mbit);
  CHECK(c.state() == control::state::increase);
  c.update(t0 + 1s, signal::normal, mbit);
  CHECK(c.rate() == Approx(1.08 * mbit));
  c.update(t0 + 2s, signal::underuse, mbit);
  CHECK(c.state() == control::state::hold);
  CHECK(c.rate() == Approx(1.08 * mbit));
  c.update(t0 + 3s, signal::overuse, mbit);
  CHECK(c.state() == control::state::decrease);
  CHECK(c.rate() == Approx(0.85 * mbit));
  c.update(t0 + 4s, signal::normal, 0.85 * mbit);
  CHECK(c.state() == control::state::hold);
  c.update(t0 + 5s, signal::normal, 0.85 * mbit);
  CHECK(c.state() == control::state::increase);
  CHECK(c.rate() == Approx(0.85 * 1.08 * mbit));
  // Near the rate at which the queue grew it goes by packets: 30 frames a second, 300 ms to see an effect.
  const double before = c.rate();
  c.update(t0 + 6s, signal::normal, 0.99 * mbit);
  CHECK(c.rate() - before < 10000);
  CHECK(c.rate() > before);
  // It does not run away from what arrives.
  control quiet(mbit, 10000, 10 * mbit);
  quiet.update(t0, signal::normal, 0.5 * mbit);
  for (int i = 1; i < 20; ++i) quiet.update(t0 + i * 1s, signal::normal, 0.5 * mbit);
  CHECK(quiet.rate() == mbit);
}
