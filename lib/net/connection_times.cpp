#include "net/detail/connection_times.hpp"

namespace parley::net::detail {

connection_times::due connection_times::next(const transport_limits& limits) const noexcept {
  due first;
  const auto wait = [&first](base::time_point from, base::duration most, bound what) {
    if (from == base::never) return;
    if (const base::time_point at = base::add_saturated(from, most); at < first.at) first = {at, what};
  };
  switch (state) {
    case connection_state::opening:
      if (accepted) {
        wait(since, limits.handshake_timeout, bound::handshake);
      } else {
        wait(since, limits.connect_timeout, bound::connect);
      }
      break;
    case connection_state::answering:
      wait(since, limits.http_timeout, bound::http);
      wait(queued_since, limits.write_timeout, bound::write);
      if (queued_since == base::never) wait(last_activity, limits.linger_timeout, bound::linger);
      break;
    case connection_state::open:
      // RFC 5626 4.4.1: who has promised keep-alives and sends none is gone, whatever else is due by then.
      if (promised > base::duration::zero()) {
        wait(base::add_saturated(last_received, promised), limits.keep_alive_grace,
             bound::promised_keep_alive);
      }
      wait(last_activity, limits.idle_timeout, bound::idle);
      wait(queued_since, limits.write_timeout, bound::write);
      wait(part_since, limits.message_timeout, bound::message);
      if (accepted && last_message == base::never) {
        wait(since, limits.first_message_timeout, bound::first_message);
      }
      break;
    case connection_state::half_closed:
      wait(last_message, limits.half_close_timeout, bound::half_close);
      wait(queued_since, limits.write_timeout, bound::write);
      break;
    case connection_state::draining:
      wait(last_activity, limits.idle_timeout, bound::idle);
      wait(queued_since, limits.write_timeout, bound::write);
      break;
    case connection_state::lingering: wait(since, limits.linger_timeout, bound::linger); break;
    case connection_state::closed: break;
  }
  return first;
}

}  // namespace parley::net::detail
