#include "offer_answer/detail/payload_types.hpp"

#include <parley/offer_answer/codec_match.hpp>
#include <parley/offer_answer/error.hpp>
#include <parley/sdp/codec_parameters.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace parley::offer_answer::detail {
namespace {

using sdp::rtp_format;

class numbering {
 public:
  numbering(std::span<const rtp_format> ours, std::span<const rtp_format> known,
            std::span<const rtp_format> reserved)
      : ours_(ours), known_(known), reserved_(reserved) {
    for (const rtp_format& one : ours) wanted_[one.payload_type()] = true;
    for (const rtp_format& one : known) blocked_[one.payload_type()] = true;
    for (const rtp_format& one : reserved) blocked_[one.payload_type()] = true;
  }

  /// The number for `format`, which is one of ours; nothing where none is left.
  std::optional<std::uint8_t> number(const rtp_format& format) {
    for (const rtp_format& one : known_) {
      if (!used_[one.payload_type()] && same_codec(format, ours_, one, known_)) {
        return take(one.payload_type());
      }
    }
    if (may_be(format, format.payload_type())) return take(format.payload_type());
    // RFC 3551 6: 96 to 127 are dynamic; where those are used up, 35 to 63 are, too (RFC 5761 4).
    constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 2> ranges{{{96, 127}, {35, 63}}};
    for (const auto& [first, last] : ranges) {
      for (unsigned type = first; type <= last; ++type) {
        if (!used_[type] && !wanted_[type] && !blocked_[type]) return take(static_cast<std::uint8_t>(type));
      }
    }
    return std::nullopt;
  }

 private:
  bool may_be(const rtp_format& format, std::uint8_t type) const {
    if (type > 127 || used_[type]) return false;
    const auto differs = [&](std::span<const rtp_format> among) {
      return std::any_of(among.begin(), among.end(), [&](const rtp_format& one) {
        return one.payload_type() == type && !same_codec(format, ours_, one, among);
      });
    };
    return !differs(known_) && !differs(reserved_);
  }
  std::uint8_t take(std::uint8_t type) noexcept {
    used_[type] = true;
    return type;
  }

  std::span<const rtp_format> ours_;
  std::span<const rtp_format> known_;
  std::span<const rtp_format> reserved_;
  std::array<bool, 256> used_{};
  std::array<bool, 256> wanted_{};
  std::array<bool, 256> blocked_{};
};

/// What is numbered before what: rtx may name red, and red names codecs.
int rank(const rtp_format& format) noexcept {
  if (format.is("rtx")) return 2;
  return format.is("red") ? 1 : 0;
}

using number_map = std::array<std::uint8_t, 256>;

void rewrite_carried(rtp_format& format, const number_map& numbers) {
  std::string changed;
  if (format.is("rtx")) {
    auto rtx = format.parameters_as<sdp::rtx_parameters>();
    if (!rtx) return;
    rtx->apt = numbers[rtx->apt];
    rtx->write(changed);
  } else if (format.is("red")) {
    auto red = format.parameters_as<sdp::red_parameters>();
    if (!red) return;
    for (std::uint8_t& type : red->payload_types) type = numbers[type];
    red->write(changed);
  } else {
    return;
  }
  format.parameters = std::move(changed);
}

}  // namespace

std::optional<std::vector<std::uint8_t>> carried_types(const rtp_format& format) {
  if (format.is("rtx")) {
    const auto read = format.parameters_as<sdp::rtx_parameters>();
    if (!read) return std::nullopt;
    return std::vector<std::uint8_t>{read->apt};
  }
  if (format.is("red")) {
    auto read = format.parameters_as<sdp::red_parameters>();
    if (!read) return std::nullopt;
    return std::move(read->payload_types);
  }
  return std::vector<std::uint8_t>{};
}

base::result<std::vector<rtp_format>> number_formats(std::span<const rtp_format> ours,
                                                     std::span<const rtp_format> known,
                                                     std::span<const rtp_format> reserved) {
  std::vector<rtp_format> out(ours.begin(), ours.end());
  number_map numbers{};
  numbering free(ours, known, reserved);
  for (int turn = 0; turn <= 2; ++turn) {
    for (rtp_format& format : out) {
      if (rank(format) != turn) continue;
      const auto number = free.number(format);
      if (!number) return errc::payload_types_used_up;
      numbers[format.payload_type()] = *number;
      format.codec.payload_type = *number;
    }
  }
  for (rtp_format& format : out) {
    rewrite_carried(format, numbers);
    for (sdp::rtcp_fb& one : format.feedback) one.payload_type = format.payload_type();
  }
  return out;
}

void remember_formats(std::vector<rtp_format>& known, std::span<const rtp_format> formats) {
  if (known.empty()) known.reserve(formats.size());
  for (const rtp_format& format : formats) {
    const auto same = std::find_if(known.begin(), known.end(), [&](const rtp_format& one) {
      return one.payload_type() == format.payload_type();
    });
    if (same == known.end()) {
      known.push_back(format);
    } else {
      *same = format;
    }
  }
}

}  // namespace parley::offer_answer::detail
