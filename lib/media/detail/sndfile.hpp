#pragma once

#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/pcm.hpp>
#include <parley/media/sound_file.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::media::detail {

/// The sound in a file, as it was stored.
class sound_source {
 public:
  sound_source() = default;
  sound_source(const sound_source&) = delete;
  sound_source& operator=(const sound_source&) = delete;
  virtual ~sound_source() = default;

  virtual std::uint16_t channels() const noexcept = 0;
  virtual std::uint32_t rate() const noexcept = 0;
  virtual std::uint64_t length() const noexcept = 0;

  /// Fills `out`, which holds whole instants, and returns how many instants that gave; none at the end.
  /// *Errors:* the store's own.
  virtual base::result<std::size_t> read(std::span<std::int16_t> out) noexcept = 0;
};

/// Puts sound into a file.
class sound_sink {
 public:
  sound_sink() = default;
  sound_sink(const sound_sink&) = delete;
  sound_sink& operator=(const sound_sink&) = delete;
  virtual ~sound_sink() = default;

  /// Adds whole instants. *Errors:* the store's own, `errc::codec_failed`.
  virtual base::result<void> write(std::span<const std::int16_t> samples) noexcept = 0;
  virtual base::result<void> finish() noexcept = 0;
};

/// Both by libsndfile. The encoding is the one that the header was found to speak of. *Errors:*
/// `errc::unknown_file` where the library refuses or finds something else, the store's own.
base::result<std::unique_ptr<sound_source>> open_sndfile(byte_store& store, sound_encoding encoding);
base::result<std::unique_ptr<sound_sink>> create_sndfile(byte_store& store, sound_encoding encoding,
                                                         pcm_format format);

}  // namespace parley::media::detail
