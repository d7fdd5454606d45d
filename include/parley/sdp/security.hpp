#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp {

/// a=fingerprint: the hash of the certificate that the peer will show (RFC 8122 5). There may be several, for
/// several hashes or certificates: the connection stands if one fits of each hash that you know.
struct PARLEY_API fingerprint {
  static constexpr std::string_view name = "fingerprint";
  static constexpr bool inherited = true;

  std::string hash = "sha-256";  ///< in lower case
  std::vector<std::uint8_t> bytes;

  /// *Errors:* `bad_fingerprint`, also where the hash is known and has another length. End the negotiation:
  /// without a fingerprint that can be checked nobody knows who the peer is.
  static parsed<fingerprint> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};

/// One master key of `crypto` (RFC 4568 6.1).
struct crypto_key {
  std::vector<std::uint8_t> key_and_salt;
  std::optional<std::uint64_t> lifetime;  ///< packets; what the suite allows where there is none
  std::uint64_t mki = 0;
  std::uint8_t mki_length = 0;  ///< bytes of the MKI in each packet; 0 for no MKI

  friend bool operator==(const crypto_key&, const crypto_key&) = default;
};

/// a=crypto: keys for SRTP, within the signalling (RFC 4568 9.1). They are as secret as the signalling is.
struct PARLEY_API crypto {
  static constexpr std::string_view name = "crypto";

  std::uint32_t tag = 0;  ///< what the answer names the chosen one by
  std::string suite;      ///< as "AES_CM_128_HMAC_SHA1_80"
  std::vector<crypto_key> keys;
  std::vector<std::string> session_parameters;  ///< as "KDR=4", "UNENCRYPTED_SRTCP"

  /// *Errors:* `bad_crypto_key` where the suite is known and its key has another length. Leave this one out;
  /// where none is left refuse the medium.
  static parsed<crypto> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const crypto&, const crypto&) = default;
};

/// How many bytes of key and salt a suite has (RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2); nothing for one that
/// is not known.
PARLEY_API std::optional<std::size_t> crypto_key_bytes(std::string_view suite) noexcept;

/// a=identity: a signed assertion of who speaks, and its extensions, as text (RFC 8827 5).
struct PARLEY_API identity {
  static constexpr std::string_view name = "identity";

  std::string assertion;

  static parsed<identity> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const identity&, const identity&) = default;
};

}  // namespace parley::sdp
