#include "media/detail/codecs.hpp"

#include <algorithm>
#include <array>
#include <gsm.h>
#include <memory>
#include <type_traits>

// RFC 3551 4.5.8: frames of 160 samples in 33 bytes, any number of them in a payload, each beginning with the
// four bits 0xD.

namespace parley::media::detail {
namespace {

constexpr std::size_t frame_samples = 160;
constexpr std::size_t frame_bytes = 33;
static_assert(sizeof(gsm_frame) == frame_bytes);

struct state_deleter {
  void operator()(gsm state) const noexcept { gsm_destroy(state); }
};
using gsm_state = std::unique_ptr<std::remove_pointer_t<gsm>, state_deleter>;

/// A state that can be put back only by making it anew; where there is no memory for that the old one goes
/// on, and the difference is gone after some frames.
class coder_state {
 public:
  explicit coder_state(gsm_state state) noexcept : state_(std::move(state)) {}

  gsm use() noexcept {
    used_ = true;
    return state_.get();
  }

  void reset() noexcept {
    if (!used_) return;
    gsm_state fresh{gsm_create()};
    if (!fresh) return;
    state_ = std::move(fresh);
    used_ = false;
  }

 private:
  gsm_state state_;
  bool used_ = false;
};

class gsm_encoder final : public audio_encoder {
 public:
  explicit gsm_encoder(gsm_state state) noexcept : state_(std::move(state)) {}

  pcm_format input() const noexcept override { return {8000, 1}; }
  bool accepts(std::size_t length) const noexcept override {
    return length != 0 && length % frame_samples == 0;
  }
  std::size_t max_payload(std::size_t length) const noexcept override {
    return length / frame_samples * frame_bytes;
  }

  base::result<std::size_t> encode(std::span<const std::int16_t> samples, std::span<std::byte> out) override {
    if (!accepts(samples.size())) return errc::bad_frame_length;
    if (out.size() < max_payload(samples.size())) return errc::no_space;
    const std::size_t frames = samples.size() / frame_samples;
    for (std::size_t i = 0; i < frames; ++i) {
      // The library's signature has no const.
      std::array<gsm_signal, frame_samples> frame{};
      std::copy_n(samples.data() + i * frame_samples, frame_samples, frame.data());
      gsm_encode(state_.use(), frame.data(), reinterpret_cast<gsm_byte*>(out.data() + i * frame_bytes));
    }
    return frames * frame_bytes;
  }

  void reset() noexcept override { state_.reset(); }

 private:
  coder_state state_;
};

class gsm_decoder final : public audio_decoder {
 public:
  explicit gsm_decoder(gsm_state state) noexcept : state_(std::move(state)) {}

  pcm_format output() const noexcept override { return {8000, 1}; }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    if (payload.size() % frame_bytes != 0) return errc::bad_payload;
    for (std::size_t i = 0; i < payload.size(); i += frame_bytes) {
      if ((payload[i] >> 4U) != std::byte{0xD}) return errc::bad_payload;
    }
    return payload.size() / frame_bytes * frame_samples;
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    const auto length = samples_of(payload);
    if (!length) return length.error();
    if (out.size() < *length) return errc::no_space;
    for (std::size_t i = 0; i < payload.size() / frame_bytes; ++i) {
      gsm_frame frame{};
      std::transform(payload.data() + i * frame_bytes, payload.data() + (i + 1) * frame_bytes, frame,
                     [](std::byte b) { return std::to_integer<gsm_byte>(b); });
      if (gsm_decode(state_.use(), frame, out.data() + i * frame_samples) != 0) return errc::bad_payload;
    }
    return out.first(*length);
  }

  void reset() noexcept override { state_.reset(); }

 private:
  coder_state state_;
};

}  // namespace

encoder_result make_gsm_encoder() {
  gsm_state state{gsm_create()};
  if (!state) return errc::codec_failed;
  return std::make_unique<gsm_encoder>(std::move(state));
}

decoder_result make_gsm_decoder() {
  gsm_state state{gsm_create()};
  if (!state) return errc::codec_failed;
  return std::make_unique<gsm_decoder>(std::move(state));
}

}  // namespace parley::media::detail
