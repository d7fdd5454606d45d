#include <parley/proxy/flow_token.hpp>
#include <parley/proxy/routing.hpp>
#include <parley/sip/name_addr.hpp>

#include <tuple>

namespace parley::proxy {
namespace {

using sip::header_id;

/// What a URI loses on its way into the Request-URI.
enum class leave_out : std::uint8_t { method_and_headers, maddr };

bool is_left_out(std::string_view parameter, leave_out what) noexcept {
  if (what == leave_out::method_and_headers) return sip::iequals(parameter, "method");
  return sip::iequals(parameter, "maddr") || sip::iequals(parameter, "ttl") ||
         sip::iequals(parameter, "transport");
}

std::string_view without(sip::patch& edit, const sip::uri_view& uri, leave_out what) {
  sip::text_writer out(edit.scratch());
  out << uri.scheme_text << ':';
  if (uri.has_user) {
    out << uri.user;
    if (uri.has_password) out << ':' << uri.password;
    out << '@';
  }
  out << uri.host;
  // RFC 3261 16.4: a maddr of ours goes with the port and the transport that led here.
  if (uri.port != 0 && what != leave_out::maddr) out << ':' << uri.port;
  for (const sip::parameter& p : uri.parameters) {
    if (is_left_out(p.name, what)) continue;
    out << ';' << p.name;
    if (p.has_value) out << '=' << p.value;
  }
  return edit.note_written(out);
}

/// RFC 3261 16.6.2 and 19.1.1: a contact may say what a Request-URI may not.
std::string_view as_request_uri(sip::patch& edit, std::string_view text) {
  const auto uri = sip::parse_uri(text);
  if (!uri || !uri->is_sip() || (uri->headers.empty() && !uri->parameters.contains("method"))) return text;
  return without(edit, *uri, leave_out::method_and_headers);
}

/// Takes off the first `first` Route values and the last one.
void remove_routes(sip::patch& edit, const sip::message_view& request, std::size_t first) {
  std::size_t count = 0;
  std::size_t last_line = sip::message_view::npos;
  std::string_view before_last;  // on the same line
  std::string_view last;
  std::size_t room = sip::max_header_lines * 64;
  for (std::size_t i = request.find(header_id::route); i != sip::message_view::npos;
       i = request.find_after(header_id::route, i)) {
    last = {};
    last_line = i;
    std::ignore = request.for_each_at<sip::route_header>(i, room, [&](const sip::route_header& route) {
      before_last = last;
      last = route.raw;
      ++count;
    });
  }
  if (first + 1 >= count) return edit.remove_all(header_id::route);
  if (first > 0) edit.remove_first<sip::route_header>(first);
  if (before_last.empty()) return edit.remove_line(last_line);
  const char* const from = before_last.data() + before_last.size();
  edit.replace({from, static_cast<std::size_t>(last.data() + last.size() - from)}, {});
}

}  // namespace

route_plan plan_route(const sip::message_view& request, const own_addresses& own) noexcept {
  route_plan plan;
  plan.request_uri = request.request_uri();
  const auto uri = sip::parse_uri(plan.request_uri);

  std::string_view last_route;
  std::string_view before_last_own;
  std::size_t routes = 0;
  if (request.has(header_id::route)) {
    std::ignore = request.for_each<sip::route_header>([&](const sip::route_header& route) {
      // Both of a doubled Record-Route are ours (RFC 5658); only those at the front can be.
      if (plan.own_routes == routes && own.contains(route.uri)) {
        ++plan.own_routes;
        before_last_own = plan.own_route;
        plan.own_route = route.uri.raw;
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

  // RFC 3261 16.4: a strict router before us has put our Record-Route into the Request-URI, and the target
  // behind the routes.
  if (uri && routes > 0 && uri->lr() && (!uri->has_user || flow_token::is_token(uri->user)) &&
      own.contains(*uri)) {
    plan.strict_route = true;
    plan.is_loose = true;
    plan.request_uri = last_route;
    if (routes == plan.own_routes) {
      // The last one is the target, whoever that is.
      --plan.own_routes;
      plan.own_route = before_last_own;
    }
    if (plan.next_route.data() == last_route.data()) {
      plan.next_route = {};
      plan.next_route_is_strict = false;
    }
    if (plan.own_route.empty()) plan.own_route = uri->raw;
  } else if (uri && uri->is_sip() && !uri->maddr().empty()) {
    plan.strip_maddr = own.contains(uri->maddr(), uri->port_or_default());
  }
  return plan;
}

void apply_route(sip::patch& edit, const sip::message_view& request, const route_plan& plan,
                 std::string_view new_uri) {
  std::string_view uri = plan.request_uri;
  if (!new_uri.empty()) {
    uri = as_request_uri(edit, new_uri);
  } else if (plan.strip_maddr) {
    if (const auto parsed = sip::parse_uri(uri)) uri = without(edit, *parsed, leave_out::maddr);
  } else if (plan.strict_route) {
    uri = as_request_uri(edit, uri);
  }
  std::size_t remove = plan.own_routes;
  std::string_view append;
  if (!plan.next_route.empty() && plan.next_route_is_strict) {
    ++remove;
    append = uri;
    uri = as_request_uri(edit, plan.next_route);
  }
  if (uri.data() != request.request_uri().data()) edit.set_request_uri(uri);
  if (plan.strict_route) {
    remove_routes(edit, request, remove);
  } else if (remove > 0) {
    edit.remove_first<sip::route_header>(remove);
  }
  if (!append.empty()) edit.add_last(header_id::route, {"<", append, ">"});
}

}  // namespace parley::proxy
