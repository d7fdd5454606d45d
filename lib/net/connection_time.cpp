// How long a connection waits for what, and how it is kept alive.
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"

#include <algorithm>

namespace parley::net::detail {

base::result<void> connection::keep_alive(base::duration interval) {
  if (!kept_) {
    if (!core_->begin_keeping()) return errc::limit_reached;
    kept_ = true;
  }
  keeper_.begin(steady_clock_source::now(), detail::keep_alive::mode::always, interval,
                core_->limits().pong_timeout, core_->random());
  schedule();
  return {};
}

void connection::stop_keep_alive() {
  if (!kept_) return;
  kept_ = false;
  core_->end_keeping();
  keeper_.end();
  if (state_ == state::open) ping_when_silent(steady_clock_source::now());
}

void connection::expect_keep_alive(base::duration interval) {
  promised_ = interval;
  last_received_ = steady_clock_source::now();
  schedule();
}

// What holds for a connection of which the owner has said nothing.
void connection::keep_alive_by_default(base::time_point now) {
  if (kept_) return;
  const base::duration interval = core_->limits().opened_keep_alive;
  if (accepted()) {
    ping_when_silent(now);
  } else if (interval > base::duration::zero()) {
    // Where too many flows are kept, this one goes without.
    static_cast<void>(keep_alive(interval));
  }
}

void connection::ping_when_silent(base::time_point now) {
  if (!accepted() || !stream_->keeps_messages()) return;
  const transport_limits& limits = core_->limits();
  keeper_.begin(now, detail::keep_alive::mode::when_silent, limits.websocket_ping_interval,
                limits.pong_timeout, core_->random());
  schedule();
}

void connection::ask_for_pong(base::time_point now) {
  ++core_->counters().keep_alives_sent;
  if (stream_->keeps_messages()) {
    // A ping that is still under way asks as well as another.
    static_cast<void>(stream_->ping());
    last_activity_ = now;
    keeper_.handle_asked(now);
    return;
  }
  if (base::packet_buffer ping = core_->ping()) {
    enqueue(now, {hop_, std::move(ping), 0});
  } else {
    // Without a buffer nothing can be asked; that is no fault of the peer's.
    ++core_->counters().stream_no_buffer;
    keeper_.handle_pong(now, core_->random());
  }
}

void connection::handle_received(base::time_point now) {
  last_activity_ = last_received_ = now;
  keeper_.handle_received(now, core_->random());
}

void connection::handle_sign_of_life(bool answer) {
  if (state_ != state::open) return;
  const base::time_point now = steady_clock_source::now();
  handle_received(now);
  if (answer) {
    ++core_->counters().keep_alive_pongs;
    keeper_.handle_pong(now, core_->random());
  } else {
    ++core_->counters().keep_alive_pings;
  }
  schedule();
}

base::time_point connection::keep_alive_due() const noexcept {
  if (state_ != state::open) return base::never;
  // RFC 5626 4.4.1: a pong may follow the message that is just being received, which has a time-out of its
  // own.
  return keeper_.awaiting() && part_since_ != base::never ? base::never : keeper_.poll_timeout();
}

base::time_point connection::promise_due() const noexcept {
  if (state_ != state::open || promised_ <= base::duration::zero()) return base::never;
  return base::add_saturated(base::add_saturated(last_received_, promised_),
                             core_->limits().keep_alive_grace);
}

base::time_point connection::deadline() const noexcept {
  const transport_limits& limits = core_->limits();
  switch (state_) {
    case state::opening:
      return base::add_saturated(since_, accepted() ? limits.handshake_timeout : limits.connect_timeout);
    case state::lingering: return base::add_saturated(since_, limits.linger_timeout);
    case state::closed: return base::never;
    case state::open:
    case state::half_closed:
    case state::draining: break;
  }
  base::time_point first = state_ == state::half_closed
                               ? base::add_saturated(last_message_, limits.half_close_timeout)
                               : base::add_saturated(last_activity_, limits.idle_timeout);
  if (blocked_since_ != base::never) {
    first = std::min(first, base::add_saturated(blocked_since_, limits.write_timeout));
  }
  if (state_ != state::open) return first;
  if (part_since_ != base::never) {
    first = std::min(first, base::add_saturated(part_since_, limits.message_timeout));
  }
  if (last_message_ == base::never && accepted()) {
    first = std::min(first, base::add_saturated(since_, limits.first_message_timeout));
  }
  return std::min({first, keep_alive_due(), promise_due()});
}

base::error_code connection::timeout_error(base::time_point now) const noexcept {
  const transport_limits& limits = core_->limits();
  switch (state_) {
    case state::opening: return errc::connect_timed_out;
    case state::half_closed: return errc::closed_by_peer;
    case state::lingering: return why_;
    default: break;
  }
  if (now >= promise_due()) return errc::no_keep_alive;
  return now >= base::add_saturated(last_activity_, limits.idle_timeout) ? errc::idle : errc::too_slow;
}

void connection::schedule() {
  const base::time_point at = deadline();
  // A later deadline is found when the timer ends.
  if (!timer_.armed() || at < timer_.deadline()) core_->arm(timer_, at);
}

void connection::handle_timeout(base::time_point now) {
  if (now >= keep_alive_due()) {
    if (keeper_.handle_timeout(now) == detail::keep_alive::action::give_up) {
      ++core_->counters().flows_dead;
      close(errc::no_pong);
      return;
    }
    ask_for_pong(now);
  }
  if (now < deadline()) {
    schedule();
    return;
  }
  const base::error_code why = timeout_error(now);
  if (why == errc::no_keep_alive) {
    ++core_->counters().flows_dead;
  } else if (state_ != state::lingering && state_ != state::half_closed) {
    count_timeout(now);
  }
  close(why);
}

}  // namespace parley::net::detail
