#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/sip/uri.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::proxy {

/// The hosts and ports under which this proxy is known: a URI or a Via that names one of them means us.
class own_addresses {
 public:
  /// `host` is a name or a numeric address, an IPv6 one with or without brackets; port 0 stands for any.
  PARLEY_API void add(std::string_view host, std::uint16_t port);

  PARLEY_API bool contains(std::string_view host, std::uint16_t port) const noexcept;
  /// True where the URI is a SIP URI whose host and port are ours, whatever its user.
  bool contains(const sip::uri_view& uri) const noexcept {
    return uri.is_sip() && contains(uri.host, uri.port_or_default());
  }

 private:
  struct entry {
    std::string name;  // in lower case; empty where it is an address
    base::ip_address ip;
    std::uint16_t port = 0;
  };

  std::vector<entry> entries_;
};

}  // namespace parley::proxy
