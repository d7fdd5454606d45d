#include <parley/proxy/routing.hpp>

#include <tuple>

#include <parley/sip/name_addr.hpp>

namespace parley::proxy {

using sip::header_id;

route_plan plan_route(const sip::message_view& request, const own_addresses& own) noexcept {
  route_plan plan;
  plan.request_uri = request.request_uri();
  const auto uri = sip::parse_uri(plan.request_uri);
  const bool has_route = request.has(header_id::route);

  std::string_view last_route;
  std::size_t routes = 0;
  if (has_route) {
    std::ignore = request.for_each<sip::route_header>([&](const sip::route_header& route) {
      // Both of a doubled Record-Route are ours (RFC 5658); only those at the front can be.
      if (plan.own_routes == routes && own.contains(route.uri)) {
        ++plan.own_routes;
      } else if (plan.next_route.empty()) {
        plan.next_route = route.uri.raw;
        plan.next_route_is_strict = !route.uri.lr();
      }
      last_route = route.uri.raw;
      ++routes;
      return plan.own_routes < 250;
    });
  }
  plan.is_loose = plan.own_routes > 0;

  // RFC 3261 16.4: a strict router before us has put our Record-Route into the Request-URI, and the target behind the routes.
  if (uri && routes > 0 && uri->lr() && !uri->has_user && own.contains(*uri)) {
    plan.strict_route = true;
    plan.is_loose = true;
    plan.request_uri = last_route;
    if (routes == 1) {
      // The only route is the target itself.
      plan.own_routes = 0;
      plan.next_route = {};
    } else if (routes == plan.own_routes) {
      --plan.own_routes;
    }
    if (plan.next_route.data() == last_route.data()) plan.next_route = {};
  } else if (uri && uri->is_sip() && !uri->maddr().empty()) {
    plan.strip_maddr = own.contains(uri->maddr(), uri->port_or_default());
  }
  return plan;
}

std::string_view without_maddr(sip::patch& edit, const sip::uri_view& uri) {
  sip::text_writer out(edit.scratch());
  out << uri.scheme_text << ':';
  if (uri.has_user) {
    out << uri.user;
    if (uri.has_password) out << ':' << uri.password;
    out << '@';
  }
  out << uri.host;
  for (const sip::parameter& p : uri.parameters) {
    if (sip::iequals(p.name, "maddr") || sip::iequals(p.name, "ttl") || sip::iequals(p.name, "transport")) continue;
    out << ';' << p.name;
    if (p.has_value) out << '=' << p.value;
  }
  return edit.note_written(out);
}

void apply_route(sip::patch& edit, const sip::message_view& request, const route_plan& plan, std::string_view new_uri) {
  std::string_view uri = new_uri.empty() ? plan.request_uri : new_uri;
  if (new_uri.empty() && plan.strip_maddr) {
    if (const auto parsed = sip::parse_uri(uri)) uri = without_maddr(edit, *parsed);
  }
  std::size_t remove = plan.own_routes;
  std::string_view append;
  if (!plan.next_route.empty() && plan.next_route_is_strict) {
    ++remove;
    append = uri;
    uri = plan.next_route;
  }
  if (uri.data() != request.request_uri().data()) edit.set_request_uri(uri);
  if (plan.strict_route) {
    // All but the first `remove` and the last, which is the Request-URI now, are written anew.
    edit.remove_all(header_id::route);
    std::size_t index = 0;
    std::string_view held;
    std::ignore = request.for_each<sip::route_header>([&](const sip::route_header& route) {
      if (!held.empty()) edit.add_last(header_id::route, {held});
      held = index++ < remove ? std::string_view{} : route.raw;
      return true;
    });
  } else if (remove > 0) {
    edit.remove_first<sip::route_header>(remove);
  }
  if (!append.empty()) edit.add_last(header_id::route, {"<", append, ">"});
}

}  // namespace parley::proxy
