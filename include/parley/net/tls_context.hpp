#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::net {

namespace detail {
struct tls_context_state;
}

/// A certificate with its chain, the leaf first, and its key: PEM files. What the chain has is shown, nothing
/// is added to it from the authorities.
struct tls_certificate {
  std::string chain_file;
  std::string key_file;
};

/// What is asked of peers that connect to us.
enum class client_certificate : std::uint8_t {
  none,      ///< nothing
  optional,  ///< a certificate is asked for, and where one comes it has to be valid
  required,
};

/// The lowest version that is spoken; older ones than these are not.
enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// How we prove who we are over TLS, and whom we believe (RFC 3261 26.2, RFC 5922).
struct tls_options {
  /// The first is shown where no other is for the name that the client asks for (SNI). As a client we show
  /// the first. A server needs one at least.
  std::vector<tls_certificate> certificates;
  /// PEM files of the authorities whose certificates are believed.
  std::vector<std::string> authority_files;
  bool system_authorities = false;  ///< believe those of the system, too
  client_certificate clients = client_certificate::none;
  /// As a client, refuse servers whose certificate is not valid for the name that was to be reached: that of
  /// a SIP URI in it, or one of DNS where it has no SIP URI (RFC 5922 7.1); on WebSocket connections one of
  /// DNS. Off only for tests: without it anyone in between is believed.
  bool verify_servers = true;
  /// Look for the name in the subject, too, where the certificate has no subjectAltName (RFC 5922 7.1 allows
  /// it for old certificates).
  bool accept_common_name = false;
  /// Let `*.example.com` in a certificate stand for `a.example.com` on SIP connections, too, which RFC
  /// 5922 7.2 forbids; on WebSocket connections it always does (RFC 9525 6.3).
  bool accept_wildcards = false;
  tls_version lowest = tls_version::tls_1_2;
  /// OpenSSL's list of suites for TLS 1.2, in our order of preference; those of 1.3 are AES-128 and AES-256
  /// with GCM and ChaCha20 with Poly1305, in that order. All have forward secrecy and are authenticated. A
  /// client that prefers ChaCha20 gets it.
  std::string ciphers =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  /// Let neighbours that have proven who they are send us requests by the connections that we open to them,
  /// and take theirs for ours (RFC 5923).
  bool reuse_connections = true;
  bool resumption = true;                  ///< of sessions, by tickets
  std::size_t max_client_sessions = 1024;  ///< that are remembered for resumption as a client
};

/// Why a `tls_context` could not be made.
struct tls_setup_error {
  base::error_code code;
  std::string what;  ///< a sentence with the file or the setting, and OpenSSL's reason
};

/// Called by `value()` of a result on an error; code that checks before it reads never gets here.
[[noreturn]] PARLEY_API void throw_exception_from_error(const tls_setup_error& error,
                                                        const boost::source_location& where);

/// Keys and certificates, ready for use: made once, shared by all shards, never changed. To reload, make
/// another and give it to the transport sets; connections that exist keep the one they began with.
///
/// *Ownership:* a handle; copies share one state, which is safe to use from all threads.
class PARLEY_API tls_context {
 public:
  /// *Errors:* a file that can't be read, a key that does not belong to its certificate, an unknown cipher.
  /// Tell the operator; what runs goes on with what it has.
  [[nodiscard]] static boost::system::result<tls_context, tls_setup_error> make(const tls_options& options);

  const tls_options& options() const noexcept;
  const std::shared_ptr<detail::tls_context_state>& state() const noexcept { return state_; }

 private:
  explicit tls_context(std::shared_ptr<detail::tls_context_state> state) noexcept
      : state_(std::move(state)) {}

  std::shared_ptr<detail::tls_context_state> state_;
};

/// The category of the reasons for which a certificate is not believed: values of X509_V_ERR_…, and
/// `tls_errc`. Its name is "parley.net.certificate".
PARLEY_API const base::error_category& certificate_category() noexcept;

}  // namespace parley::net
