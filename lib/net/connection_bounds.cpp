// What comes of a connection that meets a bound.
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/websocket_stream.hpp"

#include <algorithm>

namespace parley::net::detail {

base::error_code connection::set_remote(const base::socket_address& remote) {
  hop_.remote = remote;
  connection_table& table = core_->connections();
  // Behind the header plain TCP has nothing left to wait for.
  if (hop_.transport == sip::transport::tcp) {
    table.end_handshake(*this);
  } else if (!table.may_shake_hands_with(remote.ip)) {
    ++core_->counters().handshakes_refused;
    ++core_->counters().source_handshakes_refused;
    return errc::limit_reached;
  }
  if (table.name_source(*this, remote.ip)) return {};
  ++core_->counters().connections_refused;
  ++core_->counters().sources_refused;
  return errc::limit_reached;
}

// A stream that ends for another reason than what came on it is no matter here.
void connection::count_broken(const base::error_code& why) noexcept {
  const bool too_large = why == sip::errc::message_too_large || why == sip::errc::headers_too_large ||
                         why == sip::errc::body_too_large;
  if (why.category() != sip::category() && !websocket_stream::is_violation(why)) return;
  ++core_->counters().framing_errors;
  if (too_large) ++core_->counters().stream_messages_too_large;
}

void connection::count_timeout(connection_times::bound met) noexcept {
  using bound = connection_times::bound;
  transport_counters& counters = core_->counters();
  switch (met) {
    case bound::connect: ++counters.connect_timeouts; break;
    case bound::handshake: ++counters.handshake_timeouts; break;
    case bound::http: ++counters.http_timeouts; break;
    case bound::first_message: ++counters.first_message_timeouts; break;
    case bound::message: ++counters.message_timeouts; break;
    case bound::write: ++counters.write_timeouts; break;
    case bound::idle: ++counters.idle_timeouts; break;
    case bound::promised_keep_alive: ++counters.flows_dead; return;
    // Its end was ours or the peer's wish: nobody was too slow.
    case bound::half_close:
    case bound::linger:
    case bound::none: return;
  }
  ++counters.connections_timed_out;
}

base::time_point connection::deadline() const noexcept {
  return std::min(times_.next(core_->limits()).at, keep_alive_due());
}

base::error_code connection::timeout_error(connection_times::bound met) const noexcept {
  switch (times_.state) {
    case state::opening: return errc::connect_timed_out;
    case state::answering: return met == connection_times::bound::linger ? errc::served_http : errc::too_slow;
    case state::half_closed: return errc::closed_by_peer;
    case state::lingering: return why_;
    default: break;
  }
  if (met == connection_times::bound::promised_keep_alive) return errc::no_keep_alive;
  return met == connection_times::bound::idle ? errc::idle : errc::too_slow;
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
  const connection_times::due due = times_.next(core_->limits());
  if (now < due.at) return schedule();
  count_timeout(due.what);
  close(timeout_error(due.what));
}

}  // namespace parley::net::detail
