#include <parley/sip/parameters.hpp>

namespace parley::sip {

const char* detail::read_parameter(cursor& in, const char* at, parameter& out) noexcept {
  const char* const end = in.end();
  const char* const name = at;
  at = in.skip_run(name, char_token);
  if (at == name) {
    in.fail(errc::expected_token, at);
    return nullptr;
  }
  out.name = {name, static_cast<std::size_t>(at - name)};
  out.value = {};
  out.has_value = out.quoted = false;
  if (at == end || *at == ';' || *at == ',') return at;
  if (*at == '=' && at + 1 != end && is(at[1], char_value)) {
    ++at;
  } else {
    in.seek(at);
    if (!in.consume_separator('=')) return at;
    at = in.position();
  }
  out.has_value = true;
  const char* const value = at;
  at = in.skip_run(at, char_value);
  if (at != value) {
    out.value = {value, static_cast<std::size_t>(at - value)};
    return at;
  }
  out.quoted = true;
  if (at == end || *at != '"') {
    in.fail(errc::expected_token, at);
    return nullptr;
  }
  in.seek(at);
  std::string_view inside;
  if (!in.read_quoted(inside)) return nullptr;
  out.value = {at + 1, inside.size()};
  return in.position();
}

bool parameters::grammar::read_next(std::string_view& rest, parameter& out) noexcept {
  cursor in(rest);
  if (!in.consume_separator(';') || !read_parameter(in, out)) return false;
  rest = in.rest();
  return true;
}

std::optional<parameter> parameters::find(std::string_view name) const noexcept {
  for (const parameter& one : *this) {
    if (iequals(one.name, name)) return one;
  }
  return std::nullopt;
}

bool read_qvalue(std::string_view text, std::uint16_t& thousandths) noexcept {
  // qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return false;
  if (text.size() > 1 && text[1] != '.') return false;
  int value = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (!is(text[i], char_digit)) return false;
    value += (text[i] - '0') * unit;
  }
  if (value > 1000) return false;
  thousandths = static_cast<std::uint16_t>(value);
  return true;
}

void unquote(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
}

}  // namespace parley::sip
