#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/net/name_source.hpp>
#include <parley/sip/transport.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::net {

namespace asio = boost::asio;

/// What a URI, or a Via for a response, says about where to send (RFC 3263 4). `host` is the `maddr`
/// parameter where there is one.
struct location_query {
  std::string host;                           ///< a name or an address, an IPv6 one with or without brackets
  std::uint16_t port = 0;                     ///< 0 where none is written
  std::optional<sip::transport> transport{};  ///< as the `transport` parameter names it
  bool secure = false;                        ///< a `sips` URI: nothing but TLS
  /// Where it is set, the choices that the RFC leaves to chance follow from it, and from nothing else: a
  /// stateless proxy sends a retransmission to where it sent the request (RFC 3263 4.4).
  std::optional<std::uint64_t> choice{};
};

/// A transport that we can send over, and the families of its listeners.
struct usable_transport {
  sip::transport transport = sip::transport::udp;
  bool v4 = false;
  bool v6 = false;
};

/// A place to send to.
struct located_target {
  sip::transport transport = sip::transport::udp;
  base::socket_address address;
  /// Targets with the same number are addresses of one name: of one server.
  std::size_t server = 0;

  friend bool operator==(const located_target&, const located_target&) = default;
};

/// Bounds on what one name can make a `server_locator` ask and give.
struct locator_options {
  std::size_t max_services = 8;    ///< NAPTR records that are followed
  std::size_t max_servers = 8;     ///< SRV records whose targets are looked up
  std::size_t max_targets = 16;    ///< in a list
  std::size_t max_pending = 4096;  ///< names that are located at once
  bool prefer_ipv4 = false;        ///< RFC 8305 4 has IPv6 first
};

/// Finds the servers for a SIP URI (RFC 3263 4): transport by NAPTR, port and host by SRV, addresses by A and
/// AAAA.
///
///     host is an address            that, over the transport named or UDP (TLS for sips)
///     port written                  A and AAAA of the host
///     transport written             SRV for it; without any A and AAAA of the host
///     neither                       NAPTR, then SRV of what it names; without any NAPTR, SRV for each of our
///                                   transports; without any SRV, A and AAAA of the host
///
/// SRV records are ordered by priority, and by chance with their weights (RFC 2782); the addresses of each
/// server alternate between the families (RFC 8305 4).
///
/// *Ownership:* the source, the random source and the executor's context outlive it. One executor only.
/// Destroying it drops the handlers that wait, and is legal in one of them.
class PARLEY_API server_locator {
 public:
  /// Called from the executor, never from inside `locate`. The targets are in the order in which to try them;
  /// none where there is an error.
  using handler = std::function<void(base::error_code error, const std::vector<located_target>& targets)>;

  /// `transports` are in the order of our preference, which counts where the domain states none.
  server_locator(asio::any_io_executor executor, name_source& names, base::random_source& random,
                 std::vector<usable_transport> transports, const locator_options& options = {});
  ~server_locator();
  server_locator(const server_locator&) = delete;
  server_locator& operator=(const server_locator&) = delete;

  /// *Errors:* `errc::unsupported_transport` where none of ours will do; `errc::service_absent`;
  /// `errc::wrong_family` for an address of a family that we can't send to; `errc::limit_reached`; or why the
  /// last look-up brought nothing, as `name_source` has it.
  void locate(location_query query, handler done);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley::net
