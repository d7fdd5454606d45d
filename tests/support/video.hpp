#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/media/picture.hpp>
#include <parley/media/video_assembler.hpp>
#include <parley/media/video_packetizer.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

namespace parley::test {

inline std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> out;
  for (const unsigned v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

inline void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// Bytes that aren't 0, so that they hold no start code.
inline std::vector<std::byte> noise_bytes(std::size_t size, std::uint32_t seed) {
  std::vector<std::byte> out(size);
  for (std::byte& b : out) {
    seed = seed * 1664525U + 1013904223U;
    b = static_cast<std::byte>((seed >> 24U) | 1U);
  }
  return out;
}

inline constexpr std::uint32_t sps_width = 1280;
inline constexpr std::uint32_t sps_height = 720;

/// A sequence parameter set of x264: High, level 3.1.
inline std::vector<std::byte> sequence_parameters() {
  return bytes_of({0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x6C, 0x80,
                   0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x1E, 0x07, 0x8C, 0x18, 0xCB});
}
inline std::vector<std::byte> picture_parameters() { return bytes_of({0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0}); }

inline std::vector<std::byte> annex_b(std::initializer_list<std::vector<std::byte>> units) {
  std::vector<std::byte> out;
  for (const auto& unit : units) {
    append(out, bytes_of({0, 0, 0, 1}));
    append(out, unit);
  }
  return out;
}

inline void append_leb128(std::vector<std::byte>& to, std::size_t value) {
  for (; value > 0x7F; value >>= 7U) to.push_back(static_cast<std::byte>((value & 0x7FU) | 0x80U));
  to.push_back(static_cast<std::byte>(value));
}

/// AV1 5.3: a unit with its size.
inline std::vector<std::byte> sized_obu(unsigned type, std::span<const std::byte> payload) {
  auto out = bytes_of({type << 3U | 2U});
  append_leb128(out, payload.size());
  append(out, payload);
  return out;
}

/// AV1 5.5.1 for a still picture of 320x240: seq_profile 000, still_picture 1, reduced_still_picture_header
/// 1, seq_level_idx 00000, the widths of the sizes 1000, 0111, then the sizes less 1, and flags.
inline std::vector<std::byte> sequence_header() {
  return bytes_of({0b00011000, 0b00100001, 0b11100111, 0b11111101, 0b11100000, 0b00000000});
}

/// Something that begins as a frame of that codec, of `size` bytes or a few more. Key frames of VP8 and VP9
/// are of 320x240.
inline std::vector<std::byte> plausible_frame(media::video_codec codec, bool key, std::size_t size,
                                              std::uint32_t seed) {
  std::vector<std::byte> out;
  switch (codec) {
    case media::video_codec::vp8:
      out = key ? bytes_of({0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00})
                : bytes_of({0x11, 2, 0});
      append(out, noise_bytes(size, seed));
      break;
    case media::video_codec::vp9:
      // 10, profile 00, 0, key frame 0, shown 1, resilient 0; sync; colour 000, range 0, size less 1.
      out = key ? bytes_of({0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xF0, 0x0E, 0xF0})
                : bytes_of({0x86, 0, 0, 0x02});
      append(out, noise_bytes(size, seed));
      out.push_back(std::byte{0x01});
      break;
    case media::video_codec::h264: {
      auto slice = bytes_of({key ? 0x65U : 0x41U});
      append(slice, noise_bytes(size, seed));
      out = key ? annex_b({sequence_parameters(), picture_parameters(), slice}) : annex_b({slice});
      break;
    }
    case media::video_codec::av1:
      out = bytes_of({0x12, 0x00});
      if (key) append(out, sized_obu(1, sequence_header()));
      append(out, sized_obu(6, noise_bytes(size + 1, seed)));
      break;
  }
  return out;
}

/// A packet on its way.
struct sent_video {
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  std::vector<std::byte> payload;
};

/// Makes packets of frames.
class video_sender {
 public:
  explicit video_sender(const media::video_format& format,
                        const media::video_packetizer_options& options = {}, std::uint16_t sequence = 65500)
      : packetizer_(media::make_video_packetizer(format, options).value()),
        space_(options.max_payload),
        sequence_(sequence) {}

  std::vector<sent_video> send(std::span<const std::byte> frame, std::uint32_t timestamp,
                               const media::video_layer& layer = {}) {
    std::vector<sent_video> packets;
    REQUIRE(packetizer_->begin(frame, layer).has_value());
    for (bool last = false; !last;) {
      const auto payload = packetizer_->next(space_);
      REQUIRE(payload.has_value());
      last = payload->last;
      packets.push_back({sequence_++, timestamp, last, {payload->bytes.begin(), payload->bytes.end()}});
    }
    CHECK(packetizer_->next(space_).error() == media::errc::late);
    return packets;
  }

 private:
  std::unique_ptr<media::video_packetizer> packetizer_;
  std::vector<std::byte> space_;
  std::uint16_t sequence_;
};

inline base::result<void> deliver(media::video_assembler& to, base::buffer_pool& pool,
                                  const sent_video& packet) {
  return to.insert({packet.sequence, packet.timestamp, packet.marker, pool.copy(packet.payload).value()});
}

/// Peak signal to noise of brightness, in dB; 99 for the same picture.
inline double psnr(const media::picture_view& a, const media::picture_view& b) {
  REQUIRE((a.width() == b.width() && a.height() == b.height()));
  double sum = 0;
  for (std::uint32_t y = 0; y < a.height(); ++y) {
    const auto row_a = a.row(media::picture_plane::y, y);
    const auto row_b = b.row(media::picture_plane::y, y);
    for (std::size_t x = 0; x < row_a.size(); ++x) {
      const int difference = int{row_a[x]} - int{row_b[x]};
      sum += difference * difference;
    }
  }
  if (sum == 0) return 99;
  return 10 * std::log10(255.0 * 255.0 * a.width() * a.height() / sum);
}

}  // namespace parley::test
