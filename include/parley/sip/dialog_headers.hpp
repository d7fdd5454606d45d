#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The headers that name a dialog, and the timer of a session. Tags compare byte by byte here: a dialog holds
/// them as they came.

/// The value of Replaces (RFC 3891 6.1): `12345@atlanta.example.com;to-tag=54321;from-tag=12345;early-only`.
/// The tags are those of the receiver: `to_tag` is its local one.
struct replaces_header {
  static constexpr header_id id = header_id::replaces;

  std::string_view call_id;
  std::string_view to_tag;
  std::string_view from_tag;
  bool early_only = false;
  sip::parameters parameters;

  /// *Errors:* `expected_word`; `missing_parameter` without either tag; `duplicate_parameter`,
  /// `bad_parameter`.
  PARLEY_API static bool read(cursor& in, replaces_header& out) noexcept;
};

/// The value of Join (RFC 3911 7.1): `12adf2f34456gs5;to-tag=12345;from-tag=54321`.
struct join_header {
  static constexpr header_id id = header_id::join;

  std::string_view call_id;
  std::string_view to_tag;
  std::string_view from_tag;
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, join_header& out) noexcept;
};

/// The value of Target-Dialog (RFC 4538 7):
/// `fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544`. Local and remote are as the
/// sender sees them.
struct target_dialog_header {
  static constexpr header_id id = header_id::target_dialog;

  std::string_view call_id;
  std::string_view local_tag;
  std::string_view remote_tag;
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, target_dialog_header& out) noexcept;
};

/// Who refreshes a session (RFC 4028 4).
enum class session_refresher : std::uint8_t { none, uac, uas };

/// The value of Session-Expires (RFC 4028 4): `4000;refresher=uac`.
struct session_expires_header {
  static constexpr header_id id = header_id::session_expires;

  std::uint32_t seconds = 0;
  session_refresher refresher = session_refresher::none;
  sip::parameters parameters;

  /// *Errors:* `bad_parameter` for a refresher that is neither uac nor uas.
  PARLEY_API static bool read(cursor& in, session_expires_header& out) noexcept;
};

}  // namespace parley::sip
