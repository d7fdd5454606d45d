#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <speex/speex_resampler.h>

namespace parley::media::detail {

/// speexdsp's filter between two rates.
class rate_converter {
 public:
  /// None where there is no memory for it.
  static std::unique_ptr<rate_converter> create(std::uint32_t from, std::uint32_t to, std::uint16_t channels);

  /// In samples a channel of what comes out.
  std::size_t delay() const noexcept;

  /// All of `in` becomes all of `out`; the caller knows how long that is.
  void process(std::span<const std::int16_t> in, std::span<std::int16_t> out) noexcept;

  void reset() noexcept;

 private:
  struct deleter {
    void operator()(SpeexResamplerState* state) const noexcept { speex_resampler_destroy(state); }
  };
  using state = std::unique_ptr<SpeexResamplerState, deleter>;

  rate_converter(state filter, std::uint16_t channels) noexcept
      : state_(std::move(filter)), channels_(channels) {}

  state state_;
  std::uint16_t channels_;
};

}  // namespace parley::media::detail
