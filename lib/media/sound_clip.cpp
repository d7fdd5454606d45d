#include <parley/media/sound_clip.hpp>
#include <parley/media/sound_file.hpp>

#include "media/detail/opus_rates.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace parley::media {

base::duration sound_clip::length() const noexcept {
  const std::uint64_t count = samples.size() / format.channels;
  return std::chrono::microseconds(static_cast<std::int64_t>(count * 1'000'000 / format.rate));
}

pcm_format clip_format(const audio_format& format, std::uint32_t stored_rate) noexcept {
  if (!format.is("opus")) return format.pcm();
  const auto least =
      std::ranges::find_if(detail::opus_rates, [&](std::uint32_t r) { return r >= stored_rate; });
  return {least == detail::opus_rates.end() ? detail::opus_rates.back() : *least, 1};
}

base::result<sound_clip> read_clip(byte_store& store, const audio_format& format, base::duration longest) {
  sound_clip clip;
  {
    const auto looked_at = sound_file_reader::open(store);
    if (!looked_at) return looked_at.error();
    clip.stored_rate = looked_at->stored_rate();
  }
  clip.format = clip_format(format, clip.stored_rate);
  auto reader = sound_file_reader::open(store, clip.format);
  if (!reader) return reader.error();

  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(longest).count();
  const std::uint64_t most = static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)) *
                             clip.format.rate / 1'000'000 * clip.format.channels;
  // The header is believed only as far as the limit.
  if (reader->expected_length() <= most / clip.format.channels) {
    clip.samples.reserve(static_cast<std::size_t>(reader->expected_length()) * clip.format.channels);
  }
  std::array<std::int16_t, 8192> part{};
  for (;;) {
    const auto got = reader->read(part);
    if (!got) return got.error();
    if (got->empty()) return clip;
    if (clip.samples.size() + got->size() > most) return errc::too_long;
    clip.samples.insert(clip.samples.end(), got->begin(), got->end());
  }
}

}  // namespace parley::media
