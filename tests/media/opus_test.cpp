#include <parley/media/audio_codec.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"
#include "support/spectrum.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace parley;

namespace {

using payload = std::vector<std::byte>;

media::audio_format opus(std::string fmtp, std::uint32_t rate = 48000, std::uint16_t channels = 1) {
  return {"opus", 48000, rate, channels, std::move(fmtp)};
}

/// The sound in payloads of `length` samples a channel.
std::vector<payload> encoded(media::audio_encoder& encoder, std::span<const std::int16_t> sound,
                             std::size_t length) {
  std::vector<payload> out;
  const std::size_t frame = length * encoder.input().channels;
  for (std::size_t at = 0; at + frame <= sound.size(); at += frame) {
    payload bytes(encoder.max_payload(length));
    const auto size = encoder.encode(sound.subspan(at, frame), bytes);
    REQUIRE(size);
    bytes.resize(*size);
    out.push_back(std::move(bytes));
  }
  return out;
}

std::vector<std::int16_t> decoded(media::audio_decoder& decoder, const std::vector<payload>& payloads) {
  std::vector<std::int16_t> out;
  std::vector<std::int16_t> frame(5760 * 2);
  for (const auto& bytes : payloads) {
    const auto sound = decoder.decode(bytes, frame);
    REQUIRE(sound);
    out.insert(out.end(), sound->begin(), sound->end());
  }
  return out;
}

std::size_t bytes_of(const std::vector<payload>& payloads) {
  std::size_t sum = 0;
  for (const auto& p : payloads) sum += p.size();
  return sum;
}

double distance_after_delay(std::span<const std::int16_t> original, std::span<const std::int16_t> heard,
                            std::size_t most) {
  const auto delay = test::delay_between(original.subspan(original.size() / 4, 2000),
                                         heard.subspan(original.size() / 4), most);
  return test::log_spectral_distance(original, heard.subspan(delay));
}

/// Something like a voice: pulses through two resonances, louder and softer like syllables.
std::vector<std::int16_t> voice(std::uint32_t rate, std::size_t length) {
  std::vector<std::int16_t> out(length);
  const auto r = static_cast<double>(rate);
  double a1 = 0, a2 = 0, b1 = 0, b2 = 0, phase = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const double t = static_cast<double>(i) / r;
    phase += (120 + 20 * std::sin(2 * t)) / r;
    const double pulse = phase >= 1 ? 1.0 : 0.0;
    if (phase >= 1) phase -= 1;
    const double f1 = 500 + 200 * std::sin(9 * t);
    const double f2 = 1500 + 500 * std::sin(7 * t);
    const double k1 = std::exp(-std::numbers::pi * 80 / r);
    const double k2 = std::exp(-std::numbers::pi * 120 / r);
    const double y1 = pulse + 2 * k1 * std::cos(2 * std::numbers::pi * f1 / r) * a1 - k1 * k1 * a2;
    a2 = a1;
    a1 = y1;
    const double y2 = pulse + 2 * k2 * std::cos(2 * std::numbers::pi * f2 / r) * b1 - k2 * k2 * b2;
    b2 = b1;
    b1 = y2;
    const double loudness = 0.55 + 0.45 * std::sin(2 * std::numbers::pi * 3 * t);
    out[i] = static_cast<std::int16_t>(std::clamp(loudness * (1500 * y1 + 1000 * y2), -32000.0, 32000.0));
  }
  return out;
}

}  // namespace

TEST_CASE("Opus carries sound at each of its rates", "[media]") {
  for (const std::uint32_t rate : {8000U, 12000U, 16000U, 24000U, 48000U}) {
    for (const std::uint16_t channels : {std::uint16_t{1}, std::uint16_t{2}}) {
      INFO(rate << ", " << channels << " channels");
      auto encoder = media::make_encoder(opus("stereo=1", rate, channels), {.bit_rate = 64000}).value();
      auto decoder = media::make_decoder(opus({}, rate, channels)).value();
      const auto mono = test::sweep(200, 3000, rate, rate);
      std::vector<std::int16_t> sound;
      for (const auto s : mono) {
        sound.push_back(s);
        if (channels == 2) sound.push_back(static_cast<std::int16_t>(-s / 2));
      }
      const auto out = decoded(*decoder, encoded(*encoder, sound, rate / 50));
      REQUIRE(out.size() == sound.size());
      std::vector<std::int16_t> left;
      std::vector<std::int16_t> right;
      for (std::size_t i = 0; i < out.size(); i += channels) {
        left.push_back(out[i]);
        right.push_back(out[i + channels - 1]);
      }
      CHECK(distance_after_delay(mono, left, rate / 50) < 4);
      if (channels == 2) {
        const double ratio = test::energy(right) / test::energy(left);
        CHECK(ratio == Approx(0.25).margin(0.05));
      }
    }
  }
}

TEST_CASE("Opus has frames from 2.5 to 60 ms, as far as the peer takes them", "[media]") {
  const auto lengths = [](const std::string& fmtp) {
    auto encoder = media::make_encoder(opus(fmtp)).value();
    std::set<std::size_t> taken;
    for (std::size_t length = 0; length <= 6000; ++length) {
      if (encoder->accepts(length)) taken.insert(length);
    }
    return taken;
  };
  CHECK(lengths({}) == std::set<std::size_t>{120, 240, 480, 960, 1920, 2880});
  CHECK(lengths("minptime=10") == std::set<std::size_t>{480, 960, 1920, 2880});
  CHECK(lengths("minptime=5;maxptime=20") == std::set<std::size_t>{240, 480, 960});

  auto encoder = media::make_encoder(opus("maxptime=20")).value();
  std::vector<std::byte> bytes(4000);
  CHECK(encoder->encode(std::vector<std::int16_t>(1920), bytes).error() == media::errc::bad_frame_length);
  CHECK(encoder->encode(std::vector<std::int16_t>(960), std::span(bytes).first(20)).error() ==
        media::errc::no_space);
  auto decoder = media::make_decoder(opus({}, 16000)).value();
  for (const std::size_t length : lengths({})) {
    auto any = media::make_encoder(opus({})).value();
    const auto one = encoded(*any, std::vector<std::int16_t>(length, 500), length);
    CHECK(decoder->samples_of(one[0]).value() == length / 3);
  }
}

TEST_CASE("an encoder keeps to the parameters of the peer", "[media]") {
  const auto sound = voice(48000, 96000);
  const auto make = [](const std::string& fmtp, const media::encoder_options& options = {}) {
    return media::make_encoder(opus(fmtp), options).value();
  };

  SECTION("cbr") {
    auto constant = make("cbr=1", {.bit_rate = 24000});
    std::set<std::size_t> sizes;
    for (const auto& p : encoded(*constant, sound, 960)) sizes.insert(p.size());
    CHECK(sizes == std::set<std::size_t>{60});
    auto variable = make({}, {.bit_rate = 24000});
    sizes.clear();
    for (const auto& p : encoded(*variable, sound, 960)) sizes.insert(p.size());
    CHECK(sizes.size() > 5);
  }
  SECTION("maxaveragebitrate") {
    const auto bits = [&](media::audio_encoder& e) { return 8 * bytes_of(encoded(e, sound, 960)) / 2; };
    CHECK(bits(*make("maxaveragebitrate=12000", {.bit_rate = 64000})) < 14000);
    CHECK(bits(*make("maxaveragebitrate=12000")) < 14000);
    CHECK(bits(*make({}, {.bit_rate = 64000})) > 40000);
    auto changed = make("maxaveragebitrate=30000", {.bit_rate = 10000});
    CHECK(bits(*changed) < 12000);
    changed->set_bit_rate(1000000);
    const auto now = bits(*changed);
    CHECK(now > 20000);
    CHECK(now < 34000);
  }
  SECTION("maxplaybackrate") {
    test::seeded_random random(3);
    std::vector<std::int16_t> noise(96000);
    random.fill(std::as_writable_bytes(std::span(noise)));
    for (auto& s : noise) s = static_cast<std::int16_t>(s / 4);
    const auto above = [&](media::audio_encoder& e, std::size_t band) {
      auto decoder = media::make_decoder(opus({})).value();
      const auto out = decoded(*decoder, encoded(e, noise, 960));
      const auto powers = test::band_powers(std::span(out).subspan(48000, 960), 12);  // of 2 kHz
      double high = 0;
      double low = 0;
      for (std::size_t i = 0; i < 12; ++i) (i < band ? low : high) += powers[i];
      return high / low;
    };
    CHECK(above(*make("maxplaybackrate=8000", {.bit_rate = 64000}), 3) < 0.001);
    CHECK(above(*make("maxplaybackrate=16000", {.bit_rate = 64000}), 5) < 0.001);
    CHECK(above(*make({}, {.bit_rate = 64000, .max_playback_rate = 8000}), 3) < 0.001);
    CHECK(above(*make({}, {.bit_rate = 64000}), 5) > 0.1);
  }
  SECTION("stereo") {
    std::vector<std::int16_t> both;
    for (const auto s : sound) {
      both.push_back(s);
      both.push_back(0);
    }
    // The third bit of the first byte says how many channels a packet has (RFC 6716 3.1).
    const auto has_two = [](const payload& p) { return (p[0] & std::byte{4}) != std::byte{0}; };
    auto one = media::make_encoder(opus({}, 48000, 2), {.bit_rate = 64000}).value();
    auto two = media::make_encoder(opus("stereo=1", 48000, 2), {.bit_rate = 64000}).value();
    const auto mono = encoded(*one, both, 960);
    const auto stereo = encoded(*two, both, 960);
    CHECK(std::none_of(mono.begin(), mono.end(), has_two));
    CHECK(std::any_of(stereo.begin(), stereo.end(), has_two));
  }
  SECTION("usedtx") {
    const std::vector<std::int16_t> silence(96000);
    const auto unsent = [&](media::audio_encoder& e) {
      const auto payloads = encoded(e, silence, 960);
      return std::count_if(payloads.begin(), payloads.end(), [](const payload& p) { return p.empty(); });
    };
    CHECK(unsent(*make("usedtx=1", {.bit_rate = 16000})) > 60);
    CHECK(unsent(*make({}, {.bit_rate = 16000})) == 0);
    CHECK(unsent(*make("usedtx=1", {.bit_rate = 16000, .dtx = false})) == 0);
  }
  SECTION("what can't be read") {
    CHECK(media::make_encoder(opus("maxplaybackrate=fast")).error() == media::errc::bad_parameters);
    CHECK(media::audio_format_of({{96, "opus", 48000, 2}, "stereo=maybe", {}}).error() ==
          media::errc::bad_parameters);
    CHECK(media::audio_format_of({{96, "opus", 48000, 2}, "stereo=1", {}}).value().channels == 2);
  }
}

TEST_CASE("a lost packet comes out of the next one where losses are expected", "[media]") {
  const auto sound = voice(16000, 48000);
  const media::encoder_options options{.bit_rate = 24000, .expected_loss = 20};
  auto encoder = media::make_encoder(opus("useinbandfec=1", 16000), options).value();
  const auto payloads = encoded(*encoder, sound, 320);

  auto whole = media::make_decoder(opus({}, 16000)).value();
  const auto perfect = decoded(*whole, payloads);

  // Every fifth packet is lost, and filled in both ways.
  const auto with = [&](bool redundancy) {
    auto decoder = media::make_decoder(opus({}, 16000)).value();
    std::vector<std::int16_t> out;
    std::vector<std::int16_t> frame(320);
    std::size_t recovered = 0;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      if (i % 5 == 3 && i + 1 < payloads.size()) {
        if (redundancy && decoder->recover(payloads[i + 1], frame)) {
          ++recovered;
        } else {
          REQUIRE(decoder->conceal(frame));
        }
      } else {
        REQUIRE(decoder->decode(payloads[i], frame));
      }
      out.insert(out.end(), frame.begin(), frame.end());
    }
    if (redundancy) CHECK(recovered > payloads.size() / 5 / 2);
    return test::signal_to_noise(perfect, out);
  };
  const double recovered = with(true);
  const double concealed = with(false);
  INFO(recovered << " dB, " << concealed << " dB");
  CHECK(recovered > concealed + 3);
}

TEST_CASE("redundancy is there only where both sides want it", "[media]") {
  const auto sound = voice(16000, 32000);
  const auto redundant = [&](const std::string& fmtp, const media::encoder_options& options) {
    auto encoder = media::make_encoder(opus(fmtp, 16000), options).value();
    auto decoder = media::make_decoder(opus({}, 16000)).value();
    std::vector<std::int16_t> frame(320);
    std::size_t count = 0;
    for (const auto& p : encoded(*encoder, sound, 320)) {
      const auto there = decoder->recover(p, frame);
      if (there) ++count;
      if (!there) CHECK(there.error() == media::errc::not_concealed);
    }
    return count;
  };
  CHECK(redundant("useinbandfec=1", {.bit_rate = 24000, .expected_loss = 20}) > 50);
  CHECK(redundant({}, {.bit_rate = 24000, .expected_loss = 20}) == 0);
  CHECK(redundant("useinbandfec=1", {.bit_rate = 24000, .fec = false, .expected_loss = 20}) == 0);
  CHECK(redundant("useinbandfec=1", {.bit_rate = 24000}) == 0);

  auto late = media::make_encoder(opus("useinbandfec=1", 16000), {.bit_rate = 24000}).value();
  late->expect_loss(30);
  auto decoder = media::make_decoder(opus({}, 16000)).value();
  std::vector<std::int16_t> frame(320);
  const auto payloads = encoded(*late, sound, 320);
  CHECK(std::any_of(payloads.begin(), payloads.end(),
                    [&](const payload& p) { return decoder->recover(p, frame).has_value(); }));
}

TEST_CASE("Opus conceals whole steps of 2.5 ms and fades out", "[media]") {
  auto encoder = media::make_encoder(opus({}, 16000)).value();
  auto decoder = media::make_decoder(opus({}, 16000)).value();
  decoded(*decoder, encoded(*encoder, voice(16000, 16000), 320));
  std::vector<std::int16_t> gap(8000);
  REQUIRE(decoder->conceal(gap));
  CHECK(test::energy(std::span(gap).first(320)) > 0);
  CHECK(test::energy(std::span(gap).last(320)) < 0.1 * test::energy(std::span(gap).first(320)));
  CHECK(decoder->conceal(std::span(gap).first(41)).error() == media::errc::not_concealed);
  CHECK(decoder->conceal({}).error() == media::errc::not_concealed);
  CHECK(decoder->recover({}, std::span(gap).first(320)).error() == media::errc::bad_payload);
}
