#include <parley/offer_answer/codec_match.hpp>
#include <parley/sdp/codec_parameters.hpp>
#include <parley/sdp/h264.hpp>
#include <parley/sdp/parameter_list.hpp>

#include "offer_answer/detail/payload_types.hpp"
#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace parley::offer_answer {
namespace {

using sdp::rtp_format;

/// A parameter as text, and what its absence means.
struct defaulted {
  std::string_view name;
  std::string_view value;
};

bool same_values(const rtp_format& a, const rtp_format& b, std::initializer_list<defaulted> symmetric) {
  return std::all_of(symmetric.begin(), symmetric.end(), [&](const defaulted& one) {
    const auto value_in = [&one](const rtp_format& format) {
      return sdp::parameter_list(format.parameters).find(one.name).value_or(one.value);
    };
    return detail::iequals(value_in(a), value_in(b));
  });
}

/// Reads the parameters of both and compares them; false where either can't be read.
template <class Codec, class Predicate>
bool both(const rtp_format& a, const rtp_format& b, Predicate same) {
  const auto first = a.parameters_as<Codec>();
  if (a.parameters == b.parameters) return first && same(*first, *first);
  const auto second = b.parameters_as<Codec>();
  return first && second && same(*first, *second);
}

bool is_amr(const rtp_format& format) noexcept { return format.is("AMR") || format.is("AMR-WB"); }

/// The modes in common of two mode-sets, where none stands for all.
std::uint16_t common_modes(std::uint16_t a, std::uint16_t b) noexcept {
  if (a == 0) return b;
  return b == 0 ? a : static_cast<std::uint16_t>(a & b);
}

bool same_amr(const sdp::amr_parameters& a, const sdp::amr_parameters& b) noexcept {
  // RFC 4867 8.3.1: these change the payload format. The other three ask for octet-align, too.
  const auto aligned = [](const sdp::amr_parameters& one) {
    return one.octet_align || one.crc || one.robust_sorting || one.interleaving.has_value();
  };
  return aligned(a) == aligned(b) && a.crc == b.crc && a.robust_sorting == b.robust_sorting &&
         a.interleaving.has_value() == b.interleaving.has_value() &&
         ((a.mode_set == 0 && b.mode_set == 0) || common_modes(a.mode_set, b.mode_set) != 0);
}

bool same_parameters(const rtp_format& a, const rtp_format& b) {
  if (a.is(sdp::h264_parameters::encoding)) {
    return both<sdp::h264_parameters>(a, b, [](const auto& x, const auto& y) {
      return x.profile.same_profile(y.profile) && x.packetization_mode == y.packetization_mode;
    });
  }
  if (a.is(sdp::vp9_parameters::encoding)) {
    return both<sdp::vp9_parameters>(
        a, b, [](const auto& x, const auto& y) { return x.profile_id == y.profile_id; });
  }
  if (a.is(sdp::av1_parameters::encoding)) {
    return both<sdp::av1_parameters>(a, b,
                                     [](const auto& x, const auto& y) { return x.profile == y.profile; });
  }
  if (a.is(sdp::g7221_parameters::encoding)) {
    return both<sdp::g7221_parameters>(a, b,
                                       [](const auto& x, const auto& y) { return x.bitrate == y.bitrate; });
  }
  if (a.is(sdp::telephone_event_parameters::encoding)) {
    return both<sdp::telephone_event_parameters>(
        a, b, [](const auto& x, const auto& y) { return (x.events & y.events).any(); });
  }
  if (is_amr(a)) return both<sdp::amr_parameters>(a, b, same_amr);
  if (a.is("H265")) {
    return same_values(
        a, b, {{"profile-space", "0"}, {"profile-id", "1"}, {"tier-flag", "0"}, {"tx-mode", "SRST"}});
  }
  return true;
}

/// `text` with that value for the parameter, in its place or at the end.
std::string with_parameter(std::string_view text, std::string_view name, std::string_view value) {
  std::string out;
  bool done = false;
  const auto append = [&out](std::string_view n, std::string_view v, bool has_value) {
    if (!out.empty()) out += ';';
    out += n;
    if (has_value) out.append(1, '=').append(v);
  };
  for (const sdp::format_parameter& one : sdp::parameter_list(text)) {
    const bool found = detail::iequals(one.name, name);
    if (found && done) continue;
    done = done || found;
    append(one.name, found ? value : one.value, found || one.has_value);
  }
  if (!done) append(name, value, true);
  return out;
}

/// The profile of `id` at another level, which counts as `profile_level_id::level` does.
sdp::profile_level_id at_level(sdp::profile_level_id id, unsigned level) noexcept {
  constexpr unsigned level_1b = 105;
  constexpr std::uint8_t constraint_set3 = 0x10;
  const bool by_flag = id.profile_idc == 0x42 || id.profile_idc == 0x4d || id.profile_idc == 0x58;
  if (by_flag) {
    id.constraints &= static_cast<std::uint8_t>(~constraint_set3);
    if (level == level_1b) id.constraints |= constraint_set3;
  }
  if (level == level_1b) {
    id.level_idc = by_flag ? 11 : 9;
  } else {
    id.level_idc = static_cast<std::uint8_t>(level / 10);
  }
  return id;
}

std::string h264_answer(const rtp_format& offered, const rtp_format& ours) {
  const auto theirs = offered.parameters_as<sdp::h264_parameters>();
  const auto own = ours.parameters_as<sdp::h264_parameters>();
  if (!theirs || !own) return ours.parameters;
  // RFC 6184 8.2.2: the level is symmetric unless both say otherwise.
  const bool asymmetric = theirs->level_asymmetry_allowed && own->level_asymmetry_allowed;
  const unsigned level =
      asymmetric ? own->profile.level() : std::min(theirs->profile.level(), own->profile.level());
  std::string out = ours.parameters;
  const sdp::profile_level_id chosen = at_level(theirs->profile, level);
  if (chosen != sdp::profile_level_id{} || own->profile != sdp::profile_level_id{}) {
    std::string id;
    chosen.write(id);
    out = with_parameter(out, "profile-level-id", id);
  }
  if (own->level_asymmetry_allowed && !asymmetric) out = with_parameter(out, "level-asymmetry-allowed", "0");
  return out;
}

std::string amr_answer(const rtp_format& offered, const rtp_format& ours) {
  const auto theirs = offered.parameters_as<sdp::amr_parameters>();
  auto own = ours.parameters_as<sdp::amr_parameters>();
  if (!theirs || !own) return ours.parameters;
  own->octet_align = theirs->octet_align;
  own->interleaving = theirs->interleaving;
  own->mode_set = common_modes(theirs->mode_set, own->mode_set);
  own->mode_change_period = std::max(theirs->mode_change_period, own->mode_change_period);
  own->mode_change_neighbor = theirs->mode_change_neighbor || own->mode_change_neighbor;
  std::string out;
  own->write(out);
  return out;
}

std::string answer_parameters(const rtp_format& offered, const rtp_format& ours) {
  if (ours.is(sdp::h264_parameters::encoding)) return h264_answer(offered, ours);
  if (is_amr(ours)) return amr_answer(offered, ours);
  if (ours.is(sdp::rtx_parameters::encoding) || ours.is(sdp::red_parameters::encoding)) {
    return offered.parameters;
  }
  if (ours.is(sdp::telephone_event_parameters::encoding)) {
    if (offered.parameters == ours.parameters) return ours.parameters;
    const auto theirs = offered.parameters_as<sdp::telephone_event_parameters>();
    auto own = ours.parameters_as<sdp::telephone_event_parameters>();
    if (!theirs || !own) return ours.parameters;
    own->events &= theirs->events;
    std::string out;
    own->write(out);
    return out;
  }
  if (ours.is(sdp::ilbc_parameters::encoding)) {
    const auto theirs = offered.parameters_as<sdp::ilbc_parameters>();
    const auto own = ours.parameters_as<sdp::ilbc_parameters>();
    if (theirs && own && theirs->mode != own->mode) return with_parameter(ours.parameters, "mode", "30");
  }
  if (ours.is(sdp::g729_parameters::encoding)) {
    const auto theirs = offered.parameters_as<sdp::g729_parameters>();
    if (theirs && !theirs->annexb) return with_parameter(ours.parameters, "annexb", "no");
  }
  return ours.parameters;
}

const rtp_format* find_type(std::span<const rtp_format> among, std::uint8_t type) noexcept {
  const auto found = std::find_if(among.begin(), among.end(),
                                  [type](const rtp_format& one) { return one.payload_type() == type; });
  return found == among.end() ? nullptr : &*found;
}

/// Whether a format that rtx or red names is a codec of its own; rtx of rtx would not end.
bool same_carried(std::uint8_t a, std::span<const rtp_format> among_a, std::uint8_t b,
                  std::span<const rtp_format> among_b) {
  const rtp_format* const first = find_type(among_a, a);
  const rtp_format* const second = find_type(among_b, b);
  if (first == nullptr || second == nullptr) return false;
  if (!first->codec.same_encoding(second->codec) || first->is("rtx")) return false;
  // Video's red may be sent again, and carries whatever there is.
  return first->is("red") || same_parameters(*first, *second);
}

bool same_carried(const rtp_format& a, std::span<const rtp_format> among_a, const rtp_format& b,
                  std::span<const rtp_format> among_b) {
  const auto first = detail::carried_types(a);
  const auto second = detail::carried_types(b);
  return first && second &&
         std::equal(first->begin(), first->end(), second->begin(), second->end(),
                    [&](std::uint8_t x, std::uint8_t y) { return same_carried(x, among_a, y, among_b); });
}

constexpr std::array<std::string_view, 6> protections{"rtx",     "red",        "ulpfec",
                                                      "flexfec", "flexfec-03", "parityfec"};

/// Drops what is sent again or protected by nothing that was chosen.
void drop_orphans(std::vector<format_pair>& pairs, std::span<const rtp_format> offered) {
  const auto is_chosen = [&](std::uint8_t type) {
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const format_pair& one) { return offered[one.offered].payload_type() == type; });
  };
  // red first, since rtx may name it.
  for (const std::string_view name : {"red", "rtx"}) {
    if (std::none_of(pairs.begin(), pairs.end(),
                     [&](const format_pair& one) { return offered[one.offered].is(name); }))
      continue;
    std::vector<format_pair> kept;
    for (const format_pair& one : pairs) {
      const rtp_format& format = offered[one.offered];
      const auto types = format.is(name) ? detail::carried_types(format) : std::nullopt;
      if (!types || std::all_of(types->begin(), types->end(), is_chosen)) kept.push_back(one);
    }
    pairs = std::move(kept);
  }
}

void keep_single_codec(std::vector<format_pair>& pairs, std::span<const rtp_format> offered) {
  const auto format_of = [&](const format_pair& one) -> const rtp_format& { return offered[one.offered]; };
  const auto chosen = std::find_if(pairs.begin(), pairs.end(), [&](const format_pair& one) {
    return kind_of(format_of(one)) == format_kind::codec;
  });
  if (chosen == pairs.end()) return;
  const format_pair codec = *chosen;
  const std::uint32_t rate = format_of(codec).codec.clock_rate;
  const auto is_event = [&](const format_pair& one) { return kind_of(format_of(one)) == format_kind::event; };
  // RFC 4733 2.1: events have the rate of the codec that they go with. Peers that offer them at another rate
  // only, as 8000 beside Opus, still mean to send them.
  const bool fits = std::any_of(pairs.begin(), pairs.end(), [&](const format_pair& one) {
    return is_event(one) && format_of(one).codec.clock_rate == rate;
  });
  bool has_event = false;
  std::erase_if(pairs, [&](const format_pair& one) {
    const rtp_format& format = format_of(one);
    switch (kind_of(format)) {
      case format_kind::codec: return !(one == codec);
      case format_kind::noise: return format.codec.clock_rate != rate;
      case format_kind::protection: return false;
      case format_kind::event: break;
    }
    if (fits ? format.codec.clock_rate != rate : has_event) return true;
    has_event = true;
    return false;
  });
}

}  // namespace

format_kind kind_of(const rtp_format& format) noexcept {
  if (format.is("telephone-event") || format.is("tone")) return format_kind::event;
  if (format.is("CN")) return format_kind::noise;
  const bool protects = std::any_of(protections.begin(), protections.end(),
                                    [&](std::string_view name) { return format.is(name); });
  return protects ? format_kind::protection : format_kind::codec;
}

bool same_codec(const rtp_format& a, std::span<const rtp_format> among_a, const rtp_format& b,
                std::span<const rtp_format> among_b) {
  if (a.codec.encoding.empty() || !a.codec.same_encoding(b.codec)) return false;
  if (a.is("rtx") || a.is("red")) return same_carried(a, among_a, b, among_b);
  return same_parameters(a, b);
}

rtp_format answer_format(const rtp_format& offered, const rtp_format& ours) {
  rtp_format out;
  out.codec = offered.codec;
  out.parameters = answer_parameters(offered, ours);
  for (const sdp::rtcp_fb& one : ours.feedback) {
    const bool shared =
        std::any_of(offered.feedback.begin(), offered.feedback.end(), [&](const sdp::rtcp_fb& theirs) {
          return detail::iequals(one.kind, theirs.kind) && detail::iequals(one.parameter, theirs.parameter);
        });
    if (!shared) continue;
    sdp::rtcp_fb& added = out.feedback.emplace_back(one);
    added.payload_type = offered.payload_type();
  }
  return out;
}

std::vector<format_pair> match_formats(std::span<const rtp_format> offered, std::span<const rtp_format> ours,
                                       const match_options& options) {
  std::vector<format_pair> pairs;
  pairs.reserve(std::min(offered.size(), ours.size()));
  std::vector<bool> taken(ours.size());
  bool offers_codec = false;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    offers_codec = offers_codec || kind_of(offered[i]) == format_kind::codec;
    for (std::size_t j = 0; j < ours.size(); ++j) {
      if (taken[j] || !same_codec(offered[i], offered, ours[j], ours)) continue;
      taken[j] = true;
      pairs.push_back({i, j});
      break;
    }
  }
  if (options.own_order) {
    std::sort(pairs.begin(), pairs.end(),
              [](const format_pair& a, const format_pair& b) { return a.ours < b.ours; });
  }
  if (options.single_codec) keep_single_codec(pairs, offered);
  drop_orphans(pairs, offered);
  const bool has_codec = std::any_of(pairs.begin(), pairs.end(), [&](const format_pair& one) {
    return kind_of(offered[one.offered]) == format_kind::codec;
  });
  if (offers_codec && !has_codec) pairs.clear();
  return pairs;
}

}  // namespace parley::offer_answer
