#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// What kind of message waits (RFC 3458 6.2).
enum class message_class : std::uint8_t { voice, fax, pager, multimedia, text, none, other };

/// The counts of one class: `Voice-Message: 4/8 (1/2)`.
struct message_counts {
  message_class of = message_class::voice;
  std::uint32_t fresh = 0;  ///< new messages, urgent ones included
  std::uint32_t old = 0;
  std::optional<std::uint32_t> fresh_urgent;  ///< both of these, or neither
  std::optional<std::uint32_t> old_urgent;

  friend bool operator==(const message_counts&, const message_counts&) = default;
};

/// A body of application/simple-message-summary, the state of the package message-summary (RFC 3842 5):
///
///     Messages-Waiting: yes
///     Message-Account: sip:alice@vmail.example.com
///     Voice-Message: 4/8 (1/2)
struct message_summary {
  static constexpr std::string_view content_type = "application/simple-message-summary";
  static constexpr std::string_view package = "message-summary";
  static constexpr std::size_t max_bytes = 65535;
  static constexpr std::size_t max_counts = 16;

  bool waiting = false;
  std::string account;                 ///< a URI; empty where none is named
  std::vector<message_counts> counts;  ///< in the order of the body

  /// The headers of single messages behind an empty line are not looked at, and neither are lines of unknown
  /// names and classes. Lines may end with LF. *Errors:* `bad_body` where Messages-Waiting is missing or
  /// says neither yes nor no, and for counts that are none; `too_large`.
  PARLEY_API static base::result<message_summary> read(std::string_view body);
  /// The body. Classes of `other` are left out; controls in the account are dropped.
  PARLEY_API std::string write() const;

  friend bool operator==(const message_summary&, const message_summary&) = default;
};

}  // namespace parley::ua
