#include <parley/media/level.hpp>
#include <parley/media/tone_generator.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace parley::media {
namespace {

constexpr std::array<float, 4> rows{697, 770, 852, 941};
constexpr std::array<float, 4> columns{1209, 1336, 1477, 1633};
constexpr std::string_view digits = "123A456B789C*0#D";
constexpr std::uint32_t fade_rate = 200;  // a second has so many fades: 5 ms

bool is_silent(const tone_segment& s) noexcept { return s.count == 0; }

}  // namespace

tone continuous_tone(float frequency, float level) noexcept {
  tone made;
  made.count = 1;
  made.segments[0].count = 1;
  made.segments[0].components[0] = {frequency, level};
  return made;
}

std::optional<tone> dtmf_tone(char digit, const dtmf_options& options) noexcept {
  const char upper = digit >= 'a' && digit <= 'd' ? static_cast<char>(digit - 'a' + 'A') : digit;
  const std::size_t at = digits.find(upper);
  if (at == std::string_view::npos) return std::nullopt;
  const float above = std::max(options.twist, 0.0F);
  const float below = std::max(-options.twist, 0.0F);
  tone made;
  made.count = options.off_ms != 0 ? 2 : 1;
  tone_segment& on = made.segments[0];
  on.count = 2;
  // The louder of the two has the level.
  on.components[0] = {rows[at / 4], options.level - above};
  on.components[1] = {columns[at % 4], options.level - below};
  on.length_ms = options.on_ms;
  made.segments[1].length_ms = options.off_ms;
  return made;
}

base::result<void> tone_generator::play(const tone& what) noexcept {
  if (what.count == 0 || what.count > tone::max_segments) return errc::bad_tone;
  std::uint64_t length = 0;
  bool ends = true;
  for (std::size_t i = 0; i < what.count; ++i) {
    const tone_segment& s = what.segments[i];
    if (s.count > tone_segment::max_components) return errc::bad_tone;
    for (std::size_t c = 0; c < s.count; ++c) {
      const float frequency = s.components[c].frequency;
      if (!(frequency > 0 && frequency < static_cast<float>(rate_) / 2)) return errc::bad_tone;
      if (!(s.components[c].level <= 3.14F)) return errc::bad_tone;
    }
    length += std::uint64_t{s.length_ms} * rate_ / 1000;
    ends = ends && s.length_ms != 0;
  }
  if (what.repeats && ends && length == 0) return errc::bad_tone;
  was_silent_ = !playing_ || is_silent(tone_.segments[segment_]);
  tone_ = what;
  playing_ = true;
  segment_ = 0;
  begin_segment();
  return {};
}

void tone_generator::begin_segment() noexcept {
  const tone_segment& s = tone_.segments[segment_];
  position_ = 0;
  length_ = std::uint64_t{s.length_ms} * rate_ / 1000;
  for (std::size_t c = 0; c < s.count; ++c) {
    const double turns = static_cast<double>(s.components[c].frequency) / rate_;
    step_[c] = static_cast<std::uint32_t>(std::llround(turns * 4294967296.0));
    amplitude_[c] = static_cast<float>(sine_amplitude(static_cast<double>(s.components[c].level)));
  }
  const bool last = segment_ + 1U == tone_.count;
  const std::size_t next = last ? 0 : segment_ + 1;
  fades_ = (last && !tone_.repeats) || is_silent(tone_.segments[next]);
}

/// False where nothing follows.
bool tone_generator::next_segment() noexcept {
  was_silent_ = is_silent(tone_.segments[segment_]);
  if (++segment_ == tone_.count) {
    segment_ = 0;
    if (!tone_.repeats) {
      playing_ = false;
      return false;
    }
  }
  begin_segment();
  return true;
}

float tone_generator::envelope() const noexcept {
  const std::uint64_t fade = rate_ / fade_rate;
  const auto raised = [fade](std::uint64_t at) {
    return 0.5F - 0.5F * std::cos(std::numbers::pi_v<float> * (static_cast<float>(at) + 0.5F) /
                                  static_cast<float>(fade));
  };
  float gain = 1;
  if (was_silent_ && position_ < fade) gain = raised(position_);
  if (fades_ && length_ != 0 && length_ - position_ <= fade) gain *= raised(length_ - position_ - 1);
  return gain;
}

std::size_t tone_generator::generate(std::span<std::int16_t> out) noexcept {
  constexpr float turn = 2 * std::numbers::pi_v<float> / 4294967296.0F;
  std::size_t done = 0;
  while (playing_ && done < out.size()) {
    const tone_segment& s = tone_.segments[segment_];
    if (s.length_ms != 0 && position_ >= length_) {
      next_segment();
      continue;
    }
    float value = 0;
    for (std::size_t c = 0; c < s.count; ++c) {
      value += amplitude_[c] * std::sin(static_cast<float>(static_cast<std::int32_t>(phase_[c])) * turn);
      phase_[c] += step_[c];
    }
    if (s.count != 0) value *= envelope();
    out[done++] = static_cast<std::int16_t>(std::lround(std::clamp(value, -32768.0F, 32767.0F)));
    ++position_;
  }
  // What ends with the span has ended, not what would end with the next.
  if (playing_ && tone_.segments[segment_].length_ms != 0 && position_ >= length_) next_segment();
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(done), out.end(), std::int16_t{0});
  return done;
}

}  // namespace parley::media
