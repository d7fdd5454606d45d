#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/video_format.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace parley::media {

/// What the header of an IVF file says: libvpx's container of encoded frames, which ffmpeg and GStreamer
/// read, too.
struct ivf_header {
  video_codec codec = video_codec::vp8;
  std::uint16_t width = 0;   ///< in pixels
  std::uint16_t height = 0;  ///< in pixels
  /// A time of 1 is `scale / rate` seconds.
  std::uint32_t rate = video_format::clock_rate;
  std::uint32_t scale = 1;

  friend bool operator==(const ivf_header&, const ivf_header&) = default;
};

/// Writes encoded frames to a file. What was written is a file that can be read after each frame, but for the
/// number of frames in its header, which `finish` writes.
///
/// *Ownership:* refers to its store, which must outlive it.
class PARLEY_API ivf_writer {
 public:
  /// Begins a file in an empty `store`. *Errors:* `errc::unknown_file` for a store with something in it,
  /// `errc::bad_parameters` for a rate or scale of 0; the store's own.
  static base::result<ivf_writer> create(byte_store& store, const ivf_header& header);

  /// How many frames were written.
  std::uint32_t frames() const noexcept { return frames_; }

  /// Adds a frame of that time. *Errors:* `errc::bad_frame` for one of no bytes, or of more than 32 bits
  /// count; `errc::limit_reached` for more frames than 32 bits count; the store's own: nothing more is
  /// written behind a frame that failed, try again.
  base::result<void> write(std::span<const std::byte> frame, std::uint64_t time);

  /// Writes the number of frames to the header; frames may still be added. *Errors:* the store's own.
  base::result<void> finish();

 private:
  explicit ivf_writer(byte_store& store) noexcept : store_(&store) {}

  byte_store* store_;
  std::uint64_t end_ = 0;
  std::uint32_t frames_ = 0;
};

/// A frame of an IVF file.
struct ivf_frame {
  std::span<const std::byte> bytes{};
  std::uint64_t time = 0;
};

/// Reads the frames of an IVF file, whatever its header says of their number.
///
/// *Ownership:* refers to its store, which must outlive it.
class PARLEY_API ivf_reader {
 public:
  static constexpr std::size_t default_max_frame_bytes = std::size_t{4} << 20U;

  /// Reads the header. *Errors:* `errc::unknown_file` for what is no IVF file with one of the codecs of
  /// `video_codec`; the store's own.
  static base::result<ivf_reader> open(byte_store& store,
                                       std::size_t max_frame_bytes = default_max_frame_bytes);

  const ivf_header& header() const noexcept { return header_; }

  /// The next frame; nothing at the end, and where the file ends within a frame, as it does when whoever
  /// recorded was stopped. *Errors:* `errc::limit_reached` for a larger frame than allowed; the store's own.
  /// Each later call gives the same then.
  ///
  /// *Ownership:* its bytes stay until the next call.
  base::result<std::optional<ivf_frame>> next();

 private:
  ivf_reader(byte_store& store, std::size_t max_frame_bytes) noexcept
      : store_(&store), max_frame_bytes_(max_frame_bytes) {}

  byte_store* store_;
  std::size_t max_frame_bytes_;
  ivf_header header_;
  std::uint64_t at_ = 0;
  std::vector<std::byte> frame_;
};

}  // namespace parley::media
