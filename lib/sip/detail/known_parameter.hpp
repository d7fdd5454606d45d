#pragma once

#include <parley/sip/cursor.hpp>
#include <parley/sip/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace parley::sip::detail {

// A header takes what it knows while its parameters are read. Each of these returns false after `in.fail`.

/// True where `name` is `lower_case` in any case: letters, digits and hyphens only. No branches but the one
/// on the length.
template <std::size_t Size>
constexpr bool is_named(std::string_view name, const char (&lower_case)[Size]) noexcept {
  if (name.size() != Size - 1) return false;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (((name[I] | 0x20) ^ lower_case[I]) | ...) == 0;
  }(std::make_index_sequence<Size - 1>{});
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
