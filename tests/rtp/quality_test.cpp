#include <parley/rtp/quality.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;
using rtp::call_conditions;
using rtp::opinion_score;
using rtp::transmission_rating;

namespace {

double with_delay(base::duration delay) {
  call_conditions c;
  c.delay = delay;
  return transmission_rating(c);
}

double with_loss(const rtp::codec_impairment& codec, double loss, double burst_ratio = 1) {
  call_conditions c;
  c.codec = codec;
  c.loss = loss;
  c.burst_ratio = burst_ratio;
  return transmission_rating(c);
}

}  // namespace

TEST_CASE("the default values of G.107 give 93.2 and 4.41", "[rtp]") {
  CHECK(transmission_rating({}) == Approx(93.2).margin(0.05));
  CHECK(opinion_score(transmission_rating({})) == Approx(4.41).margin(0.005));
}

TEST_CASE("R is an opinion score by the table of Annex B", "[rtp]") {
  // ITU-T G.107 Table B.1, to its two decimals.
  CHECK(opinion_score(90) == Approx(4.34).margin(0.006));
  CHECK(opinion_score(80) == Approx(4.03).margin(0.007));
  CHECK(opinion_score(70) == Approx(3.60).margin(0.006));
  CHECK(opinion_score(60) == Approx(3.10).margin(0.006));
  CHECK(opinion_score(50) == Approx(2.58).margin(0.006));
  CHECK(opinion_score(0) == 1);
  CHECK(opinion_score(-20) == 1);
  CHECK(opinion_score(3) == 1);
  CHECK(opinion_score(100) == 4.5);
  CHECK(opinion_score(150) == 4.5);
}

TEST_CASE("delay costs little up to 150 ms and much from 200 ms on", "[rtp]") {
  // ITU-T G.107 with the echo of its default values; G.114's picture of it has the same bends.
  CHECK(with_delay(50ms) == Approx(91.8).margin(0.1));
  CHECK(with_delay(100ms) == Approx(90.7).margin(0.1));
  CHECK(with_delay(150ms) == Approx(89.5).margin(0.1));
  CHECK(with_delay(200ms) == Approx(85.8).margin(0.1));
  CHECK(with_delay(300ms) == Approx(72.7).margin(0.1));
  CHECK(with_delay(400ms) == Approx(62.2).margin(0.1));
  double last = with_delay(0ms);
  for (auto delay = 10ms; delay < 2s; delay += 10ms) {
    const double now = with_delay(delay);
    CHECK(now <= last);
    last = now;
  }
  CHECK(with_delay(-1s) == with_delay(0ms));
  CHECK(with_delay(base::duration::max()) >= 0);
}

TEST_CASE("loss costs what G.113 says of each codec", "[rtp]") {
  const double best = transmission_rating({});
  CHECK(best - with_loss(rtp::g729, 0) == Approx(11));
  CHECK(best - with_loss(rtp::gsm, 0) == Approx(20));
  // Ie-eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl).
  CHECK(best - with_loss(rtp::g711, 0.02) == Approx(95 * 2 / (2 + 4.3)));
  CHECK(best - with_loss(rtp::g711_concealed, 0.02) == Approx(95 * 2 / (2 + 25.1)));
  CHECK(best - with_loss(rtp::g729, 0.02) == Approx(11 + 84 * 2 / (2 + 19.0)));
  CHECK(best - with_loss(rtp::g711, 0.02, 2) == Approx(95 * 2 / (1 + 4.3)));
  CHECK(with_loss(rtp::g711, 1) >= 0);
  CHECK(with_loss(rtp::g711, 5) == with_loss(rtp::g711, 1));
}

TEST_CASE("the advantage of a mobile phone makes up for something", "[rtp]") {
  call_conditions c;
  c.codec = rtp::gsm_efr;
  const double wired = transmission_rating(c);
  c.advantage = 5;
  CHECK(transmission_rating(c) == Approx(wired + 5));
}

TEST_CASE("a stream's delay is of the network, the packets and the buffer", "[rtp]") {
  CHECK(rtp::mouth_to_ear_delay(100ms, 20ms, 5ms) == 80ms);
}
