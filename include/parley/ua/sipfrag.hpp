#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::ua {

/// The start of a message/sipfrag body (RFC 3420) that tells how a referred request goes on (RFC 3515 2.4.5):
/// `SIP/2.0 180 Ringing`.
struct status_fragment {
  static constexpr std::string_view content_type = "message/sipfrag;version=2.0";
  /// A longer reason phrase is cut.
  static constexpr std::size_t max_reason = 255;

  int status = 100;  ///< 100 to 699
  std::string reason_phrase;

  /// Empty lines in front are passed over, headers behind are not looked at, and lines may end with LF or
  /// with the body. *Errors:* `bad_body` where no status line comes first.
  PARLEY_API static base::result<status_fragment> read(std::string_view body);
  /// The body. An empty reason phrase stands for the usual one; controls in it become spaces.
  PARLEY_API std::string write() const;

  friend bool operator==(const status_fragment&, const status_fragment&) = default;
};

}  // namespace parley::ua
