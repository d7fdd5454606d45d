// What a conference costs: parties that each send and get packets of G.711 with 20 ms, through a jitter
// buffer a party, a mixer, and an encoder a party, on one core. Beside it what decoding and encoding alone
// take.
//
// conference [PARTIES SECONDS]     100 and 60 without them; fails where it takes longer than it lasts
#include <parley/base/packet_buffer.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/jitter_buffer.hpp>
#include <parley/media/mixer.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

namespace {

using namespace parley;

constexpr std::size_t packet_length = 160;
constexpr std::size_t loop = 50;  // packets of sound that each party repeats

using payload = std::array<std::byte, packet_length>;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::uint32_t next_random(std::uint32_t& seed) {
  seed = seed * 1664525U + 1013904223U;
  return seed >> 8U;
}

const media::audio_format pcmu{"PCMU", 8000, 8000, 1, {}};

/// A voice of a kind: harmonics of a pitch, with pauses.
std::vector<payload> sound_of(std::size_t party) {
  const auto encoder = *media::make_encoder(pcmu);
  std::vector<payload> made(loop);
  std::array<std::int16_t, packet_length> samples{};
  const double pitch = 90 + static_cast<double>(party) * 1.7;
  for (std::size_t p = 0; p < loop; ++p) {
    const double loudness = (p + party) % loop < 35 ? 3000 : 20;
    for (std::size_t i = 0; i < packet_length; ++i) {
      const double t = static_cast<double>(p * packet_length + i) / 8000;
      double value = 0;
      for (int h = 1; h < 8; ++h) value += std::sin(6.283185307 * pitch * h * t) / h;
      samples[i] = static_cast<std::int16_t>(loudness * value);
    }
    static_cast<void>(encoder->encode(samples, made[p]));
  }
  return made;
}

struct participant {
  std::vector<payload> sound;
  media::jitter_buffer buffer{{8000, 1}};
  std::unique_ptr<media::audio_encoder> encoder;
  media::mixer::party number = 0;
  std::array<std::int16_t, packet_length> hears{};
};

struct arrival {
  std::uint32_t party;
  std::uint32_t packet;
};

struct outcome {
  double seconds = 0;
  double late_percent = 0;
  double concealed_percent = 0;
  unsigned checksum = 0;
};

outcome confer(std::size_t parties, std::size_t seconds, std::size_t speakers) {
  base::buffer_pool pool;
  media::mixer mixer({8000, 1}, {.max_parties = parties, .max_speakers = speakers});
  std::vector<std::unique_ptr<participant>> all;
  const std::size_t ticks = seconds * 100;
  std::vector<std::vector<arrival>> network(ticks + 10);
  std::uint32_t seed = 1;
  for (std::size_t i = 0; i < parties; ++i) {
    auto& p = *all.emplace_back(std::make_unique<participant>());
    p.sound = sound_of(i);
    p.encoder = *media::make_encoder(pcmu);
    static_cast<void>(p.buffer.add_decoder(0, 8000, *media::make_decoder(pcmu)));
    p.number = *mixer.join();
    // Delays of 0 to 40 ms.
    for (std::uint32_t n = 0; n < ticks / 2; ++n) {
      network[n * 2 + next_random(seed) % 5].push_back({static_cast<std::uint32_t>(i), n});
    }
  }
  std::array<std::int16_t, 80> frame{};
  std::array<std::int16_t, packet_length> common{};
  payload sent{};
  outcome result;
  const auto common_encoder = *media::make_encoder(pcmu);
  const double begin = cpu_seconds();
  base::time_point now{};
  for (std::size_t tick = 0; tick < ticks; ++tick, now += std::chrono::milliseconds(10)) {
    for (const arrival& a : network[tick]) {
      auto copied = pool.copy(all[a.party]->sound[a.packet % loop]);
      static_cast<void>(
          all[a.party]->buffer.insert(now, {a.party, 0, static_cast<std::uint16_t>(a.packet),
                                            a.packet * std::uint32_t{packet_length}, std::move(*copied)}));
    }
    for (auto& p : all) {
      static_cast<void>(p->buffer.pull(now, frame));
      static_cast<void>(mixer.put(p->number, frame));
    }
    mixer.mix();
    const std::size_t half = tick % 2 * 80;
    static_cast<void>(mixer.take_all(std::span(common).subspan(half, 80)));
    for (auto& p : all) static_cast<void>(mixer.take(p->number, std::span(p->hears).subspan(half, 80)));
    if (half == 0) continue;
    static_cast<void>(common_encoder->encode(common, sent));
    for (auto& p : all) {
      static_cast<void>(p->encoder->encode(p->hears, sent));
      result.checksum += std::to_integer<unsigned>(sent[tick % packet_length]);
    }
  }
  result.seconds = cpu_seconds() - begin;
  for (auto& p : all) {
    const auto s = p->buffer.statistics();
    result.late_percent +=
        100.0 * static_cast<double>(s.late) / static_cast<double>(s.received) / static_cast<double>(parties);
    result.concealed_percent += 100.0 * static_cast<double>(s.concealed) / static_cast<double>(s.pulled) /
                                static_cast<double>(parties);
  }
  return result;
}

/// Each packet decoded and each encoded, and nothing else.
outcome codec_alone(std::size_t parties, std::size_t seconds) {
  std::vector<std::vector<payload>> sounds;
  for (std::size_t i = 0; i < parties; ++i) sounds.push_back(sound_of(i));
  const auto decoder = *media::make_decoder(pcmu);
  const auto encoder = *media::make_encoder(pcmu);
  std::array<std::int16_t, packet_length> samples{};
  payload sent{};
  outcome result;
  const double begin = cpu_seconds();
  for (std::size_t n = 0; n < seconds * 50; ++n) {
    for (const auto& sound : sounds) {
      static_cast<void>(decoder->decode(sound[n % loop], samples));
      static_cast<void>(encoder->encode(samples, sent));
      result.checksum += std::to_integer<unsigned>(sent[n % packet_length]);
    }
  }
  result.seconds = cpu_seconds() - begin;
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t parties = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  const std::size_t seconds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 60;
  if (parties == 0 || seconds == 0) {
    std::fputs("usage: conference [PARTIES SECONDS]\n", stderr);
    return 2;
  }
  const outcome everyone = confer(parties, seconds, 0);
  const outcome three = confer(parties, seconds, 3);
  const outcome codec = codec_alone(parties, seconds);
  const auto print = [&](const char* what, const outcome& o) {
    std::printf(
        "%-22s %7.3f s of CPU for %zu s, ratio %.4f, of the codec %.1f; late %.2f %%, concealed %.2f %% "
        "[%u]\n",
        what, o.seconds, seconds, o.seconds / static_cast<double>(seconds), o.seconds / codec.seconds,
        o.late_percent, o.concealed_percent, o.checksum);
  };
  std::printf("%zu parties, G.711 in packets of 20 ms, delays of 0 to 40 ms\n", parties);
  print("all are heard", everyone);
  print("the three loudest are", three);
  print("decode and encode only", codec);
  return everyone.seconds < static_cast<double>(seconds) ? 0 : 1;
}
