#include <parley/proxy/own_addresses.hpp>
#include <parley/sip/chars.hpp>

#include <algorithm>

namespace parley::proxy {
namespace {

std::string_view without_brackets(std::string_view host) noexcept {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2)
                                                                      : host;
}

}  // namespace

void own_addresses::add(std::string_view host, std::uint16_t port) {
  entry e;
  e.port = port;
  if (const auto ip = base::ip_address::from_string(without_brackets(host))) {
    e.ip = ip->unmapped();
  } else {
    e.name.resize(host.size());
    std::transform(host.begin(), host.end(), e.name.begin(), sip::lower);
  }
  entries_.push_back(std::move(e));
}

bool own_addresses::contains(std::string_view host, std::uint16_t port) const noexcept {
  const auto ip = base::ip_address::from_string(without_brackets(host));
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& e) {
    if (e.port != 0 && e.port != port) return false;
    if (e.name.empty()) return ip && e.ip == ip->unmapped();
    return !ip && sip::iequals(host, e.name);
  });
}

}  // namespace parley::proxy
