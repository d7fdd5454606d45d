#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

namespace parley::ua {

/// What a user agent's machines refuse, and what to do then. `status_for` names the response to a request.
enum class errc {
  /// The message lacks a header that is needed here, or has one that can't be read. Answer a request with
  /// 400; drop a response.
  bad_message = 1,
  /// The message makes no dialog: another method, no tag, or a refusal. Handle it outside dialogs.
  no_dialog,
  /// The message belongs to another dialog. Look for that one; answer a request of none with 481.
  other_dialog,
  /// The CSeq is not above that of the request before. Answer 500 (RFC 3261 12.2.2).
  cseq_out_of_order,
  /// All numbers for CSeq or RSeq are used up. End the dialog, or refuse the request.
  numbers_used_up,
  /// The dialog has ended. Make no more requests in it; answer those that come with 481.
  terminated,
  /// No request of that method is made like this: CANCEL belongs to its transaction, ACK has `write_ack`.
  wrong_method,
  /// What a peer sent is more than a dialog may hold. Refuse the request with 513; drop a response.
  too_large,
  /// Saved bytes of a version that is not known here. Nothing is restored: drop them.
  unsupported_version,
  /// Bytes that no dialog was saved to. Nothing is restored: drop them.
  bad_saved_state,
  /// The session interval is too small. Answer 422 with Min-SE (RFC 4028 9).
  interval_too_small,
  /// The client understands no reliable provisional responses. Send yours unreliably (RFC 3262 3).
  not_reliable,
  /// The client wants all provisional responses to be reliable. Make yours so (RFC 3262 3).
  reliable_required,
  /// A reliable provisional response waits for its PRACK. Send yours when that has come (RFC 3262 3 and 5).
  unacknowledged,
  /// A final response was sent. Send no provisional ones.
  already_final,
  /// The PRACK acknowledges nothing that waits for it. Answer 481 (RFC 3262 3).
  no_such_response,
  /// An offer of the same end has no answer yet. Ours: wait for that. The peer's: answer 500 with Retry-After
  /// (RFC 3261 14.2, RFC 3311 5.2).
  offer_pending,
  /// Both ends have made an offer. Ours goes first: answer the peer's with 491 (RFC 3261 14.2, RFC
  /// 3311 5.2). Do not make one while the peer's waits for your answer.
  glare,
  /// There is no offer to be answered, or none can be made yet. An UPDATE that makes one gets 500.
  no_offer,
  /// A message that has to carry a session description has none.
  missing_description,
  /// A body of a type, or with an encoding, that is not understood, and that the peer does not call optional.
  /// Answer 415 with Accept (RFC 3261 8.2.3).
  unsupported_body,
  /// The session is not in a state for that command. Wait for the event that it needs, or drop it.
  not_now,
  /// The event package, or the event, is not one that is served here. Answer 489 with Allow-Events (RFC
  /// 6665 8.3.2).
  unknown_event,
  /// The duration asked for is too short. Answer 423 with Min-Expires (RFC 6665 4.2.1.1).
  interval_too_brief,
  /// The body is not what its type says, or holds more than is taken. Answer a request with 400.
  bad_body,
};

/// The category of `errc`; its name is "parley.ua".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// The status that answers a request which was refused with `error`: 400, 415, 422, 423, 481, 489, 491, 500
/// or 513. 500 for an error of another room.
PARLEY_API int status_for(const base::error_code& error) noexcept;

}  // namespace parley::ua

template <>
struct boost::system::is_error_code_enum<parley::ua::errc> : std::true_type {};
