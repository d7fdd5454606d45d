#pragma once

#include "control_service.hpp"
#include "outcome.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace relay {

/// Something that takes messages from a network until it ends, on the thread of the service.
class listener {
 public:
  listener() = default;
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  virtual ~listener() = default;

  virtual base::socket_address local_address() const = 0;
};

using listener_result = outcome<std::unique_ptr<listener>>;

/// Each opens its socket at `at`; port 0 is a free one. The service outlives the loop's last turn. *Errors:*
/// a sentence that names the address.
listener_result listen_ng_udp(boost::asio::io_context& io, control_service& service,
                              const base::socket_address& at);
listener_result listen_ng_tcp(boost::asio::io_context& io, control_service& service,
                              const base::socket_address& at);
listener_result listen_ng_websocket(boost::asio::io_context& io, control_service& service,
                                    const base::socket_address& at);
/// HTTP: /metrics and /healthz.
listener_result listen_metrics(boost::asio::io_context& io, control_service& service,
                               const base::socket_address& at);

}  // namespace relay
