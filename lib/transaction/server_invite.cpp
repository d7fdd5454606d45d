#include <parley/sip/status.hpp>
#include <parley/transaction/server_invite.hpp>

#include <algorithm>

namespace parley::transaction {

void server_invite::start(base::time_point now) noexcept { send_at_ = now + timers_->trying; }

base::result<void> server_invite::respond(base::time_point now, int status) noexcept {
  switch (state_) {
    case state::proceeding:
      transmit_ = transmit::response;
      send_at_ = base::never;
      if (sip::is_provisional(status)) {
        has_provisional_ = true;
      } else if (sip::is_success(status)) {
        state_ = state::accepted;
        end_at_ = now + timers_->timer_l;
      } else {
        state_ = state::completed;
        interval_ = timers_->t1;
        if (!reliable_) send_at_ = now + interval_;
        end_at_ = now + timers_->timer_h;
      }
      return {};
    case state::accepted:
      // RFC 6026 7.1: the user repeats its 2xx until the ACK has come.
      if (!sip::is_success(status)) return errc::already_final;
      transmit_ = transmit::response;
      return {};
    case state::completed:
    case state::confirmed:
    case state::terminated: return errc::already_final;
  }
  return errc::already_final;
}

void server_invite::handle_request() noexcept {
  switch (state_) {
    case state::proceeding:
      // A client that repeats its INVITE has waited for T1 already: the 100 is due now, whatever is left of
      // the 200 ms.
      transmit_ = has_provisional_ ? transmit::response : transmit::trying;
      send_at_ = base::never;
      return;
    case state::completed: transmit_ = transmit::response; return;
    case state::accepted:
    case state::confirmed:
    case state::terminated: return;
  }
}

bool server_invite::handle_ack(base::time_point now) noexcept {
  switch (state_) {
    case state::accepted: return true;
    case state::completed:
      state_ = state::confirmed;
      send_at_ = base::never;
      if (reliable_) {
        terminate();
      } else {
        end_at_ = now + timers_->timer_i;
      }
      return false;
    case state::proceeding:
    case state::confirmed:
    case state::terminated: return false;
  }
  return false;
}

void server_invite::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) {
    if (state_ == state::completed) event_ = event::no_ack;
    return terminate();
  }
  if (now < send_at_) return;
  if (state_ == state::proceeding) {
    send_at_ = base::never;
    transmit_ = transmit::trying;
  } else {
    interval_ = std::min(interval_ * 2, timers_->t2);
    send_at_ = now + interval_;
    transmit_ = transmit::response;
  }
}

void server_invite::handle_transport_error() noexcept {
  switch (state_) {
    case state::proceeding:
    case state::accepted:
    case state::completed: event_ = event::transport_failed; return;
    case state::confirmed:
    case state::terminated: return;
  }
}

void server_invite::terminate() noexcept {
  state_ = state::terminated;
  send_at_ = end_at_ = base::never;
}

}  // namespace parley::transaction
