#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>

namespace parley::ua {

/// One of the two ends of a dialog.
enum class side : std::uint8_t { local, remote };

/// The messages that may carry a session description (RFC 6337 2.2).
enum class carrier : std::uint8_t {
  invite,
  provisional,           ///< 101-199 to an INVITE that no PRACK acknowledges
  reliable_provisional,  ///< 101-199 with RSeq
  success,               ///< 2xx to an INVITE
  ack,
  prack,
  prack_success,  ///< 2xx to a PRACK
  update,
  update_success,  ///< 2xx to an UPDATE
};

/// What a session description in a message is.
enum class description_role : std::uint8_t {
  none,     ///< nothing: leave it alone (RFC 3261 13.2.1)
  offer,    ///< has to be answered
  answer,   ///< ends the exchange
  preview,  ///< the answer to come, in a response that may be lost; it may be used already (RFC 6337 3.1.1)
};

/// Which session descriptions of one dialog are offers and which are answers, told by the messages that carry
/// them (RFC 3261 13.2.1 and 14, RFC 3262 5, RFC 3311 5, RFC 6337 2.2). It does not look into them.
///
///  state      input, from the side in brackets               role     next
///  idle       invite, update [x]                              offer    offered by x
///  idle       reliable_provisional, success [x], where the    offer    offered by x
///             other side's INVITE had no description
///  idle       prack [x]                                       offer    offered by x
///  offered    provisional to the INVITE [other]               preview  offered
///  offered    reliable_provisional, success to the INVITE,    answer   idle
///             ack to success, prack to reliable_provisional,
///             prack_success to prack, update_success to
///             update [other]
///  offered    end of what carried the offer                   -        idle
///
/// A value: copy it where an INVITE forks, each dialog has an exchange of its own (RFC 3261 13.2.2.4).
class offer_exchange {
 public:
  bool is_idle() const noexcept { return !offered_; }
  /// Whether that side has made an offer that has no answer.
  bool is_offered_by(side who) const noexcept { return offered_ && offerer_ == who; }
  /// What the pending offer came in.
  carrier offered_in() const noexcept { return offered_in_; }
  /// Whether an exchange was completed: before the first, no UPDATE makes sense.
  bool is_established() const noexcept { return established_; }
  /// Whether that side's INVITE had no description, so that the other side has to make an offer.
  bool is_offer_wanted_from(side who) const noexcept { return wants_offer_ && wanted_from_ == who; }

  /// An INVITE begins, from `who`. With a description it makes an offer.
  ///
  /// *Errors:* as `handle`, but for `who`'s own description: nothing has changed then.
  PARLEY_API base::result<void> begin_invite(side who, bool has_description);
  /// That INVITE has its final response, and with a 2xx its ACK: an offer or answer that has not come comes
  /// no more.
  PARLEY_API void end_invite() noexcept;

  /// A message with a session description goes from `who` to the other side.
  ///
  /// *Errors:* of an offer while another is pending: `offer_pending` where `who` made that (ours: wait for
  /// its answer; the peer's: 500 with Retry-After), `glare` where the other side did (491, RFC 3261 14.2).
  /// `no_offer` for an offer in UPDATE or PRACK before the first exchange has ended. Nothing has changed
  /// then.
  PARLEY_API base::result<description_role> handle(side who, carrier in);

  /// The request that carried the pending offer was refused, or had no answer: the session is as it was
  /// before (RFC 3264 8, RFC 6141).
  PARLEY_API void roll_back() noexcept;

  friend bool operator==(const offer_exchange&, const offer_exchange&) = default;

 private:
  base::result<description_role> offer(side who, carrier in);
  description_role answer(side who, carrier to) noexcept;

  side offerer_ = side::local;
  side wanted_from_ = side::local;
  carrier offered_in_ = carrier::invite;
  bool offered_ = false;
  bool established_ = false;
  bool wants_offer_ = false;
};

}  // namespace parley::ua
