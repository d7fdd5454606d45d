#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// What requests outside a dialog that belong together say of their ends (RFC 3261 8.1.1): the same Call-ID
/// and tag, one CSeq after the other.
struct outside_request {
  std::string target;               ///< the Request-URI
  std::string from;                 ///< From without its tag: `"Alice" <sip:alice@example.com>`
  std::string to;                   ///< To; where it is empty, the Request-URI
  std::string contact;              ///< the value of Contact
  std::vector<std::string> routes;  ///< values of Route in their order: `<sip:proxy.example.com;lr>`
  std::string call_id;
  std::string tag;

  /// Draws a Call-ID and a tag that nobody else has (RFC 3261 8.1.1.4, 19.3).
  PARLEY_API void draw_names(base::random_source& random);

  /// The request, complete but for Via and what its method needs. *Errors:* `wrong_method` for what is no
  /// token; `bad_message` where one of the texts above can't stand in a message.
  PARLEY_API base::result<sip::message> write(std::string_view method, std::uint32_t cseq) const;
};

}  // namespace parley::ua
