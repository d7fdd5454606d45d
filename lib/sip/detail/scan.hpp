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
    return mask(_mm_cmpeq_epi8(_mm_subs_epu8(bytes_, _mm_set1_epi8(0x1f)), _mm_setzero_si128()));
  }
  std::uint32_t equal_to(char c) const noexcept { return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }

  /// Letters, digits, `-` and `.`, which are of every class of `char_runs`.
  std::uint32_t runs() const noexcept {
    // Each range is moved to the end of the signed numbers, where one comparison finds it.
    const __m128i letter =
        _mm_cmpgt_epi8(_mm_add_epi8(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), _mm_set1_epi8(0x7f - 'z')),
                       _mm_set1_epi8(0x7f - 26));
    const __m128i digit =  // with `-`, `.` and `/`, which stand in front of them
        _mm_cmpgt_epi8(_mm_add_epi8(bytes_, _mm_set1_epi8(0x7f - '9')), _mm_set1_epi8(0x7f - 13));
    const __m128i slash = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('/'));
    return mask(_mm_or_si128(letter, _mm_andnot_si128(slash, digit)));
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
      mask |= static_cast<std::uint32_t>(is(static_cast<char>(bytes_[i]), char_host) && bytes_[i] != '_')
              << i;
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

/// `block::controls` of the 64 characters at `at`.
inline std::uint64_t controls64(const char* at) noexcept {
  return block(at).controls() | static_cast<std::uint64_t>(block(at + 16).controls()) << 16U |
         static_cast<std::uint64_t>(block(at + 32).controls()) << 32U |
         static_cast<std::uint64_t>(block(at + 48).controls()) << 48U;
}

/// Finds the control characters of a text, which are its line ends and what may not stand in it. One look at
/// 64 characters serves all lines that begin among them.
class control_finder {
 public:
  control_finder(const char* begin, const char* end) noexcept : begin_(begin), end_(end) {}

  /// The first control character from `at` on, the end where there is none.
  const char* next(const char* at) noexcept {
    while (true) {
      const std::size_t offset =
          reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(start_);
      if (offset < width) {
        const std::uint64_t controls = controls_ >> offset;
        if (controls != 0) return at + std::countr_zero(controls);
        at = start_ + width;
      }
      if (at == end_) return at;
      if (!look(at)) return next_of_few(at);
    }
  }

 private:
  static constexpr std::size_t width = 64;

  /// False where the text is too short for a look.
  bool look(const char* at) noexcept {
    if (static_cast<std::size_t>(end_ - at) < width) {
      if (static_cast<std::size_t>(end_ - begin_) < width) return false;
      at = end_ - width;
    }
    start_ = at;
    controls_ = controls64(at);
    return true;
  }

  const char* next_of_few(const char* at) const noexcept {
    while (at != end_ && static_cast<unsigned char>(*at) > 0x1f) ++at;
    return at;
  }

  const char* begin_;
  const char* end_;
  const char* start_ = nullptr;
  std::uint64_t controls_ = 0;
};

}  // namespace parley::sip::detail
