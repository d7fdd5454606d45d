// What a frame of 20 ms costs in a transcoder between Opus and G.711, each way, beside the codecs' own cost:
// libopus called directly, at the 8 kHz that a transcoder chooses at best, and the tables of G.711. Both work
// on the same payloads in the same run, by turns; medians of the rounds.
//
// transcode [ROUNDS]     101 without; fails where a transcoder costs more than 1.05 of the codecs
#include <parley/media/g711.hpp>
#include <parley/media/transcoder.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <opus/opus.h>
#include <span>
#include <vector>

namespace {

using namespace parley;

constexpr std::size_t frames = 500;  // of a round: ten seconds of sound, which every round repeats
constexpr std::size_t narrow = 160;  // samples of a frame at 8 kHz
constexpr double target = 1.05;

using payload = std::vector<std::byte>;

void check(bool good) {
  if (good) return;
  std::fputs("a frame was refused\n", stderr);
  std::exit(1);
}

double microseconds() { return static_cast<double>(std::clock()) * 1e6 / CLOCKS_PER_SEC; }

double median(std::vector<double> of) {
  const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

/// A voice of a kind: a pitch that moves, with its harmonics, a little noise, and pauses.
std::vector<std::int16_t> voice(std::size_t rate) {
  std::vector<std::int16_t> sound(frames * rate / 50);
  std::uint32_t seed = 1;
  double phase = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(rate);
    phase += 6.283185307 * (120 + 30 * std::sin(2.1 * t)) / static_cast<double>(rate);
    double value = 0;
    for (int h = 1; h < 20; ++h) value += std::sin(phase * h) / h;
    seed = seed * 1664525U + 1013904223U;
    const double noise = static_cast<double>(seed >> 8U) / (1U << 24U) - 0.5;
    const double loudness = std::sin(3 * t) > -0.5 ? 4000 : 20;
    sound[i] = static_cast<std::int16_t>(loudness * (value + 0.3 * noise));
  }
  return sound;
}

struct encoder_deleter {
  void operator()(OpusEncoder* state) const noexcept { opus_encoder_destroy(state); }
};
struct decoder_deleter {
  void operator()(OpusDecoder* state) const noexcept { opus_decoder_destroy(state); }
};
using opus_encoder = std::unique_ptr<OpusEncoder, encoder_deleter>;
using opus_decoder = std::unique_ptr<OpusDecoder, decoder_deleter>;

/// As an endpoint sends it, from sound of 48 kHz.
std::vector<payload> opus_payloads() {
  const auto sound = voice(48000);
  const auto encoder = *media::make_encoder({"opus", 48000, 48000, 1, {}}, {.bit_rate = 24000});
  std::vector<payload> made;
  for (std::size_t f = 0; f < frames; ++f) {
    payload& each = made.emplace_back(encoder->max_payload(960));
    const auto size = encoder->encode(std::span(sound).subspan(f * 960, 960), each);
    check(size.has_value());
    each.resize(*size);
  }
  return made;
}

std::vector<payload> mu_law_payloads() {
  const auto sound = voice(8000);
  std::vector<payload> made(frames, payload(narrow));
  for (std::size_t f = 0; f < frames; ++f) {
    media::encode_mu_law(std::span(sound).subspan(f * narrow, narrow), made[f]);
  }
  return made;
}

/// Whatever is made of payloads is looked at, so that it is made.
unsigned checksum = 0;

class by_transcoder {
 public:
  by_transcoder(const media::audio_format& from, const media::audio_format& to)
      : machine_(*media::transcoder::create(from, to)),
        step_(from.clock_rate / 50),
        out_(machine_.max_payload()) {}

  void operator()(std::span<const std::byte> in) {
    check(machine_.handle_payload(in, timestamp_, false).has_value());
    timestamp_ += step_;
    const auto made = machine_.poll_transmit(out_);
    check(made.has_value());
    checksum += std::to_integer<unsigned>(out_[made->size / 2]);
  }

 private:
  media::transcoder machine_;
  std::uint32_t step_;
  std::uint32_t timestamp_ = 0;
  std::vector<std::byte> out_;
};

class opus_to_mu_law {
 public:
  opus_to_mu_law() {
    int error = OPUS_OK;
    state_.reset(opus_decoder_create(8000, 1, &error));
    check(error == OPUS_OK);
  }

  void operator()(std::span<const std::byte> in) {
    const int made =
        opus_decode(state_.get(), reinterpret_cast<const unsigned char*>(in.data()),
                    static_cast<opus_int32>(in.size()), samples_.data(), static_cast<int>(narrow), 0);
    check(made == static_cast<int>(narrow));
    media::encode_mu_law(samples_, out_);
    checksum += std::to_integer<unsigned>(out_[narrow / 2]);
  }

 private:
  opus_decoder state_;
  std::array<std::int16_t, narrow> samples_{};
  std::array<std::byte, narrow> out_{};
};

/// With the settings that `encoder_options` has without being asked.
class mu_law_to_opus {
 public:
  mu_law_to_opus() {
    int error = OPUS_OK;
    state_.reset(opus_encoder_create(8000, 1, OPUS_APPLICATION_VOIP, &error));
    check(error == OPUS_OK);
    check(opus_encoder_ctl(state_.get(), OPUS_SET_COMPLEXITY(media::encoder_options{}.complexity)) ==
          OPUS_OK);
  }

  void operator()(std::span<const std::byte> in) {
    media::decode_mu_law(in, samples_);
    const int made =
        opus_encode(state_.get(), samples_.data(), static_cast<int>(narrow),
                    reinterpret_cast<unsigned char*>(out_.data()), static_cast<opus_int32>(out_.size()));
    check(made > 0);
    checksum += std::to_integer<unsigned>(out_[static_cast<std::size_t>(made) / 2]);
  }

 private:
  opus_encoder state_;
  std::array<std::int16_t, narrow> samples_{};
  std::array<std::byte, 1279> out_{};
};

template <class Way>
double round_of(Way& way, const std::vector<payload>& payloads) {
  const double begin = microseconds();
  for (const payload& each : payloads) way(each);
  return (microseconds() - begin) / frames;
}

/// Whether the transcoder keeps to the target.
template <class Direct>
bool compare(const char* what, std::size_t rounds, const std::vector<payload>& payloads, by_transcoder ours,
             Direct direct) {
  std::vector<double> own;
  std::vector<double> of_codecs;
  std::vector<double> ratios;
  round_of(ours, payloads);
  round_of(direct, payloads);
  for (std::size_t r = 0; r < rounds; ++r) {
    // Who begins changes, as what comes second finds the processor warm.
    if (r % 2 == 0) own.push_back(round_of(ours, payloads));
    of_codecs.push_back(round_of(direct, payloads));
    if (r % 2 != 0) own.push_back(round_of(ours, payloads));
    ratios.push_back(own.back() / of_codecs.back());
  }
  const double ratio = median(ratios);
  std::printf("%-13s %8.2f us  %8.2f us  %6.3f, of %.2f at most\n", what, median(own), median(of_codecs),
              ratio, target);
  return ratio <= target;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 101;
  if (rounds == 0) {
    std::fputs("usage: transcode [ROUNDS]\n", stderr);
    return 2;
  }
  const media::audio_format opus{"opus", 48000, 48000, 1, {}};
  const media::audio_format pcmu{"PCMU", 8000, 8000, 1, {}};
  std::puts("CPU a frame   transcoder  codecs alone  ratio");
  bool kept = compare("Opus to PCMU", rounds, opus_payloads(), by_transcoder(opus, pcmu), opus_to_mu_law());
  kept =
      compare("PCMU to Opus", rounds, mu_law_payloads(), by_transcoder(pcmu, opus), mu_law_to_opus()) && kept;
  std::printf("[%u]\n", checksum);
  return kept ? 0 : 1;
}
