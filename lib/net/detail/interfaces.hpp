#pragma once

#include <parley/base/address.hpp>

#include <vector>

namespace parley::net::detail {

/// The addresses of this machine's interfaces that are up, loopback last, of the family of `like`.
std::vector<base::ip_address> interface_addresses(const base::ip_address& like);

}  // namespace parley::net::detail
