#pragma once

#include <parley/base/address.hpp>
#include <parley/sdp/description.hpp>
#include <parley/sdp/rtp_format.hpp>
#include <parley/sdp/security.hpp>

#include "described.hpp"
#include "ng_options.hpp"
#include "outcome.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relay {

/// What a peer is to read in the place of what the other one wrote, of one medium.
struct edited_medium {
  bool leave = false;          ///< the lines stay as they are, but the address is written beside the port
  base::socket_address rtp{};  ///< port 0: rejected
  base::socket_address rtcp{};
  bool keep_zero_address = false;
  std::string protocol{};  ///< empty: as it is
  bool feedback = true;    ///< false: the protocol has none, so a=rtcp-fb goes
  bool rtcp_mux = false;
  rtcp_attribute attribute = rtcp_attribute::plain;
  std::vector<sdp::crypto> keys{};
  std::optional<std::vector<sdp::rtp_format>> formats{};  ///< in the place of all that are there
  std::optional<std::uint32_t> ptime_ms{};
};

/// What else is changed.
struct edited_session {
  std::optional<base::ip_address> origin{};
  std::optional<std::string> username{};
  std::optional<std::string> session_name{};
  std::optional<std::string> version{};
  bool connection = false;  ///< c= of the session is changed even if each medium has its own
};

/// Changes `text` in place. Lines that are not named above stay byte for byte. ICE, DTLS and BUNDLE are taken
/// out, since each medium of each side is received at ports of its own. *Errors:* a sentence.
outcome<void> edit_description(sdp::description& text, const edited_session& session,
                               const std::vector<edited_medium>& media);

}  // namespace relay
