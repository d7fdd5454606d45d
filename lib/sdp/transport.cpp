#include <parley/sdp/transport.hpp>

#include "sdp/detail/cursor.hpp"

#include <array>
#include <cstddef>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::cursor;

constexpr std::array<std::string_view, 4> setup_names{"active", "passive", "actpass", "holdconn"};
constexpr std::array<std::string_view, 2> connection_names{"new", "existing"};

}  // namespace

parsed<rtcp> rtcp::read(std::string_view text) {
  cursor in(text);
  rtcp out;
  static_cast<void>(in.number(out.port) &&
                    (!in.more() || (in.space() && in.token(out.network_type) && in.space() &&
                                    in.token(out.address_type) && in.space() && in.host(out.address))));
  return in.finish(std::move(out));
}

void rtcp::write(std::string& out) const {
  append_number(out, port);
  if (address.empty() && network_type.empty() && address_type.empty()) return;
  out.append(1, ' ').append(network_type).append(1, ' ').append(address_type).append(1, ' ').append(address);
}

parsed<setup> setup::read(std::string_view text) {
  cursor in(text);
  setup out;
  static_cast<void>(in.choice(out.value, setup_names, errc::bad_setup));
  return in.finish(out);
}

void setup::write(std::string& out) const { out += setup_names[static_cast<std::size_t>(value)]; }

parsed<connection> connection::read(std::string_view text) {
  cursor in(text);
  connection out;
  static_cast<void>(in.choice(out.value, connection_names, errc::bad_connection));
  return in.finish(out);
}

void connection::write(std::string& out) const { out += connection_names[static_cast<std::size_t>(value)]; }

parsed<tls_id> tls_id::read(std::string_view text) {
  cursor in(text);
  tls_id out;
  const auto belongs = [](char c) { return detail::is_ice(c) || c == '-' || c == '_'; };
  static_cast<void>(in.run(out.value, belongs, errc::bad_tls_id, 20, 255));
  return in.finish(std::move(out));
}

void tls_id::write(std::string& out) const { out += value; }

parsed<sctp_port> sctp_port::read(std::string_view text) {
  cursor in(text);
  sctp_port out;
  static_cast<void>(in.number(out.value));
  return in.finish(out);
}

void sctp_port::write(std::string& out) const { append_number(out, value); }

parsed<max_message_size> max_message_size::read(std::string_view text) {
  cursor in(text);
  max_message_size out;
  static_cast<void>(in.number(out.value));
  return in.finish(out);
}

void max_message_size::write(std::string& out) const { append_number(out, value); }

parsed<sctpmap> sctpmap::read(std::string_view text) {
  cursor in(text);
  sctpmap out;
  static_cast<void>(in.number(out.port) && in.space() && in.token(out.application) &&
                    (!in.more() || (in.space() && in.number(out.streams))));
  return in.finish(std::move(out));
}

void sctpmap::write(std::string& out) const {
  append_number(out, port);
  out.append(1, ' ').append(application);
  if (streams) append_number(out.append(1, ' '), *streams);
}

}  // namespace parley::sdp
