// parley-relay with a media side without media: what its listeners and its command line are tested with.
#include "fake_plane.hpp"
#include "make_media_plane.hpp"

namespace relay {

outcome<std::unique_ptr<media_plane>> make_media_plane(const media_plane_options& options,
                                                       const boost::asio::any_io_executor&, base::log_sink&) {
  if (options.interfaces.front().ip.to_string() == "192.0.2.1")
    return failure{"Can't receive media at 192.0.2.1: the host has no such address."};
  std::unique_ptr<media_plane> made =
      std::make_unique<test::fake_plane>(options.first_port, options.last_port);
  return outcome<std::unique_ptr<media_plane>>{boost::system::in_place_value, std::move(made)};
}

}  // namespace relay
