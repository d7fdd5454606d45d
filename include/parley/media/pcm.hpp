#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

/// What sound is in here: linear samples of 16 bits, signed, in the machine's byte order. The samples of one
/// instant, one a channel, stand side by side, left before right. Lengths count instants ("samples a
/// channel") wherever they aren't those of a span.
struct pcm_format {
  std::uint32_t rate = 8000;   ///< instants a second
  std::uint16_t channels = 1;  ///< 1 or 2

  friend bool operator==(const pcm_format&, const pcm_format&) = default;
};

/// Sound that somebody else holds.
///
/// *Ownership:* refers to the samples it was given.
struct pcm_view {
  std::span<const std::int16_t> samples;
  pcm_format format;

  /// In samples a channel.
  std::size_t length() const noexcept { return samples.size() / format.channels; }
};

}  // namespace parley::media
