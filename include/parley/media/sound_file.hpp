#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace parley::media {

/// What a file holds: WAV with linear, floating-point or G.711 samples, or Opus in Ogg (RFC 7845). libsndfile
/// knows more, but is shown nothing else: what its other readers make of a hostile file is nobody's need.
enum class sound_encoding : std::uint8_t {
  wav_u8,     ///< linear, 8 bits
  wav_s16,    ///< linear, 16 bits
  wav_s24,    ///< linear, 24 bits
  wav_s32,    ///< linear, 32 bits
  wav_float,  ///< IEEE 754, written in 32 bits, read in 64 too
  wav_alaw,   ///< G.711 A-law
  wav_ulaw,   ///< G.711 µ-law
  ogg_opus,
};

/// What is taken of a file, whatever its header says.
struct sound_file_limits {
  std::uint16_t max_channels = 8;
  std::uint32_t max_rate = 192000;              ///< in Hz
  std::uint64_t max_length = 48000ULL * 86400;  ///< in samples a channel of the file
};

/// Reads the sound of a file, if wanted in another rate or number of channels than it was stored in.
///
/// Samples of more than 16 bits lose the lower ones; floating-point ones beyond full scale are clipped.
/// Reading allocates nothing that the file could make large.
///
/// *Ownership:* refers to its store, which must outlive it; nobody else may write there meanwhile.
class PARLEY_API sound_file_reader {
 public:
  /// Reads the header of `store`, for sound in the format `as`: resampled, with its beginning and its length
  /// where they were. Without one, the sound has the file's own rate, and its channels if they are one or
  /// two. The channels of a file with more become one, as their mean.
  ///
  /// *Errors:* `errc::unknown_file` for what isn't one of `sound_encoding`, `errc::limit_reached`,
  /// `errc::unsupported_rate` as of `resampler::create`, and in a build without libsndfile
  /// `errc::unknown_file`; the store's own.
  static base::result<sound_file_reader> open(byte_store& store, std::optional<pcm_format> as = {},
                                              const sound_file_limits& limits = {});

  sound_file_reader(sound_file_reader&&) noexcept;
  sound_file_reader& operator=(sound_file_reader&&) noexcept;
  ~sound_file_reader();

  sound_encoding encoding() const noexcept;

  /// Channels in the file.
  std::uint16_t stored_channels() const noexcept;

  /// Samples a second in the file.
  std::uint32_t stored_rate() const noexcept;

  /// What `read` gives.
  pcm_format format() const noexcept;

  /// How many samples a channel `read` will give in all, if the file is what its header says: a hint.
  std::uint64_t expected_length() const noexcept;

  /// Writes what comes next to the beginning of `out` and returns that part of it: less than `out` only at
  /// the end of the sound, then nothing. What is damaged within the file ends the sound there.
  /// *Errors:* `errc::bad_frame_length` where `out` ends within an instant; `errc::limit_reached` for more
  /// sound than the limits allow; the store's own.
  base::result<std::span<std::int16_t>> read(std::span<std::int16_t> out);

 private:
  struct state;
  explicit sound_file_reader(std::unique_ptr<state> s) noexcept;

  std::unique_ptr<state> state_;
};

/// Writes sound to a file. The bytes of WAV files depend on nothing but the sound; the serial number of an
/// Ogg stream is libsndfile's choice.
///
/// *Ownership:* refers to its store, which must outlive it.
class PARLEY_API sound_file_writer {
 public:
  /// Begins a file in an empty `store`. *Errors:* `errc::unsupported_rate` for more than two channels, for
  /// rates beyond 8000 to 192000 Hz and for Opus with a rate other than 8000, 12000, 16000, 24000 or 48000;
  /// `errc::unknown_file` for a store with something in it, and in a build without libsndfile; the store's
  /// own.
  static base::result<sound_file_writer> create(byte_store& store, sound_encoding encoding,
                                                pcm_format format);

  sound_file_writer(sound_file_writer&&) noexcept;
  /// The file that `*this` wrote is finished first.
  sound_file_writer& operator=(sound_file_writer&&) noexcept;
  /// Finishes the file, whatever comes of that.
  ~sound_file_writer();

  pcm_format format() const noexcept;

  /// Adds sound. *Errors:* `errc::bad_frame_length` for half an instant, `errc::limit_reached` for more than
  /// a WAV file's header can tell (4 GiB), `errc::late` after `finish`; nothing was written then. The store's
  /// own, and `errc::codec_failed`: the file ends somewhere.
  base::result<void> write(std::span<const std::int16_t> samples);

  /// Writes what only the end can tell: lengths in the header, the last page. Once; later calls do nothing.
  /// *Errors:* the store's own.
  base::result<void> finish();

 private:
  struct state;
  explicit sound_file_writer(std::unique_ptr<state> s) noexcept;

  std::unique_ptr<state> state_;
};

}  // namespace parley::media
