#include <parley/media/g711.hpp>

#include "media/detail/codecs.hpp"

#include <algorithm>
#include <array>
#include <bit>

// Both laws are floating point of three bits of exponent and four of mantissa, in sign and magnitude. A
// negative sample is taken by its ones' complement, as the ITU's tables have it; so the code depends on
// nothing below the smallest step, and the tables leave those bits out of their index.

namespace parley::media {
namespace {

constexpr unsigned mu_unused_bits = 2;
constexpr unsigned a_unused_bits = 4;
/// Moves mu-law's segments to powers of two.
constexpr int mu_bias = 132;
constexpr int mu_clip = 32635;

constexpr std::uint8_t mu_code(int sample) {
  const bool negative = sample < 0;
  const auto magnitude = static_cast<unsigned>(std::min(negative ? ~sample : sample, mu_clip) + mu_bias);
  const auto segment = static_cast<unsigned>(std::bit_width(magnitude)) - 8;
  const unsigned code = segment << 4U | (magnitude >> (segment + 3) & 15U);
  return static_cast<std::uint8_t>(code ^ (negative ? 0x7FU : 0xFFU));
}

constexpr std::uint8_t a_code(int sample) {
  const bool negative = sample < 0;
  const auto magnitude = static_cast<unsigned>(negative ? ~sample : sample) >> 4U;
  const auto width = static_cast<unsigned>(std::bit_width(magnitude));
  // The first two segments share one step.
  const unsigned code = width <= 4 ? magnitude : (width - 4) << 4U | (magnitude >> (width - 5) & 15U);
  // Every other bit is inverted, so that silence has edges to synchronize on.
  return static_cast<std::uint8_t>(code ^ (negative ? 0x55U : 0xD5U));
}

constexpr std::int16_t mu_sample(unsigned code) {
  code ^= 0xFFU;
  const unsigned segment = code >> 4U & 7U;
  const int magnitude = static_cast<int>((((code & 15U) << 3U) + 132U) << segment) - mu_bias;
  return static_cast<std::int16_t>((code & 0x80U) != 0 ? -magnitude : magnitude);
}

constexpr std::int16_t a_sample(unsigned code) {
  code ^= 0x55U;
  const unsigned segment = code >> 4U & 7U;
  unsigned magnitude = (code & 15U) << 4U | 8U;
  if (segment != 0) magnitude = (magnitude + 0x100U) << (segment - 1);
  return static_cast<std::int16_t>((code & 0x80U) != 0 ? static_cast<int>(magnitude)
                                                       : -static_cast<int>(magnitude));
}

template <unsigned UnusedBits, std::uint8_t (*Code)(int)>
constexpr auto make_encode_table() {
  std::array<std::uint8_t, (65536U >> UnusedBits)> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = Code(static_cast<std::int16_t>(static_cast<std::uint16_t>(i << UnusedBits)));
  }
  return table;
}

template <std::int16_t (*Sample)(unsigned)>
constexpr auto make_decode_table() {
  std::array<std::int16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) table[i] = Sample(i);
  return table;
}

constexpr auto mu_codes = make_encode_table<mu_unused_bits, mu_code>();
constexpr auto a_codes = make_encode_table<a_unused_bits, a_code>();
constexpr auto mu_samples = make_decode_table<mu_sample>();
constexpr auto a_samples = make_decode_table<a_sample>();

template <unsigned UnusedBits, std::size_t N>
void encode_all(const std::array<std::uint8_t, N>& table, std::span<const std::int16_t> samples,
                std::span<std::byte> out) noexcept {
  const std::size_t n = std::min(samples.size(), out.size());
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<std::byte>(table[static_cast<std::uint16_t>(samples[i]) >> UnusedBits]);
  }
}

void decode_all(const std::array<std::int16_t, 256>& table, std::span<const std::byte> codes,
                std::span<std::int16_t> out) noexcept {
  const std::size_t n = std::min(codes.size(), out.size());
  for (std::size_t i = 0; i < n; ++i) out[i] = table[std::to_integer<std::size_t>(codes[i])];
}

template <detail::g711_law Law>
class g711_encoder final : public audio_encoder {
 public:
  pcm_format input() const noexcept override { return {8000, 1}; }
  bool accepts(std::size_t length) const noexcept override { return length != 0; }
  std::size_t max_payload(std::size_t length) const noexcept override { return length; }

  base::result<std::size_t> encode(std::span<const std::int16_t> samples, std::span<std::byte> out) override {
    if (samples.empty()) return errc::bad_frame_length;
    if (out.size() < samples.size()) return errc::no_space;
    if constexpr (Law == detail::g711_law::mu) {
      encode_mu_law(samples, out);
    } else {
      encode_a_law(samples, out);
    }
    return samples.size();
  }

  void reset() noexcept override {}
};

template <detail::g711_law Law>
class g711_decoder final : public audio_decoder {
 public:
  pcm_format output() const noexcept override { return {8000, 1}; }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    return payload.size();
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    if (out.size() < payload.size()) return errc::no_space;
    if constexpr (Law == detail::g711_law::mu) {
      decode_mu_law(payload, out);
    } else {
      decode_a_law(payload, out);
    }
    return out.first(payload.size());
  }

  void reset() noexcept override {}
};

}  // namespace

void encode_mu_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept {
  encode_all<mu_unused_bits>(mu_codes, samples, out);
}
void decode_mu_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept {
  decode_all(mu_samples, codes, out);
}
void encode_a_law(std::span<const std::int16_t> samples, std::span<std::byte> out) noexcept {
  encode_all<a_unused_bits>(a_codes, samples, out);
}
void decode_a_law(std::span<const std::byte> codes, std::span<std::int16_t> out) noexcept {
  decode_all(a_samples, codes, out);
}

namespace detail {

encoder_result make_g711_encoder(g711_law law) {
  if (law == g711_law::mu) return std::make_unique<g711_encoder<g711_law::mu>>();
  return std::make_unique<g711_encoder<g711_law::a>>();
}

decoder_result make_g711_decoder(g711_law law) {
  if (law == g711_law::mu) return std::make_unique<g711_decoder<g711_law::mu>>();
  return std::make_unique<g711_decoder<g711_law::a>>();
}

}  // namespace detail
}  // namespace parley::media
