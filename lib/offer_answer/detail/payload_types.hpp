#pragma once

#include <parley/base/result.hpp>
#include <parley/sdp/rtp_format.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace parley::offer_answer::detail {

/// The payload types that rtx or red name; empty for other formats, nothing where they can't be read.
std::optional<std::vector<std::uint8_t>> carried_types(const sdp::rtp_format& format);

/// Gives `ours` the payload types of an offer, in the same order. A codec that is in `known`, what this
/// medium has used so far, keeps its number; another keeps its own where nobody has it, in `known` and in
/// `reserved`, the formats of the media in the same bundle, or gets a free one. So no number ever stands for
/// another codec (RFC 3264 8.3.2, RFC 9143 9.1). What rtx and red name follows, and so does feedback.
///
/// *Errors:* `payload_types_used_up`.
base::result<std::vector<sdp::rtp_format>> number_formats(std::span<const sdp::rtp_format> ours,
                                                          std::span<const sdp::rtp_format> known,
                                                          std::span<const sdp::rtp_format> reserved);

/// Adds formats to what a medium has used; the last meaning of a number counts.
void remember_formats(std::vector<sdp::rtp_format>& known, std::span<const sdp::rtp_format> formats);

}  // namespace parley::offer_answer::detail
