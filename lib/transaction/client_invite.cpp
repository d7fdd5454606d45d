#include <parley/sip/status.hpp>
#include <parley/transaction/client_invite.hpp>

namespace parley::transaction {

void client_invite::start(base::time_point now) noexcept {
  interval_ = timers_->t1;
  if (!reliable_) retransmit_at_ = now + interval_;
  end_at_ = now + timers_->timer_b;
  transmit_ = transmit::request;
}

bool client_invite::handle_response(base::time_point now, int status) noexcept {
  switch (state_) {
    case state::calling:
    case state::proceeding:
      retransmit_at_ = base::never;
      if (sip::is_provisional(status)) {
        // RFC 3261 17.1.1.2: from here on the user's timer C bounds the wait, not timer B.
        end_at_ = base::never;
        state_ = state::proceeding;
      } else if (sip::is_success(status)) {
        end_at_ = now + timers_->timer_m;
        state_ = state::accepted;
      } else {
        transmit_ = transmit::ack;
        state_ = state::completed;
        if (reliable_) {
          terminate();
        } else {
          end_at_ = now + timers_->timer_d;
        }
      }
      return true;
    case state::accepted:
      // RFC 6026 7.2: each 2xx, repeated or of another fork, is the user's to acknowledge.
      return sip::is_success(status);
    case state::completed:
      if (status >= 300) transmit_ = transmit::ack;
      return false;
    case state::terminated: return false;
  }
  return false;
}

void client_invite::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) {
    // Timer B, or the end of D or M.
    if (state_ == state::calling) event_ = event::timed_out;
    return terminate();
  }
  if (now >= retransmit_at_) {
    interval_ *= 2;
    retransmit_at_ = now + interval_;
    transmit_ = transmit::request;
  }
}

void client_invite::handle_transport_error() noexcept {
  switch (state_) {
    case state::calling:
    case state::completed: event_ = event::transport_failed; return terminate();
    case state::proceeding:
    case state::accepted:
    case state::terminated: return;
  }
}

void client_invite::terminate() noexcept {
  state_ = state::terminated;
  retransmit_at_ = end_at_ = base::never;
}

}  // namespace parley::transaction
