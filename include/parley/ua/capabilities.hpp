#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// What a user agent understands, as it tells others in the answer to OPTIONS (RFC 3261 11.2).
struct capabilities {
  std::vector<std::string> methods;     ///< Allow
  std::vector<std::string> extensions;  ///< Supported: option tags
  std::vector<std::string> types;       ///< Accept: `application/sdp`. Empty: only SDP (RFC 3261 20.1)
  std::vector<std::string> encodings;   ///< Accept-Encoding. Empty: identity (RFC 3261 20.2)
  std::vector<std::string> languages;   ///< Accept-Language. Empty: all are welcome
  std::vector<std::string> events;      ///< Allow-Events (RFC 6665 8.2.2)

  /// True where a body of that type is understood.
  PARLEY_API bool accepts(std::string_view type) const noexcept;
};

/// Adds Allow, Accept, Accept-Encoding, Accept-Language, Supported and Allow-Events: to the response to an
/// OPTIONS, which has the status that an INVITE would get now, 200 or 486 (RFC 3261 11.2). Without
/// `everything`, Allow and Supported only, as other responses and requests have them (RFC
/// 3261 13.2.1, 13.3.1.4).
PARLEY_API void write_capabilities(const capabilities& own, bool everything, sip::message& message);

/// False where the body of a request is to be refused with 415: it has another type, encoding or language,
/// and Content-Disposition does not call it optional (RFC 3261 8.2.3). What can't be read is not understood.
PARLEY_API bool understands_body(const sip::message_view& request, const capabilities& own);

/// Adds Accept, Accept-Encoding and Accept-Language to a 415: what would be understood (RFC 3261 21.4.13).
PARLEY_API void write_accepted(const capabilities& own, sip::message& response);

}  // namespace parley::ua
