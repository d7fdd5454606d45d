#include <parley/sip/chars.hpp>
#include <parley/sip/identity.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/ua/reason.hpp>

#include <tuple>

namespace parley::ua {

std::optional<reason> find_reason(const sip::message_view& message, std::string_view protocol) {
  std::optional<reason> out;
  std::ignore = message.for_each<sip::reason_header>([&](const sip::reason_header& one) {
    if (!sip::iequals(one.protocol, protocol)) return true;
    out.emplace(reason{.protocol = std::string(one.protocol), .cause = one.cause, .text = {}});
    sip::unquote(one.text, out->text);
    return false;
  });
  return out;
}

std::string format_reason(const reason& why) {
  std::string out = why.protocol;
  if (why.cause) out.append(";cause=").append(std::to_string(*why.cause));
  if (why.text.empty()) return out;
  out += ";text=\"";
  for (const char c : why.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

void write_reason(const reason& why, sip::message& request) {
  std::ignore = request.add(sip::header_id::reason, format_reason(why));
}

}  // namespace parley::ua
