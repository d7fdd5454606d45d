#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {

/// Why a request is sent (RFC 3326 2): `SIP;cause=200;text="Call completed elsewhere"`, or `Q.850;cause=16`.
struct reason {
  std::string protocol;  ///< a token
  std::optional<std::uint32_t> cause;
  std::string text;  ///< without quotes and escapes

  friend bool operator==(const reason&, const reason&) = default;
};

/// The reason of that protocol, compared without case, in a message; nothing where there is none (RFC 3326 2
/// allows one a protocol). Reasons that can't be read count as not there.
PARLEY_API std::optional<reason> find_reason(const sip::message_view& message, std::string_view protocol);

/// The value of Reason, or of a Reason inside the URI of History-Info. What can't stand in a quoted string is
/// left out of the text.
PARLEY_API std::string format_reason(const reason& why);

/// Adds it to a BYE, CANCEL or other request (RFC 3326 2).
PARLEY_API void write_reason(const reason& why, sip::message& request);

}  // namespace parley::ua
