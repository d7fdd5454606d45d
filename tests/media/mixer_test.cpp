#include <parley/media/mixer.hpp>
#include <parley/media/playout_clock.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/sound.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;

namespace {

std::vector<std::int16_t> heard_by(const media::mixer& mixer, media::mixer::party who) {
  std::vector<std::int16_t> out(mixer.frame_size());
  REQUIRE(mixer.take(who, out));
  return out;
}

std::vector<std::int16_t> frame_of(std::int16_t value) { return std::vector<std::int16_t>(80, value); }

}  // namespace

TEST_CASE("each party hears the sum of all others, exactly", "[media][mixer]") {
  media::mixer mixer({});
  const auto a = *mixer.join();
  const auto b = *mixer.join();
  const auto c = *mixer.join();
  REQUIRE(mixer.put(a, frame_of(1000)));
  REQUIRE(mixer.put(b, frame_of(-300)));
  REQUIRE(mixer.put(c, frame_of(20000)));
  mixer.mix();
  CHECK(heard_by(mixer, a) == frame_of(19700));
  CHECK(heard_by(mixer, b) == frame_of(21000));
  CHECK(heard_by(mixer, c) == frame_of(700));
  std::vector<std::int16_t> all(80);
  REQUIRE(mixer.take_all(all));
  CHECK(all == frame_of(20700));
  // Who says nothing is silent and hears everyone.
  REQUIRE(mixer.put(a, frame_of(1)));
  mixer.mix();
  CHECK(heard_by(mixer, a) == frame_of(0));
  CHECK(heard_by(mixer, b) == frame_of(1));
  CHECK(mixer.hears_all(b));
  CHECK(!mixer.hears_all(a));
}

TEST_CASE("sums beyond the scale are compressed, in order and without a fold", "[media][mixer]") {
  std::int16_t last = -32768;
  for (std::int32_t sum = -5'000'000; sum <= 5'000'000; sum += 97) {
    const std::int16_t out = media::limited(sum);
    if (out < last) FAIL("falls at " << sum);
    if (media::limited(-sum) != -out) FAIL("is not symmetric at " << sum);
    if (std::abs(sum) <= 24576 && out != sum) FAIL("is not exact at " << sum);
    last = out;
  }
  CHECK(media::limited(5'000'000) > 32700);
}

TEST_CASE("parties come and go, and their numbers don't come back", "[media][mixer]") {
  media::mixer mixer({}, {.max_parties = 2});
  const auto a = *mixer.join();
  const auto b = *mixer.join();
  CHECK(mixer.join().error() == media::errc::limit_reached);
  mixer.leave(a);
  mixer.leave(a);
  CHECK(mixer.put(a, frame_of(1)).error() == media::errc::unknown_party);
  const auto c = *mixer.join();
  CHECK(c != a);
  CHECK(mixer.put(b, std::vector<std::int16_t>(79)).error() == media::errc::bad_frame_length);
  REQUIRE(mixer.put(b, frame_of(5)));
  mixer.mix();
  CHECK(heard_by(mixer, c) == frame_of(5));
}

TEST_CASE("the loudest are heard, who is heard is not pushed out by one little louder, and changes fade",
          "[media][mixer]") {
  media::mixer mixer({}, {.max_parties = 10, .max_speakers = 1});
  const auto a = *mixer.join();
  const auto b = *mixer.join();
  const auto listener = *mixer.join();
  const auto round = [&](std::int16_t of_a, std::int16_t of_b) {
    REQUIRE(mixer.put(a, frame_of(of_a)));
    REQUIRE(mixer.put(b, frame_of(of_b)));
    mixer.mix();
    return heard_by(mixer, listener);
  };
  const auto first = round(1000, 500);
  CHECK(first.front() < 100);  // fades in
  CHECK(first.back() == 1000);
  CHECK(round(1000, 500) == frame_of(1000));
  CHECK(round(1000, 1500) == frame_of(1000));  // less than 6 dB louder
  const auto change = round(1000, 3000);
  CHECK(change.front() < 1100);
  CHECK(change.back() > 2900);
  CHECK(test::largest_step(change) < 100);
  CHECK(round(1000, 3000) == frame_of(3000));
  CHECK(heard_by(mixer, b) == frame_of(0));
  CHECK(heard_by(mixer, a) == frame_of(3000));
}

TEST_CASE("a hundred parties need no memory once they are there", "[media][mixer]") {
  for (const std::size_t speakers : {std::size_t{0}, std::size_t{3}}) {
    media::mixer mixer({}, {.max_parties = 100, .max_speakers = speakers});
    std::vector<media::mixer::party> parties;
    for (int i = 0; i < 100; ++i) parties.push_back(*mixer.join());
    const auto sound = test::white_noise(80, 3000);
    std::vector<std::int16_t> out(80);
    const test::allocation_counter counter;
    for (int round = 0; round < 100; ++round) {
      for (const auto party : parties) static_cast<void>(mixer.put(party, sound));
      mixer.mix();
      for (const auto party : parties) static_cast<void>(mixer.take(party, out));
    }
    CHECK(counter.count() == 0);
  }
}

TEST_CASE("frames come on time over ten hours, whatever the calls' delays", "[media][playout_clock]") {
  media::playout_clock clock;
  base::time_point now(7s);
  CHECK(clock.poll_timeout() == base::never);
  CHECK(clock.handle_timeout(now) == 0);
  clock.start(now);
  std::uint64_t frames = 0;
  for (std::int64_t i = 0; now < base::time_point(7s + 10h); ++i) {
    now = clock.poll_timeout() + base::duration(i * 7919 % 9000);
    frames += clock.handle_timeout(now);
  }
  CHECK(frames == clock.frames());
  CHECK(clock.skipped() == 0);
  CHECK(frames == static_cast<std::uint64_t>((now - base::time_point(7s)) / 10ms) + 1);
  CHECK((clock.poll_timeout() - base::time_point(7s)) % 10ms == 0ms);
}

TEST_CASE("after a stall a bounded number of frames is made up for, and the schedule stays",
          "[media][playout_clock]") {
  media::playout_clock clock(20ms, 5);
  clock.start(base::time_point(0s));
  CHECK(clock.handle_timeout(base::time_point(0s)) == 1);
  CHECK(clock.handle_timeout(base::time_point(19ms)) == 0);
  CHECK(clock.handle_timeout(base::time_point(65ms)) == 3);
  CHECK(clock.poll_timeout() == base::time_point(80ms));
  CHECK(clock.handle_timeout(base::time_point(10s + 3ms)) == 5);
  CHECK(clock.poll_timeout() == base::time_point(10s + 20ms));
  CHECK(clock.frames() == 9);
  CHECK(clock.skipped() == 492);
  clock.stop();
  CHECK(clock.poll_timeout() == base::never);
}
