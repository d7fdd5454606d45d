#include "media/detail/codecs.hpp"

#include <bit>
#include <cstring>

// RFC 3551 4.5.11: samples of 16 bits in network byte order, the channels side by side.

namespace parley::media::detail {
namespace {

constexpr std::uint16_t network_order(std::uint16_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) return value;
  return static_cast<std::uint16_t>(value << 8U | value >> 8U);
}

class l16_encoder final : public audio_encoder {
 public:
  explicit l16_encoder(pcm_format format) noexcept : format_(format) {}

  pcm_format input() const noexcept override { return format_; }
  bool accepts(std::size_t length) const noexcept override { return length != 0; }
  std::size_t max_payload(std::size_t length) const noexcept override {
    return length * format_.channels * 2;
  }

  base::result<std::size_t> encode(std::span<const std::int16_t> samples, std::span<std::byte> out) override {
    if (samples.empty() || samples.size() % format_.channels != 0) return errc::bad_frame_length;
    if (out.size() / 2 < samples.size()) return errc::no_space;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::uint16_t value = network_order(static_cast<std::uint16_t>(samples[i]));
      std::memcpy(out.data() + 2 * i, &value, 2);
    }
    return 2 * samples.size();
  }

  void reset() noexcept override {}

 private:
  pcm_format format_;
};

class l16_decoder final : public audio_decoder {
 public:
  explicit l16_decoder(pcm_format format) noexcept : format_(format) {}

  pcm_format output() const noexcept override { return format_; }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    const std::size_t unit = 2U * format_.channels;
    if (payload.size() % unit != 0) return errc::bad_payload;
    return payload.size() / unit;
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    const auto length = samples_of(payload);
    if (!length) return length.error();
    const std::size_t count = *length * format_.channels;
    if (out.size() < count) return errc::no_space;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t value = 0;
      std::memcpy(&value, payload.data() + 2 * i, 2);
      out[i] = static_cast<std::int16_t>(network_order(value));
    }
    return out.first(count);
  }

  void reset() noexcept override {}

 private:
  pcm_format format_;
};

}  // namespace

encoder_result make_l16_encoder(pcm_format format) { return std::make_unique<l16_encoder>(format); }
decoder_result make_l16_decoder(pcm_format format) { return std::make_unique<l16_decoder>(format); }

}  // namespace parley::media::detail
