#include <parley/ua/offer_exchange.hpp>

namespace parley::ua {
namespace {

constexpr side other(side who) noexcept { return who == side::local ? side::remote : side::local; }

}  // namespace

base::result<void> offer_exchange::begin_invite(side who, bool has_description) {
  if (has_description) {
    if (const auto made = offer(who, carrier::invite); !made) return made.error();
    wants_offer_ = false;
    return {};
  }
  // RFC 3261 14.2: an INVITE without a description asks for an offer, and crosses others as an offer does.
  if (offered_) return offerer_ == who ? errc::offer_pending : errc::glare;
  wants_offer_ = true;
  wanted_from_ = other(who);
  return {};
}

void offer_exchange::end_invite() noexcept {
  wants_offer_ = false;
  if (offered_ && (offered_in_ == carrier::invite || offered_in_ == carrier::success)) offered_ = false;
}

base::result<description_role> offer_exchange::handle(side who, carrier in) {
  switch (in) {
    case carrier::invite: return offer(who, in);
    case carrier::update:
      // RFC 3311 5.1: not before the first exchange has ended.
      if (!offered_ && !established_) return errc::no_offer;
      return offer(who, in);
    case carrier::provisional:
      return is_offered_by(other(who)) && offered_in_ == carrier::invite ? description_role::preview
                                                                         : description_role::none;
    case carrier::reliable_provisional:
    case carrier::success:
      if (is_offer_wanted_from(who) && !offered_) {
        wants_offer_ = false;
        return offer(who, in);
      }
      return answer(who, carrier::invite);
    case carrier::ack: return answer(who, carrier::success);
    case carrier::prack:
      if (is_offered_by(other(who)) && offered_in_ == carrier::reliable_provisional) {
        return answer(who, carrier::reliable_provisional);
      }
      // RFC 3262 5: once the first exchange has ended, a PRACK may make another offer.
      if (!offered_ && !established_) return errc::no_offer;
      return offer(who, in);
    case carrier::prack_success: return answer(who, carrier::prack);
    case carrier::update_success: return answer(who, carrier::update);
  }
  return description_role::none;
}

void offer_exchange::roll_back() noexcept { offered_ = false; }

base::result<description_role> offer_exchange::offer(side who, carrier in) {
  if (offered_) return offerer_ == who ? errc::offer_pending : errc::glare;
  offered_ = true;
  offerer_ = who;
  offered_in_ = in;
  return description_role::offer;
}

description_role offer_exchange::answer(side who, carrier to) noexcept {
  if (!is_offered_by(other(who)) || offered_in_ != to) return description_role::none;
  offered_ = false;
  established_ = true;
  return description_role::answer;
}

}  // namespace parley::ua
