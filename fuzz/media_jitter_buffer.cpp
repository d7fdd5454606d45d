// A sequence of arrivals and pulls in any order and at any time: every pull gives its 10 ms, what waits stays
// within its bounds, and nothing that was received is unaccounted for.
#include <parley/base/packet_buffer.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/jitter_buffer.hpp>

#include "support/operation_bytes.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace parley;

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::operation_bytes input(std::span(data, size));
  base::buffer_pool pool;
  media::jitter_buffer_options options;
  options.max_packets = 12;
  options.max_bytes = 4000;
  media::jitter_buffer buffer({8000, 1}, options);
  require(buffer.add_decoder(0, 8000, *media::make_decoder({"PCMU", 8000, 8000, 1, {}})).has_value());
  require(buffer.add_decoder(11, 16000, *media::make_decoder({"PCMA", 8000, 8000, 1, {}})).has_value());
  if (auto opus = media::make_decoder({"opus", 48000, 8000, 1, {}})) {
    require(buffer.add_decoder(96, 48000, std::move(*opus)).has_value());
  }
  require(buffer.add_comfort_noise(13, 8000).has_value());
  constexpr std::array<std::uint8_t, 6> types{0, 0, 11, 13, 96, 100};

  base::time_point now{std::chrono::hours(1)};
  std::uint32_t ssrc = 1;
  std::uint16_t sequence = 65530;
  std::uint32_t timestamp = 0xFFFFFF00;
  std::uint8_t type = 0;
  std::uint64_t pulled = 0;
  std::vector<std::int16_t> frame(buffer.frame_size());
  for (unsigned operations = 0; !input.empty() && operations < 2000; ++operations) {
    switch (input.u8() % 9) {
      case 0: sequence = static_cast<std::uint16_t>(sequence + input.u8() - 100); break;
      case 1: timestamp += static_cast<std::uint32_t>(input.scaled(32)); break;
      case 2: timestamp -= static_cast<std::uint32_t>(input.scaled(32)); break;
      case 3: type = types[input.u8() % types.size()]; break;
      case 4: ssrc = input.u8() % 2; break;
      case 5: now += base::duration(static_cast<std::int64_t>(input.scaled(36))); break;
      case 6:
      case 7: {
        std::vector<std::byte> payload(input.u8() * (input.u8() % 16 == 0 ? 8U : 1U));
        for (std::byte& b : payload) b = static_cast<std::byte>(input.u8());
        const std::uint32_t length = static_cast<std::uint32_t>(payload.size());
        const auto copied = pool.copy(payload);
        require(copied.has_value());
        static_cast<void>(buffer.insert(now, {ssrc, type, sequence++, timestamp, *copied}));
        timestamp += length;
        break;
      }
      default:
        for (unsigned i = input.u8() % 8 + 1U; i != 0; --i) {
          require(buffer.pull(now, frame).has_value());
          pulled += 80;
          now += std::chrono::milliseconds(10);
        }
    }
    const auto s = buffer.statistics();
    require(buffer.size() <= options.max_packets && buffer.bytes() <= options.max_bytes);
    require(s.pulled == pulled);
    require(s.duplicates + s.late + s.discarded + buffer.size() <= s.received);
  }
  return 0;
}
