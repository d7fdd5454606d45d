#include <parley/base/log.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <type_traits>

namespace parley::base {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

struct code_point {
  std::uint32_t value = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

// The code point at the start of `text`, which begins with a byte above 0x7F (RFC 3629 4).
code_point decode(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || length > text.size()) return {};
  std::uint32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800U) || (length == 4 && value < 0x10000U);
  const bool surrogate = value >= 0xD800U && value <= 0xDFFFU;
  if (overlong || surrogate || value > 0x10FFFFU) return {};
  return {value, length};
}

// C1 controls, line and paragraph separators, and the marks that change the direction of what follows: a
// terminal or a viewer might obey them.
constexpr bool misleads(std::uint32_t c) noexcept {
  return (c >= 0x80U && c <= 0x9FU) || c == 0x61CU || (c >= 0x200EU && c <= 0x200FU) ||
         (c >= 0x2028U && c <= 0x202EU) || (c >= 0x2066U && c <= 0x2069U) || c == 0xFEFFU;
}

void append_hex_byte(std::string& out, unsigned char c) {
  out += "\\x";
  out += hex_digits[c >> 4U];
  out += hex_digits[c & 0xFU];
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_value(std::string& out, const log_value& value) {
  std::visit(
      [&](auto v) {
        if constexpr (std::is_same_v<decltype(v), std::string_view>) {
          out += '"';
          append_escaped(out, v);
          out += '"';
        } else if constexpr (std::is_same_v<decltype(v), bool>) {
          out += v ? "true" : "false";
        } else {
          append_number(out, v);
        }
      },
      value.get());
}

class discarding_sink final : public log_sink {
 public:
  bool enabled(log_level) const noexcept override { return false; }
  void write(const log_record&) noexcept override {}
};

// Made when the program is loaded and never destroyed, so that no lock guards it and no order of destruction
// matters.
constinit discarding_sink discards;

}  // namespace

std::string_view to_string(log_level level) noexcept {
  switch (level) {
    case log_level::trace: return "trace";
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
    case log_level::off: return "off";
  }
  return "unknown";
}

log_sink& null_sink() noexcept { return discards; }

void append_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // the start of what may be copied as it is
  std::size_t i = 0;
  const auto flush = [&] { out.append(text.substr(plain, i - plain)); };
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    if (c >= 0x80U) {
      const code_point decoded = decode(text.substr(i));
      if (decoded.length != 0 && !misleads(decoded.value)) {
        i += decoded.length;
        continue;
      }
      flush();
      if (decoded.length == 0) {
        append_hex_byte(out, c);
      } else {
        length = decoded.length;
        out += "\\u";
        for (unsigned shift = 16; shift > 0; shift -= 4) {
          out += hex_digits[decoded.value >> (shift - 4) & 0xFU];
        }
      }
    } else if (c >= 0x20U && c != '"' && c != '\\' && c != 0x7FU) {
      ++i;
      continue;
    } else {
      flush();
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: append_hex_byte(out, c);
      }
    }
    i += length;
    plain = i;
  }
  flush();
}

std::string format_line(const log_record& record) {
  std::string line(to_string(record.level));
  line += ' ';
  append_escaped(line, record.room);
  line += ": ";
  append_escaped(line, record.message);
  for (const log_field& field : record.fields) {
    line += ' ';
    append_escaped(line, field.key);
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

}  // namespace parley::base
