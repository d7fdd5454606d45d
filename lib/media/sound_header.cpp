#include "media/detail/sound_header.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace parley::media::detail {
namespace {

/// Up to so many bytes at a place of a store; what lies behind its end is zeros.
struct window {
  std::array<std::byte, 40> bytes{};
  std::size_t size = 0;

  unsigned byte(std::size_t at) const noexcept { return std::to_integer<unsigned>(bytes[at]); }
  std::uint32_t u16(std::size_t at) const noexcept { return byte(at) | byte(at + 1) << 8U; }
  std::uint32_t u32(std::size_t at) const noexcept { return u16(at) | u16(at + 2) << 16U; }

  bool has(std::size_t at, std::string_view text) const noexcept {
    return at + text.size() <= size &&
           std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
  }
};

base::result<window> look(byte_store& store, std::uint64_t offset) {
  window w;
  const auto read = store.read_at(offset, w.bytes);
  if (!read) return read.error();
  w.size = *read;
  return w;
}

/// A chunk "fmt ": RFC 2361 names the tags; WAVE_FORMAT_EXTENSIBLE has the tag at the beginning of a GUID.
std::optional<sound_encoding> wav_encoding(const window& w, std::uint32_t size) noexcept {
  constexpr std::size_t body = 8;
  if (size < 16 || w.size < body + 16) return std::nullopt;
  std::uint32_t tag = w.u16(body);
  const std::uint32_t bits = w.u16(body + 14);
  if (tag == 0xfffe && size >= 40 && w.size >= body + 26) tag = w.u16(body + 24);
  switch (tag) {
    case 1:
      switch (bits) {
        case 8: return sound_encoding::wav_u8;
        case 16: return sound_encoding::wav_s16;
        case 24: return sound_encoding::wav_s24;
        case 32: return sound_encoding::wav_s32;
        default: return std::nullopt;
      }
    case 3: return bits == 32 || bits == 64 ? std::optional(sound_encoding::wav_float) : std::nullopt;
    case 6: return bits == 8 ? std::optional(sound_encoding::wav_alaw) : std::nullopt;
    case 7: return bits == 8 ? std::optional(sound_encoding::wav_ulaw) : std::nullopt;
    default: return std::nullopt;
  }
}

base::result<sound_encoding> wav(byte_store& store) {
  // Recorders put chunks before the format, but not many.
  constexpr int most_chunks = 64;
  std::uint64_t offset = 12;
  for (int i = 0; i < most_chunks; ++i) {
    const auto chunk = look(store, offset);
    if (!chunk) return chunk.error();
    if (chunk->size < 8 || chunk->has(0, "data")) break;
    const std::uint32_t size = chunk->u32(4);
    if (chunk->has(0, "fmt ")) {
      const auto encoding = wav_encoding(*chunk, size);
      if (!encoding) break;
      return *encoding;
    }
    offset += 8 + std::uint64_t{size} + size % 2;
  }
  return errc::unknown_file;
}

}  // namespace

base::result<sound_encoding> sound_encoding_of(byte_store& store) {
  const auto begin = look(store, 0);
  if (!begin) return begin.error();
  if (begin->has(0, "RIFF") && begin->has(8, "WAVE")) return wav(store);
  // RFC 3533 6: a page of version 0 that begins a stream; RFC 7845 5.1: the header stands alone on it, and
  // versions that share the upper four bits can be read.
  constexpr unsigned begins_stream = 2;
  constexpr std::size_t segments = 26;
  constexpr std::size_t packet = 28;
  if (begin->has(0, "OggS") && begin->byte(4) == 0 && (begin->byte(5) & begins_stream) != 0 &&
      begin->byte(segments) == 1 && begin->has(packet, "OpusHead") && begin->byte(packet + 8) < 16) {
    return sound_encoding::ogg_opus;
  }
  return errc::unknown_file;
}

}  // namespace parley::media::detail
