#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/dialog.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {

/// A call that an INVITE is to take the place of (Replaces, RFC 3891) or to join (Join, RFC 3911). The tags
/// are as the receiver of the INVITE sees them: `to_tag` is its local one.
struct call_reference {
  enum class kind : std::uint8_t { replaces, join };

  enum kind kind = kind::replaces;
  std::string call_id;
  std::string to_tag;
  std::string from_tag;
  bool early_only = false;  ///< only a call that is not answered yet; of Replaces alone

  /// What names `call`, a dialog of ours, to its peer: for the Refer-To of a transfer to it (RFC 5589 7).
  PARLEY_API static call_reference of(const dialog& call, enum kind kind = kind::replaces);

  /// The Replaces or Join of a request. *Errors:* `bad_message` where there are two, in a request other than
  /// INVITE, and for one that can't be read: answer 400 (RFC 3891 3, RFC 3911 4).
  PARLEY_API static base::result<std::optional<call_reference>> of_request(const sip::message_view& request);
  /// The one in the headers of a Refer-To URI: `sip:c@example.com?Replaces=12%40x%3Bto-tag%3Da…`. *Errors:*
  /// `bad_message`, as above.
  PARLEY_API static base::result<std::optional<call_reference>> of_uri(const sip::uri_view& uri);

  /// The value of the header.
  PARLEY_API std::string value() const;
  /// Adds it to the headers of a Refer-To URI. *Errors:* `bad_message` for another scheme than SIP.
  PARLEY_API base::result<void> add_to(sip::uri& target) const;
  /// Adds the header to an INVITE. *Errors:* `bad_message` where its texts can't stand in one.
  PARLEY_API base::result<void> add_to(sip::message& invite) const;

  /// True where it names `call` at this end. A tag of 0 names an end without a tag as well (RFC 3891 3).
  PARLEY_API bool names(const dialog& call) const noexcept;

  /// What becomes of the INVITE that has it, when `call`, made by an INVITE, is the one it names: 0 where it
  /// may go on once its sender is authorized; 481 for an early dialog that the peer began; 486 for an
  /// answered one under early-only; 603 for one that has ended (RFC 3891 3, RFC 3911 4). Where it names none,
  /// or one that no INVITE made, answer 481.
  PARLEY_API int refusal_for(const dialog& call) const noexcept;

  friend bool operator==(const call_reference&, const call_reference&) = default;
};

}  // namespace parley::ua
