#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/message_view.hpp>

#include <string>
#include <string_view>

namespace parley::proxy {

/// What a request is answered with that can't be forwarded; status 0 where it can.
struct refusal {
  int status = 0;
  std::string_view fault;  ///< static storage; the whole reason phrase, or what is wrong with `header`
  std::string_view
      header;  ///< the name of the header that is to blame; static storage, empty where there is none

  /// "Bad CSeq", say; empty for the usual phrase (RFC 3261 21.4.1).
  std::string reason_phrase() const {
    std::string phrase(fault);
    if (!header.empty()) phrase.append(1, ' ').append(header);
    return phrase;
  }

  explicit operator bool() const noexcept { return status != 0; }
};

/// The checks of RFC 3261 16.3 that need nothing but the request: what the proxy itself uses has to be well
/// formed, the Request-URI's scheme known, no Proxy-Require that isn't met (420: its values are those for
/// Unsupported), and, last of all, Max-Forwards not used up. What only the ends read is not looked at. Loops
/// are the core's matter, since it knows its own addresses.
PARLEY_API refusal validate(const sip::message_view& request) noexcept;

/// The refusal for a message that could not be indexed: the status by the rule that it broke, and a reason
/// phrase that names it.
PARLEY_API refusal refusal_for(const sip::parse_error& error, const sip::message_view& partial) noexcept;

}  // namespace parley::proxy
