#include <parley/sdp/h264.hpp>

#include "sdp/detail/base64.hpp"
#include "sdp/detail/hex.hpp"
#include "sdp/detail/parameter_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace parley::sdp {
namespace {

using detail::range;

/// One row of RFC 6184 8.1, table 5: `constraints` are looked at where `mask` has ones.
struct pattern {
  h264_profile profile;
  std::uint8_t profile_idc;
  std::uint8_t mask;
  std::uint8_t constraints;
};

// Constrained High (constraint_set4 and 5) came with H.264 itself (A.2.4.2) after the RFC.
constexpr std::array patterns{
    pattern{h264_profile::constrained_baseline, 0x42, 0x4f, 0x40},
    pattern{h264_profile::constrained_baseline, 0x4d, 0x8f, 0x80},
    pattern{h264_profile::constrained_baseline, 0x58, 0xcf, 0xc0},
    pattern{h264_profile::baseline, 0x42, 0x4f, 0x00},
    pattern{h264_profile::baseline, 0x58, 0xcf, 0x80},
    pattern{h264_profile::main, 0x4d, 0xaf, 0x00},
    pattern{h264_profile::extended, 0x58, 0xcf, 0x00},
    pattern{h264_profile::constrained_high, 0x64, 0xff, 0x0c},
    pattern{h264_profile::high, 0x64, 0xff, 0x00},
    pattern{h264_profile::high_10, 0x6e, 0xff, 0x00},
    pattern{h264_profile::high_4_2_2, 0x7a, 0xff, 0x00},
    pattern{h264_profile::high_4_4_4, 0xf4, 0xff, 0x00},
    pattern{h264_profile::high_10_intra, 0x6e, 0xff, 0x10},
    pattern{h264_profile::high_4_2_2_intra, 0x7a, 0xff, 0x10},
    pattern{h264_profile::high_4_4_4_intra, 0xf4, 0xff, 0x10},
    pattern{h264_profile::cavlc_4_4_4_intra, 0x2c, 0xff, 0x10},
};

constexpr std::uint8_t constraint_set3 = 0x10;

}  // namespace

// Not in the namespace above, where argument-dependent look-up would not find it.
template <class Field>
static void fields_of(const h264_parameters&, Field field) {
  using codec = h264_parameters;
  field("packetization-mode", &codec::packetization_mode, range{0, 2});
  field("level-asymmetry-allowed", &codec::level_asymmetry_allowed);
  field("max-mbps", &codec::max_mbps, range{0, 0xffffffff});
  field("max-fs", &codec::max_fs, range{0, 0xffffffff});
  field("max-br", &codec::max_br, range{0, 0xffffffff});
  field("sprop-parameter-sets", &codec::sprop_parameter_sets);
}

std::optional<h264_profile> profile_level_id::profile() const noexcept {
  for (const pattern& one : patterns) {
    if (one.profile_idc == profile_idc && (constraints & one.mask) == one.constraints) return one.profile;
  }
  return std::nullopt;
}

unsigned profile_level_id::level() const noexcept {
  // H.264 A.3.1: in these profiles constraint_set3 makes 1.1 level 1b; in all others level 1b is 9.
  const bool by_flag = profile_idc == 0x42 || profile_idc == 0x4d || profile_idc == 0x58;
  if (by_flag ? level_idc == 11 && (constraints & constraint_set3) != 0 : level_idc == 9) return 105;
  return level_idc * 10U;
}

bool profile_level_id::same_profile(const profile_level_id& other) const noexcept {
  const auto mine = profile();
  if (mine) return mine == other.profile();
  return profile_idc == other.profile_idc && constraints == other.constraints;
}

parsed<profile_level_id> profile_level_id::read(std::string_view text) {
  std::array<std::uint8_t, 3> bytes{};
  if (text.size() != 2 * bytes.size()) return parse_error{errc::bad_profile_level_id, 0};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!detail::read_hex(text.substr(2 * i, 2), bytes[i])) {
      return parse_error{errc::bad_profile_level_id, static_cast<std::uint32_t>(2 * i)};
    }
  }
  return profile_level_id{bytes[0], bytes[1], bytes[2]};
}

void profile_level_id::write(std::string& out) const {
  for (const std::uint8_t byte : {profile_idc, constraints, level_idc}) {
    detail::append_hex(out, byte, detail::hex_lower);
  }
}

parsed<h264_parameters> h264_parameters::read(std::string_view text) {
  detail::field_reader in(text);
  h264_parameters out;
  detail::read_fields(in, out);
  if (const auto id = in.find("profile-level-id")) {
    const auto read = profile_level_id::read(*id);
    if (read) {
      out.profile = *read;
    } else {
      in.fail(id->substr(read.error().offset), read.error().code);
    }
  }
  return in.finish(std::move(out));
}

void h264_parameters::write(std::string& out) const {
  detail::field_writer fields(out);
  if (profile != profile_level_id{}) profile.write(fields.begin("profile-level-id"));
  detail::write_fields(fields, *this);
}

parsed<h264_units> read_parameter_sets(std::string_view text) {
  h264_units out;
  for (std::size_t at = 0; !text.empty() && at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    auto unit = detail::from_base64(text.substr(at, end - at));
    if (!unit || unit->empty()) return parse_error{errc::bad_base64, static_cast<std::uint32_t>(at)};
    out.push_back(std::move(*unit));
    at = end + 1;
  }
  return out;
}

void write_parameter_sets(const h264_units& units, std::string& out) {
  bool first = true;
  for (const auto& unit : units) {
    if (!std::exchange(first, false)) out += ',';
    detail::append_base64(out, unit);
  }
}

}  // namespace parley::sdp
