#pragma once

#include <parley/base/api.hpp>
#include <parley/proxy/own_addresses.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/uri.hpp>

#include <cstdint>
#include <string_view>

namespace parley::proxy {

/// What the Route headers and the Request-URI of a request say before anybody decides about its target (RFC
/// 3261 16.4).
///
/// *Ownership:* views into the request.
struct route_plan {
  std::uint8_t own_routes = 0;  ///< topmost Route values that name us, to be taken off
  bool strict_route =
      false;  ///< the Request-URI is one of our Record-Routes: the last Route goes into its place
  bool strip_maddr = false;  ///< the Request-URI's maddr names us: it is taken off
  bool is_loose = false;     ///< the request came along a route that we are part of: it goes where that leads
  std::string_view own_route;    ///< the URI of the last of these Route values, empty where there are none
  std::string_view request_uri;  ///< the Request-URI once a strict route is undone
  std::string_view next_route;   ///< the URI of the first Route that remains, empty where none does
  bool next_route_is_strict = false;  ///< that URI lacks `lr`
};

/// Reads the plan off a request that passed `validate`.
PARLEY_API route_plan plan_route(const sip::message_view& request, const own_addresses& own) noexcept;

/// Enters the plan into an edit of the request: takes our Routes off and undoes a strict route. `new_uri`,
/// where it isn't empty, becomes the Request-URI, without its headers and its `method`, which may not stand
/// there (RFC 3261 19.1.1). Where the next route is strict, its URI becomes the Request-URI and the other
/// moves to the end of the Route (RFC 3261 16.6.6).
PARLEY_API void apply_route(sip::patch& edit, const sip::message_view& request, const route_plan& plan,
                            std::string_view new_uri);

}  // namespace parley::proxy
