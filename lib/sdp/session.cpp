#include <parley/sdp/session.hpp>

#include "sdp/detail/cursor.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::cursor;

bool read_network(cursor& in, std::string& network_type, std::string& address_type) {
  return in.token(network_type) && in.space() && in.token(address_type) && in.space();
}

}  // namespace

std::optional<std::uint64_t> origin::version_number() const noexcept {
  std::uint64_t value = 0;
  const char* const end = session_version.data() + session_version.size();
  const auto read = std::from_chars(session_version.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

parsed<origin> origin::read(std::string_view text) {
  cursor in(text);
  origin out;
  static_cast<void>(in.word(out.username) && in.space() && in.word(out.session_id) && in.space() &&
                    in.word(out.session_version) && in.space() &&
                    read_network(in, out.network_type, out.address_type) && in.word(out.address));
  return in.finish(std::move(out));
}

void origin::write(std::string& out) const {
  bool first = true;
  for (const std::string* const each :
       {&username, &session_id, &session_version, &network_type, &address_type, &address}) {
    if (!std::exchange(first, false)) out += ' ';
    out += *each;
  }
}

bool origin::is_writable() const noexcept {
  return detail::all_of(username, detail::is_word) && detail::all_of(session_id, detail::is_word) &&
         detail::all_of(session_version, detail::is_word) && detail::all_of(network_type, detail::is_token) &&
         detail::all_of(address_type, detail::is_token) && detail::all_of(address, detail::is_word);
}

connection_data connection_data::to(const base::ip_address& ip) {
  connection_data out;
  out.address_type = ip.is_v6() ? "IP6" : "IP4";
  out.address = ip.to_string();
  return out;
}

parsed<connection_data> connection_data::read(std::string_view text) {
  cursor in(text);
  connection_data out;
  const auto read_ranges = [&] {
    // RFC 8866 9: IPv4 multicast has a TTL and perhaps a count, IPv6 multicast only the count.
    if (out.address_type == "IP4" && in.consume('/') && !in.number(out.ttl)) return false;
    return !in.consume('/') || in.number(out.count, 1);
  };
  static_cast<void>(read_network(in, out.network_type, out.address_type) && in.host(out.address) &&
                    read_ranges());
  return in.finish(std::move(out));
}

void connection_data::write(std::string& out) const {
  out += network_type;
  out += ' ';
  out += address_type;
  out += ' ';
  out += address;
  if (ttl) append_number(out.append(1, '/'), *ttl);
  if (count != 1) append_number(out.append(1, '/'), count);
}

bool connection_data::is_writable() const noexcept {
  return detail::all_of(network_type, detail::is_token) && detail::all_of(address_type, detail::is_token) &&
         detail::all_of(address, detail::is_host) && !ttl && count == 1;
}

std::optional<std::uint64_t> bandwidth::bits_per_second() const noexcept {
  if (kind == "TIAS" || kind == "RS" || kind == "RR") return value;
  if ((kind != "AS" && kind != "CT") || value > std::numeric_limits<std::uint64_t>::max() / 1000) {
    return std::nullopt;
  }
  return value * 1000;
}

parsed<bandwidth> bandwidth::read(std::string_view text) {
  cursor in(text);
  bandwidth out;
  static_cast<void>(in.token(out.kind) && in.expect(':') && in.number(out.value));
  return in.finish(std::move(out));
}

void bandwidth::write(std::string& out) const { append_number(out.append(kind).append(1, ':'), value); }

parsed<timing> timing::read(std::string_view text) {
  cursor in(text);
  timing out;
  static_cast<void>(in.number(out.start) && in.space() && in.number(out.stop));
  return in.finish(out);
}

void timing::write(std::string& out) const {
  append_number(out, start);
  append_number(out.append(1, ' '), stop);
}

parsed<maxprate> maxprate::read(std::string_view text) {
  cursor in(text);
  maxprate out;
  static_cast<void>(in.thousandths(out.packets_per_1000_seconds));
  return in.finish(out);
}

void maxprate::write(std::string& out) const { detail::append_thousandths(out, packets_per_1000_seconds); }

}  // namespace parley::sdp
