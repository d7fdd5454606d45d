#include <parley/media/call_progress.hpp>

#include <algorithm>
#include <array>

namespace parley::media {
namespace {

/// Up to three sines in a cadence of sound and silence by turns, in ms. No cadence: for ever. A carrier that
/// is modulated has its side bands as sines of their own.
struct cadence {
  std::array<std::uint16_t, 3> frequencies;
  std::array<std::uint16_t, 6> lengths{};
};

struct country_tones {
  std::string_view country;
  cadence dial;
  cadence ringback;
  cadence busy;
  cadence congestion;
  cadence call_waiting;
};

constexpr std::array<country_tones, 26> table{{
    {"AT", {{420}}, {{420}, {1000, 5000}}, {{420}, {400, 400}}, {{420}, {200, 200}}, {{420}, {40, 1950}}},
    {"AU",
     {{400, 425, 450}},
     {{400, 425, 450}, {400, 200, 400, 2000}},
     {{425}, {375, 375}},
     {{425}, {375, 375}},
     {{425}, {200, 200, 200, 4400}}},
    {"BE",
     {{425}},
     {{425}, {1000, 3000}},
     {{425}, {500, 500}},
     {{425}, {167, 167}},
     {{1400}, {175, 175, 175, 3500}}},
    {"BR",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {250, 250}},
     {{425}, {250, 250, 750, 250}},
     {{425}, {50, 1000}}},
    {"CA",
     {{350, 440}},
     {{440, 480}, {2000, 4000}},
     {{480, 620}, {500, 500}},
     {{480, 620}, {250, 250}},
     {{440}, {300, 10000}}},
    {"CH",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {500, 500}},
     {{425}, {200, 200}},
     {{425}, {200, 200, 200, 4000}}},
    {"CN", {{450}}, {{450}, {1000, 4000}}, {{450}, {350, 350}}, {{450}, {700, 700}}, {{450}, {400, 4000}}},
    {"CZ",
     {{425}, {330, 330, 660, 660}},
     {{425}, {1000, 4000}},
     {{425}, {330, 330}},
     {{425}, {165, 165}},
     {{425}, {330, 9000}}},
    {"DE",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {480, 480}},
     {{425}, {240, 240}},
     {{425}, {200, 200, 200, 5000}}},
    {"DK",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {500, 500}},
     {{425}, {250, 250}},
     {{425}, {200, 200, 200, 3600}}},
    {"ES",
     {{425}},
     {{425}, {1500, 3000}},
     {{425}, {200, 200}},
     {{425}, {200, 200, 200, 200, 200, 600}},
     {{425}, {175, 175, 175, 3500}}},
    {"FI",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {300, 300}},
     {{425}, {200, 200}},
     {{425}, {150, 150, 150, 8000}}},
    {"FR", {{440}}, {{440}, {1500, 3500}}, {{440}, {500, 500}}, {{440}, {250, 250}}, {{440}, {300, 10000}}},
    {"GB",
     {{350, 440}},
     {{400, 450}, {400, 200, 400, 2000}},
     {{400}, {375, 375}},
     {{400}, {400, 350, 225, 525}},
     {{400}, {100, 4000}}},
    {"GR",
     {{425}, {200, 300, 700, 800}},
     {{425}, {1000, 4000}},
     {{425}, {300, 300}},
     {{425}, {150, 150}},
     {{425}, {150, 150, 150, 8000}}},
    {"HU", {{425}}, {{425}, {1250, 3750}}, {{425}, {300, 300}}, {{425}, {300, 300}}, {{425}, {40, 1960}}},
    {"IN",
     {{375, 400, 425}},
     {{375, 400, 425}, {400, 200, 400, 2000}},
     {{400}, {750, 750}},
     {{400}, {250, 250}},
     {{400}, {200, 100, 200, 7500}}},
    {"IT",
     {{425}, {200, 200, 600, 1000}},
     {{425}, {1000, 4000}},
     {{425}, {500, 500}},
     {{425}, {200, 200}},
     {{425}, {400, 100, 250, 100, 150, 14000}}},
    {"JP",
     {{400}},
     {{384, 416}, {1000, 2000}},
     {{400}, {500, 500}},
     {{400}, {500, 500}},
     {{400}, {50, 450, 50, 3450}}},
    {"NL", {{425}}, {{425}, {1000, 4000}}, {{425}, {500, 500}}, {{425}, {250, 250}}, {{425}, {500, 9500}}},
    {"NO",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {500, 500}},
     {{425}, {200, 200}},
     {{425}, {200, 600, 200, 10000}}},
    {"PL",
     {{425}},
     {{425}, {1000, 4000}},
     {{425}, {500, 500}},
     {{425}, {500, 500}},
     {{425}, {150, 150, 150, 4000}}},
    {"PT",
     {{425}},
     {{425}, {1000, 5000}},
     {{425}, {500, 500}},
     {{425}, {200, 200}},
     {{425}, {200, 200, 200, 5000}}},
    {"RU", {{425}}, {{425}, {1000, 4000}}, {{425}, {350, 350}}, {{425}, {175, 175}}, {{425}, {200, 5000}}},
    {"SE",
     {{425}},
     {{425}, {1000, 5000}},
     {{425}, {250, 250}},
     {{425}, {250, 750}},
     {{425}, {200, 500, 200, 10000}}},
    {"US",
     {{350, 440}},
     {{440, 480}, {2000, 4000}},
     {{480, 620}, {500, 500}},
     {{480, 620}, {250, 250}},
     {{440}, {300, 10000}}},
}};

constexpr auto countries = [] {
  std::array<std::string_view, table.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = table[i].country;
  return names;
}();

static_assert(std::ranges::is_sorted(countries));

tone made_of(const cadence& from) noexcept {
  tone made;
  tone_segment sound;
  for (const std::uint16_t frequency : from.frequencies) {
    if (frequency == 0) break;
    sound.components[sound.count++] = {static_cast<float>(frequency), -13};
  }
  if (from.lengths[0] == 0) {
    made.segments[made.count++] = sound;
    return made;
  }
  for (const std::uint16_t length : from.lengths) {
    if (length == 0) break;
    tone_segment& next = made.segments[made.count];
    if (made.count % 2 == 0) next = sound;
    next.length_ms = length;
    ++made.count;
  }
  made.repeats = true;
  return made;
}

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::span<const std::string_view> call_progress_countries() noexcept { return countries; }

std::optional<tone> call_progress_tone(std::string_view country, call_progress what) noexcept {
  if (country.size() != 2) return std::nullopt;
  const auto at = std::ranges::find_if(table, [&](const country_tones& t) {
    return t.country[0] == upper(country[0]) && t.country[1] == upper(country[1]);
  });
  if (at == table.end()) return std::nullopt;
  switch (what) {
    case call_progress::dial: return made_of(at->dial);
    case call_progress::ringback: return made_of(at->ringback);
    case call_progress::busy: return made_of(at->busy);
    case call_progress::congestion: return made_of(at->congestion);
    case call_progress::call_waiting: return made_of(at->call_waiting);
  }
  return std::nullopt;
}

}  // namespace parley::media
