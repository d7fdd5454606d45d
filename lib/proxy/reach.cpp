#include "proxy/detail/reach.hpp"

#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include <tuple>

namespace parley::proxy::detail {
namespace {

bool has_one_via(const sip::message_view& request) noexcept {
  std::size_t vias = 0;
  std::ignore = request.for_each<sip::via_header>([&vias](const sip::via_header&) { return ++vias < 2; });
  return vias == 1;
}

bool names_nobody(std::string_view host) noexcept {
  constexpr std::string_view invalid = ".invalid";
  return host.size() >= invalid.size() && sip::iequals(host.substr(host.size() - invalid.size()), invalid);
}

}  // namespace

bool is_reached_by_flow(const sip::message_view& request, const sip::hop& from) noexcept {
  if (!has_one_via(request)) return false;
  if (from.transport == sip::transport::ws || from.transport == sip::transport::wss) return true;
  const auto contact = request.get<sip::contact_header>();
  if (!contact || contact->star || !contact->uri.is_sip()) return false;
  if (contact->uri.parameters.contains("ob") || names_nobody(contact->uri.host)) return true;
  if (contact->parameters.contains("reg-id") && contact->parameters.contains("+sip.instance")) return true;
  const auto ip = contact->uri.ip();
  // A client over TLS has no certificate that others could connect to; a server has a name.
  if (ip && from.transport == sip::transport::tls) return true;
  return ip && ip->is_private() && ip->unmapped() != from.remote.ip.unmapped();
}

bool supports(const sip::message_view& request, std::string_view option) noexcept {
  bool found = false;
  const auto look = [&](const auto& tag) {
    found = sip::iequals(tag.value, option);
    return !found;
  };
  std::ignore = request.for_each<sip::supported_header>(look);
  if (!found) std::ignore = request.for_each<sip::require_header>(look);
  return found;
}

}  // namespace parley::proxy::detail
