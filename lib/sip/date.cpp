#include <parley/sip/chars.hpp>
#include <parley/sip/date.hpp>

#include <algorithm>

namespace parley::sip {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads one of `names`, in any case.
template <std::size_t N>
bool read_name(cursor& in, const std::array<std::string_view, N>& names, unsigned& index) noexcept {
  const std::string_view text = in.rest().substr(0, 3);
  for (unsigned i = 0; i < N; ++i) {
    if (iequals(text, names[i])) {
      index = i;
      in.advance(3);
      return true;
    }
  }
  return in.fail(errc::bad_date);
}

/// Reads exactly `count` digits.
bool read_digits(cursor& in, std::size_t count, unsigned max, unsigned& out) noexcept {
  const char* const start = in.position();
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is(in.peek(), char_digit)) return in.fail(errc::bad_date, start);
    out = out * 10 + static_cast<unsigned>(in.peek() - '0');
    in.advance(1);
  }
  return out <= max || in.fail(errc::bad_date, start);
}

bool read_char(cursor& in, char c) noexcept { return in.consume(c) || in.fail(errc::bad_date); }

/// SP of the grammar; a folded line may stand for it.
bool read_space(cursor& in) noexcept {
  const char* const before = in.position();
  in.skip_lws();
  return in.position() != before || in.fail(errc::bad_date);
}

void put(date_text& out, std::size_t& at, std::string_view text) noexcept {
  for (char c : text) out.characters[at++] = c;
}

void put(date_text& out, std::size_t& at, unsigned value, std::size_t digits) noexcept {
  for (std::size_t i = digits; i-- > 0; value /= 10)
    out.characters[at + i] = static_cast<char>('0' + value % 10);
  at += digits;
}

bool read_gap(cursor& in) noexcept {
  const char* const before = in.position();
  in.skip_lws();
  return in.position() != before || in.fail(errc::expected_separator);
}

}  // namespace

bool date_header::read(cursor& in, date_header& out) noexcept {
  // rfc1123-date = wkday "," SP date1 SP time SP "GMT"
  const char* const start = in.position();
  unsigned weekday = 0;
  unsigned day = 0;
  unsigned month = 0;
  unsigned year = 0;
  if (!read_name(in, day_names, weekday) || !read_char(in, ',') || !read_space(in)) return false;
  const char* const date_start = in.position();
  if (!read_digits(in, 2, 31, day) || !read_space(in) || !read_name(in, month_names, month) ||
      !read_space(in) || !read_digits(in, 4, 9999, year) || !read_space(in)) {
    return false;
  }
  const chrono::year_month_day date{chrono::year(static_cast<int>(year)), chrono::month(month + 1),
                                    chrono::day(day)};
  if (!date.ok()) return in.fail(errc::bad_date, date_start);
  const chrono::sys_days days{date};
  if (chrono::weekday(days).c_encoding() != weekday) return in.fail(errc::bad_date, start);

  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!read_digits(in, 2, 23, hour) || !read_char(in, ':') || !read_digits(in, 2, 59, minute) ||
      !read_char(in, ':')) {
    return false;
  }
  // A leap second is written 60, and only at the end of a day.
  const unsigned last_second = hour == 23 && minute == 59 ? 60 : 59;
  if (!read_digits(in, 2, last_second, second) || !read_space(in)) return false;
  if (!iequals(in.rest().substr(0, 3), "GMT")) return in.fail(errc::bad_date);
  const char* const zone = in.position();
  in.advance(3);
  if (is(in.peek(), char_token)) return in.fail(errc::bad_date, zone);
  out.time = days + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
  return true;
}

date_text format_date(chrono::sys_seconds time) noexcept {
  using namespace std::chrono_literals;
  constexpr chrono::sys_seconds first{chrono::sys_days{0y / chrono::January / 1}};
  constexpr chrono::sys_seconds last{chrono::sys_days{9999y / chrono::December / 31} + 23h + 59min + 59s};
  time = std::clamp(time, first, last);
  const auto days = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{days};
  const chrono::hh_mm_ss clock{time - days};

  date_text out;
  std::size_t at = 0;
  put(out, at, day_names[chrono::weekday(days).c_encoding()]);
  put(out, at, ", ");
  put(out, at, static_cast<unsigned>(date.day()), 2);
  put(out, at, " ");
  put(out, at, month_names[static_cast<unsigned>(date.month()) - 1]);
  put(out, at, " ");
  put(out, at, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put(out, at, " ");
  put(out, at, static_cast<unsigned>(clock.hours().count()), 2);
  put(out, at, ":");
  put(out, at, static_cast<unsigned>(clock.minutes().count()), 2);
  put(out, at, ":");
  put(out, at, static_cast<unsigned>(clock.seconds().count()), 2);
  put(out, at, " GMT");
  return out;
}

bool warning_header::read(cursor& in, warning_header& out) noexcept {
  const char* const start = in.position();
  const std::string_view digits = in.take(char_digit);
  if (digits.empty()) return in.fail(errc::expected_number);
  // warn-code = 3DIGIT
  if (digits.size() != 3) return in.fail(errc::number_out_of_range, start);
  out.code = static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  if (!read_gap(in)) return false;
  // warn-agent = hostport / pseudonym: a token, or an address that may have brackets and a port.
  const char* const agent = in.position();
  while (!in.at_end() && (is(in.peek(), char_token | char_host) || in.peek() == '[' || in.peek() == ']' ||
                          in.peek() == ':')) {
    in.advance(1);
  }
  out.agent = in.since(agent);
  if (out.agent.empty()) return in.fail(errc::expected_token);
  if (!read_gap(in)) return false;
  return in.read_quoted(out.text);
}

}  // namespace parley::sip
