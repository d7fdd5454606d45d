#pragma once

#include <parley/base/api.hpp>
#include <parley/rtp/fec_repair.hpp>

#include <cstddef>
#include <span>

namespace parley::rtp {

/// Reads the payload of a ULPFEC packet (RFC 5109 7), of `fec_repair::max_levels` levels at most.
///
/// *Ownership:* the repair refers to the payload. *Errors:* `errc::fec_truncated`, `errc::bad_fec_mask`,
/// `errc::fec_unsupported` with the extension bit, `errc::too_many_items`: drop the packet.
PARLEY_API parsed<fec_repair> parse_ulpfec(std::span<const std::byte> payload) noexcept;

}  // namespace parley::rtp
