#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <string_view>

namespace parley::offer_answer {

/// What the negotiation refuses, and what to do then. `status_for` names the response to a request,
/// `warning_for` its Warning.
enum class errc {
  // The state of the negotiation.

  /// An offer of ours waits for its answer. Refuse the peer's with 491 (RFC 3261 14.2); make yours later.
  offer_pending = 1,
  /// An offer of the peer's waits for our answer. Refuse another with 500 and Retry-After; answer the first.
  answer_pending,
  /// Nothing waits for that: no offer was made or came. Drop what came; make or take an offer first.
  no_offer,

  /// The signalling state of JSEP does not permit that (RFC 9429 4.1.10). Make or take what it waits for
  /// first.
  wrong_signaling_state,
  /// The local description is not what would be created now (RFC 9429 5.4). Create it anew, and set that.
  description_modified,

  // The application's part.

  /// No medium has that id, or it was removed.
  unknown_medium,
  /// More media than the options allow. Remove one first, and negotiate that; answer an offer with 488.
  too_many_media,
  /// A medium needs a local transport: `wanted_transports` says which. Give it, and try again.
  missing_transport,
  /// The local transport lacks what the medium's keying needs: keys, a fingerprint. Give another one.
  missing_local_keys,
  /// Each payload type that may be had is taken. Offer fewer formats.
  payload_types_used_up,

  // An offer that can't be met, or a medium of it. Answer 488 with `warning_for`; the session goes on as it
  // was. Where an answer says such things, it can't be used: `rollback`, and end the session or offer anew.

  /// No format in common.
  no_common_format,
  /// Nothing here takes that kind of media.
  no_such_media,
  /// The protocol of the m= line does not fit: plain where security is wanted, or one that is not known.
  incompatible_protocol,
  /// Neither keys nor a fingerprint that can be used.
  missing_keys,
  /// No address, or one that media can't be sent to.
  bad_address,
  /// Multicast, which is not supported.
  multicast,
  /// a=setup with a role that can't be taken.
  bad_setup,
  /// ICE without user name or password, or with such that break the grammar.
  bad_ice,
  /// A medium that may only be had in a bundle, which it is not in.
  bad_bundle,
  /// RTCP on a port of its own, where only one port may be had (RFC 8858).
  no_rtcp_mux,
  /// An alternative to another medium, which was taken.
  alternative_taken,

  // Descriptions that break RFC 3264.

  /// An offer with fewer media than the session has (RFC 3264 8). Answer 488.
  media_missing,
  /// An answer with another number of media than the offer (RFC 3264 6). It can't be used.
  wrong_media_count,
  /// An answer with another kind of media than the offer. It can't be used.
  media_changed,
};

/// The category of `errc`; its name is "parley.offer_answer".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// The status that answers a request whose offer was refused with `error`: 488, 491 or 500. 400 for an error
/// of sdp, 500 for one of another room.
PARLEY_API int status_for(const base::error_code& error) noexcept;

/// What a Warning header says (RFC 3261 20.43).
struct warning {
  int code = 399;
  std::string_view text;  ///< static storage

  friend bool operator==(const warning&, const warning&) = default;
};

/// The Warning for a 488 that answers an offer which was refused with `error`; code 399 where the list of
/// RFC 3261 20.43 has none that says more.
PARLEY_API warning warning_for(const base::error_code& error) noexcept;

}  // namespace parley::offer_answer

template <>
struct boost::system::is_error_code_enum<parley::offer_answer::errc> : std::true_type {};
