#pragma once

#include <parley/base/result.hpp>

#include <string>
#include <string_view>

namespace parley::detail {

/// What a URI or a name-addr says.
struct address_parts {
  std::string display_name;  ///< as it stands there
  std::string uri;
  std::string user;
  std::string host;
};

/// *Errors:* `errc::bad_uri` for what is none, or has another scheme than SIP.
base::result<address_parts> read_address(std::string_view text);

/// The same text as a name-addr: a URI in brackets.
std::string name_addr_of(std::string_view text);

/// A URI, or that of a name-addr, as From and To may have it: without parameters and headers (RFC
/// 3261 19.1.1).
std::string bare_uri(std::string_view text);

/// A display name as a quoted string (RFC 3261 25.1); controls become spaces.
std::string quoted(std::string_view display_name);

}  // namespace parley::detail
