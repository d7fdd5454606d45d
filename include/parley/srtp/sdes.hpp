#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/sdp/security.hpp>
#include <parley/srtp/master_key.hpp>
#include <parley/srtp/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace parley::srtp {

/// The name of a profile in a=crypto (RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2). Static storage.
PARLEY_API std::string_view suite_name(profile which) noexcept;

/// The other way; nothing for a suite that is not supported, such as F8_128_HMAC_SHA1_80.
PARLEY_API std::optional<profile> profile_of_suite(std::string_view suite) noexcept;

/// What an a=crypto attribute comes to.
struct sdes_parameters {
  std::vector<master_key> keys;  ///< for `context`; the first one is what the sender begins with
  std::optional<std::size_t>
      window_hint;  ///< WSH: a replay window of at least so many packets (RFC 4568 6.3.6)
};

/// Reads the keys of an attribute: the offer's are those of what the offerer sends, the answer's of what the
/// answerer sends (RFC 4568 5.1).
///
/// Of the session parameters WSH is returned, FEC_ORDER=FEC_SRTP is what happens anyhow, and what begins with
/// '-' may be left alone (RFC 4568 6.3.7).
/// *Errors:* `unknown_suite`, `bad_key_length`, `bad_lifetime`, `bad_mki`, `bad_key_set`,
/// `bad_session_parameter`; `unsupported_session_parameter` for KDR, UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP,
/// UNAUTHENTICATED_SRTP, FEC_ORDER=SRTP_FEC, FEC_KEY and those that nobody knows. Leave the attribute out;
/// where none is left refuse the medium.
PARLEY_API base::result<sdes_parameters> read_sdes(const sdp::crypto& attribute);

/// The attribute that tells the peer of `keys`.
/// *Errors:* `bad_key_set` as for a context; `bad_mki` for one that has more than 8 bytes which are not 0.
PARLEY_API base::result<sdp::crypto> write_sdes(std::uint32_t tag, std::span<const master_key> keys);

/// A new master key.
PARLEY_API master_key generate_key(base::random_source& random, profile which) noexcept;

}  // namespace parley::srtp
