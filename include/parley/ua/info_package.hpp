#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// Which Info Packages either side of an INVITE dialog is willing to receive (RFC 6086 5), and what an INFO
/// is by that.
///
///     Recv-Info: dtmf, foo         ours, in INVITE, its provisional and 2xx responses, re-INVITE …
///     Info-Package: dtmf           of one INFO
///
/// *Ownership:* owns all its texts; a peer names at most `max_packages`.
class info_packages {
 public:
  /// What an INFO of the peer's is.
  enum class verdict : std::uint8_t {
    package,  ///< of a package of ours: hand it on, answer 2xx
    legacy,   ///< without Info-Package, as before RFC 6086: 2xx where its body is understood, else 415
    refused,  ///< of a package that is not ours: 469 with `write_refusal`
    bad,      ///< Info-Package can't be read: 400
  };

  static constexpr std::size_t max_packages = 32;
  static constexpr std::size_t max_name = 64;

  /// Packages that we are willing to receive. Names are tokens; others are left out.
  PARLEY_API explicit info_packages(std::vector<std::string> own = {});

  const std::vector<std::string>& own() const noexcept { return own_; }
  /// True once the peer has said that it knows of Info Packages, with an empty list even.
  bool peer_supports() const noexcept { return peer_supports_; }
  const std::vector<std::string>& peer() const noexcept { return peer_; }
  /// True where an INFO of that package may be sent (RFC 6086 4.2.1). Names compare without case.
  PARLEY_API bool may_send(std::string_view package) const noexcept;

  /// Adds Recv-Info, empty for none: to INVITE, its reliable provisional responses and its 2xx, to re-INVITE,
  /// UPDATE and PRACK (RFC 6086 5.2.1, 5.2.2). Never to an INFO.
  PARLEY_API void write(sip::message& message) const;
  /// Takes Recv-Info of such a message that came. Without it, or where it can't be read, what the peer has
  /// said before goes on (RFC 6086 5.1).
  PARLEY_API void handle(const sip::message_view& message);

  /// Makes an INFO of the dialog, from `dialog::write_request`, one of that package. A body gets
  /// Content-Disposition: Info-Package (RFC 6086 4.2.1, 8.3).
  ///
  /// *Errors:* `wrong_method` for another request; `bad_message` for a package that the peer has not named,
  /// or a type that is none. Nothing has changed then.
  PARLEY_API base::result<void> write_info(sip::message& info, std::string_view package,
                                           std::string body = {}, std::string_view type = {}) const;
  /// What an INFO that came is; `package` gets the name where it has one.
  PARLEY_API verdict judge(const sip::message_view& info, std::string& package) const;
  /// Adds Recv-Info to a 469 (RFC 6086 4.2.2).
  PARLEY_API void write_refusal(sip::message& response) const;

 private:
  std::string list() const;

  std::vector<std::string> own_;
  std::vector<std::string> peer_;
  bool peer_supports_ = false;
};

}  // namespace parley::ua
