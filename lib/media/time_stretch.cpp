#include <parley/media/time_stretch.hpp>

#include "detail/pitch.hpp"

#include <algorithm>

namespace parley::media {
namespace {

/// What may be joined unheard: sound that repeats itself, or that is below about -50 dBov.
bool can_be_joined(const detail::pitch& found) noexcept {
  constexpr double quiet = 100.0 * 100.0;
  return found.lag != 0 && (found.correlation > 0.9 || (found.power < quiet && found.correlation >= 0));
}

}  // namespace

std::size_t shorten(std::span<std::int16_t> sound, pcm_format format) noexcept {
  const std::size_t channels = format.channels;
  const std::size_t length = sound.size() / channels;
  const std::size_t longest = detail::longest_lag(format.rate);
  if (length < shorten_needs(format)) return 0;
  // The second window stands at the longest lag, so that every lag can be held against what is before it.
  const detail::pitch found = detail::find_pitch(sound, longest, longest, longest, format);
  if (!can_be_joined(found)) return 0;
  const std::size_t size = found.lag * channels;
  const std::size_t begin = (longest - found.lag) * channels;
  detail::cross_fade(sound.subspan(begin, size), sound.subspan(begin + size, size),
                     sound.subspan(begin, size), format.channels);
  std::copy(sound.begin() + static_cast<std::ptrdiff_t>(begin + 2 * size), sound.end(),
            sound.begin() + static_cast<std::ptrdiff_t>(begin + size));
  return found.lag;
}

std::size_t lengthen(std::span<std::int16_t> room, std::size_t past, std::size_t length,
                     pcm_format format) noexcept {
  const std::size_t channels = format.channels;
  const std::size_t longest_of_all = detail::longest_lag(format.rate);
  if (length * channels > room.size() || past > length || past < longest_of_all) return 0;
  const std::size_t longest = std::min(longest_of_all, length - past);
  if (longest < detail::instants(format.rate, 50)) return 0;
  const detail::pitch found =
      detail::find_pitch(room.first(length * channels), past, longest, longest, format);
  if (!can_be_joined(found) || (length + found.lag) * channels > room.size()) return 0;
  const std::size_t size = found.lag * channels;
  const std::size_t at = past * channels;
  const auto cut = room.begin() + static_cast<std::ptrdiff_t>(at);
  std::copy_backward(cut, room.begin() + static_cast<std::ptrdiff_t>(length * channels),
                     room.begin() + static_cast<std::ptrdiff_t>((length + found.lag) * channels));
  // What would have come fades into what came a period before; then it comes.
  detail::cross_fade(room.subspan(at + size, size), room.subspan(at - size, size), room.subspan(at, size),
                     format.channels);
  return found.lag;
}

}  // namespace parley::media
