#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// The value of Event (RFC 6665 8.2.1): `presence.winfo;id=19`.
struct event_header {
  static constexpr header_id id = header_id::event;

  std::string_view package;   ///< with its templates; compared byte by byte (RFC 6665 8.2.1)
  std::string_view event_id;  ///< empty where there is none; byte by byte too
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, event_header& out) noexcept;
};

/// The states of RFC 6665 4.1.3.
enum class subscription_state : std::uint8_t { other, active, pending, terminated };

/// Why a subscription ended (RFC 6665 4.1.3), or `none` where it isn't said.
enum class subscription_reason : std::uint8_t {
  none,
  deactivated,
  probation,
  rejected,
  timeout,
  giveup,
  noresource,
  invariant,
  other,
};

/// The value of Subscription-State (RFC 6665 8.2.3): `terminated;reason=probation;retry-after=60`.
struct subscription_state_header {
  static constexpr header_id id = header_id::subscription_state;

  subscription_state state = subscription_state::other;
  std::string_view state_text;
  subscription_reason reason = subscription_reason::none;
  std::string_view reason_text;
  std::optional<std::uint32_t> expires;      ///< seconds
  std::optional<std::uint32_t> retry_after;  ///< seconds
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, subscription_state_header& out) noexcept;
};

}  // namespace parley::sip
