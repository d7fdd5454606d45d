#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The value of Date (RFC 3261 20.17): `Sat, 13 Nov 2010 23:29:00 GMT`. SIP has no other zone and no other
/// form.
struct date_header {
  static constexpr header_id id = header_id::date;

  std::chrono::sys_seconds time{};

  /// *Errors:* `bad_date` at the part that is wrong: the day of the week must be that of the date, and the
  /// date must exist.
  PARLEY_API static bool read(cursor& in, date_header& out) noexcept;
};

/// A date as text, 29 characters.
struct date_text {
  std::array<char, 29> characters{};

  std::string_view view() const noexcept { return {characters.data(), characters.size()}; }
};

/// Writes what `date_header` reads. Times outside the years 0 to 9999, which have no such form, become the
/// nearest that has.
PARLEY_API date_text format_date(std::chrono::sys_seconds time) noexcept;

/// The same for a wall-clock time; parts of a second are dropped.
inline date_text format_date(base::wall_time time) noexcept {
  return format_date(std::chrono::floor<std::chrono::seconds>(time));
}

/// One element of Warning (RFC 3261 20.43): `301 isi.edu "Incompatible network address type 'E.164'"`.
struct warning_header {
  static constexpr header_id id = header_id::warning;

  std::uint16_t code = 0;  ///< 300 to 399 as SIP defines them; any three digits are taken
  std::string_view agent;  ///< a host with or without port, or a pseudonym
  std::string_view text;   ///< without quotes, escapes untouched

  /// *Errors:* `expected_number`; `number_out_of_range` for a code that has not three digits;
  /// `expected_separator`, `expected_token`, `expected_quoted_string`.
  PARLEY_API static bool read(cursor& in, warning_header& out) noexcept;
};

}  // namespace parley::sip
