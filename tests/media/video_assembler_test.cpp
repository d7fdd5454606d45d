#include <parley/media/video_assembler.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/video.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>
#include <vector>

using namespace parley;
using media::video_codec;

namespace {

constexpr media::video_format vp8_video{video_codec::vp8};
constexpr std::array all_video_formats{
    media::video_format{video_codec::vp8}, media::video_format{video_codec::vp9},
    media::video_format{video_codec::h264, 0}, media::video_format{video_codec::h264, 1},
    media::video_format{video_codec::av1}};

/// A stream of VP8 in packets of 64 bytes, and who assembles it.
struct video_call {
  explicit video_call(const media::video_assembler_options& options = {}) : assembler(vp8_video, options) {}

  /// The next frame, of so many packets of 60 bytes of it.
  std::vector<test::sent_video> frame(std::size_t packets, bool key = false) {
    timestamp += 3000;
    return sender.send(test::plausible_frame(video_codec::vp8, key, packets * 60 - 10, timestamp), timestamp);
  }
  void deliver(const test::sent_video& packet) { CHECK(test::deliver(assembler, pool, packet).has_value()); }
  void deliver(const std::vector<test::sent_video>& packets) {
    for (const auto& packet : packets) deliver(packet);
  }
  /// Timestamps of the frames that there are.
  std::vector<std::uint32_t> take() {
    std::vector<std::uint32_t> out;
    while (const auto frame = assembler.poll_frame()) out.push_back(frame->timestamp);
    return out;
  }

  base::buffer_pool pool;
  test::video_sender sender{vp8_video, {.max_payload = 64}};
  media::video_assembler assembler;
  std::uint32_t timestamp = 0xFFFFFFFF - 4000;
};

using times = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("frames of any size come out as they went in, in every format", "[media]") {
  test::seeded_random random(5);
  for (const auto& format : all_video_formats) {
    INFO(static_cast<int>(format.codec) << "/" << int{format.packetization_mode});
    base::buffer_pool pool;
    media::video_assembler assembler(format);
    media::video_packetizer_options options{.max_payload = 200};
    const bool whole_units = format == media::video_format{video_codec::h264, 0};
    if (whole_units) options.max_payload = 3000;
    test::video_sender sender(format, options);
    for (std::uint32_t n = 0; n < 200; ++n) {
      std::array<std::byte, 4> dice{};
      random.fill(dice);
      const auto size =
          (std::to_integer<std::size_t>(dice[0]) * std::to_integer<std::size_t>(dice[1])) % 2900 + 1;
      const auto frame = test::plausible_frame(format.codec, n % 50 == 0, size, n);
      auto packets = sender.send(frame, n * 3000);
      for (const auto& packet : packets) {
        CHECK(packet.payload.size() <= options.max_payload);
        CHECK(packet.marker == (&packet == &packets.back()));
      }
      // In any order, one of them twice.
      if (n != 0) {
        for (std::size_t i = packets.size(); i > 1; --i) {
          random.fill(dice);
          std::swap(packets[i - 1], packets[std::to_integer<std::size_t>(dice[2]) % i]);
        }
      }
      for (const auto& packet : packets) CHECK(test::deliver(assembler, pool, packet).has_value());
      if (packets.size() > 1) test::deliver(assembler, pool, packets.front()).value();
      const auto made = assembler.poll_frame();
      REQUIRE(made.has_value());
      CHECK(std::ranges::equal(made->bytes, frame));
      CHECK(made->timestamp == n * 3000);
      CHECK(made->header.key_frame == (n % 50 == 0));
      if (made->header.key_frame) CHECK((made->header.width != 0 && made->header.height != 0));
      CHECK(!made->after_loss);
      CHECK(!assembler.poll_frame().has_value());
    }
    CHECK(assembler.statistics().frames == 200);
    CHECK(assembler.statistics().key_frames == 4);
    CHECK(assembler.statistics().broken == 0);
    CHECK((assembler.size() == 0 && assembler.bytes() == 0));
  }
}

TEST_CASE("whatever is lost, doubled or late, each frame that comes out is one that went in", "[media]") {
  test::seeded_random random(11);
  const auto dice = [&](unsigned sides) {
    std::array<std::byte, 2> bytes{};
    random.fill(bytes);
    return (std::to_integer<unsigned>(bytes[0]) << 8U | std::to_integer<unsigned>(bytes[1])) % sides;
  };
  for (const auto& format : all_video_formats) {
    INFO(static_cast<int>(format.codec) << "/" << int{format.packetization_mode});
    base::buffer_pool pool;
    media::video_assembler assembler(format, {.later_frames = 2});
    test::video_sender sender(format, {.max_payload = 100});
    std::map<std::uint32_t, std::vector<std::byte>> sent;
    std::deque<test::sent_video> network;
    bool key = true;
    std::uint32_t before = 0;
    std::uint64_t given = 0;
    for (std::uint32_t n = 1; n <= 600; ++n) {
      const auto frame = test::plausible_frame(
          format.codec, key,
          format.packetization_mode == 0 && format.codec == video_codec::h264 ? dice(90) + 1 : dice(900) + 1,
          n);
      key = false;
      sent[n] = frame;
      for (auto& packet : sender.send(frame, n)) {
        if (dice(60) == 0) continue;
        if (dice(60) == 0) network.push_back(packet);
        network.push_back(std::move(packet));
        if (network.size() > 1 && dice(4) == 0) std::swap(network.back(), network[network.size() - 2]);
      }
      while (network.size() > 3) {
        CHECK(test::deliver(assembler, pool, network.front()).has_value());
        network.pop_front();
        while (const auto made = assembler.poll_frame()) {
          ++given;
          CHECK(made->timestamp > before);
          before = made->timestamp;
          CHECK(std::ranges::equal(made->bytes, sent[made->timestamp]));
        }
      }
      if (assembler.key_frame_needed()) key = true;
    }
    const auto& statistics = assembler.statistics();
    CHECK(statistics.frames == given);
    CHECK(given > 150);
    CHECK(statistics.broken > 10);
    CHECK(statistics.duplicates + statistics.late > 5);
  }
}

TEST_CASE("nothing is given before a key frame, and one is asked for", "[media]") {
  video_call call;
  CHECK(!call.assembler.key_frame_needed());
  call.deliver(call.frame(2));
  CHECK(call.take().empty());
  CHECK(call.assembler.key_frame_needed());
  CHECK(call.assembler.statistics().dependent == 1);
  call.deliver(call.frame(2, true));
  CHECK(call.take() == times{call.timestamp});
  CHECK(!call.assembler.key_frame_needed());
}

TEST_CASE("a frame with a lost packet is dropped when patience ends, and what depends on it", "[media]") {
  video_call call({.later_frames = 1});
  call.deliver(call.frame(3, true));
  CHECK(call.take().size() == 1);
  auto broken = call.frame(3);
  const auto missing = broken[1];
  broken.erase(broken.begin() + 1);
  call.deliver(broken);
  call.deliver(call.frame(2));
  CHECK(call.take().empty());
  CHECK(!call.assembler.key_frame_needed());
  call.deliver(call.frame(2));
  CHECK(call.take().empty());
  CHECK(call.assembler.key_frame_needed());
  CHECK(call.assembler.statistics().broken == 1);
  CHECK(call.assembler.statistics().dependent == 2);
  call.deliver(missing);
  CHECK(call.assembler.statistics().late == 1);
  call.deliver(call.frame(4, true));
  const auto frame = call.assembler.poll_frame();
  REQUIRE(frame.has_value());
  CHECK(frame->after_loss);
  CHECK(frame->header.key_frame);
  CHECK(call.assembler.size() == 0);
}

TEST_CASE("a packet that is sent again in time makes all frames whole", "[media]") {
  video_call call({.later_frames = 2});
  call.deliver(call.frame(3, true));
  CHECK(call.take().size() == 1);
  const auto first = call.timestamp;
  auto held = call.frame(3);
  const auto missing = held.back();
  held.pop_back();
  call.deliver(held);
  call.deliver(call.frame(1));
  call.deliver(call.frame(2));
  CHECK(call.take().empty());
  call.deliver(missing);
  CHECK(call.take() == times{first + 3000, first + 6000, first + 9000});
  CHECK(!call.assembler.key_frame_needed());
}

TEST_CASE("frames that are lost as a whole are missed", "[media]") {
  for (const std::size_t lost : {1U, 3U}) {
    video_call call({.later_frames = 0});
    call.deliver(call.frame(2, true));
    CHECK(call.take().size() == 1);
    for (std::size_t i = 0; i < lost; ++i) call.frame(2);
    // Whether this one is whole nobody knows before it has ended: its beginning could be what is missing.
    call.deliver(call.frame(2));
    call.deliver(call.frame(1));
    CHECK(call.take().empty());
    CHECK(call.assembler.key_frame_needed());
    call.deliver(call.frame(1, true));
    CHECK(call.take() == times{call.timestamp});
  }
}

TEST_CASE("a frame whose beginning is lost isn't taken for another", "[media]") {
  video_call call({.later_frames = 0, .wait_for_key_frame = false});
  call.deliver(call.frame(2, true));
  CHECK(call.take().size() == 1);
  auto broken = call.frame(3);
  broken.erase(broken.begin());
  call.deliver(broken);
  const auto after = call.frame(1);
  call.deliver(after);
  call.deliver(call.frame(1));
  // Without a wait for key frames those behind it are given.
  CHECK(call.take() == times{after[0].timestamp, call.timestamp});
  CHECK(call.assembler.statistics().broken == 2);
}

TEST_CASE("a frame ends where the next timestamp begins, without a marker", "[media]") {
  video_call call;
  auto unmarked = call.frame(2, true);
  unmarked.back().marker = false;
  call.deliver(unmarked);
  CHECK(call.take().empty());
  const auto first = call.timestamp;
  call.deliver(call.frame(2));
  CHECK(call.take() == times{first, call.timestamp});
}

TEST_CASE("padding has a number and no frame", "[media]") {
  video_call call;
  auto sent = call.frame(2, true);
  call.deliver(sent);
  const auto next = call.frame(2);
  // Two packets of padding between, of the old frame's time, and the numbers of what follows moved on.
  auto number = sent.back().sequence;
  for (int i = 0; i < 2; ++i) {
    CHECK(call.assembler.insert({++number, call.timestamp - 3000, false, {}}).has_value());
  }
  for (auto packet : next) {
    packet.sequence = ++number;
    call.deliver(packet);
    CHECK(call.assembler.insert({++number, packet.timestamp, false, {}}).has_value());
  }
  CHECK(call.take().size() == 2);
  CHECK(call.assembler.size() == 0);
  CHECK(call.assembler.statistics().broken == 0);
}

TEST_CASE("what waits has bounds", "[media]") {
  SECTION("of packets") {
    video_call call({.max_packets = 8});
    call.deliver(call.frame(2, true));
    CHECK(call.take().size() == 1);
    const auto large = call.frame(20);
    for (const auto& packet : large) {
      call.deliver(packet);
      CHECK(call.take().empty());
      CHECK(call.assembler.size() <= 8);
    }
    CHECK(call.assembler.key_frame_needed());
    call.deliver(call.frame(2, true));
    CHECK(call.take() == times{call.timestamp});
  }
  SECTION("of bytes") {
    video_call call({.max_waiting_bytes = 300});
    bool refused = false;
    for (const auto& packet : call.frame(20, true)) {
      const auto taken = test::deliver(call.assembler, call.pool, packet);
      if (!taken) {
        CHECK(taken.error() == media::errc::limit_reached);
        CHECK(call.assembler.size() == 0);
        refused = true;
      }
      CHECK(call.assembler.bytes() <= 300);
    }
    CHECK(refused);
    CHECK(call.take().empty());
    call.deliver(call.frame(2, true));
    CHECK(call.take().size() == 1);
  }
  SECTION("of a frame") {
    video_call call({.max_frame_bytes = 100});
    call.deliver(call.frame(3, true));
    CHECK(call.take().empty());
    CHECK(call.assembler.statistics().broken == 1);
    call.deliver(call.frame(1, true));
    CHECK(call.take().size() == 1);
  }
}

TEST_CASE("a stream that begins anew is followed", "[media]") {
  video_call call({.max_packets = 64});
  call.deliver(call.frame(2, true));
  CHECK(call.take().size() == 1);
  const auto restart = [&](std::uint16_t sequence) {
    auto packets = call.frame(3, true);
    for (auto& packet : packets) packet.sequence = sequence++;
    call.deliver(packets);
    return call.take();
  };
  // Forwards at once; backwards with the second packet, so that one stray packet changes nothing.
  CHECK(restart(10000).size() == 1);
  auto stray = call.frame(1)[0];
  stray.sequence = 3000;
  call.deliver(stray);
  CHECK(call.assembler.statistics().restarts == 1);
  CHECK(restart(3000).empty());
  CHECK(call.assembler.statistics().restarts == 2);
  CHECK(call.assembler.key_frame_needed());
  CHECK(restart(3003).size() == 1);
}

TEST_CASE("frames that were given aren't given again after a jump", "[media]") {
  video_call call({.max_packets = 64});
  const auto key = call.frame(2, true);
  call.deliver(key);
  CHECK(call.take().size() == 1);
  auto far = call.frame(1, true);
  far[0].sequence = static_cast<std::uint16_t>(key.back().sequence + 66);
  call.deliver(far);
  CHECK(call.assembler.statistics().restarts == 1);
  CHECK(call.take() == times{far[0].timestamp});
  call.deliver(key);
  CHECK(call.take().empty());
  CHECK(call.assembler.statistics().late == 2);
}

TEST_CASE("what is given up is not waited for", "[media]") {
  video_call call({.later_frames = 200});
  call.deliver(call.frame(2, true));
  CHECK(call.take().size() == 1);
  auto broken = call.frame(3);
  broken.erase(broken.begin() + 1);
  call.deliver(broken);
  const auto key = call.frame(2, true);
  call.deliver(key);
  CHECK(call.take().empty());
  call.assembler.give_up();
  CHECK(call.take() == times{key[0].timestamp});
  CHECK(call.assembler.statistics().broken == 1);
  call.assembler.give_up();
  CHECK(call.assembler.statistics().broken == 1);
}

TEST_CASE("a refused payload is no better than a lost one", "[media]") {
  video_call call({.later_frames = 0});
  auto packets = call.frame(3, true);
  packets[1].payload.resize(1);
  call.deliver(packets[0]);
  CHECK(test::deliver(call.assembler, call.pool, packets[1]).error() == media::errc::bad_descriptor);
  call.deliver(packets[2]);
  call.deliver(call.frame(1));
  CHECK(call.take().empty());
  CHECK(call.assembler.statistics().refused == 1);
  CHECK(call.assembler.statistics().broken == 1);
}

TEST_CASE("video in its steady state takes no memory from the system", "[media]") {
  for (const auto& format : all_video_formats) {
    INFO(static_cast<int>(format.codec) << "/" << int{format.packetization_mode});
    base::buffer_pool pool;
    media::video_assembler assembler(format);
    auto packetizer = media::make_video_packetizer(format).value();
    std::array<std::byte, 1200> space{};
    const auto key = test::plausible_frame(format.codec, true, 1000, 1);
    const auto other = test::plausible_frame(format.codec, false, 1000, 2);
    std::uint16_t sequence = 0;
    std::size_t frames = 0;
    std::size_t first = 0;
    test::allocation_counter counter;
    for (std::uint32_t n = 0; n < 50; ++n) {
      bool fine = packetizer->begin(n % 10 == 0 ? key : other).has_value();
      for (bool last = false; fine && !last;) {
        const auto payload = packetizer->next(space);
        fine = payload.has_value();
        last = !fine || payload->last;
        fine = fine && assembler.insert({sequence++, n, last, pool.copy(payload->bytes).value()}).has_value();
      }
      if (assembler.poll_frame()) ++frames;
      if (n == 9) first = counter.count();
    }
    const std::size_t all = counter.count();
    CHECK(frames == 50);
    CHECK(all == first);
  }
}

TEST_CASE("a description's video is taken by its codec's own parameters", "[media]") {
  const auto format_of = [](const char* name, std::uint32_t rate, const char* parameters) {
    sdp::rtp_format format;
    format.codec = {96, name, rate, 1};
    format.parameters = parameters;
    return media::video_format_of(format);
  };
  CHECK(format_of("vp8", 90000, "max-fs=3600").value() == media::video_format{video_codec::vp8});
  CHECK(format_of("VP9", 90000, "profile-id=0").value() == media::video_format{video_codec::vp9});
  CHECK(format_of("AV1", 90000, "").value() == media::video_format{video_codec::av1});
  CHECK(format_of("H264", 90000, "profile-level-id=42e01f;packetization-mode=1").value() ==
        media::video_format{video_codec::h264, 1});
  CHECK(format_of("H264", 90000, "").value() == media::video_format{video_codec::h264, 0});
  CHECK(format_of("H264", 90000, "packetization-mode=2").error() == media::errc::unknown_codec);
  CHECK(format_of("H264", 90000, "packetization-mode=x").error() == media::errc::bad_parameters);
  CHECK(format_of("VP8", 90000, "max-fs=x").error() == media::errc::bad_parameters);
  CHECK(format_of("VP8", 8000, "").error() == media::errc::unknown_codec);
  CHECK(format_of("H265", 90000, "").error() == media::errc::unknown_codec);
}
