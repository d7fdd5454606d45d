#include "endpoint/detail/names.hpp"

#include <parley/endpoint/error.hpp>
#include <parley/sip/name_addr.hpp>

#include "endpoint/detail/call_state.hpp"

namespace parley::detail {

base::result<address_parts> read_address(std::string_view text) {
  sip::cursor in(text);
  sip::name_addr read;
  if (!sip::read_name_addr(in, read) || !in.at_end() || !read.uri.is_sip()) return errc::bad_uri;
  return address_parts{std::string(read.display_name), std::string(read.uri.raw), std::string(read.uri.user),
                       std::string(read.uri.host)};
}

std::string uri_in(const std::string& name_addr) {
  const auto read = read_address(name_addr);
  return read ? read->uri : name_addr;
}

std::string bare_uri(std::string_view text) {
  sip::cursor in(text);
  sip::name_addr read;
  if (!sip::read_name_addr(in, read) || !read.uri.is_sip()) return std::string(text);
  std::string out(read.uri.scheme_text);
  out += ':';
  if (read.uri.has_user) out.append(read.uri.user).append("@");
  out += read.uri.host;
  if (read.uri.port != 0) out += ':' + std::to_string(read.uri.port);
  return out;
}

std::string name_addr_of(std::string_view text) {
  return text.find('<') != std::string_view::npos ? std::string(text) : '<' + std::string(text) + '>';
}

std::string quoted(std::string_view display_name) {
  std::string out = "\"";
  for (const char c : display_name) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return out + '"';
}

}  // namespace parley::detail
