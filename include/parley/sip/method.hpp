#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The methods that have rules of their own. Any other token is `unknown` and is treated as a non-INVITE
/// request.
enum class method : std::uint8_t {
  unknown,
  ack,
  bye,
  cancel,
  info,
  invite,
  message,
  notify,
  options,
  prack,
  publish,
  refer,
  register_,
  subscribe,
  update,
};

/// Method names are case-sensitive (RFC 3261 7.1): `invite` in lower case is an unknown method.
PARLEY_API method method_of(std::string_view name) noexcept;

/// The name on the wire; "" for `unknown`.
PARLEY_API std::string_view name_of(method value) noexcept;

}  // namespace parley::sip
