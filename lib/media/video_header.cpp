#include <parley/media/video_header.hpp>

#include "media/detail/bit_reader.hpp"
#include "media/detail/nal_unit.hpp"
#include "media/detail/obu.hpp"
#include "media/detail/vp9_frames.hpp"

#include <array>

namespace parley::media {
namespace {

using detail::bit_reader;
using header_result = base::result<video_header>;

/// RFC 6386 9.1.
header_result read_vp8(std::span<const std::byte> frame) noexcept {
  if (frame.size() < 3) return errc::bad_frame;
  if ((frame[0] & std::byte{1}) != std::byte{0}) return video_header{};
  if (frame.size() < 10 || frame[3] != std::byte{0x9D} || frame[4] != std::byte{0x01} ||
      frame[5] != std::byte{0x2A}) {
    return errc::bad_frame;
  }
  // Little endian, below two bits that tell how to scale what is shown.
  const auto side = [&](std::size_t at) {
    return std::to_integer<std::uint32_t>(frame[at]) | (std::to_integer<std::uint32_t>(frame[at + 1]) & 0x3FU)
                                                           << 8U;
  };
  const video_header header{true, side(6), side(8)};
  if (header.width == 0 || header.height == 0) return errc::bad_frame;
  return header;
}

void skip_scaling_list(bit_reader& in, unsigned size) noexcept {
  // H.264 7.3.2.1.1.1; differences are signed, which only their parity and magnitude tell.
  std::int64_t last = 8;
  std::int64_t next = 8;
  for (unsigned i = 0; i < size && in.fine(); ++i) {
    if (next != 0) {
      const auto code = std::int64_t{in.exp_golomb()};
      next = (last + (code % 2 != 0 ? (code + 1) / 2 : -code / 2) + 256) % 256;
    }
    if (next != 0) last = next;
  }
}

constexpr bool has_chroma_format(std::uint32_t profile) noexcept {
  for (const std::uint32_t p : {100U, 110U, 122U, 244U, 44U, 83U, 86U, 118U, 128U, 138U, 139U, 134U, 135U}) {
    if (p == profile) return true;
  }
  return false;
}

/// H.264 7.3.2.1.1, as far as the size. Nothing is told of a set that is longer than any encoder's.
header_result read_sequence_parameters(std::span<const std::byte> unit) noexcept {
  std::array<std::byte, 512> bytes{};
  std::size_t size = 0;
  for (std::size_t i = 1, zeros = 0; i < unit.size() && size < bytes.size(); ++i) {
    // 7.4.1: a 3 behind two zeros isn't part of it.
    if (zeros >= 2 && unit[i] == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = unit[i] == std::byte{0} ? zeros + 1 : 0;
    bytes[size++] = unit[i];
  }
  bit_reader in{std::span<const std::byte>(bytes).first(size)};
  const auto profile = in.bits(8);
  in.skip(16);
  in.exp_golomb();
  std::uint32_t chroma = 1;
  bool separate = false;
  if (has_chroma_format(profile)) {
    chroma = in.exp_golomb();
    if (chroma == 3) separate = in.flag();
    in.exp_golomb();
    in.exp_golomb();
    in.skip(1);
    if (in.flag()) {
      for (unsigned i = 0; i < (chroma == 3 ? 12U : 8U) && in.fine(); ++i) {
        if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
      }
    }
  }
  in.exp_golomb();
  const auto order = in.exp_golomb();
  if (order == 0) {
    in.exp_golomb();
  } else if (order == 1) {
    in.skip(1);
    in.exp_golomb();
    in.exp_golomb();
    const auto cycle = in.exp_golomb();
    if (cycle > 255) return errc::bad_frame;
    for (std::uint32_t i = 0; i < cycle; ++i) in.exp_golomb();
  }
  in.exp_golomb();
  in.skip(1);
  const std::uint64_t across = std::uint64_t{in.exp_golomb()} + 1;
  const std::uint64_t down = std::uint64_t{in.exp_golomb()} + 1;
  const bool frames_only = in.flag();
  if (!frames_only) in.skip(1);
  in.skip(1);
  std::uint64_t width = across * 16;
  std::uint64_t height = down * 16 * (frames_only ? 1 : 2);
  if (in.flag()) {
    // Table 6-1: cropping counts samples of chroma, and of one field where there are fields.
    const bool subsampled = !separate && chroma != 0;
    const std::uint64_t unit_x = subsampled && chroma < 3 ? 2 : 1;
    const std::uint64_t unit_y = (subsampled && chroma == 1 ? 2U : 1U) * (frames_only ? 1U : 2U);
    const std::uint64_t left = in.exp_golomb();
    const std::uint64_t right = in.exp_golomb();
    const std::uint64_t top = in.exp_golomb();
    const std::uint64_t bottom = in.exp_golomb();
    const std::uint64_t cut_x = (left + right) * unit_x;
    const std::uint64_t cut_y = (top + bottom) * unit_y;
    if (cut_x >= width || cut_y >= height) return errc::bad_frame;
    width -= cut_x;
    height -= cut_y;
  }
  if (!in.fine() || width > 0xFFFF || height > 0xFFFF) return errc::bad_frame;
  return video_header{true, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
}

header_result read_h264(std::span<const std::byte> frame) noexcept {
  detail::nal_stream units(frame);
  if (!units.clean()) return errc::bad_frame;
  video_header header;
  bool sequence = false;
  bool picture = false;
  bool any = false;
  while (const auto unit = units.next()) {
    any = true;
    switch (detail::nal_type_of((*unit)[0])) {
      case detail::nal_type::sequence_parameters:
        sequence = true;
        // What a set of an unknown kind says isn't needed to pass it on.
        if (const auto set = read_sequence_parameters(*unit)) header = {false, set->width, set->height};
        break;
      case detail::nal_type::picture_parameters: picture = true; break;
      case detail::nal_type::idr_slice: header.key_frame = sequence && picture; return header;
      case detail::nal_type::slice: return header;
      default: break;
    }
  }
  if (!any) return errc::bad_frame;
  return header;
}

/// AV1 5.5.1, as far as the size.
header_result read_sequence_header(std::span<const std::byte> payload) noexcept {
  bit_reader in(payload);
  in.skip(4);
  if (in.flag()) {
    in.skip(5);
  } else {
    bool model = false;
    unsigned delay_bits = 0;
    if (in.flag()) {
      in.skip(64);
      if (in.flag()) in.exp_golomb();
      model = in.flag();
      if (model) {
        delay_bits = in.bits(5) + 1;
        in.skip(42);
      }
    }
    const bool display_delay = in.flag();
    const auto points = in.bits(5) + 1;
    for (std::uint32_t i = 0; i < points && in.fine(); ++i) {
      in.skip(12);
      if (in.bits(5) > 7) in.skip(1);
      if (model && in.flag()) in.skip(2 * delay_bits + 1);
      if (display_delay && in.flag()) in.skip(4);
    }
  }
  const unsigned width_bits = in.bits(4) + 1;
  const unsigned height_bits = in.bits(4) + 1;
  const auto width = in.bits(width_bits) + 1;
  const auto height = in.bits(height_bits) + 1;
  if (!in.fine()) return errc::bad_frame;
  return video_header{true, width, height};
}

header_result read_av1(std::span<const std::byte> frame) noexcept {
  video_header header;
  if (frame.empty()) return errc::bad_frame;
  while (!frame.empty()) {
    const auto unit = detail::take_obu(frame);
    if (!unit) return errc::bad_frame;
    if (!header.key_frame && unit->type() == detail::obu_type::sequence_header) {
      const auto read = read_sequence_header(unit->payload);
      if (!read) return read.error();
      header = *read;
    }
  }
  return header;
}

}  // namespace

header_result read_video_header(video_codec codec, std::span<const std::byte> frame) noexcept {
  switch (codec) {
    case video_codec::vp8: return read_vp8(frame);
    case video_codec::vp9: {
      detail::vp9_frames frames(frame);
      const auto first = frames.next();
      if (!first) return errc::bad_frame;
      return detail::read_vp9_frame(*first);
    }
    case video_codec::h264: return read_h264(frame);
    case video_codec::av1: return read_av1(frame);
  }
  return errc::unknown_codec;
}

}  // namespace parley::media
