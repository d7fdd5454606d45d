#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/rtp_format.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::offer_answer {

/// What a format is there for.
enum class format_kind : std::uint8_t {
  codec,      ///< it carries the media
  event,      ///< telephone-event, tone (RFC 4733)
  noise,      ///< CN (RFC 3389)
  protection  ///< rtx, red, ulpfec, flexfec: it goes with codecs
};

/// The kind of a format, by its encoding.
PARLEY_API format_kind kind_of(const sdp::rtp_format& format) noexcept;

/// Whether two formats, each of the description or capabilities `among`, mean one codec in one configuration
/// (RFC 3264 6.1): name, clock rate, channels, and what its RFC calls symmetric. Payload types count nowhere;
/// rtx and red are compared by the formats that their payload types name.
///
///  codec            is another one where this differs
///  H264             profile, packetization-mode (RFC 6184 8.2.2); never the level
///  H265             profile-space, profile-id, tier-flag, tx-mode (RFC 7798 7.2.2)
///  VP9, AV1         profile
///  G7221            bitrate (RFC 5577 4.2)
///  AMR, AMR-WB      octet-align, crc, robust-sorting, interleaving (RFC 4867 8.3.1); mode-sets without
///                   a mode in common
///  telephone-event  no event in common
///  rtx, red         the formats that are sent again
///
/// A format without an encoding, or whose parameters can't be read, is the same as none.
PARLEY_API bool same_codec(const sdp::rtp_format& a, std::span<const sdp::rtp_format> among_a,
                           const sdp::rtp_format& b, std::span<const sdp::rtp_format> among_b);

/// What an answer says for `offered`, which is the same codec as `ours`: the offer's payload type, our
/// parameters as the codec's RFC lets an answer have them, and the feedback that both have.
///
///  codec            in the answer
///  H264             the offer's profile; our level, or the lower one where not both allow asymmetry
///  telephone-event  the events in common
///  iLBC             mode 20 where both have it (RFC 3952 5)
///  G729             annexb=no where either has it (RFC 7261 3.4)
///  AMR, AMR-WB      the modes in common, the longer mode-change-period
///  rtx, red         the offer's payload types
///  others           what we have: it is declarative
PARLEY_API sdp::rtp_format answer_format(const sdp::rtp_format& offered, const sdp::rtp_format& ours);

/// A format of the offer and the one of ours that is the same, as places in their lists.
struct format_pair {
  std::size_t offered = 0;
  std::size_t ours = 0;

  friend bool operator==(const format_pair&, const format_pair&) = default;
};

/// How an answer chooses.
struct match_options {
  bool own_order = false;     ///< the order of ours counts, not that of the offer (RFC 3264 6.1 permits both)
  bool single_codec = false;  ///< one codec, and what goes with it: events and noise of its rate, its rtx
};

/// The formats that an answer has, in its order of preference: each of ours at most once. Empty where there
/// is no codec in common, even if events are, unless the offer has no codec either (RFC 4317 2.4).
PARLEY_API std::vector<format_pair> match_formats(std::span<const sdp::rtp_format> offered,
                                                  std::span<const sdp::rtp_format> ours,
                                                  const match_options& options = {});

}  // namespace parley::offer_answer
