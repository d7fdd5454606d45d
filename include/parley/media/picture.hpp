#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::media {

/// The planes of a picture: brightness and the two differences of colour.
enum class picture_plane : std::uint8_t { y, u, v };

/// A picture in I420: 8 bits a sample in limited range, U and V with half the columns and rows of Y, rounded
/// up (ITU-T H.273 with video_full_range_flag 0).
///
/// *Ownership:* refers to samples of someone else, as long as they are there.
class picture_view {
 public:
  /// A plane: its first sample, and how far the next row is.
  struct plane {
    const std::uint8_t* samples = nullptr;
    std::size_t stride = 0;
  };

  picture_view() = default;
  /// Of so many pixels. Each plane has all its rows.
  picture_view(std::uint32_t width, std::uint32_t height, const std::array<plane, 3>& planes) noexcept
      : width_(width), height_(height), planes_(planes) {}

  std::uint32_t width() const noexcept { return width_; }
  std::uint32_t height() const noexcept { return height_; }

  /// The columns of a plane.
  std::uint32_t columns(picture_plane p) const noexcept {
    return p == picture_plane::y ? width_ : (width_ + 1) / 2;
  }
  /// The rows of a plane.
  std::uint32_t rows(picture_plane p) const noexcept {
    return p == picture_plane::y ? height_ : (height_ + 1) / 2;
  }

  const plane& samples(picture_plane p) const noexcept { return planes_[static_cast<std::size_t>(p)]; }

  /// A row, of which there are `rows(p)`.
  std::span<const std::uint8_t> row(picture_plane p, std::uint32_t number) const noexcept {
    return {samples(p).samples + number * samples(p).stride, columns(p)};
  }

 private:
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  std::array<plane, 3> planes_{};
};

/// A picture with its samples.
class PARLEY_API picture {
 public:
  /// The longest side, in pixels: VP8 has no longer ones (RFC 6386 9.1).
  static constexpr std::uint32_t max_side = 16383;

  /// A black one. *Errors:* `errc::bad_picture` for sides of 0 or above `max_side`.
  static base::result<picture> create(std::uint32_t width, std::uint32_t height);
  /// A copy.
  static base::result<picture> copy(const picture_view& from);

  std::uint32_t width() const noexcept { return width_; }
  std::uint32_t height() const noexcept { return height_; }

  /// *Ownership:* of the samples as long as this is neither moved nor destroyed.
  picture_view view() const noexcept;

  /// A row to be written.
  std::span<std::uint8_t> row(picture_plane p, std::uint32_t number) noexcept;

 private:
  picture(std::uint32_t width, std::uint32_t height);
  std::size_t offset(picture_plane p) const noexcept;

  std::uint32_t width_;
  std::uint32_t height_;
  std::vector<std::uint8_t> samples_;
};

}  // namespace parley::media
