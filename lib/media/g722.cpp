#include "media/detail/codecs.hpp"

#include <memory>
#include <spandsp.h>

// RFC 3551 4.5.2: a byte holds two samples at 16 kHz; 64 kbit/s only, as RTP has no other.

namespace parley::media::detail {
namespace {

constexpr int bit_rate = 64000;

struct encoder_deleter {
  void operator()(g722_encode_state_t* state) const noexcept { g722_encode_free(state); }
};
struct decoder_deleter {
  void operator()(g722_decode_state_t* state) const noexcept { g722_decode_free(state); }
};
using encoder_state = std::unique_ptr<g722_encode_state_t, encoder_deleter>;
using decoder_state = std::unique_ptr<g722_decode_state_t, decoder_deleter>;

class g722_encoder final : public audio_encoder {
 public:
  explicit g722_encoder(encoder_state state) noexcept : state_(std::move(state)) {}

  pcm_format input() const noexcept override { return {16000, 1}; }
  bool accepts(std::size_t length) const noexcept override {
    return length != 0 && length % 2 == 0 && length <= max_length;
  }
  std::size_t max_payload(std::size_t length) const noexcept override { return length / 2; }

  base::result<std::size_t> encode(std::span<const std::int16_t> samples, std::span<std::byte> out) override {
    if (!accepts(samples.size())) return errc::bad_frame_length;
    if (out.size() < samples.size() / 2) return errc::no_space;
    const int written = g722_encode(state_.get(), reinterpret_cast<std::uint8_t*>(out.data()), samples.data(),
                                    static_cast<int>(samples.size()));
    return static_cast<std::size_t>(written);
  }

  void reset() noexcept override { g722_encode_init(state_.get(), bit_rate, 0); }

 private:
  /// More than a packet holds, and less than what an int counts.
  static constexpr std::size_t max_length = std::size_t{1} << 20U;

  encoder_state state_;
};

class g722_decoder final : public audio_decoder {
 public:
  explicit g722_decoder(decoder_state state) noexcept : state_(std::move(state)) {}

  pcm_format output() const noexcept override { return {16000, 1}; }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    if (payload.size() > max_payload) return errc::bad_payload;
    return payload.size() * 2;
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    const auto length = samples_of(payload);
    if (!length) return length.error();
    if (out.size() < *length) return errc::no_space;
    const int written =
        g722_decode(state_.get(), out.data(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                    static_cast<int>(payload.size()));
    return out.first(static_cast<std::size_t>(written));
  }

  void reset() noexcept override { g722_decode_init(state_.get(), bit_rate, 0); }

 private:
  static constexpr std::size_t max_payload = 65535;

  decoder_state state_;
};

}  // namespace

encoder_result make_g722_encoder() {
  encoder_state state(g722_encode_init(nullptr, bit_rate, 0));
  if (!state) return errc::codec_failed;
  return std::make_unique<g722_encoder>(std::move(state));
}

decoder_result make_g722_decoder() {
  decoder_state state(g722_decode_init(nullptr, bit_rate, 0));
  if (!state) return errc::codec_failed;
  return std::make_unique<g722_decoder>(std::move(state));
}

}  // namespace parley::media::detail
