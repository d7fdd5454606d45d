#include <parley/sdp/grouping.hpp>

#include "sdp/detail/cursor.hpp"

#include <algorithm>
#include <array>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::cursor;

constexpr std::array<std::string_view, 2> rid_directions{"recv", "send"};

/// rid-id (RFC 8851 10): letters and digits, hyphen and underscore as its erratum has them.
bool is_rid(char c) noexcept { return detail::is_alphanumeric(c) || c == '-' || c == '_'; }

bool read_alternatives(cursor& in, std::vector<simulcast::stream>& out) {
  do {
    simulcast::stream& one = out.emplace_back();
    one.paused = in.consume('~');
    if (!in.run(one.rid, is_rid, errc::bad_simulcast)) return false;
  } while (in.consume(','));
  return true;
}

/// Streams, separated by semicolons; each direction once.
bool read_streams(cursor& in, simulcast::streams& out) {
  if (!out.empty()) return in.fail(errc::bad_simulcast);
  if (!in.space()) return false;
  do {
    if (!read_alternatives(in, out.emplace_back())) return false;
  } while (in.consume(';'));
  return true;
}

void write_streams(std::string& out, std::string_view direction, const simulcast::streams& streams) {
  if (streams.empty()) return;
  out.append(direction).append(1, ' ');
  detail::append_list(out, streams, ';', [&](const std::vector<simulcast::stream>& alternatives) {
    detail::append_list(out, alternatives, ',', [&](const simulcast::stream& one) {
      if (one.paused) out += '~';
      out += one.rid;
    });
  });
}

}  // namespace

parsed<mid> mid::read(std::string_view text) {
  cursor in(text);
  mid out;
  static_cast<void>(in.token(out.id));
  return in.finish(std::move(out));
}

void mid::write(std::string& out) const { out += id; }

bool mid::is_writable() const noexcept { return detail::all_of(id, detail::is_token); }

bool group::contains(std::string_view id) const noexcept {
  return std::find(mids.begin(), mids.end(), id) != mids.end();
}

parsed<group> group::read(std::string_view text) {
  cursor in(text);
  group out;
  if (in.token(out.semantics)) {
    while (in.more() && in.space() && in.token(out.mids.emplace_back())) {
    }
  }
  return in.finish(std::move(out));
}

void group::write(std::string& out) const {
  out += semantics;
  for (const std::string& id : mids) out.append(1, ' ').append(id);
}

parsed<msid> msid::read(std::string_view text) {
  cursor in(text);
  msid out;
  static_cast<void>(in.token(out.stream) && (!in.more() || (in.space() && in.token(out.track))));
  return in.finish(std::move(out));
}

void msid::write(std::string& out) const {
  out += stream;
  if (!track.empty()) out.append(1, ' ').append(track);
}

parsed<ssrc> ssrc::read(std::string_view text) {
  cursor in(text);
  ssrc out;
  if (in.number(out.id) && in.space() && in.token(out.attribute) && in.consume(':')) {
    out.value = in.remainder();
  }
  return in.finish(std::move(out));
}

void ssrc::write(std::string& out) const {
  append_number(out, id);
  out.append(1, ' ').append(attribute);
  if (!value.empty()) out.append(1, ':').append(value);
}

parsed<ssrc_group> ssrc_group::read(std::string_view text) {
  cursor in(text);
  ssrc_group out;
  if (in.token(out.semantics)) {
    while (in.more() && in.space() && in.number(out.ids.emplace_back())) {
    }
  }
  return in.finish(std::move(out));
}

void ssrc_group::write(std::string& out) const {
  out += semantics;
  for (const std::uint32_t id : ids) append_number(out.append(1, ' '), id);
}

parsed<extmap> extmap::read(std::string_view text) {
  cursor in(text);
  extmap out;
  const auto read_direction = [&] {
    const std::size_t start = in.offset();
    std::string found;
    if (!in.token(found)) return false;
    out.direction = direction_from(found);
    return out.direction || in.fail(errc::bad_direction, start);
  };
  const auto read_id = [&] {
    if (!in.number(out.id, 1, 4351)) return false;
    // RFC 8285 5: what lies between stands for nothing.
    return out.id < 256 || out.id >= 4096 || in.fail(errc::number_out_of_range, 0);
  };
  if (read_id() && (!in.consume('/') || read_direction()) && in.space() && in.word(out.uri) && in.more() &&
      in.space()) {
    out.attributes = in.remainder();
  }
  return in.finish(std::move(out));
}

void extmap::write(std::string& out) const {
  append_number(out, id);
  if (direction) out.append(1, '/').append(name_of(*direction));
  out.append(1, ' ').append(uri);
  if (!attributes.empty()) out.append(1, ' ').append(attributes);
}

parsed<rid> rid::read(std::string_view text) {
  cursor in(text);
  rid out;
  const auto read_types = [&] {
    do {
      if (!in.payload_type(out.payload_types.emplace_back())) return false;
    } while (in.consume(','));
    return true;
  };
  const auto read_restriction = [&] {
    auto& [key, value] = out.restrictions.emplace_back();
    if (!in.token(key)) return false;
    const auto belongs = [](char c) { return c != ';'; };
    return !in.consume('=') || in.run(value, belongs, errc::bad_rid);
  };
  const auto read_restrictions = [&] {
    if (in.consume("pt=")) {
      if (!read_types()) return false;
      if (!in.consume(';')) return true;
    }
    do {
      in.skip_spaces();
      if (!read_restriction()) return false;
    } while (in.consume(';'));
    return true;
  };
  if (in.run(out.id, is_rid, errc::bad_rid) && in.space() &&
      in.choice(out.sends, rid_directions, errc::bad_rid) && in.more() && in.space()) {
    static_cast<void>(read_restrictions());
  }
  return in.finish(std::move(out));
}

void rid::write(std::string& out) const {
  out.append(id).append(1, ' ').append(rid_directions[sends ? 1 : 0]);
  char separator = ' ';
  if (!payload_types.empty()) {
    out += " pt=";
    detail::append_list(out, payload_types, ',', [&](std::uint8_t type) { append_number(out, type); });
    separator = ';';
  }
  for (const auto& [key, value] : restrictions) {
    out.append(1, separator).append(key);
    if (!value.empty()) out.append(1, '=').append(value);
    separator = ';';
  }
}

parsed<simulcast> simulcast::read(std::string_view text) {
  cursor in(text);
  simulcast out;
  do {
    if (!out.send.empty() || !out.receive.empty()) {
      if (!in.space()) break;
    }
    const bool sends = in.consume("send");
    if (!sends && !in.consume("recv")) {
      static_cast<void>(in.fail(errc::bad_simulcast));
      break;
    }
    if (!read_streams(in, sends ? out.send : out.receive)) break;
  } while (in.more());
  return in.finish(std::move(out));
}

void simulcast::write(std::string& out) const {
  write_streams(out, "send", send);
  if (!send.empty() && !receive.empty()) out += ' ';
  write_streams(out, "recv", receive);
}

}  // namespace parley::sdp
