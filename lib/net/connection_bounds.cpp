// What a connection counts when it meets a bound.
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/websocket_stream.hpp"

namespace parley::net::detail {

base::error_code connection::set_remote(const base::socket_address& remote) {
  hop_.remote = remote;
  if (core_->connections().name_source(*this, remote.ip)) return {};
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

void connection::count_timeout(base::time_point now) noexcept {
  const transport_limits& limits = core_->limits();
  transport_counters& counters = core_->counters();
  const auto over = [now](base::time_point since, base::duration most) {
    return since != base::never && now >= base::add_saturated(since, most);
  };
  ++counters.connections_timed_out;
  if (state_ == state::opening) {
    ++(accepted() ? counters.handshake_timeouts : counters.connect_timeouts);
  } else if (over(last_activity_, limits.idle_timeout)) {
    ++counters.idle_timeouts;
  } else if (over(blocked_since_, limits.write_timeout)) {
    ++counters.write_timeouts;
  } else if (over(part_since_, limits.message_timeout)) {
    ++counters.message_timeouts;
  } else {
    ++counters.first_message_timeouts;
  }
}

}  // namespace parley::net::detail
