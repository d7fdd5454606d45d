// What the library makes of sound, between files that other programs have made or will read.
//
//   sound_tool file IN OUT ENCODING [RATE]         a sound file as another one, in its own rate without one
//   sound_tool through IN OUT ENCODING CODEC…      a sound file in payloads of the first codec, transcoded to
//                                                  each of the others, and decoded from the last
//   sound_tool encode CODEC IN OUT                 16-bit samples as one payload, and
//   sound_tool decode CODEC IN OUT                 back
//
// ENCODING is one of u8 s16 s24 s32 float alaw ulaw (WAV) and opus (Ogg), CODEC a name as in rtpmap.
#include <parley/media/audio_codec.hpp>
#include <parley/media/sound_file.hpp>
#include <parley/media/transcoder.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using sound = std::vector<std::int16_t>;

constexpr std::array<std::string_view, 8> encodings{"u8",    "s16",  "s24",  "s32",
                                                    "float", "alaw", "ulaw", "opus"};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "sound_tool: %s\n", what.c_str());
  std::exit(1);
}

/// The value of a result, or the end.
template <class Result>
auto value_of(Result result, const std::string& what) {
  if (!result) give_up(what + ": " + result.error().message());
  return std::move(*result);
}

void check(const base::result<void>& result, const std::string& what) {
  if (!result) give_up(what + ": " + result.error().message());
}

std::vector<std::byte> bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) give_up("cannot read " + path);
  const std::vector<char> all{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(all));
  return {bytes.begin(), bytes.end()};
}

void write_bytes(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) give_up("cannot write " + path);
}

media::sound_encoding encoding_of(std::string_view name) {
  const auto* const at = std::find(encodings.begin(), encodings.end(), name);
  if (at == encodings.end()) give_up("no encoding: " + std::string(name));
  return static_cast<media::sound_encoding>(at - encodings.begin());
}

media::audio_format codec_of(std::string_view name) {
  for (const auto& format : media::known_audio_formats()) {
    if (format.is(name)) return format;
  }
  give_up("no codec: " + std::string(name));
}

struct read_sound {
  sound samples;
  media::pcm_format format;
};

read_sound read_file(const std::string& path, std::optional<media::pcm_format> as) {
  media::memory_store store(bytes_of(path));
  auto reader = value_of(media::sound_file_reader::open(store, as), path);
  read_sound all{{}, reader.format()};
  std::array<std::int16_t, 1920> part{};
  for (;;) {
    const auto got = value_of(reader.read(part), path);
    all.samples.insert(all.samples.end(), got.begin(), got.end());
    if (got.size() < part.size()) return all;
  }
}

void write_file(const std::string& path, std::string_view encoding, const read_sound& all) {
  media::memory_store store;
  auto writer = value_of(media::sound_file_writer::create(store, encoding_of(encoding), all.format), path);
  check(writer.write(all.samples), path);
  check(writer.finish(), path);
  write_bytes(path, store.bytes());
}

struct packet {
  std::uint32_t timestamp;
  std::vector<std::byte> payload;
};

/// Payloads of 20 ms; behind the sound as much silence as codecs and rates delay it together.
std::vector<packet> encode(const media::audio_format& format, sound samples) {
  const auto encoder = value_of(media::make_encoder(format), format.name);
  const std::size_t frame = format.sample_rate / 50;
  samples.resize((samples.size() / frame + 10) * frame);
  std::vector<packet> made;
  for (std::size_t at = 0; at < samples.size(); at += frame) {
    packet each{format.ticks(at), std::vector<std::byte>(encoder->max_payload(frame))};
    each.payload.resize(
        value_of(encoder->encode(std::span(samples).subspan(at, frame), each.payload), format.name));
    made.push_back(std::move(each));
  }
  return made;
}

std::vector<packet> transcode(const media::audio_format& from, const media::audio_format& to,
                              const std::vector<packet>& packets) {
  auto machine = value_of(media::transcoder::create(from, to), from.name + " to " + to.name);
  std::vector<packet> made;
  std::vector<std::byte> out(machine.max_payload());
  for (const packet& each : packets) {
    check(machine.handle_payload(each.payload, each.timestamp, false), from.name);
    while (const auto got = machine.poll_transmit(out)) {
      const auto payload = std::span(out).first(got->size);
      made.push_back({got->timestamp, {payload.begin(), payload.end()}});
    }
  }
  if (machine.counters().decoded != packets.size()) give_up(from.name + ": payloads were not decoded");
  return made;
}

read_sound decode(const media::audio_format& format, const std::vector<packet>& packets) {
  const auto decoder = value_of(media::make_decoder(format), format.name);
  read_sound all{{}, format.pcm()};
  std::vector<std::int16_t> part(std::size_t{format.sample_rate} * format.channels);
  for (const packet& each : packets) {
    if (each.timestamp - packets.front().timestamp != format.ticks(all.samples.size())) {
      give_up(format.name + ": a packet is missing");
    }
    const auto got = value_of(decoder->decode(each.payload, part), format.name);
    all.samples.insert(all.samples.end(), got.begin(), got.end());
  }
  return all;
}

void convert(const std::string& in, const std::string& out, std::string_view encoding,
             std::string_view rate) {
  std::optional<media::pcm_format> as;
  if (!rate.empty()) {
    std::uint32_t hertz = 0;
    std::from_chars(rate.data(), rate.data() + rate.size(), hertz);
    as = media::pcm_format{hertz, 1};
  }
  write_file(out, encoding, read_file(in, as));
}

void go_through(const std::string& in, const std::string& out, std::string_view encoding,
                std::span<char* const> codecs) {
  media::audio_format format = codec_of(codecs.front());
  std::vector<packet> packets = encode(format, read_file(in, format.pcm()).samples);
  for (const char* const name : codecs.subspan(1)) {
    const media::audio_format next = codec_of(name);
    packets = transcode(format, next, packets);
    format = next;
  }
  write_file(out, encoding, decode(format, packets));
}

void encode_raw(std::string_view codec, const std::string& in, const std::string& out) {
  const std::vector<std::byte> bytes = bytes_of(in);
  sound samples(bytes.size() / 2);
  std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
  const auto encoder = value_of(media::make_encoder(codec_of(codec)), "encode");
  std::vector<std::byte> payload(encoder->max_payload(samples.size()));
  payload.resize(value_of(encoder->encode(samples, payload), "encode"));
  write_bytes(out, payload);
}

void decode_raw(std::string_view codec, const std::string& in, const std::string& out) {
  const std::vector<std::byte> payload = bytes_of(in);
  const auto decoder = value_of(media::make_decoder(codec_of(codec)), "decode");
  sound samples(value_of(decoder->samples_of(payload), "decode"));
  value_of(decoder->decode(payload, samples), "decode");
  write_bytes(out, std::as_bytes(std::span(samples)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  const std::string_view what = argc > 1 ? words[1] : "";
  if (what == "file" && (argc == 5 || argc == 6)) {
    convert(words[2], words[3], words[4], argc == 6 ? words[5] : "");
  } else if (what == "through" && argc > 5) {
    go_through(words[2], words[3], words[4], words.subspan(5));
  } else if (what == "encode" && argc == 5) {
    encode_raw(words[2], words[3], words[4]);
  } else if (what == "decode" && argc == 5) {
    decode_raw(words[2], words[3], words[4]);
  } else {
    std::fputs(
        "usage: sound_tool file IN OUT ENCODING [RATE] | through IN OUT ENCODING CODEC... |\n"
        "       encode CODEC IN OUT | decode CODEC IN OUT\n",
        stderr);
    return 2;
  }
  return 0;
}
