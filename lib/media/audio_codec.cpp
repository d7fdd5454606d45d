#include <parley/media/audio_codec.hpp>
#include <parley/sdp/codec_parameters.hpp>

#include "media/detail/codecs.hpp"
#include "media/detail/opus_rates.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace parley::media {
namespace {

bool same_letters(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

enum class codec : std::uint8_t { opus, g722, pcma, pcmu, gsm, l16 };

struct known_codec {
  codec id;
  std::string_view name;
  std::uint32_t clock_rate;  ///< 0 for any that is the sound's, too
};

/// Those that are built in.
constexpr std::array codecs = {
#ifdef PARLEY_WITH_OPUS
    known_codec{codec::opus, "opus", 48000},
#endif
#ifdef PARLEY_WITH_SPANDSP
    known_codec{codec::g722, "G722", 8000},
#endif
    known_codec{codec::pcma, "PCMA", 8000},  known_codec{codec::pcmu, "PCMU", 8000},
#ifdef PARLEY_WITH_GSM
    known_codec{codec::gsm, "GSM", 8000},
#endif
    known_codec{codec::l16, "L16", 0},
};

constexpr bool known_rate(std::uint32_t rate) noexcept {
  constexpr std::array<std::uint32_t, 10> rates = {8000,  11025, 12000, 16000, 22050,
                                                   24000, 32000, 44100, 48000, 96000};
  return std::find(rates.begin(), rates.end(), rate) != rates.end();
}

/// Whether the sound on this side can be that of the codec.
bool sound_fits(codec id, const audio_format& format) noexcept {
  switch (id) {
    case codec::opus:
      return (format.channels == 1 || format.channels == 2) && detail::is_opus_rate(format.sample_rate);
    case codec::g722: return format.channels == 1 && format.sample_rate == 16000;
    case codec::pcma:
    case codec::pcmu:
    case codec::gsm: return format.channels == 1 && format.sample_rate == 8000;
    case codec::l16:
      return (format.channels == 1 || format.channels == 2) && format.sample_rate == format.clock_rate &&
             known_rate(format.sample_rate);
  }
  return false;
}

std::optional<codec> find_codec(std::string_view name, std::uint32_t clock_rate) noexcept {
  for (const known_codec& k : codecs) {
    if (same_letters(k.name, name) && (k.clock_rate == 0 || k.clock_rate == clock_rate)) return k.id;
  }
  return std::nullopt;
}

std::optional<codec> find_codec(const audio_format& format) noexcept {
  const auto id = find_codec(format.name, format.clock_rate);
  if (!id || !sound_fits(*id, format)) return std::nullopt;
  return id;
}

}  // namespace

audio_encoder::~audio_encoder() = default;
void audio_encoder::expect_loss(unsigned) noexcept {}
void audio_encoder::set_bit_rate(std::uint32_t) noexcept {}

audio_decoder::~audio_decoder() = default;
base::result<void> audio_decoder::conceal(std::span<std::int16_t>) { return errc::not_concealed; }
base::result<void> audio_decoder::recover(std::span<const std::byte>, std::span<std::int16_t>) {
  return errc::not_concealed;
}

bool audio_format::is(std::string_view encoding) const noexcept { return same_letters(name, encoding); }

sdp::rtpmap audio_format::rtpmap(std::uint8_t payload_type) const {
  // RFC 7587 7: the number of channels is 2 in any case; fmtp tells what is meant.
  return {payload_type, name, clock_rate, is("opus") ? std::uint16_t{2} : channels};
}

std::vector<audio_format> known_audio_formats() {
  std::vector<audio_format> formats;
  for (const known_codec& k : codecs) {
    switch (k.id) {
      case codec::opus: formats.push_back({"opus", 48000, 48000, 1, "minptime=10;useinbandfec=1"}); break;
      case codec::g722: formats.push_back({"G722", 8000, 16000, 1, {}}); break;
      case codec::pcma:
      case codec::pcmu:
      case codec::gsm: formats.push_back({std::string(k.name), 8000, 8000, 1, {}}); break;
      case codec::l16:
        for (const std::uint32_t rate : {48000U, 44100U, 16000U, 8000U}) {
          formats.push_back({"L16", rate, rate, 1, {}});
        }
        formats.push_back({"L16", 44100, 44100, 2, {}});
        break;
    }
  }
  return formats;
}

base::result<audio_format> audio_format_of(const sdp::rtp_format& format) {
  const auto id = find_codec(format.codec.encoding, format.codec.clock_rate);
  if (!id) return errc::unknown_codec;
  audio_format found{format.codec.encoding, format.codec.clock_rate, format.codec.clock_rate,
                     format.codec.channels, format.parameters};
  if (*id == codec::g722) found.sample_rate = 16000;
  if (*id == codec::opus) {
    if (format.codec.channels != 2) return errc::unknown_codec;  // RFC 7587 7
    const auto parameters = sdp::opus_parameters::read(format.parameters);
    if (!parameters) return errc::bad_parameters;
    found.channels = parameters->stereo ? 2 : 1;
  }
  if (!sound_fits(*id, found)) return errc::unknown_codec;
  return found;
}

base::result<std::unique_ptr<audio_encoder>> make_encoder(const audio_format& format,
                                                          const encoder_options& options) {
  static_cast<void>(options);
  const auto id = find_codec(format);
  if (!id) return errc::unknown_codec;
  switch (*id) {
#ifdef PARLEY_WITH_OPUS
    case codec::opus: return detail::make_opus_encoder(format, options);
#endif
#ifdef PARLEY_WITH_SPANDSP
    case codec::g722: return detail::make_g722_encoder();
#endif
#ifdef PARLEY_WITH_GSM
    case codec::gsm: return detail::make_gsm_encoder();
#endif
    case codec::pcma: return detail::make_g711_encoder(detail::g711_law::a);
    case codec::pcmu: return detail::make_g711_encoder(detail::g711_law::mu);
    case codec::l16: return detail::make_l16_encoder(format.pcm());
    default: return errc::unknown_codec;
  }
}

base::result<std::unique_ptr<audio_decoder>> make_decoder(const audio_format& format) {
  const auto id = find_codec(format);
  if (!id) return errc::unknown_codec;
  switch (*id) {
#ifdef PARLEY_WITH_OPUS
    case codec::opus: return detail::make_opus_decoder(format);
#endif
#ifdef PARLEY_WITH_SPANDSP
    case codec::g722: return detail::make_g722_decoder();
#endif
#ifdef PARLEY_WITH_GSM
    case codec::gsm: return detail::make_gsm_decoder();
#endif
    case codec::pcma: return detail::make_g711_decoder(detail::g711_law::a);
    case codec::pcmu: return detail::make_g711_decoder(detail::g711_law::mu);
    case codec::l16: return detail::make_l16_decoder(format.pcm());
    default: return errc::unknown_codec;
  }
}

}  // namespace parley::media
