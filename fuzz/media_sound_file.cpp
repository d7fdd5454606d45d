// Any file is refused or read to an end that its size bounds, in its own format and in another one; what was
// read is written and read again.
#include <parley/media/sound_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace parley::media;

void require(bool held) {
  if (!held) std::abort();
}

constexpr std::array<std::uint32_t, 256> checksum_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t r = i << 24U;
    for (int bit = 0; bit < 8; ++bit) r = (r << 1U) ^ ((r >> 31U) * 0x04c11db7U);
    table[i] = r;
  }
  return table;
}

/// Makes the checksum of each page right (RFC 3533 6): whoever makes a hostile file can, and mutations don't.
void sign_pages(std::span<std::byte> file) {
  constexpr std::size_t head = 27;
  constexpr auto table = checksum_table();
  while (file.size() > head && static_cast<char>(file[0]) == 'O') {
    const auto segments = std::to_integer<std::size_t>(file[head - 1]);
    if (file.size() < head + segments) return;
    std::size_t length = head + segments;
    for (const auto lacing : file.subspan(head, segments)) length += std::to_integer<std::size_t>(lacing);
    if (file.size() < length) return;
    const auto checksum = file.subspan(22, 4);
    std::ranges::fill(checksum, std::byte{0});
    std::uint32_t sum = 0;
    for (const auto b : file.first(length)) {
      sum = (sum << 8U) ^ table[(sum >> 24U) ^ std::to_integer<std::uint32_t>(b)];
    }
    for (auto& b : checksum) {
      b = static_cast<std::byte>(sum & 0xffU);
      sum >>= 8U;
    }
    file = file.subspan(length);
  }
}

/// Reads up to so many samples; more are the file's business (a packet of Opus in two bytes lasts 120 ms).
std::vector<std::int16_t> read(sound_file_reader& reader, std::size_t most) {
  std::vector<std::int16_t> all;
  std::array<std::int16_t, 960> part{};
  while (all.size() < most) {
    const auto got = reader.read(part);
    if (!got) break;
    require(got->size() % reader.format().channels == 0);
    all.insert(all.end(), got->begin(), got->end());
    if (got->size() < part.size()) {
      require(reader.read(part)->empty());
      break;
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  std::vector<std::byte> file(bytes.begin(), bytes.end());
  sign_pages(file);
  memory_store store(std::move(file));
  const sound_file_limits limits{.max_length = 480000};
  auto reader = sound_file_reader::open(store, {}, limits);
  if (!reader) return 0;
  require(reader->format().channels == 1 || reader->format().channels == 2);
  require(reader->expected_length() <= limits.max_length);
  const auto sound = read(*reader, 96000);

  if (auto other = sound_file_reader::open(store, pcm_format{16000, 1}, limits)) read(*other, 16000);

  memory_store copy;
  auto writer = sound_file_writer::create(copy, sound_encoding::wav_s16, reader->format());
  if (!writer) return 0;
  require(writer->write(sound).has_value() && writer->finish().has_value());
  auto again = sound_file_reader::open(copy);
  require(again.has_value() && read(*again, sound.size() + 1) == sound);
  return 0;
}
