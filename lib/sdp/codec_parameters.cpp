#include <parley/sdp/codec_parameters.hpp>

#include "sdp/detail/parameter_fields.hpp"

#include <cstddef>

namespace parley::sdp {
namespace {

using detail::cursor;
using detail::field_reader;
using detail::field_writer;
using detail::range;

constexpr range any32{0, 0xffffffff};
constexpr detail::words no_yes{"no", "yes"};

}  // namespace

// Not in the namespace above, where argument-dependent look-up would not find them.
template <class Field>
static void fields_of(const opus_parameters&, Field field) {
  using codec = opus_parameters;
  field("maxplaybackrate", &codec::maxplaybackrate, any32);
  field("sprop-maxcapturerate", &codec::sprop_maxcapturerate, any32);
  field("minptime", &codec::minptime, any32);
  field("ptime", &codec::ptime, any32);
  field("maxptime", &codec::maxptime, any32);
  field("maxaveragebitrate", &codec::maxaveragebitrate, any32);
  field("stereo", &codec::stereo);
  field("sprop-stereo", &codec::sprop_stereo);
  field("cbr", &codec::cbr);
  field("useinbandfec", &codec::useinbandfec);
  field("usedtx", &codec::usedtx);
}

template <class Field>
static void fields_of(const vp8_parameters&, Field field) {
  field("max-fr", &vp8_parameters::max_fr, any32);
  field("max-fs", &vp8_parameters::max_fs, any32);
}

template <class Field>
static void fields_of(const vp9_parameters&, Field field) {
  field("profile-id", &vp9_parameters::profile_id, range{0, 3});
  field("max-fr", &vp9_parameters::max_fr, any32);
  field("max-fs", &vp9_parameters::max_fs, any32);
}

template <class Field>
static void fields_of(const av1_parameters&, Field field) {
  field("profile", &av1_parameters::profile, range{0, 2});
  field("level-idx", &av1_parameters::level_idx, range{0, 31});
  field("tier", &av1_parameters::tier, range{0, 1});
}

template <class Field>
static void fields_of(const amr_parameters&, Field field) {
  using codec = amr_parameters;
  field("octet-align", &codec::octet_align);
  field("mode-change-period", &codec::mode_change_period, range{1, 2});
  field("mode-change-capability", &codec::mode_change_capability, range{1, 2});
  field("mode-change-neighbor", &codec::mode_change_neighbor);
  field("crc", &codec::crc);
  field("robust-sorting", &codec::robust_sorting);
  field("interleaving", &codec::interleaving, range{0, 255});
  field("max-red", &codec::max_red, range{0, 65535});
}

template <class Field>
static void fields_of(const g729_parameters&, Field field) {
  field("annexb", &g729_parameters::annexb, no_yes);
}

namespace {

template <class Codec>
parsed<Codec> read_codec(std::string_view text) {
  field_reader in(text);
  Codec out;
  detail::read_fields(in, out);
  return in.finish(out);
}

template <class Codec>
void write_codec(std::string& out, const Codec& codec) {
  field_writer fields(out);
  detail::write_fields(fields, codec);
}

/// RFC 4867 8.1: modes, separated by commas; those of AMR are 0 to 7, of AMR-WB 0 to 8.
void read_mode_set(field_reader& in, std::uint16_t& out) {
  const auto text = in.find("mode-set");
  if (!text) return;
  cursor modes(*text);
  do {
    std::uint8_t mode = 0;
    if (!modes.number(mode, 0, 8)) return in.fail(*text);
    out = static_cast<std::uint16_t>(out | 1U << mode);
  } while (modes.consume(','));
  if (!modes.at_end()) in.fail(*text);
}

}  // namespace

parsed<opus_parameters> opus_parameters::read(std::string_view text) {
  return read_codec<opus_parameters>(text);
}
void opus_parameters::write(std::string& out) const { write_codec(out, *this); }

parsed<vp8_parameters> vp8_parameters::read(std::string_view text) {
  return read_codec<vp8_parameters>(text);
}
void vp8_parameters::write(std::string& out) const { write_codec(out, *this); }

parsed<vp9_parameters> vp9_parameters::read(std::string_view text) {
  return read_codec<vp9_parameters>(text);
}
void vp9_parameters::write(std::string& out) const { write_codec(out, *this); }

parsed<av1_parameters> av1_parameters::read(std::string_view text) {
  return read_codec<av1_parameters>(text);
}
void av1_parameters::write(std::string& out) const { write_codec(out, *this); }

parsed<g729_parameters> g729_parameters::read(std::string_view text) {
  return read_codec<g729_parameters>(text);
}
void g729_parameters::write(std::string& out) const { write_codec(out, *this); }

parsed<amr_parameters> amr_parameters::read(std::string_view text) {
  field_reader in(text);
  amr_parameters out;
  detail::read_fields(in, out);
  read_mode_set(in, out.mode_set);
  return in.finish(out);
}

void amr_parameters::write(std::string& out) const {
  field_writer fields(out);
  detail::write_fields(fields, *this);
  if (mode_set == 0) return;
  char separator = '=';
  std::string& list = fields.begin("mode-set");
  list.pop_back();
  for (unsigned mode = 0; mode <= 8; ++mode) {
    if ((mode_set >> mode & 1U) == 0) continue;
    detail::append_number(list.append(1, separator), mode);
    separator = ',';
  }
}

parsed<ilbc_parameters> ilbc_parameters::read(std::string_view text) {
  field_reader in(text);
  ilbc_parameters out;
  in("mode", out.mode, range{20, 30});
  if (out.mode != 20 && out.mode != 30) in.fail(*in.find("mode"));
  return in.finish(out);
}

void ilbc_parameters::write(std::string& out) const {
  field_writer fields(out);
  fields("mode", mode);
}

parsed<rtx_parameters> rtx_parameters::read(std::string_view text) {
  field_reader in(text);
  rtx_parameters out;
  if (!in.find("apt")) in.fail(errc::missing_parameter);
  in("apt", out.apt, range{0, 127});
  in("rtx-time", out.rtx_time, any32);
  return in.finish(out);
}

void rtx_parameters::write(std::string& out) const {
  field_writer fields(out);
  fields("apt", apt);
  fields("rtx-time", rtx_time);
}

parsed<g7221_parameters> g7221_parameters::read(std::string_view text) {
  field_reader in(text);
  g7221_parameters out;
  if (!in.find("bitrate")) in.fail(errc::missing_parameter);
  in("bitrate", out.bitrate, any32);
  return in.finish(out);
}

void g7221_parameters::write(std::string& out) const {
  field_writer fields(out);
  fields("bitrate", bitrate);
}

parsed<red_parameters> red_parameters::read(std::string_view text) {
  cursor in(text);
  red_parameters out;
  const auto read_types = [&] {
    do {
      if (!in.payload_type(out.payload_types.emplace_back())) return false;
    } while (in.consume('/'));
    return true;
  };
  static_cast<void>(in.at_end() || read_types());
  return in.finish(std::move(out));
}

void red_parameters::write(std::string& out) const {
  detail::append_list(out, payload_types, '/', [&](std::uint8_t type) { detail::append_number(out, type); });
}

parsed<telephone_event_parameters> telephone_event_parameters::read(std::string_view text) {
  cursor in(text);
  telephone_event_parameters out;
  if (in.at_end()) return out;
  // Some write the list as a parameter, as SIP's Contact does (RFC 4733 2.4.1 has the bare form in fmtp).
  static_cast<void>(in.consume("events="));
  out.events.reset();
  const auto read_range = [&] {
    std::uint8_t first = 0;
    const std::size_t start = in.offset();
    if (!in.number(first)) return in.fail(errc::bad_event_list, start);
    std::uint8_t last = first;
    if (in.consume('-') && !in.number(last, first)) return false;
    for (unsigned event = first; event <= last; ++event) out.events.set(event);
    return true;
  };
  do {
    in.skip_spaces();
    if (!read_range()) return parse_error{errc::bad_event_list, in.error().offset};
    in.skip_spaces();
  } while (in.consume(','));
  return in.finish(out);
}

void telephone_event_parameters::write(std::string& out) const {
  bool first = true;
  std::size_t left = events.count();
  for (unsigned event = 0; left != 0; ++event) {
    if (!events.test(event)) continue;
    if (!first) out += ',';
    first = false;
    const unsigned start = event;
    while (--left != 0 && events.test(event + 1)) ++event;
    detail::append_number(out, start);
    if (event != start) detail::append_number(out.append(1, '-'), event);
  }
}

}  // namespace parley::sdp
