#pragma once

#include <parley/sip/cursor.hpp>
#include <parley/sip/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace parley::sip::detail {

// A header takes what it knows while its parameters are read. Each of these returns false after `in.fail`.

/// True where the `Size` characters at `at` are those of `lower_case` in any case. Whole words are compared,
/// the last of them overlapping.
template <class Word, std::size_t Size>
inline bool equal_words(const char* at, const char* lower_case) noexcept {
  const auto differ = [&](std::size_t i) {
    Word mine = 0;
    Word wanted = 0;
    std::memcpy(&mine, at + i, sizeof mine);
    std::memcpy(&wanted, lower_case + i, sizeof wanted);
    return static_cast<Word>((mine | static_cast<Word>(0x2020202020202020U)) ^ wanted);
  };
  Word all = differ(Size - sizeof(Word));
  for (std::size_t i = 0; i + sizeof(Word) < Size; i += sizeof(Word)) all |= differ(i);
  return all == 0;
}

/// True where `name` is `lower_case` in any case: letters, digits and hyphens only. No branches but the one
/// on the length.
template <std::size_t Size>
inline bool is_named(std::string_view name, const char (&lower_case)[Size]) noexcept {
  constexpr std::size_t size = Size - 1;
  using word =
      std::conditional_t<(size >= 8), std::uint64_t,
                         std::conditional_t<(size >= 4), std::uint32_t,
                                            std::conditional_t<(size >= 2), std::uint16_t, std::uint8_t>>>;
  return name.size() == size && equal_words<word, size>(name.data(), lower_case);
}

/// Takes a value that stands once. An empty or missing value breaks the rule `bad_parameter`.
inline bool take_value(cursor& in, const parameter& one, const char* where, std::string_view& out) noexcept {
  if (out.data() != nullptr) return in.fail(errc::duplicate_parameter, where);
  if (one.value.empty()) return in.fail(errc::bad_parameter, where);
  out = one.value;
  return true;
}

/// The same for an unquoted token or host.
inline bool take_token(cursor& in, const parameter& one, const char* where, std::string_view& out) noexcept {
  if (one.quoted) return in.fail(errc::bad_parameter, where);
  return take_value(in, one, where, out);
}

enum class number_text : std::uint8_t { valid, malformed, overflow };

/// Reads `text` as 1*DIGIT up to `max`.
inline number_text read_number_text(std::string_view text, std::uint32_t max, std::uint32_t& out) noexcept {
  cursor in(text);
  if (!in.read_number(out, max)) {
    return in.error().code == errc::number_overflow ? number_text::overflow : number_text::malformed;
  }
  return in.at_end() ? number_text::valid : number_text::malformed;
}

/// Takes 1*DIGIT up to `max`, once.
template <class Number>
bool take_number(cursor& in, const parameter& one, const char* where, std::uint32_t max,
                 std::optional<Number>& out) noexcept {
  if (out) return in.fail(errc::duplicate_parameter, where);
  std::uint32_t value = 0;
  switch (one.quoted ? number_text::malformed : read_number_text(one.value, max, value)) {
    case number_text::valid: out = static_cast<Number>(value); return true;
    case number_text::overflow: return in.fail(errc::number_overflow, one.value.data());
    case number_text::malformed: break;
  }
  return in.fail(errc::bad_parameter, where);
}

}  // namespace parley::sip::detail
