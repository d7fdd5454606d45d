#pragma once

#include <parley/base/time.hpp>

#include <chrono>

namespace parley::transaction {

/// The timers of RFC 3261 17 and RFC 6026 under their names (RFC 3261, table 4). The defaults are the RFC's;
/// `from` derives all of them from other base values, and each may be set by itself.
struct timers {
  base::duration t1 = std::chrono::milliseconds(500);  ///< estimate of the round trip
  base::duration t2 = std::chrono::seconds(4);         ///< longest interval between retransmissions
  base::duration t4 = std::chrono::seconds(5);         ///< how long a message may stay in the network
  base::duration timer_b = t1 * 64;                    ///< INVITE client gives up
  base::duration timer_d =
      std::chrono::seconds(32);      ///< INVITE client waits for more final responses, datagrams only
  base::duration timer_f = t1 * 64;  ///< non-INVITE client gives up
  base::duration timer_h = t1 * 64;  ///< INVITE server waits for the ACK
  base::duration timer_i = t4;       ///< INVITE server absorbs ACKs, datagrams only
  base::duration timer_j = t1 * 64;  ///< non-INVITE server absorbs requests, datagrams only
  base::duration timer_k = t4;       ///< non-INVITE client absorbs responses, datagrams only
  base::duration timer_l = t1 * 64;  ///< INVITE server absorbs INVITEs after a 2xx (RFC 6026)
  base::duration timer_m = t1 * 64;  ///< INVITE client takes more 2xx (RFC 6026)
  base::duration trying =
      std::chrono::milliseconds(200);  ///< INVITE server sends 100 unless the user was faster (17.2.1)

  static constexpr timers from(base::duration t1, base::duration t2, base::duration t4) noexcept {
    timers t;
    t.t1 = t1;
    t.t2 = t2;
    t.t4 = t4;
    t.timer_b = t.timer_f = t.timer_h = t.timer_j = t.timer_l = t.timer_m = t1 * 64;
    // RFC 3261 17.1.1.2: as long as the server may repeat its response, and at least 32 s.
    if (t.timer_d < t.timer_h) t.timer_d = t.timer_h;
    t.timer_i = t.timer_k = t4;
    return t;
  }
};

}  // namespace parley::transaction
