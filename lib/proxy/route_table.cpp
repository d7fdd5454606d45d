#include <parley/proxy/route_table.hpp>
#include <parley/proxy/routing.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>

#include "proxy/detail/service_urn.hpp"

#include <algorithm>
#include <iterator>

namespace parley::proxy {
namespace {

std::string lower_case(std::string_view text) {
  std::string out;
  std::transform(text.begin(), text.end(), std::back_inserter(out), sip::lower);
  return out;
}

/// The host that a request for the URI is sent to.
std::string_view hop_host(const sip::uri_view& uri) noexcept {
  return uri.maddr().empty() ? uri.host : uri.maddr();
}

void note_hop(const sip::uri_view& uri, own_addresses& out) {
  if (uri.is_sip()) out.add(hop_host(uri), uri.port_or_default());
}

void refuse(route_table::decision& out, std::string_view reason) noexcept {
  out.status = 403;
  out.reason = reason;
}

}  // namespace

sip::parsed<void> route_table::set_default_route(std::string_view uri) {
  const auto parsed = sip::parse_uri(uri);
  if (!parsed) return parsed.error();
  if (!parsed->is_sip()) return sip::parse_error{sip::errc::expected_scheme, 0};
  default_route_ = uri;
  default_hop_ = {};
  note_hop(*parsed, default_hop_);
  return {};
}

sip::parsed<void> route_table::set_location(std::string_view address_of_record,
                                            std::vector<contact> contacts) {
  const auto parsed = sip::parse_uri(address_of_record);
  if (!parsed) return parsed.error();
  const bool service = detail::is_service(parsed->raw);
  if (!parsed->is_sip() && !service) return sip::parse_error{sip::errc::expected_scheme, 0};
  for (const contact& c : contacts) {
    const auto uri = sip::parse_uri(c.uri);
    if (!uri) return uri.error();
    note_hop(*uri, contact_hops_);
  }
  if (service) {
    services_[lower_case(parsed->raw)] = std::move(contacts);
    return {};
  }
  locations_[proxy::address_of_record(*parsed)] = std::move(contacts);
  return {};
}

void route_table::decide(const sip::message_view& request, const own_addresses& own, decision& out,
                         const registrar* registrations) const {
  out.status = 0;
  out.reason = {};
  out.targets.clear();
  const bool relay = relays(registrations != nullptr);
  // RFC 3261 16.4 comes before 16.5: the Request-URI is what a strict router has made of it.
  const route_plan plan = plan_route(request, own);
  const auto uri = sip::parse_uri(plan.request_uri);
  if (!uri) {
    out.status = 400;
    return;
  }
  if (!plan.next_route.empty()) {
    if (!relay && !is_known_hop(plan.next_route)) return refuse(out, "Preloaded Route Not Allowed");
    out.targets.push_back({});
    return;
  }
  // RFC 3261 16.5: a maddr that isn't ours says where it goes, whatever the host.
  const bool led_elsewhere =
      uri->is_sip() && !uri->maddr().empty() && !own.contains(uri->maddr(), uri->port_or_default());
  if (led_elsewhere) {
    if (!relay && !is_known_hop(uri->raw)) return refuse(out, "Relaying Not Allowed");
    out.targets.push_back({});
    return;
  }
  if (!services_.empty() && detail::is_service(uri->raw)) {
    if (const auto* const known = find_service(uri->raw); known != nullptr) {
      // RFC 6881 ED-63: the service stays in the Request-URI, for those behind to see.
      for (const contact& c : *known) out.targets.push_back({{}, c.uri, c.q});
      if (out.targets.empty()) out.status = 480;
      return;
    }
  }
  const bool ours = own.contains(*uri);
  if (ours && !uri->has_user && request.method() == sip::method::options) {
    out.status = 200;
    return;
  }
  if (!locations_.empty() && uri->has_user) {
    if (const auto found = locations_.find(address_of_record(*uri)); found != locations_.end()) {
      for (const contact& c : found->second) out.targets.push_back({c.uri, {}, c.q, {}, {}, true});
      if (out.targets.empty()) out.status = 480;
      return;
    }
  }
  if (registrations != nullptr && uri->is_sip() && registrations->knows(*uri)) {
    registrations->add_targets(*uri, out.targets);
    if (!out.targets.empty() || default_route_.empty()) {
      if (out.targets.empty()) out.status = 480;
      return;
    }
  }
  if (!default_route_.empty()) {
    out.targets.push_back({{}, default_route_, 1000});
  } else if (ours) {
    out.status = 404;
  } else if (uri->is_sip() && !relay && !is_known_hop(uri->raw)) {
    refuse(out, "Relaying Not Allowed");
  } else {
    out.targets.push_back({});
  }
}

bool route_table::is_known_hop(std::string_view text) const noexcept {
  const auto uri = sip::parse_uri(text);
  if (!uri || !uri->is_sip()) return false;
  const std::uint16_t port = uri->port_or_default();
  return default_hop_.contains(hop_host(*uri), port) || contact_hops_.contains(hop_host(*uri), port);
}

const std::vector<route_table::contact>* route_table::find_service(std::string_view uri) const {
  // RFC 5031 4.1: who does not know a service of its own serves it as what it is part of.
  const std::string name = lower_case(uri);
  for (std::string_view wanted = name; !wanted.empty(); wanted = detail::wider_service(wanted)) {
    if (const auto found = services_.find(std::string(wanted)); found != services_.end())
      return &found->second;
  }
  return nullptr;
}

}  // namespace parley::proxy
