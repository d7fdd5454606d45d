#pragma once

#include <parley/media/video_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// Frames of VP9 (VP9 bitstream and decoding process specification, version 0.6).

namespace parley::media::detail {

/// The frames of a superframe by its index (Annex B), or the one frame that the bytes are.
class vp9_frames {
 public:
  static constexpr std::size_t max_frames = 8;

  explicit vp9_frames(std::span<const std::byte> bytes) noexcept;

  /// Whether there is an index.
  bool indexed() const noexcept { return indexed_; }
  std::size_t size() const noexcept { return count_; }

  /// The next frame, which is not empty; nothing at the end.
  std::optional<std::span<const std::byte>> next() noexcept {
    while (at_ < count_) {
      if (const auto frame = frames_[at_++]; !frame.empty()) return frame;
    }
    return std::nullopt;
  }

 private:
  std::array<std::span<const std::byte>, max_frames> frames_{};
  std::size_t count_ = 0;
  std::size_t at_ = 0;
  bool indexed_ = false;
};

/// The bytes of an index of so many frames.
constexpr std::size_t superframe_index_bytes(std::size_t frames) noexcept { return 2 + 4 * frames; }

/// Writes the index of frames of these sizes, up to `vp9_frames::max_frames`, to `out`, which has that space.
void put_superframe_index(std::byte* out, std::span<const std::uint32_t> sizes) noexcept;

/// The uncompressed header of one frame (6.2), as far as its size. Only a frame that takes its size from one
/// before it doesn't tell. *Errors:* `errc::bad_frame`.
base::result<video_header> read_vp9_frame(std::span<const std::byte> frame) noexcept;

}  // namespace parley::media::detail
