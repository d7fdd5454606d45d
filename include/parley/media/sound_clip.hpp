#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/audio_format.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <cstdint>
#include <vector>

namespace parley::media {

/// The sound of a file, in memory as a whole.
struct PARLEY_API sound_clip {
  pcm_format format;
  std::uint32_t stored_rate = 0;  ///< of the file, in Hz
  std::vector<std::int16_t> samples;

  base::duration length() const noexcept;
};

/// The sound that an encoder of `format` is best given, where a file has `stored_rate`: one channel, in Opus
/// the least of its rates that the file's sound fits into; else what the format says.
PARLEY_API pcm_format clip_format(const audio_format& format, std::uint32_t stored_rate) noexcept;

/// Reads and resamples all sound of a file, for an encoder of `format`: work for a thread that nobody's sound
/// waits for.
///
/// *Errors:* `errc::too_long` for more than `longest`; those of `sound_file_reader::open` and `read`.
PARLEY_API base::result<sound_clip> read_clip(byte_store& store, const audio_format& format,
                                              base::duration longest);

}  // namespace parley::media
