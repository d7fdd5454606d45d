#pragma once

#include <parley/base/address.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/sip/listener.hpp>

#include <vector>

namespace parley::net::detail {

/// The addresses of this machine's interfaces that are up, loopback last, of the family of `like`.
std::vector<base::ip_address> interface_addresses(const base::ip_address& like);

/// What a core needs to know of the listener that is bound to `local`: its name is what is advertised, else
/// its address, else the first address of this machine.
sip::listener named_listener(const listener_options& options, const base::socket_address& local);

}  // namespace parley::net::detail
