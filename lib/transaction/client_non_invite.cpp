#include <parley/sip/status.hpp>
#include <parley/transaction/client_non_invite.hpp>

#include <algorithm>

namespace parley::transaction {

void client_non_invite::start(base::time_point now) noexcept {
  interval_ = timers_->t1;
  if (!reliable_) retransmit_at_ = now + interval_;
  end_at_ = now + timers_->timer_f;
  transmit_ = transmit::request;
}

bool client_non_invite::handle_response(base::time_point now, int status) noexcept {
  switch (state_) {
    case state::trying:
    case state::proceeding:
      if (sip::is_provisional(status)) {
        state_ = state::proceeding;
        return true;
      }
      state_ = state::completed;
      retransmit_at_ = base::never;
      if (reliable_) {
        terminate();
      } else {
        end_at_ = now + timers_->timer_k;
      }
      return true;
    case state::completed:
    case state::terminated: return false;
  }
  return false;
}

void client_non_invite::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) {
    if (state_ != state::completed && state_ != state::terminated) event_ = event::timed_out;
    return terminate();
  }
  if (now >= retransmit_at_) {
    // RFC 3261 17.1.2.2: once a provisional has come, the interval is T2.
    interval_ = state_ == state::proceeding ? timers_->t2 : std::min(interval_ * 2, timers_->t2);
    retransmit_at_ = now + interval_;
    transmit_ = transmit::request;
  }
}

void client_non_invite::handle_transport_error() noexcept {
  switch (state_) {
    case state::trying:
    case state::proceeding: event_ = event::transport_failed; return terminate();
    case state::completed:
    case state::terminated: return;
  }
}

void client_non_invite::terminate() noexcept {
  state_ = state::terminated;
  retransmit_at_ = end_at_ = base::never;
}

}  // namespace parley::transaction
