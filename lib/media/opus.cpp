#include <parley/sdp/codec_parameters.hpp>

#include "media/detail/codecs.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <opus/opus.h>

namespace parley::media::detail {
namespace {

/// RFC 6716 3.2.1: what a frame takes at most. A payload of several frames takes as much for each, and up to
/// two bytes for its length.
constexpr std::size_t max_frame_bytes = 1275;

struct encoder_deleter {
  void operator()(OpusEncoder* state) const noexcept { opus_encoder_destroy(state); }
};
struct decoder_deleter {
  void operator()(OpusDecoder* state) const noexcept { opus_decoder_destroy(state); }
};
using encoder_state = std::unique_ptr<OpusEncoder, encoder_deleter>;
using decoder_state = std::unique_ptr<OpusDecoder, decoder_deleter>;

/// What of the spectrum a receiver that plays at `rate` can hear (RFC 7587 6.1, RFC 6716 2).
int bandwidth_for(std::uint32_t rate) noexcept {
  if (rate < 12000) return OPUS_BANDWIDTH_NARROWBAND;
  if (rate < 16000) return OPUS_BANDWIDTH_MEDIUMBAND;
  if (rate < 24000) return OPUS_BANDWIDTH_WIDEBAND;
  return rate < 48000 ? OPUS_BANDWIDTH_SUPERWIDEBAND : OPUS_BANDWIDTH_FULLBAND;
}

int application_of(opus_application application) noexcept {
  switch (application) {
    case opus_application::audio: return OPUS_APPLICATION_AUDIO;
    case opus_application::low_delay: return OPUS_APPLICATION_RESTRICTED_LOWDELAY;
    case opus_application::voip: break;
  }
  return OPUS_APPLICATION_VOIP;
}

const auto* raw(std::span<const std::byte> payload) noexcept {
  return reinterpret_cast<const unsigned char*>(payload.data());
}

class opus_encoder final : public audio_encoder {
 public:
  opus_encoder(encoder_state state, pcm_format format, const sdp::opus_parameters& peer, bool dtx) noexcept
      : state_(std::move(state)), format_(format), peer_(peer), dtx_(dtx) {}

  pcm_format input() const noexcept override { return format_; }

  bool accepts(std::size_t length) const noexcept override {
    // RFC 6716 2.1.4: 2.5, 5, 10, 20, 40 and 60 ms, here in units of 2.5 ms.
    const std::size_t unit = format_.rate / 400;
    if (length % unit != 0) return false;
    const std::size_t units = length / unit;
    constexpr std::array<std::size_t, 6> frames = {1, 2, 4, 8, 16, 24};
    if (std::find(frames.begin(), frames.end(), units) == frames.end()) return false;
    // RFC 7587 6.1: minptime and maxptime are in milliseconds, rounded up.
    const std::size_t milliseconds = (units * 5 + 1) / 2;
    return milliseconds >= peer_.minptime && milliseconds <= peer_.maxptime;
  }

  std::size_t max_payload(std::size_t length) const noexcept override {
    const std::size_t frames = std::max<std::size_t>(1, (length * 50 + format_.rate - 1) / format_.rate);
    return frames * (max_frame_bytes + 2) + 2;
  }

  base::result<std::size_t> encode(std::span<const std::int16_t> samples, std::span<std::byte> out) override {
    const std::size_t length = samples.size() / format_.channels;
    if (samples.size() % format_.channels != 0 || !accepts(length)) return errc::bad_frame_length;
    // The encoder would make its payload as small as the space is, and leave out what isn't heard first; less
    // than this is somebody's mistake.
    constexpr std::size_t least = 64;
    if (out.size() < least) return errc::no_space;
    const auto room = std::min(out.size(), max_payload(length));
    const auto written = opus_encode(state_.get(), samples.data(), static_cast<int>(length),
                                     reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(room));
    if (written < 0) return errc::codec_failed;
    // With DTX on, a payload of up to two bytes says that nothing need be sent.
    if (dtx_ && written <= 2) return std::size_t{0};
    return static_cast<std::size_t>(written);
  }

  void expect_loss(unsigned percent) noexcept override {
    opus_encoder_ctl(state_.get(), OPUS_SET_PACKET_LOSS_PERC(static_cast<int>(std::min(percent, 100U))));
  }

  void set_bit_rate(std::uint32_t bits_per_second) noexcept override {
    const std::uint32_t limit = std::min(peer_.maxaveragebitrate.value_or(510000), 510000U);
    const auto rate = static_cast<int>(std::clamp(bits_per_second, 500U, std::max(limit, 500U)));
    opus_encoder_ctl(state_.get(), OPUS_SET_BITRATE(rate));
  }

  void reset() noexcept override { opus_encoder_ctl(state_.get(), OPUS_RESET_STATE); }

  /// Sets what stays the same while the encoder lives. False where the library refuses.
  bool configure(const encoder_options& options) noexcept {
    OpusEncoder* const e = state_.get();
    const int bandwidth = bandwidth_for(std::min(options.max_playback_rate, peer_.maxplaybackrate));
    bool fine = opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(std::min<int>(options.complexity, 10))) == OPUS_OK;
    fine = fine && opus_encoder_ctl(e, OPUS_SET_MAX_BANDWIDTH(bandwidth)) == OPUS_OK;
    fine = fine && opus_encoder_ctl(e, OPUS_SET_VBR(peer_.cbr ? 0 : 1)) == OPUS_OK;
    fine = fine &&
           opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(options.fec && peer_.useinbandfec ? 1 : 0)) == OPUS_OK;
    fine = fine && opus_encoder_ctl(e, OPUS_SET_DTX(dtx_ ? 1 : 0)) == OPUS_OK;
    if (format_.channels == 2 && !peer_.stereo) {
      fine = fine && opus_encoder_ctl(e, OPUS_SET_FORCE_CHANNELS(1)) == OPUS_OK;
    }
    expect_loss(options.expected_loss);
    // Without a rate of its own the encoder keeps libopus's choice, unless the peer wants less than anything.
    if (options.bit_rate || peer_.maxaveragebitrate) {
      set_bit_rate(options.bit_rate.value_or(default_bit_rate()));
    }
    return fine;
  }

 private:
  /// What libopus would choose for frames of 20 ms.
  std::uint32_t default_bit_rate() const noexcept { return 60 * 50 + format_.rate * format_.channels; }

  encoder_state state_;
  pcm_format format_;
  sdp::opus_parameters peer_;
  bool dtx_;
};

/// Whether a packet holds its predecessor once more. RFC 6716 4.2.3 and 4.2.4: in the modes with SILK, a
/// frame begins with a bit of voice activity for each 20 ms and one for redundancy, then the same for the
/// side channel; their probabilities are even, so that they stand in the first byte as they are.
bool has_redundancy(std::span<const std::byte> payload) noexcept {
  const auto toc = std::to_integer<unsigned>(payload[0]);
  const unsigned mode = toc >> 3U;
  if (mode >= 16) return false;
  const unsigned silk_frames = mode < 12 && mode % 4 == 3 ? 3 : mode < 12 && mode % 4 == 2 ? 2 : 1;
  const bool stereo = (toc & 4U) != 0;

  std::array<const unsigned char*, 48> frames{};
  std::array<opus_int16, 48> sizes{};
  const int count = opus_packet_parse(raw(payload), static_cast<opus_int32>(payload.size()), nullptr,
                                      frames.data(), sizes.data(), nullptr);
  if (count <= 0 || sizes[0] == 0) return false;
  const unsigned first = *frames[0];
  const unsigned mid = first >> (7 - silk_frames) & 1U;
  const unsigned side = stereo ? first >> (6 - 2 * silk_frames) & 1U : 0U;
  return (mid | side) != 0;
}

class opus_decoder final : public audio_decoder {
 public:
  opus_decoder(decoder_state state, pcm_format format) noexcept : state_(std::move(state)), format_(format) {}

  pcm_format output() const noexcept override { return format_; }

  base::result<std::size_t> samples_of(std::span<const std::byte> payload) const noexcept override {
    if (payload.empty() || payload.size() > max_payload_bytes) return errc::bad_payload;
    const int samples = opus_packet_get_nb_samples(raw(payload), static_cast<opus_int32>(payload.size()),
                                                   static_cast<opus_int32>(format_.rate));
    if (samples <= 0) return errc::bad_payload;
    return static_cast<std::size_t>(samples);
  }

  base::result<std::span<std::int16_t>> decode(std::span<const std::byte> payload,
                                               std::span<std::int16_t> out) override {
    const auto length = samples_of(payload);
    if (!length) return length.error();
    const std::size_t count = *length * format_.channels;
    if (out.size() < count) return errc::no_space;
    const int written = opus_decode(state_.get(), raw(payload), static_cast<opus_int32>(payload.size()),
                                    out.data(), static_cast<int>(*length), 0);
    if (written < 0 || static_cast<std::size_t>(written) != *length) return errc::bad_payload;
    return out.first(count);
  }

  base::result<void> conceal(std::span<std::int16_t> out) override {
    // libopus conceals up to 120 ms at once, and any number of them.
    const std::size_t most = std::size_t{format_.rate} / 400 * 48 * format_.channels;
    if (!whole_units(out)) return errc::not_concealed;
    while (!out.empty()) {
      const auto part = out.first(std::min(out.size(), most));
      const int length = static_cast<int>(part.size() / format_.channels);
      if (opus_decode(state_.get(), nullptr, 0, part.data(), length, 0) != length) return errc::not_concealed;
      out = out.subspan(part.size());
    }
    return {};
  }

  base::result<void> recover(std::span<const std::byte> next_payload, std::span<std::int16_t> out) override {
    if (const auto length = samples_of(next_payload); !length) return length.error();
    if (!has_redundancy(next_payload) || !whole_units(out)) return errc::not_concealed;
    const int length = static_cast<int>(out.size() / format_.channels);
    const int written = opus_decode(state_.get(), raw(next_payload),
                                    static_cast<opus_int32>(next_payload.size()), out.data(), length, 1);
    if (written != length) return errc::bad_payload;
    return {};
  }

  void reset() noexcept override { opus_decoder_ctl(state_.get(), OPUS_RESET_STATE); }

 private:
  static constexpr std::size_t max_payload_bytes = 65535;

  /// Gaps are filled in steps of 2.5 ms; longer ones than a second are not concealed by anybody.
  bool whole_units(std::span<const std::int16_t> out) const noexcept {
    const std::size_t unit = std::size_t{format_.rate} / 400 * format_.channels;
    return !out.empty() && out.size() % unit == 0 && out.size() <= unit * 400;
  }

  decoder_state state_;
  pcm_format format_;
};

}  // namespace

encoder_result make_opus_encoder(const audio_format& format, const encoder_options& options) {
  const auto peer = sdp::opus_parameters::read(format.fmtp);
  if (!peer) return errc::bad_parameters;
  int error = OPUS_OK;
  encoder_state state(opus_encoder_create(static_cast<opus_int32>(format.sample_rate), format.channels,
                                          application_of(options.application), &error));
  if (!state || error != OPUS_OK) return errc::codec_failed;
  auto encoder =
      std::make_unique<opus_encoder>(std::move(state), format.pcm(), *peer, options.dtx && peer->usedtx);
  if (!encoder->configure(options)) return errc::codec_failed;
  return encoder;
}

decoder_result make_opus_decoder(const audio_format& format) {
  int error = OPUS_OK;
  decoder_state state(
      opus_decoder_create(static_cast<opus_int32>(format.sample_rate), format.channels, &error));
  if (!state || error != OPUS_OK) return errc::codec_failed;
  return std::make_unique<opus_decoder>(std::move(state), format.pcm());
}

}  // namespace parley::media::detail
