#pragma once

#include <parley/sip/chars.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace parley::sip::detail {

/// Sixteen characters at once: the index looks for colons and line ends with it. Bit i of a mask stands for
/// character i.
class block {
 public:
  static constexpr std::size_t width = 16;

#if defined(__SSE2__)
  explicit block(const char* at) noexcept : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))) {}

  /// C0 control characters, HTAB and line ends included.
  std::uint32_t controls() const noexcept {
    const __m128i last = _mm_set1_epi8(0x1f);
    return mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes_, last), bytes_));
  }
  std::uint32_t equal_to(char c) const noexcept { return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }

  /// Letters, digits, `-`, `.` and `_`, which are of every class of `char_runs`.
  std::uint32_t runs() const noexcept {
    const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i digit = _mm_sub_epi8(bytes_, _mm_set1_epi8('-'));  // and `-`, `.`, `/` in front of them
    const __m128i in = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8('z' - 'a')), letter),
                                    _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8('9' - '-')), digit));
    const __m128i underscore = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('_'));
    const __m128i slash = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('/'));
    return mask(_mm_or_si128(_mm_andnot_si128(slash, in), underscore));
  }

  /// Where the characters in lower case equal those of `lower_case`. Only letters, digits and hyphens may be
  /// compared.
  std::uint32_t equal_lower(const char* lower_case) const noexcept {
    const __m128i mine = _mm_or_si128(bytes_, _mm_set1_epi8(0x20));
    return mask(_mm_cmpeq_epi8(mine, _mm_loadu_si128(reinterpret_cast<const __m128i*>(lower_case))));
  }

 private:
  static std::uint32_t mask(__m128i v) noexcept { return static_cast<std::uint32_t>(_mm_movemask_epi8(v)); }

  __m128i bytes_;
#else
  explicit block(const char* at) noexcept { std::memcpy(bytes_, at, width); }

  std::uint32_t controls() const noexcept {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < width; ++i) mask |= static_cast<std::uint32_t>(bytes_[i] <= 0x1f) << i;
    return mask;
  }
  std::uint32_t equal_to(char c) const noexcept {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < width; ++i) {
      mask |= static_cast<std::uint32_t>(bytes_[i] == static_cast<unsigned char>(c)) << i;
    }
    return mask;
  }
  std::uint32_t runs() const noexcept {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < width; ++i) {
      mask |= static_cast<std::uint32_t>(is(static_cast<char>(bytes_[i]), char_host)) << i;
    }
    return mask;
  }
  std::uint32_t equal_lower(const char* lower_case) const noexcept {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < width; ++i) {
      mask |= static_cast<std::uint32_t>((bytes_[i] | 0x20U) == static_cast<unsigned char>(lower_case[i]))
              << i;
    }
    return mask;
  }

 private:
  unsigned char bytes_[width];
#endif
};

/// `block::runs` of the 64 characters at `at`.
inline std::uint64_t runs64(const char* at) noexcept {
  return block(at).runs() | static_cast<std::uint64_t>(block(at + 16).runs()) << 16U |
         static_cast<std::uint64_t>(block(at + 32).runs()) << 32U |
         static_cast<std::uint64_t>(block(at + 48).runs()) << 48U;
}

/// The first control character from `at` on, `end` where there is none.
inline const char* find_control(const char* at, const char* end) noexcept {
  while (static_cast<std::size_t>(end - at) >= block::width) {
    const std::uint32_t controls = block(at).controls();
    if (controls != 0) return at + std::countr_zero(controls);
    at += block::width;
  }
  while (at != end && static_cast<unsigned char>(*at) > 0x1f) ++at;
  return at;
}

}  // namespace parley::sip::detail
