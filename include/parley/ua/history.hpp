#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/reason.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// How a target came from the one before it (RFC 7044 5).
enum class retargeting : std::uint8_t {
  none,        ///< it is not said
  contact,     ///< `rc`: a contact that is bound to the address
  other_user,  ///< `mp`: somebody else, as with call forwarding
  unchanged,   ///< `np`: the same target
};

/// One target that a request has had (RFC 7044 5).
struct history_entry {
  std::string uri;                           ///< without the headers Reason and Privacy
  std::string index;                         ///< `1.1.2`
  retargeting kind = retargeting::none;      ///< how it came to be
  std::string from;                          ///< index of the entry that it came from
  std::optional<reason> why = std::nullopt;  ///< why the request went on from here (RFC 7044 10.2)
  bool is_private = false;                   ///< `Privacy: history` (RFC 7044 10.1)

  friend bool operator==(const history_entry&, const history_entry&) = default;
};

/// The targets that a request has had, in order: read from History-Info, continued where a request is sent
/// on, written into it (RFC 7044). As a UAC begins it: `add` of the Request-URI.
///
/// *Ownership:* owns its texts, of at most `max_entries`.
class history {
 public:
  static constexpr std::size_t max_entries = 32;

  history() = default;
  /// *Errors:* `bad_message` for a History-Info that can't be read, lacks an index or has one longer than 64
  /// characters; `too_large` for more entries: handle the request as one without.
  PARLEY_API static base::result<history> read(const sip::message_view& message);

  const std::vector<history_entry>& entries() const noexcept { return entries_; }
  /// The entry whose target was somebody before the last `other_user`: who was called at first; null where
  /// there is none (RFC 7044 8).
  PARLEY_API const history_entry* original_target() const noexcept;

  /// A further target, one level below the last. `why` goes with the entry that is left: a redirection,
  /// `{"SIP", 302}`. *Errors:* `too_large`; `bad_message` where `uri` is none.
  PARLEY_API base::result<void> add(std::string_view uri, retargeting kind,
                                    std::optional<reason> why = std::nullopt);
  /// Writes all entries, in the place of what is there, and Supported: histinfo into a request (RFC 7044 8).
  /// Private ones become `sip:anonymous@anonymous.invalid` where `inside_domain` is false (RFC 7044 10.1.2).
  PARLEY_API void write(sip::message& message, bool inside_domain) const;

 private:
  std::vector<history_entry> entries_;
};

}  // namespace parley::ua
