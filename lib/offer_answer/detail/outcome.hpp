#pragma once

#include <parley/base/result.hpp>
#include <parley/offer_answer/negotiated.hpp>

#include "offer_answer/detail/media_reading.hpp"

#include <vector>

namespace parley::offer_answer::detail {

/// What an offer and its answer agree on, seen by the offerer or by the answerer. Both ends come to the same,
/// since it follows from the two texts alone; ids, `refused_for` and `held_locally` are not filled in, and
/// `held_remotely` says that the peer doesn't receive although it could.
///
/// *Errors:* why the answer is none to that offer.
base::result<std::vector<negotiated_medium>> agree(const description_reading& offer,
                                                   const description_reading& answer, bool by_offerer);

}  // namespace parley::offer_answer::detail
