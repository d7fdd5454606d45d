#pragma once

#include <parley/base/address.hpp>
#include <parley/base/log.hpp>
#include <parley/base/time.hpp>

#include "media_plane.hpp"
#include "outcome.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// An address at which media are received, `--media-ip NAME/IP!ADVERTISED`. Several may bear one name: one of
/// each family.
struct media_interface {
  std::string name = "default";
  base::ip_address ip{};
  base::ip_address advertised{};  ///< what descriptions have in its place
};

struct media_plane_options {
  std::vector<media_interface> interfaces{};
  std::uint16_t first_port = 30000;
  std::uint16_t last_port = 40000;
  std::uint16_t single_port = 0;  ///< not 0: all media at this port, one for each worker, and none of those
  unsigned workers = 1;
  base::duration silence = std::chrono::seconds(60);  ///< without a packet on a medium: `trouble::silent`
};

/// Opens the part with sockets and threads, whose functions are then called on `control`. An `end_request`
/// without a name means the first interface of its family. *Errors:* a sentence, as for an address that the
/// host hasn't.
outcome<std::unique_ptr<media_plane>> make_media_plane(const media_plane_options& options,
                                                       const boost::asio::any_io_executor& control,
                                                       base::log_sink& log);

}  // namespace relay
