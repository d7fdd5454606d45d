#include "sound_shelf.hpp"

#include "support/catch.hpp"

#include <boost/system/errc.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace relay;
using namespace std::chrono_literals;

const media::audio_format pcmu{"PCMU", 8000, 8000, 1, {}};
const media::audio_format pcma{"PCMA", 8000, 8000, 1, {}};
const media::audio_format wide{"L16", 16000, 16000, 1, {}};

void put(std::string& out, std::uint32_t number, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFFU);
}

/// A WAV file of 8000 samples a second.
std::string wav(std::uint32_t samples, char sound = 'a') {
  std::string out = "RIFF";
  put(out, 36 + 2 * samples, 4);
  out += "WAVEfmt ";
  put(out, 16, 4);
  put(out, 1, 2);
  put(out, 1, 2);
  put(out, 8000, 4);
  put(out, 16000, 4);
  put(out, 2, 2);
  put(out, 16, 2);
  out += "data";
  put(out, 2 * samples, 4);
  return out.append(std::size_t{2} * samples, sound);
}

TEST_CASE("A sound is read once for all that play it at the same time", "[relay][play]") {
  sound_shelf shelf;
  const auto first = shelf.take(wav(800), pcmu);
  if (!first) return;  // without libsndfile
  CHECK((*first)->length() == 100ms);
  CHECK((*first)->format == media::pcm_format{8000, 1});
  CHECK(shelf.take(wav(800), pcma).value() == *first);
  CHECK(shelf.take(wav(800, 'b'), pcma).value() != *first);
  // Nobody holds the second one any more.
  shelf.clear();
  CHECK(shelf.size() == 1);
  if (const auto other = shelf.take(wav(800), wide)) CHECK(*other != *first);
}

TEST_CASE("Sounds have bounds, one and all together", "[relay][play][attack]") {
  sound_shelf shelf({.longest = 1s, .bytes = 40000});
  CHECK(!shelf.take("RIFF", pcmu).has_value());
  CHECK(!shelf.take("", pcmu).has_value());
  const auto first = shelf.take(wav(8000), pcmu);
  if (!first) return;  // without libsndfile
  CHECK(shelf.take(wav(8001), pcmu).error() == media::errc::too_long);
  CHECK(shelf.take(wav(4000), pcmu).error() == boost::system::errc::not_enough_memory);
  CHECK(shelf.size() == 1);
  const auto small = shelf.take(wav(1000), pcmu);
  CHECK(small.has_value());
  CHECK(shelf.size() == 2);
}

TEST_CASE("What was let go of makes room", "[relay][play]") {
  sound_shelf shelf({.longest = 1s, .bytes = 40000});
  if (!shelf.take(wav(8000), pcmu)) return;  // without libsndfile
  CHECK(shelf.take(wav(8000, 'b'), pcmu).has_value());
  CHECK(shelf.size() == 1);
}

}  // namespace
