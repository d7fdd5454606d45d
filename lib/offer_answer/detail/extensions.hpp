#pragma once

#include <parley/sdp/grouping.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace parley::offer_answer::detail {

/// Gives `ours` the ids of an offer. An extension that is in `known`, what this medium and those of its
/// bundle have used, keeps its id there; another keeps its own where that is free, or gets one that is. Those
/// for which no id is left are left out (RFC 8285 5, RFC 9143 9).
std::vector<sdp::extmap> number_extensions(std::span<const sdp::extmap> ours,
                                           std::span<const sdp::extmap> known);

/// The extensions of an answer: those that both have, by the offer's ids; one that was offered with an id
/// from 4096 on gets a free one (RFC 8285 7).
std::vector<sdp::extmap> answer_extensions(std::span<const sdp::extmap> offered,
                                           std::span<const sdp::extmap> ours);

/// Adds what `known` does not have.
void remember_extensions(std::vector<sdp::extmap>& known, std::span<const sdp::extmap> extensions);

}  // namespace parley::offer_answer::detail
