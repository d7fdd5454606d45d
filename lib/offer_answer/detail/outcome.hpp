#pragma once

#include <parley/base/result.hpp>
#include <parley/offer_answer/negotiated.hpp>
#include <parley/sdp/description.hpp>

#include "offer_answer/detail/media_reading.hpp"

#include <cstddef>
#include <vector>

namespace parley::offer_answer::detail {

/// Whether an offered medium is one: not refused, and not ended.
bool is_offered(const media_reading& medium) noexcept;

/// The transport that counts for a medium of an offer: its own, or that of the first in its bundle where it
/// has none (RFC 9143 7.1.3).
const transport_reading& transport_of(const std::vector<media_reading>& media,
                                      const std::vector<bundle>& bundles, std::size_t place);

/// What an offer and its answer agree on, seen by the offerer or by the answerer. Both ends come to the same,
/// since it follows from the two texts alone; ids, `refused_for` and `held_locally` are not filled in, and
/// `held_remotely` says that the peer doesn't receive although it could.
///
/// *Errors:* why the answer is none to that offer.
base::result<std::vector<negotiated_medium>> agree(const sdp::description& offer,
                                                   const sdp::description& answer, bool by_offerer);

}  // namespace parley::offer_answer::detail
