#include "net/detail/interfaces.hpp"

#include "net/detail/sockaddr.hpp"

#include <algorithm>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <string>
#include <sys/socket.h>

namespace parley::net::detail {

std::vector<base::ip_address> interface_addresses(const base::ip_address& like) {
  std::vector<base::ip_address> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0) continue;
    if (i->ifa_addr->sa_family != (like.is_v6() ? AF_INET6 : AF_INET)) continue;
    ip_sockaddr address;
    std::memcpy(&address, i->ifa_addr, like.is_v6() ? sizeof address.v6 : sizeof address.v4);
    const base::ip_address ip = read_sockaddr(address).ip;
    if (!ip.is_link_local()) found.push_back(ip);
  }
  std::stable_partition(found.begin(), found.end(),
                        [](const base::ip_address& ip) { return !ip.is_loopback(); });
  return found;
}

sip::listener named_listener(const listener_options& options, const base::socket_address& local) {
  sip::listener out{options.transport, local, options.advertised_host, options.advertised_port};
  out.reuse = options.tls && options.tls->options().reuse_connections;
  if (out.port == 0) out.port = local.port;
  if (!out.host.empty()) return out;
  base::ip_address ip = local.ip;
  if (ip.is_unspecified()) {
    if (const auto all = interface_addresses(ip); !all.empty()) ip = all.front();
  }
  out.host = ip.is_v6() ? '[' + ip.to_string() + ']' : ip.to_string();
  return out;
}

}  // namespace parley::net::detail
