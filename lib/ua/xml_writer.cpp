#include "ua/detail/xml_writer.hpp"

#include <algorithm>

namespace parley::ua::detail {
namespace {

/// The length of the UTF-8 character at the front of `text`, 0 where there is none that XML may hold.
std::size_t character_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return first >= ' ' || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  // U+FFFE and U+FFFF.
  if (first == 0xef && second == 0xbf && byte(2) >= 0xbe) return 0;
  return length;
}

}  // namespace

std::string qvalue_text(unsigned thousandths) {
  if (thousandths >= 1000) return "1";
  return "0." + std::to_string(1000 + thousandths).substr(1);
}

xml_writer& xml_writer::open(std::string_view name) {
  end_tag();
  out_.append("<").append(name);
  open_.emplace_back(name);
  in_tag_ = true;
  return *this;
}

xml_writer& xml_writer::attribute(std::string_view name, std::string_view value) {
  out_.append(" ").append(name).append("=\"");
  escape(value);
  out_ += '"';
  return *this;
}

xml_writer& xml_writer::text(std::string_view value) {
  end_tag();
  escape(value);
  return *this;
}

xml_writer& xml_writer::close() {
  if (in_tag_) {
    out_ += "/>";
  } else {
    out_.append("</").append(open_.back()).append(">");
  }
  in_tag_ = false;
  open_.pop_back();
  return *this;
}

void xml_writer::end_tag() {
  if (in_tag_) out_ += '>';
  in_tag_ = false;
}

void xml_writer::escape(std::string_view value) {
  while (!value.empty()) {
    const std::size_t length = character_length(value);
    switch (length == 1 ? value.front() : '\0') {
      case '<': out_ += "&lt;"; break;
      case '>': out_ += "&gt;"; break;
      case '&': out_ += "&amp;"; break;
      case '"': out_ += "&quot;"; break;
      case '\t': out_ += "&#9;"; break;
      case '\n': out_ += "&#10;"; break;
      case '\r': out_ += "&#13;"; break;
      default: length == 0 ? out_ += '?' : out_ += value.substr(0, length);
    }
    value.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace parley::ua::detail
