#pragma once

#include <parley/base/time.hpp>
#include <parley/net/transport_options.hpp>

#include <cstdint>

namespace parley::net::detail {

enum class connection_state : std::uint8_t {
  opening,
  answering,  // plain HTTP, after which it ends
  open,
  half_closed,
  draining,
  lingering,
  closed
};

/// What a connection has been waiting for since when, and which of its bounds ends that first. No clock: the
/// connection writes the times down.
///
///  state        bounds
///  opening      handshake_timeout for an accepted one, connect_timeout for one of ours
///  answering    http_timeout, and write_timeout while there is more to send, then linger_timeout
///  open         idle_timeout, write_timeout, message_timeout, first_message_timeout, the peer's promise
///  half_closed  half_close_timeout, write_timeout
///  draining     idle_timeout, write_timeout
///  lingering    linger_timeout
struct connection_times {
  enum class bound : std::uint8_t {
    none,
    connect,
    handshake,
    http,
    first_message,
    message,
    write,
    idle,
    promised_keep_alive,
    half_close,
    linger,
  };
  struct due {
    base::time_point at = base::never;  ///< the bound is met at this time, not before
    bound what = bound::none;
  };

  connection_state state = connection_state::opening;
  bool accepted = false;
  base::time_point since{};          ///< when the state began
  base::time_point last_activity{};  ///< in either direction
  base::time_point last_received{};
  base::time_point last_message = base::never;  ///< received
  base::time_point part_since = base::never;    ///< when the first byte of a message that is not whole came
  base::time_point queued_since = base::never;  ///< when the oldest message was queued that is not out yet;
                                                ///< of an HTTP answer, when some of it last went out
  base::duration promised{};  ///< how far the peer's keep-alives are apart; zero for no promise

  due next(const transport_limits& limits) const noexcept;
};

}  // namespace parley::net::detail
