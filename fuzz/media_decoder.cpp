// Any payloads, in any order, with gaps between them: each decoder keeps to the sizes that it has told, says
// no in the ways that are documented, and begins anew after `reset`.
//
//   byte 0: the codec; then steps of a byte and an operand byte:
//     0 to 2 (mod 4)  a payload of so many bytes, 64 times as many for 2; it follows
//     3               a gap of so many 2.5 ms, or for odd operands as many samples
#include <parley/media/audio_codec.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace {

using namespace parley;
using media::errc;

void require(bool held) {
  if (!held) std::abort();
}

const std::array formats{
    media::audio_format{"opus", 48000, 48000, 1, {}}, media::audio_format{"opus", 48000, 48000, 2, {}},
    media::audio_format{"opus", 48000, 16000, 1, {}}, media::audio_format{"opus", 48000, 8000, 1, {}},
    media::audio_format{"G722", 8000, 16000, 1, {}},  media::audio_format{"PCMA", 8000, 8000, 1, {}},
    media::audio_format{"PCMU", 8000, 8000, 1, {}},   media::audio_format{"GSM", 8000, 8000, 1, {}},
    media::audio_format{"L16", 44100, 44100, 2, {}},  media::audio_format{"L16", 8000, 8000, 1, {}},
};

using bytes = std::span<const std::byte>;
using sound = std::vector<std::int16_t>;

/// What a payload of that size holds at most, in samples a channel: where the codec has a length of its own,
/// exactly that.
bool believable(const media::audio_format& format, std::size_t size, std::size_t length) {
  if (format.is("opus")) return length > 0 && length <= format.sample_rate / 25 * 3;  // RFC 6716 3.2.5
  if (format.is("G722")) return length == size * 2;
  if (format.is("GSM")) return length == size / 33 * 160;
  if (format.is("L16")) return length == size / (std::size_t{2} * format.channels);
  return length == size;
}

/// The sound of a payload; empty where it has none.
sound decode(media::audio_decoder& decoder, const media::audio_format& format, bytes payload) {
  const auto length = decoder.samples_of(payload);
  if (!length) {
    sound none(64);
    require(length.error() == errc::bad_payload);
    require(decoder.decode(payload, none).error() == errc::bad_payload);
    return {};
  }
  require(believable(format, payload.size(), *length));
  // Of the exact size, so that a sanitizer sees what is written behind it.
  sound out(*length * format.channels);
  if (!out.empty()) {
    sound small(out.size() - 1);
    require(decoder.decode(payload, small).error() == errc::no_space);
  }
  const auto got = decoder.decode(payload, out);
  if (!got) {
    require(got.error() == errc::bad_payload);
    return {};
  }
  require(got->data() == out.data() && got->size() == out.size());
  return out;
}

void fill_gap(media::audio_decoder& decoder, bytes next_payload, std::span<std::int16_t> lost) {
  const auto recovered = decoder.recover(next_payload, lost);
  if (recovered) return;
  require(recovered.error() == errc::not_concealed || recovered.error() == errc::bad_payload);
  const auto concealed = decoder.conceal(lost);
  require(concealed || concealed.error() == errc::not_concealed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bytes rest = std::as_bytes(std::span(data, size));
  const auto& format = formats[std::to_integer<std::size_t>(rest[0]) % formats.size()];
  rest = rest.subspan(1);
  auto made = media::make_decoder(format);
  if (!made) {
    // This build may lack the library.
    require(made.error() == errc::unknown_codec);
    return 0;
  }
  media::audio_decoder& decoder = **made;
  require(decoder.output() == format.pcm());

  bytes first;
  sound at_first;
  std::size_t gap = 0;
  for (int steps = 0; rest.size() >= 2 && steps < 64; ++steps) {
    const auto what = std::to_integer<unsigned>(rest[0]) % 4;
    const auto operand = std::to_integer<std::size_t>(rest[1]);
    rest = rest.subspan(2);
    if (what == 3) {
      gap = operand % 2 == 0 ? operand * format.sample_rate / 400 : operand;
      continue;
    }
    const bytes payload = rest.first(std::min(operand * (what == 2 ? 64 : 1), rest.size()));
    rest = rest.subspan(payload.size());
    if (gap != 0) {
      sound lost(gap * format.channels);
      fill_gap(decoder, payload, lost);
      gap = 0;
    }
    sound got = decode(decoder, format, payload);
    if (steps == 0) {
      first = payload;
      at_first = std::move(got);
    }
  }
  decoder.reset();
  require(decode(decoder, format, first) == at_first || at_first.empty());
  return 0;
}
