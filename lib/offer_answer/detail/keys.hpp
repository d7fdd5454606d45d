#pragma once

#include <parley/base/result.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/offer_answer/negotiated.hpp>

#include "offer_answer/detail/media_reading.hpp"

#include <optional>
#include <vector>

namespace parley::offer_answer::detail {

/// Whether `own` is keyed in that way at all.
bool does(const medium& own, keying how) noexcept;

/// Whether the keyings of `own` can serve a protocol.
bool can_key(const medium& own, const protocol_traits& protocol) noexcept;

/// How an answer keys a medium.
struct key_choice {
  keying how = keying::none;
  std::optional<sdp::crypto> key;  ///< what the answer says, where `how` is sdes and the local keys are known
};

/// Chooses among the keyings of `own` for an offer of that protocol and transport. `local` is null where it
/// is not known yet: then it is taken to have what is needed.
///
/// *Errors:* `incompatible_protocol`, `missing_keys`; `missing_local_keys` where `local` lacks what the offer
/// could be answered with.
base::result<key_choice> choose_keying(const medium& own, const protocol_traits& protocol,
                                       const transport_reading& offered, const local_transport* local);

/// The keys that the answer chose from the offer, `local` being the offerer's; nothing where it chose none of
/// them (RFC 4568 5.1.3).
std::optional<sdes_keys> agreed_keys(const std::vector<sdp::crypto>& offered,
                                     const std::vector<sdp::crypto>& answered);

/// The role that an answer takes: the one that `existing`, what was agreed on before, has, where that is the
/// same association and the offer permits it (RFC 8842 5.3, 5.5); nothing where it can take none.
std::optional<sdp::setup::role> answer_role(const transport_reading& offered, const dtls_parameters* existing,
                                            bool prefer_passive);

/// Whether the offerer is the DTLS client; nothing where the roles don't go together.
std::optional<bool> offerer_is_client(const transport_reading& offered, const transport_reading& answered);

}  // namespace parley::offer_answer::detail
