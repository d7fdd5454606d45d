#include <parley/sip/status.hpp>
#include <parley/transaction/server_non_invite.hpp>

namespace parley::transaction {
namespace {

// RFC 4320 4.1: the time in which the client's timer E doubles from T1 to T2.
base::duration time_to_t2(const timers& t) noexcept {
  base::duration sum{};
  for (base::duration e = t.t1; e < t.t2 && e > base::duration::zero(); e *= 2) sum += e;
  return sum;
}

}  // namespace

void server_non_invite::start(base::time_point now) noexcept {
  // RFC 4320 4.1: whatever the transport, a request without a response gets a 100 then.
  trying_at_ = now + time_to_t2(*timers_);
  end_at_ = now + timers_->timer_f;
}

base::result<void> server_non_invite::respond(base::time_point now, int status) noexcept {
  switch (state_) {
    case state::trying:
    case state::proceeding:
      if (status == 408 || (sip::is_provisional(status) && status != 100)) return errc::not_for_non_invite;
      if (sip::is_provisional(status)) {
        if (!reliable_ && state_ == state::trying) return {};  // it goes out by itself when its time has come
        user_provisional_ = true;
        trying_at_ = base::never;
        state_ = state::proceeding;
        transmit_ = transmit::response;
        return {};
      }
      state_ = state::completed;
      transmit_ = transmit::response;
      trying_at_ = base::never;
      if (reliable_) {
        terminate();
      } else {
        end_at_ = now + timers_->timer_j;
      }
      return {};
    case state::completed:
    case state::terminated: return errc::already_final;
  }
  return errc::already_final;
}

void server_non_invite::handle_request() noexcept {
  switch (state_) {
    case state::proceeding: transmit_ = user_provisional_ ? transmit::response : transmit::trying; return;
    case state::completed: transmit_ = transmit::response; return;
    case state::trying:
    case state::terminated: return;
  }
}

void server_non_invite::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) {
    if (state_ != state::completed) event_ = event::expired;
    return terminate();
  }
  if (now < trying_at_) return;
  trying_at_ = base::never;
  state_ = state::proceeding;
  transmit_ = transmit::trying;
}

void server_non_invite::handle_transport_error() noexcept {
  if (state_ != state::terminated) event_ = event::transport_failed;
}

void server_non_invite::terminate() noexcept {
  state_ = state::terminated;
  trying_at_ = end_at_ = base::never;
}

}  // namespace parley::transaction
