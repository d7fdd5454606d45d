#include "media/detail/rate_converter.hpp"

namespace parley::media::detail {
namespace {

/// Of 0 to 10: 64 taps, whose stop band is 80 dB down and whose pass band ends at 85 % of half the lower
/// rate.
constexpr int quality = 4;

}  // namespace

std::unique_ptr<rate_converter> rate_converter::create(std::uint32_t from, std::uint32_t to,
                                                       std::uint16_t channels) {
  int error = RESAMPLER_ERR_SUCCESS;
  state filter(speex_resampler_init(channels, from, to, quality, &error));
  if (!filter || error != RESAMPLER_ERR_SUCCESS) return nullptr;
  return std::unique_ptr<rate_converter>(new rate_converter(std::move(filter), channels));
}

std::size_t rate_converter::delay() const noexcept {
  return static_cast<std::size_t>(speex_resampler_get_output_latency(state_.get()));
}

void rate_converter::process(std::span<const std::int16_t> in, std::span<std::int16_t> out) noexcept {
  auto taken = static_cast<spx_uint32_t>(in.size() / channels_);
  auto given = static_cast<spx_uint32_t>(out.size() / channels_);
  speex_resampler_process_interleaved_int(state_.get(), in.data(), &taken, out.data(), &given);
}

void rate_converter::reset() noexcept { speex_resampler_reset_mem(state_.get()); }

}  // namespace parley::media::detail
