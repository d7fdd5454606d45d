// Datagrams of any kind, agreements, keys and times in any order: the stream sends what its clock allows and
// no more, its events and datagrams stay within their bounds, and its figures fit each other.
#include <parley/media/audio_stream.hpp>

#include "support/operation_bytes.hpp"
#include "support/seeded_random.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace parley;

void require(bool held) {
  if (!held) std::abort();
}

media::audio_stream_settings any_settings(test::operation_bytes& input) {
  static const std::array<media::audio_format, 4> formats{
      media::audio_format{"PCMU", 8000, 8000, 1, {}}, media::audio_format{"PCMA", 8000, 8000, 1, {}},
      media::audio_format{"L16", 8000, 8000, 1, {}}, media::audio_format{"L16", 16000, 16000, 1, {}}};
  media::audio_stream_settings made;
  const std::uint8_t bits = input.u8();
  const auto format = formats[input.u8() % formats.size()];
  if ((bits & 1U) == 0) made.send = media::audio_payload{static_cast<std::uint8_t>(input.u8() % 130), format};
  for (unsigned i = input.u8() % 4; i != 0; --i) made.receive.push_back({input.u8(), formats[i]});
  if ((bits & 2U) == 0) made.receive_events = made.send_events = {{101, format.clock_rate}};
  if ((bits & 4U) == 0) made.receive_noise = made.send_noise = {{13, 8000}};
  made.sends = (bits & 8U) == 0;
  made.receives = (bits & 16U) == 0;
  made.packet_time = std::chrono::milliseconds(10 * (1 + (bits >> 5U)));
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::operation_bytes input(std::span(data, size));
  test::seeded_random random(1);
  media::audio_stream_options options;
  options.jitter.max_packets = 12;
  options.cname = "fuzz";
  auto created = media::audio_stream::create(options, random);
  require(created.has_value());
  media::audio_stream& stream = **created;
  media::tone_source tone(media::continuous_tone(440), 8000);
  base::buffer_pool pool;
  base::time_point now{std::chrono::hours(1)};
  std::uint64_t ticks = 0;
  std::uint64_t rtp = 0;
  std::vector<std::byte> last;
  bool left = false;
  for (unsigned operations = 0; !input.empty() && operations < 500; ++operations) {
    switch (input.u8() % 9) {
      case 0: {
        const auto wanted = any_settings(input);
        const auto before = stream.settings();
        if (stream.configure(now, wanted)) {
          require(!left && stream.settings() == wanted);
        } else {
          require(stream.settings() == before);
        }
        break;
      }
      case 1: {
        std::string keys(input.u8() % 80, static_cast<char>(input.u8()));
        static_cast<void>(stream.send_keys(keys));
        break;
      }
      case 2: stream.set_source(input.u8() % 2 == 0 ? &tone : nullptr); break;
      case 3: now += base::duration(static_cast<std::int64_t>(input.scaled(24))); break;
      case 4: {  // one of its own, changed
        auto copy = pool.copy(last, 0, 16);
        require(copy.has_value());
        if (!copy->empty())
          copy->mutable_bytes()[input.u8() % copy->size()] = static_cast<std::byte>(input.u8());
        if (copy->size() >= 12) copy->mutable_bytes()[11] ^= std::byte{1};
        static_cast<void>(stream.handle_packet(now, *copy));
        break;
      }
      case 5: {
        std::vector<std::byte> bytes(input.u8());
        for (std::byte& b : bytes) b = static_cast<std::byte>(input.u8());
        const auto copy = pool.copy(bytes);
        require(copy.has_value());
        static_cast<void>(stream.handle_packet(now, *copy));
        break;
      }
      case 6:
        if (input.u8() % 16 == 0) {
          stream.leave(now);
          left = true;
        }
        break;
      default:
        for (unsigned i = input.u8() % 8; i != 0; --i) {
          now = std::max(now, std::min(stream.poll_timeout(), now + std::chrono::milliseconds(10)));
          ticks += 11;
          stream.handle_timeout(now);
          unsigned drained = 0;
          while (const auto out = stream.poll_transmit(now, base::wall_time(now.time_since_epoch()))) {
            require(++drained <= 64);
            require(!left || out->rtcp);
            if (!out->rtcp) ++rtp;
            last.assign(out->bytes.bytes().begin(), out->bytes.bytes().end());
          }
        }
    }
    unsigned events = 0;
    while (stream.poll_event()) require(++events <= 64);
    const auto is = stream.statistics();
    require(rtp <= is.sent && is.sent <= ticks);
    require(is.lost <= is.expected && is.loss >= 0 && is.loss <= 1);
    require(is.opinion_score == 0 || (is.opinion_score >= 1 && is.opinion_score <= 4.5));
  }
  return 0;
}
