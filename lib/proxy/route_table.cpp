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

}  // namespace

sip::parsed<void> route_table::set_default_route(std::string_view uri) {
  const auto parsed = sip::parse_uri(uri);
  if (!parsed) return parsed.error();
  if (!parsed->is_sip()) return sip::parse_error{sip::errc::expected_scheme, 0};
  default_route_ = uri;
  return {};
}

sip::parsed<void> route_table::set_location(std::string_view address_of_record,
                                            std::vector<contact> contacts) {
  const auto parsed = sip::parse_uri(address_of_record);
  if (!parsed) return parsed.error();
  const bool service = detail::is_service(parsed->raw);
  if (!parsed->is_sip() && !service) return sip::parse_error{sip::errc::expected_scheme, 0};
  for (const contact& c : contacts) {
    if (const auto uri = sip::parse_uri(c.uri); !uri) return uri.error();
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
  out.targets.clear();
  // RFC 3261 16.4 comes before 16.5: the Request-URI is what a strict router has made of it.
  const route_plan plan = plan_route(request, own);
  const auto uri = sip::parse_uri(plan.request_uri);
  if (!uri) {
    out.status = 400;
    return;
  }
  if (!plan.next_route.empty()) {
    out.targets.push_back({});
    return;
  }
  // RFC 3261 16.5: a maddr that isn't ours says where it goes, whatever the host.
  const bool led_elsewhere =
      uri->is_sip() && !uri->maddr().empty() && !own.contains(uri->maddr(), uri->port_or_default());
  if (led_elsewhere) {
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
  } else {
    out.targets.push_back({});
  }
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
