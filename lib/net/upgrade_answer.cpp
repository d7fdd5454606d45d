#include "net/detail/upgrade_answer.hpp"

#include <parley/net/error.hpp>
#include <parley/sip/chars.hpp>

#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>

#include <algorithm>
#include <array>

namespace parley::net::detail {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the first line from `head`, without its end.
std::string_view take_line(std::string_view& head) noexcept {
  const std::size_t end = std::min(head.find('\n'), head.size());
  std::string_view line = head.substr(0, end);
  head.remove_prefix(std::min(end + 1, head.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

base::error_code judge_status_line(std::string_view line) noexcept {
  if (!line.starts_with("HTTP/")) return http::error::bad_version;
  if (!line.starts_with("HTTP/1.1 ")) return websocket::error::bad_http_version;
  line.remove_prefix(9);
  if (line.size() > 3 && line[3] != ' ') return http::error::bad_status;
  return line.substr(0, 3) == "101" ? base::error_code() : websocket::error::upgrade_declined;
}

bool is_text(std::string_view value) noexcept {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

/// True where each element of a list is called `name`; parameters may follow it. An empty name is that of
/// none.
bool has_only(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view element = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::string_view called = trimmed(element.substr(0, element.find(';')));
    if (!trimmed(element).empty() && (name.empty() || !sip::iequals(called, name))) return false;
  }
  return true;
}

struct field {
  std::string_view name;
  std::string value{};  // where it came several times, all of them
  bool came = false;
};

}  // namespace

std::size_t end_of_head(std::string_view bytes) noexcept {
  for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string_view::npos;) {
    ++at;
    if (bytes.substr(at).starts_with('\n')) return at + 1;
    if (bytes.substr(at).starts_with("\r\n")) return at + 2;
  }
  return 0;
}

base::result<std::string> plain_upgrade_answer(std::string_view head, bool compression) {
  if (const auto error = judge_status_line(take_line(head))) return error;
  std::array<field, 5> fields{{{"Upgrade"},
                               {"Connection"},
                               {"Sec-WebSocket-Accept"},
                               {"Sec-WebSocket-Extensions"},
                               {"Sec-WebSocket-Protocol"}}};
  field other{{}};
  field* last = nullptr;
  for (std::string_view line; !(line = take_line(head)).empty();) {
    if (!is_text(line)) return base::error_code(http::error::bad_value);
    if (line.front() == ' ' || line.front() == '\t') {
      // RFC 9112 5.2: a folded line stands for a space.
      if (last == nullptr) return base::error_code(http::error::bad_field);
      last->value.append(" ").append(trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return base::error_code(http::error::bad_field);
    const auto known = std::find_if(fields.begin(), fields.end(), [&](const field& one) {
      return sip::iequals(one.name, line.substr(0, colon));
    });
    last = known == fields.end() ? &other : &*known;
    if (last->came && last != &other) last->value += ", ";
    last->value += trimmed(line.substr(colon + 1));
    last->came = true;
  }
  const std::string& extensions = fields[3].value;
  if (!has_only(extensions, compression ? "permessage-deflate" : "")) return errc::not_asked_for;
  if (!has_only(fields[4].value, "sip")) return errc::not_asked_for;
  std::string out = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const field& one : fields) {
    if (one.came && one.name != fields[4].name)
      out.append(one.name).append(": ").append(trimmed(one.value)).append("\r\n");
  }
  return out += "\r\n";
}

}  // namespace parley::net::detail
