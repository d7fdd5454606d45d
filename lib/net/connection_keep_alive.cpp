// How a connection is kept alive.
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"

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
  if (times_.state == state::open) ping_when_silent(steady_clock_source::now());
}

void connection::expect_keep_alive(base::duration interval) {
  times_.promised = interval;
  times_.last_received = steady_clock_source::now();
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
    times_.last_activity = now;
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
  times_.last_activity = times_.last_received = now;
  keeper_.handle_received(now, core_->random());
}

void connection::handle_sign_of_life(bool answer) {
  if (times_.state != state::open) return;
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
  if (times_.state != state::open) return base::never;
  // RFC 5626 4.4.1: a pong may follow the message that is just being received, which has a time-out of its
  // own.
  return keeper_.awaiting() && times_.part_since != base::never ? base::never : keeper_.poll_timeout();
}

}  // namespace parley::net::detail
