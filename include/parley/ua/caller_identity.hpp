#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// Who is calling, as an application shows it.
struct caller_identity {
  std::string uri;           ///< empty where the caller does not want to be known
  std::string display_name;  ///< without quotes and escapes; empty where there is none
  std::string telephone;     ///< the `tel` URI that was asserted beside another one
  bool asserted = false;     ///< by the network, not by the caller (RFC 3325)
  bool anonymous = false;    ///< the caller asks not to be shown
};

/// Who sent `request`. `trusted` says that it came from a peer inside the trust domain (RFC 3325 5): then
/// P-Asserted-Identity counts before From, and Privacy hides both from the user (RFC 3325 7); from others it
/// is not looked at.
///
/// *Errors:* `bad_message` where From can't be read.
PARLEY_API base::result<caller_identity> caller_of(const sip::message_view& request, bool trusted);

/// The From of whoever wants to be anonymous, without its tag (RFC 3323 4.1.1.3).
inline constexpr std::string_view anonymous_from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// What a caller asks a privacy service to hide (RFC 3323 4.2, RFC 3325 9.3, RFC 7044 10.1). `none` asks it
/// to hide nothing, and stands alone.
struct privacy {
  bool none = false;
  bool header = false;
  bool session = false;
  bool user = false;
  bool id = false;
  bool history = false;
  bool critical = false;  ///< fail rather than go without; only together with another
};
/// Puts that into Privacy, and takes Privacy out where nothing is asked for. With `critical`, Proxy-Require:
/// privacy goes with it (RFC 3323 4.3).
PARLEY_API void write_privacy(const privacy& wanted, sip::message& request);

/// Adds P-Preferred-Identity: which of its identities the caller wants the network to assert (RFC 3325
/// 6, 9.2). `identity` is a URI or a name-addr; one is sip or sips, a second one tel. *Errors:* `bad_message`
/// where it is none, or there is one of that kind already. Nothing is added then.
PARLEY_API base::result<void> write_preferred_identity(std::string_view identity, sip::message& request);
/// The same for P-Asserted-Identity, which only members of a trust domain write, to others inside it (RFC
/// 3325 5, 9.1).
PARLEY_API base::result<void> write_asserted_identity(std::string_view identity, sip::message& message);

}  // namespace parley::ua
