#pragma once

#include <parley/sip/chars.hpp>

#include <string_view>

namespace parley::proxy::detail {

/// True for `urn:service:sos.fire` and its like (RFC 5031 4.1): what a caller wants, and not where that is.
inline bool is_service(std::string_view uri) noexcept {
  constexpr std::string_view prefix = "urn:service:";
  return uri.size() > prefix.size() && sip::iequals(uri.substr(0, prefix.size()), prefix);
}

/// The service that this one is part of, `urn:service:sos` for `urn:service:sos.fire`; empty where there is
/// none.
inline std::string_view wider_service(std::string_view uri) noexcept {
  const std::size_t dot = uri.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : uri.substr(0, dot);
}

}  // namespace parley::proxy::detail
