#include "media/detail/vp9_frames.hpp"

#include "media/detail/bit_reader.hpp"

namespace parley::media::detail {
namespace {

constexpr std::uint32_t vp9_sync_code = 0x498342;
constexpr std::uint32_t srgb = 7;

/// 6.2.2. False for what is reserved.
bool skip_color_config(bit_reader& in, unsigned profile) noexcept {
  if (profile >= 2) in.skip(1);
  const bool odd = (profile & 1U) != 0;
  if (in.bits(3) != srgb) {
    in.skip(1);
    if (!odd) return true;
    in.skip(2);
    return !in.flag();
  }
  return odd && !in.flag();
}

void read_frame_size(bit_reader& in, video_header& header) noexcept {
  header.width = in.bits(16) + 1;
  header.height = in.bits(16) + 1;
}

}  // namespace

vp9_frames::vp9_frames(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return;
  frames_[0] = bytes;
  count_ = 1;
  const auto marker = std::to_integer<unsigned>(bytes.back());
  const std::size_t count = (marker & 7U) + 1;
  const std::size_t width = (marker >> 3U & 3U) + 1;
  const std::size_t index = 2 + width * count;
  if ((marker & 0xE0U) != 0xC0U || bytes.size() < index || bytes[bytes.size() - index] != bytes.back())
    return;
  indexed_ = true;
  count_ = 0;
  auto field = bytes.subspan(bytes.size() - index + 1);
  auto rest = bytes.first(bytes.size() - index);
  for (std::size_t i = 0; i < count; ++i, field = field.subspan(width)) {
    std::size_t size = 0;
    for (std::size_t b = width; b-- > 0;) size = size << 8U | std::to_integer<std::size_t>(field[b]);
    if (size > rest.size()) return;
    frames_[count_++] = rest.first(size);
    rest = rest.subspan(size);
  }
}

void put_superframe_index(std::byte* out, std::span<const std::uint32_t> sizes) noexcept {
  constexpr unsigned four_bytes_each = 3U << 3U;
  const auto marker =
      static_cast<std::byte>(0xC0U | four_bytes_each | static_cast<unsigned>(sizes.size() - 1));
  *out++ = marker;
  for (const std::uint32_t size : sizes) {
    for (unsigned shift = 0; shift < 32; shift += 8) *out++ = static_cast<std::byte>(size >> shift & 0xFFU);
  }
  *out = marker;
}

base::result<video_header> read_vp9_frame(std::span<const std::byte> frame) noexcept {
  bit_reader in(frame);
  if (in.bits(2) != 2) return errc::bad_frame;
  const unsigned low = in.bits(1);
  const unsigned profile = in.bits(1) << 1U | low;
  if (profile == 3 && in.flag()) return errc::bad_frame;
  video_header header;
  if (in.flag()) {  // show_existing_frame
    in.skip(3);
    if (!in.fine()) return errc::bad_frame;
    return header;
  }
  header.key_frame = !in.flag();
  const bool shown = in.flag();
  const bool resilient = in.flag();
  if (header.key_frame) {
    if (in.bits(24) != vp9_sync_code || !skip_color_config(in, profile)) return errc::bad_frame;
    read_frame_size(in, header);
  } else {
    const bool intra_only = !shown && in.flag();
    if (!resilient) in.skip(2);
    if (intra_only) {
      if (in.bits(24) != vp9_sync_code) return errc::bad_frame;
      if (profile > 0 && !skip_color_config(in, profile)) return errc::bad_frame;
      in.skip(8);
      read_frame_size(in, header);
    } else {
      in.skip(8 + 3 * 4);
      // 6.2.5: the size is that of the first reference that has a flag here.
      if (!in.flag() && !in.flag() && !in.flag()) read_frame_size(in, header);
    }
  }
  if (!in.fine()) return errc::bad_frame;
  return header;
}

}  // namespace parley::media::detail
