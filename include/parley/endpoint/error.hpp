#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

namespace parley {

/// What an endpoint refuses, and what to do then. Beside these, operations give the errors of the rooms below
/// for what the application has got wrong, `asio::error::operation_aborted` for what was cancelled, and codes
/// of `status_category` for what a peer has refused.
enum class errc {
  /// The text is no listener: `udp:192.0.2.1:5060` is one, or with tcp, tls, ws or wss. Mend the options.
  bad_listener = 1,
  /// The text is no SIP URI, or no name-addr with one. Mend it, or ask the user.
  bad_uri,
  /// The call is over. Drop the command.
  call_over,
  /// The call is not in a state for that: not answered yet, or answered already. Wait for its event.
  not_now,
  /// An operation of that kind is under way. Wait for its end.
  in_progress,
  /// The endpoint was closed. Drop the command.
  closed,
  /// The media of the call describe nothing. Give it others.
  no_media,
  /// The key is none that can be sent: 0 to 9, *, #, A to D and !. Mend it.
  bad_key,
};

/// The category of `errc`; its name is "parley.endpoint".
PARLEY_API const base::error_category& endpoint_category() noexcept;
/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), endpoint_category()};
}

/// The category of what a peer has refused: values are the status codes of SIP, 300 to 699, with their usual
/// reason phrase as message; its name is "parley.status". 408 and 503 also stand for a peer that did not
/// answer, or could not be reached (RFC 3261 8.1.3.1).
PARLEY_API const base::error_category& status_category() noexcept;
/// Makes an `error_code` of the category above.
inline base::error_code make_status_error(int status) noexcept { return {status, status_category()}; }

/// The status in an error of `status_category`, 0 in others.
inline int status_of(const base::error_code& error) noexcept {
  return error.category() == status_category() ? error.value() : 0;
}

}  // namespace parley

template <>
struct boost::system::is_error_code_enum<parley::errc> : std::true_type {};
