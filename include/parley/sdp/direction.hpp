#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sdp {

/// Which way media flow, seen by whoever wrote the description (RFC 8866 6.7). Bit 0 is sending, bit 1
/// receiving.
enum class direction : std::uint8_t { inactive = 0, sendonly = 1, recvonly = 2, sendrecv = 3 };

/// Whether media are sent.
constexpr bool sends(direction d) noexcept { return (static_cast<unsigned>(d) & 1U) != 0; }
/// Whether media are received.
constexpr bool receives(direction d) noexcept { return (static_cast<unsigned>(d) & 2U) != 0; }

/// The direction that sends and receives as said.
constexpr direction make_direction(bool sending, bool receiving) noexcept {
  return static_cast<direction>((sending ? 1U : 0U) | (receiving ? 2U : 0U));
}
/// The same flow seen from the other end.
constexpr direction reversed(direction d) noexcept { return make_direction(receives(d), sends(d)); }
/// What both allow.
constexpr direction operator&(direction a, direction b) noexcept {
  return static_cast<direction>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}

/// The attribute's name, as "sendonly". Static storage.
PARLEY_API std::string_view name_of(direction d) noexcept;

/// The direction of that name; nothing for any other text.
PARLEY_API std::optional<direction> direction_from(std::string_view name) noexcept;

}  // namespace parley::sdp
