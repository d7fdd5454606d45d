#pragma once

#include <parley/media/video_packetizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

// The payload formats behind make_video_packetizer and video_assembler, one source each.

namespace parley::media::detail {

/// Bytes of a frame as they are put together, in memory that stays for the next one.
class frame_buffer {
 public:
  explicit frame_buffer(std::size_t limit) noexcept : limit_(limit) {}

  std::size_t size() const noexcept { return bytes_.size(); }
  std::size_t left() const noexcept { return limit_ - bytes_.size(); }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::span<std::byte> from(std::size_t at) noexcept { return std::span(bytes_).subspan(at); }
  void clear() noexcept { bytes_.clear(); }
  void cut(std::size_t size) noexcept { bytes_.resize(size); }

  /// *Errors:* `errc::limit_reached`; it is as it was then.
  base::result<void> add(std::span<const std::byte> bytes) {
    if (bytes.size() > left()) return errc::limit_reached;
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  base::result<void> add(std::byte byte) { return add({&byte, 1}); }

 private:
  std::vector<std::byte> bytes_;
  std::size_t limit_;
};

/// Whether a frame may begin with a payload, by its descriptor.
enum class payload_place : std::uint8_t { may_begin, goes_on };

/// Reads the payloads of one format.
class payload_reader {
 public:
  payload_reader() = default;
  payload_reader(const payload_reader&) = delete;
  payload_reader& operator=(const payload_reader&) = delete;
  virtual ~payload_reader() = default;

  /// Looks at the descriptor of a payload, which has a byte at least. *Errors:* the rule that it breaks: the
  /// packet is no better than a lost one.
  virtual base::result<payload_place> place_of(std::span<const std::byte> payload) const noexcept = 0;

  /// Forgets the frame before.
  virtual void begin() noexcept {}

  /// Adds what the next payload holds of its frame. *Errors:* the frame is broken.
  virtual base::result<void> append(std::span<const std::byte> payload, frame_buffer& out) = 0;

  /// Ends the frame. *Errors:* as `append`.
  virtual base::result<void> finish(frame_buffer&) { return {}; }
};

std::unique_ptr<payload_reader> make_vp8_reader();
std::unique_ptr<payload_reader> make_vp9_reader();
std::unique_ptr<payload_reader> make_h264_reader(unsigned packetization_mode);
std::unique_ptr<payload_reader> make_av1_reader();

std::unique_ptr<video_packetizer> make_vp8_packetizer(const video_packetizer_options& options);
std::unique_ptr<video_packetizer> make_vp9_packetizer(const video_packetizer_options& options);
std::unique_ptr<video_packetizer> make_h264_packetizer(const video_packetizer_options& options,
                                                       unsigned packetization_mode);
std::unique_ptr<video_packetizer> make_av1_packetizer(const video_packetizer_options& options);

/// Takes the next of the pieces into which `rest` is cut, which are of nearly one size and at most `most`
/// bytes: a last packet of few bytes would cost as much as any.
inline std::span<const std::byte> take_even_piece(std::span<const std::byte>& rest,
                                                  std::size_t most) noexcept {
  const std::size_t pieces = std::max<std::size_t>(1, (rest.size() + most - 1) / most);
  const auto piece = rest.first((rest.size() + pieces - 1) / pieces);
  rest = rest.subspan(piece.size());
  return piece;
}

constexpr std::uint16_t picture_id_mask = 0x7FFF;

}  // namespace parley::media::detail
