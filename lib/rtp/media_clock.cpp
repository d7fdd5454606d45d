#include <parley/rtp/media_clock.hpp>

namespace parley::rtp {

std::optional<std::uint64_t> media_clock::to_ntp(std::uint32_t timestamp) const noexcept {
  if (!synchronized()) return std::nullopt;
  const std::int64_t ticks = static_cast<std::int32_t>(timestamp - timestamp_);
  const std::int64_t rate = rate_;
  // Whole seconds apart, so that the shift by 32 bits cannot overflow.
  const std::int64_t seconds = ticks / rate;
  const std::int64_t fraction = ticks % rate * (std::int64_t{1} << 31U) / rate * 2;
  return ntp_ + (static_cast<std::uint64_t>(seconds) << 32U) + static_cast<std::uint64_t>(fraction);
}

std::optional<std::uint32_t> media_clock::from_ntp(std::uint64_t ntp) const noexcept {
  if (!synchronized()) return std::nullopt;
  const auto length = static_cast<std::int64_t>(ntp - ntp_);
  const std::int64_t seconds = length >> 32U;
  const auto fraction = static_cast<std::uint64_t>(length) & 0xFFFFFFFFU;
  const std::uint64_t ticks =
      static_cast<std::uint64_t>(seconds) * rate_ + ((fraction * rate_ + 0x80000000U) >> 32U);
  return timestamp_ + static_cast<std::uint32_t>(ticks);
}

std::optional<std::uint32_t> convert_timestamp(const media_clock& from, std::uint32_t timestamp,
                                               const media_clock& to) noexcept {
  const auto ntp = from.to_ntp(timestamp);
  return ntp ? to.from_ntp(*ntp) : std::nullopt;
}

}  // namespace parley::rtp
