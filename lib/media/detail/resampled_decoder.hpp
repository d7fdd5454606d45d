#pragma once

#include <parley/media/audio_codec.hpp>
#include <parley/media/resampler.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace parley::media::detail {

/// A decoder whose sound has another rate than its codec's: a multiple of it, so that lengths are exact.
class resampled_decoder final : public audio_decoder {
 public:
  /// `after` leads from the format of `inner`.
  resampled_decoder(std::unique_ptr<audio_decoder> inner, resampler after)
      : inner_(std::move(inner)), after_(std::move(after)), sound_(after_.from().rate / 5) {}

  pcm_format output() const noexcept override { return after_.to(); }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    auto length = inner_->samples_of(payload);
    if (length) *length *= after_.to().rate / after_.from().rate;
    return length;
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    const auto sound = inner_->decode(payload, sound_);
    if (!sound) return sound.error();
    return after_.process(*sound, out);
  }

  void reset() noexcept override {
    inner_->reset();
    after_.reset();
  }

 private:
  std::unique_ptr<audio_decoder> inner_;
  resampler after_;
  std::vector<std::int16_t> sound_;  // 200 ms, the longest that a packet may be
};

}  // namespace parley::media::detail
