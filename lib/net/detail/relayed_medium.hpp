#pragma once

#include <parley/base/address.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/net/rtp_io.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace parley::net::detail {

/// A medium, and what its worker knows it by. The machine is shared by the worker, for each packet, and by
/// signalling, now and then: they take turns by the mutex.
struct relayed_medium {
  /// Behind the tag of a port, and at the end of a route to one that is shared.
  struct port {
    relayed_medium* medium = nullptr;
    media::relay_side side = media::relay_side::offerer;
    media::relay_component component = media::relay_component::rtp;
    rtp_port_id id{};  // of the worker's `rtp_io`
  };
  /// What `shared_port_routes` has of a side.
  struct expectation {
    base::socket_address rtp;
    base::socket_address rtcp;
    std::vector<std::uint32_t> ssrcs;
  };
  /// Of one side, at this host.
  struct addresses {
    base::socket_address rtp;
    base::socket_address rtcp;
  };

  explicit relayed_medium(std::uint64_t number) : id(number) {
    for (const media::relay_side side : {media::relay_side::offerer, media::relay_side::answerer}) {
      for (const media::relay_component component :
           {media::relay_component::rtp, media::relay_component::rtcp}) {
        at(side, component) = {this, side, component, {}};
      }
    }
  }

  port& at(media::relay_side side, media::relay_component component) noexcept {
    return ports[static_cast<std::size_t>(side)][static_cast<std::size_t>(component)];
  }

  std::uint64_t id;
  std::mutex mutex;
  media::relay_medium machine;
  std::unique_ptr<media::relay_tap> tap;     // the machine's, where it is recorded
  std::array<std::array<port, 2>, 2> ports;  // by side and component
  std::array<int, 2> sockets{-1, -1};        // of RTP, by side, where it is the medium's own: open until
                                             // `relay_worker::remove`
  std::array<addresses, 2> local;            // by side
  std::array<std::size_t, 2> origins{};      // by side: of which range its ports are, or which shared port
  std::array<expectation, 2> expected;       // signalling's, by side
  bool gives_way = false;                    // likewise: others may have what is expected
  std::uint64_t call = 0;                    // whose media may expect the same sources; 0: none
  std::size_t place = 0;                     // among the worker's media
};

}  // namespace parley::net::detail
