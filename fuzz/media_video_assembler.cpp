// Any packets in any order are refused or kept within bounds; what frames they make can be packetized and put
// together again, after which nothing changes any more. The first byte chooses the format.
#include <parley/base/packet_buffer.hpp>
#include <parley/media/video_assembler.hpp>
#include <parley/media/video_packetizer.hpp>

#include "support/operation_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace parley;

void require(bool held) {
  if (!held) std::abort();
}

constexpr std::array video_formats{
    media::video_format{media::video_codec::vp8}, media::video_format{media::video_codec::vp9},
    media::video_format{media::video_codec::h264, 0}, media::video_format{media::video_codec::h264, 1},
    media::video_format{media::video_codec::av1}};

using bytes = std::vector<std::byte>;

/// The frame through packets of 64 bytes; nothing where the packetizer refuses it.
std::optional<bytes> through_packets(const media::video_format& format, const bytes& frame) {
  const auto packetizer = *media::make_video_packetizer(format, {.max_payload = 64});
  if (!packetizer->begin(frame)) return std::nullopt;
  base::buffer_pool pool;
  media::video_assembler assembler(format, {.wait_for_key_frame = false});
  std::array<std::byte, 64> space{};
  std::uint16_t sequence = 0;
  for (bool last = false; !last;) {
    const auto payload = packetizer->next(space);
    require(payload.has_value() && !payload->bytes.empty() && payload->bytes.size() <= space.size());
    last = payload->last;
    require(assembler.insert({sequence++, 0, last, *pool.copy(payload->bytes)}).has_value());
  }
  require(packetizer->next(space).error() == media::errc::late);
  const auto made = assembler.poll_frame();
  require(made.has_value());
  return bytes(made->bytes.begin(), made->bytes.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::operation_bytes in(std::span(data, size));
  const std::uint8_t choice = in.u8();
  const auto& format = video_formats[choice % video_formats.size()];
  media::video_assembler_options options{.max_packets = 16, .max_frame_bytes = 600, .max_waiting_bytes = 500};
  options.later_frames = choice >> 4U & 3U;
  options.wait_for_key_frame = (choice & 0x80U) != 0;
  base::buffer_pool pool;
  media::video_assembler assembler(format, options);
  std::uint16_t sequence = 65530;
  std::uint32_t timestamp = 0;
  std::uint64_t inserted = 0;
  std::vector<std::byte> payload;
  while (!in.empty()) {
    // Marker, next timestamp, a jump instead of the next number, giving up, then the length.
    const std::uint8_t what = in.u8();
    if ((what & 2U) != 0) ++timestamp;
    if ((what & 4U) != 0) {
      sequence = static_cast<std::uint16_t>(sequence + static_cast<std::int8_t>(in.u8()));
    } else {
      ++sequence;
    }
    if ((what & 8U) != 0) assembler.give_up();
    payload.resize(in.u8());
    for (std::byte& b : payload) b = std::byte{in.u8()};
    ++inserted;
    static_cast<void>(assembler.insert({sequence, timestamp, (what & 1U) != 0, *pool.copy(payload)}));
    require(assembler.size() <= 16 && assembler.bytes() <= options.max_waiting_bytes);
    while (const auto frame = assembler.poll_frame()) {
      require(!frame->bytes.empty() && frame->bytes.size() <= options.max_frame_bytes);
      require(!options.wait_for_key_frame || !assembler.key_frame_needed());
      const auto again = through_packets(format, {frame->bytes.begin(), frame->bytes.end()});
      if (again) require(through_packets(format, *again) == again);
    }
    const auto& counted = assembler.statistics();
    require(counted.received + counted.duplicates + counted.late + counted.refused == inserted);
  }
  assembler.give_up();
  while (assembler.poll_frame()) {
  }
  return 0;
}
