#include <parley/sdp/ice.hpp>

#include "sdp/detail/cursor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::cursor;

constexpr std::array<std::string_view, 4> type_names{"host", "srflx", "prflx", "relay"};
constexpr std::array<std::string_view, 3> tcp_names{"active", "passive", "so"};

bool read_address(cursor& in, candidate_address& out) {
  return in.host(out.address) && in.space() && in.number(out.port);
}

bool read_component(cursor& in, std::uint16_t& out) { return in.number(out, 1, 256); }

/// [SP "raddr" SP address SP "rport" SP port]
bool read_related(cursor& in, std::optional<candidate_address>& out) {
  candidate_address found;
  if (!in.host(found.address) || !in.space()) return false;
  if (!in.consume("rport")) return in.fail(errc::missing_parameter);
  if (!in.space() || !in.number(found.port)) return false;
  out = std::move(found);
  return true;
}

/// Pairs of a name and a value; raddr, rport and tcptype are among them, wherever they stand.
bool read_extensions(cursor& in, candidate& out) {
  while (in.more()) {
    std::string name;
    if (!in.space() || !in.word(name) || !in.space()) return false;
    if (name == "raddr" && !out.related) {
      if (!read_related(in, out.related)) return false;
    } else if (name == "tcptype" && !out.tcp) {
      tcp_type type{};
      if (!in.choice(type, tcp_names, errc::bad_tcp_type)) return false;
      out.tcp = type;
    } else {
      std::string value;
      if (!in.word(value)) return false;
      out.extensions.emplace_back(std::move(name), std::move(value));
    }
  }
  return true;
}

void write_address(std::string& out, const candidate_address& at) {
  append_number(out.append(at.address).append(1, ' '), at.port);
}

template <class T>
parsed<T> read_ice_text(std::string_view text, std::size_t least, std::size_t most) {
  cursor in(text);
  T out;
  static_cast<void>(in.run(out.value, detail::is_ice, errc::bad_ice_text, least, most));
  return in.finish(std::move(out));
}

}  // namespace

bool candidate::is_udp() const noexcept { return detail::iequals(transport, "udp"); }
bool candidate::is_tcp() const noexcept { return detail::iequals(transport, "tcp"); }

parsed<candidate> candidate::read(std::string_view text) {
  cursor in(text);
  candidate out;
  const auto read_type = [&] {
    if (!in.consume("typ")) return in.fail(errc::bad_candidate_type);
    return in.space() && in.choice(out.type, type_names, errc::bad_candidate_type);
  };
  static_cast<void>(in.run(out.foundation, detail::is_ice, errc::bad_ice_text, 1, 32) && in.space() &&
                    read_component(in, out.component) && in.space() && in.token(out.transport) &&
                    in.space() && in.number(out.priority) && in.space() && read_address(in, out.at) &&
                    in.space() && read_type() && read_extensions(in, out));
  return in.finish(std::move(out));
}

void candidate::write(std::string& out) const {
  append_number(out.append(foundation).append(1, ' '), component);
  append_number(out.append(1, ' ').append(transport).append(1, ' '), priority);
  write_address(out.append(1, ' '), at);
  out.append(" typ ").append(type_names[static_cast<std::size_t>(type)]);
  if (related) {
    append_number(out.append(" raddr ").append(related->address).append(" rport "), related->port);
  }
  if (tcp) out.append(" tcptype ").append(tcp_names[static_cast<std::size_t>(*tcp)]);
  for (const auto& [key, value] : extensions) out.append(1, ' ').append(key).append(1, ' ').append(value);
}

parsed<remote_candidates> remote_candidates::read(std::string_view text) {
  cursor in(text);
  remote_candidates out;
  const auto read_entry = [&] {
    entry& one = out.entries.emplace_back();
    return read_component(in, one.component) && in.space() && read_address(in, one.at);
  };
  if (read_entry()) {
    while (in.more() && in.space() && read_entry()) {
    }
  }
  return in.finish(std::move(out));
}

void remote_candidates::write(std::string& out) const {
  detail::append_list(out, entries, ' ', [&](const entry& one) {
    append_number(out, one.component);
    write_address(out.append(1, ' '), one.at);
  });
}

parsed<ice_ufrag> ice_ufrag::read(std::string_view text) { return read_ice_text<ice_ufrag>(text, 4, 256); }
void ice_ufrag::write(std::string& out) const { out += value; }

parsed<ice_pwd> ice_pwd::read(std::string_view text) { return read_ice_text<ice_pwd>(text, 22, 256); }
void ice_pwd::write(std::string& out) const { out += value; }

bool ice_options::contains(std::string_view tag) const noexcept {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

parsed<ice_options> ice_options::read(std::string_view text) {
  cursor in(text);
  ice_options out;
  // The grammar has ice-chars, but "google-ice" is in the field.
  if (in.token(out.tags.emplace_back())) {
    while (in.more() && in.space() && in.token(out.tags.emplace_back())) {
    }
  }
  return in.finish(std::move(out));
}

void ice_options::write(std::string& out) const {
  detail::append_list(out, tags, ' ', [&](const std::string& tag) { out += tag; });
}

parsed<ice_pacing> ice_pacing::read(std::string_view text) {
  cursor in(text);
  ice_pacing out;
  static_cast<void>(in.number(out.milliseconds));
  return in.finish(out);
}

void ice_pacing::write(std::string& out) const { append_number(out, milliseconds); }

}  // namespace parley::sdp
