#pragma once

#include <parley/base/random_source.hpp>
#include <parley/sdp/security.hpp>
#include <parley/srtp/sdes.hpp>

#include "ng_options.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace relay {

namespace sdp = parley::sdp;
namespace srtp = parley::srtp;

/// What this side of the relay protects packets with that it sends to one peer: a key for each suite, made
/// when it is first needed and the same from then on, so that an offer in the call doesn't begin the packets'
/// count anew.
class own_keys {
 public:
  /// The a=crypto lines for an offer, the strongest suites first, each under the same tag in each offer.
  /// `named` are the lines of the other side's offer, which `nonew` looks at.
  std::vector<sdp::crypto> offer(const sdes_wishes& wishes, const std::vector<sdp::crypto>& named,
                                 base::random_source& random);

  /// The line that answers `chosen`, which `choose_key` has found: its tag and suite, with a key of our own.
  std::optional<sdp::crypto> answer(const sdp::crypto& chosen, base::random_source& random);

 private:
  const srtp::master_key& key_for(srtp::profile which, base::random_source& random);

  std::vector<srtp::master_key> keys_{};
};

/// The first line that we can and may answer, null where there is none. *Ownership:* one of `offered`.
const sdp::crypto* choose_key(const std::vector<sdp::crypto>& offered, const sdes_wishes& wishes);

/// The line of an answer that accepts one of `offered`: the same tag and suite (RFC 4568 5.1.2). The first of
/// the pair is the peer's, the second ours; nulls where no line does. *Ownership:* of the arguments.
std::pair<const sdp::crypto*, const sdp::crypto*> match_keys(const std::vector<sdp::crypto>& offered,
                                                             const std::vector<sdp::crypto>& answered);

/// What the media side takes. *Errors:* none for a suite, or session parameters, that this build hasn't.
std::vector<srtp::master_key> master_keys_of(const sdp::crypto& line);

}  // namespace relay
