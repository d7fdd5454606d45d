#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/authentication.hpp>
#include <parley/sip/digest.hpp>
#include <parley/sip/nonce_table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_mac_ctx_st;

namespace parley::sip {

/// What a `digest_server` offers and accepts.
struct digest_server_settings {
  std::string realm;
  /// In any order; challenges are written strongest first (RFC 8760 2.3). Take MD5 out where every client can
  /// do better.
  std::vector<digest_algorithm> algorithms{digest_algorithm::sha_256, digest_algorithm::md5};
  bool auth = true;
  bool auth_int = false;
  /// Takes credentials without qop, as clients of RFC 2543 send them (RFC 3261 22.4); each nonce then serves
  /// once.
  bool without_qop = true;
  /// Asks clients to send H(username:realm) in place of the name. The application must be able to look users
  /// up by it.
  bool userhash = false;
  /// How long a nonce serves. A client then gets a new one, without its user being asked.
  base::duration nonce_lifetime = std::chrono::minutes(5);
  /// How many nonces are watched for replays; 24 bytes each. With more in use at once the oldest turn stale
  /// early.
  std::size_t max_nonces = 4096;
};

/// What the server knows of a user. One of `password` and `ha1` is set; neither for an unknown user, who then
/// gets through the same computation and is refused, as is one with an empty password.
struct digest_secret {
  std::string_view password;
  /// Hexadecimal H(username:realm:password), by the algorithm that the credentials name.
  std::string_view ha1;
  /// The plain name, needed with a password where the credentials have `userhash`.
  std::string_view username;
};

/// The request that credentials came in.
struct digest_request {
  std::string_view method;
  /// Compared with the `uri` of the credentials, as RFC 3261 19.1.4 compares URIs, where it isn't empty. Give
  /// it where no proxy in front rewrites the Request-URI: the digest covers `uri` only.
  std::string_view request_uri;
  std::string_view body;
  /// Where the request came from, for nonces that serve only there; the same as in `challenge`, or empty in
  /// both.
  std::string_view source;
};

/// What a check found. For all but `accepted` the caller challenges again, with `stale` true where it is said
/// here.
enum class digest_outcome : std::uint8_t {
  accepted,
  /// Another scheme.
  not_digest,
  /// A parameter breaks its rules, as nc=00000000 does. Answer 400 or challenge again.
  malformed,
  /// For another server, if not an attack: look at the next Authorization line.
  wrong_realm,
  /// Not one of those that were offered.
  unknown_algorithm,
  /// Not one of those that were offered.
  wrong_qop,
  /// The credentials are for another Request-URI.
  wrong_uri,
  /// Not issued here, to that source: forged, truncated or from before a restart. Challenge with stale: an
  /// honest client tries again by itself, and another gains nothing.
  foreign_nonce,
  /// The right password with a nonce that no longer serves: challenge with stale.
  stale,
  /// This count was used with the nonce. Challenge with stale; count it, for somebody may be listening.
  replayed,
  /// Unknown user or wrong password.
  wrong_response,
  /// `ha1` is of another algorithm, or `username` is missing; a fault of the caller.
  unusable_secret,
};

/// The server's side of Digest authentication (RFC 3261 22, RFC 7616, RFC 8760).
///
/// Nonces are checked without state: each is the time of its issue and a MAC over it, the realm and the
/// source, under a key that is drawn at construction. State is kept only for nonces with which somebody has
/// authenticated: the counts seen, in a table of fixed size. Neither a flood of requests nor one of forged
/// nonces fills it.
class digest_server {
 public:
  /// Draws the key from `random`, which is not kept.
  PARLEY_API digest_server(digest_server_settings settings, base::random_source& random);
  PARLEY_API ~digest_server();
  PARLEY_API digest_server(digest_server&&) noexcept;
  PARLEY_API digest_server& operator=(digest_server&&) noexcept;

  const digest_server_settings& settings() const noexcept { return settings_; }

  /// Writes one value of WWW-Authenticate or Proxy-Authenticate for each algorithm, strongest first, all with
  /// one new nonce. Each goes into a header line of its own (RFC 8760 2.3). What `out` held is replaced.
  PARLEY_API void challenge(base::time_point now, bool stale, std::string_view source,
                            std::vector<std::string>& out);

  /// Everything that can be checked before the user is looked up: `accepted` means that `check` is worth a
  /// look-up. Here `stale` says that the nonce no longer serves, whatever the password. Changes nothing.
  PARLEY_API digest_outcome examine(base::time_point now, const digest_request& request,
                                    const credentials& from);

  /// Checks credentials against a user's secret; `accepted` counts the use of the nonce. Call it once for
  /// each request, not for retransmissions, which the transaction layer absorbs.
  PARLEY_API digest_outcome check(base::time_point now, const digest_request& request,
                                  const credentials& from, const digest_secret& secret);

  /// Writes the value of Authentication-Info for a response with `body` to a request that was accepted:
  /// `rspauth`, which proves to the client that the server knows the secret, and with `next_nonce` a nonce
  /// for the next request (RFC 7616 3.5). Empty where the credentials had no qop and no nonce is asked for;
  /// there is no proof in it where their cnonce can't be echoed.
  PARLEY_API std::string authentication_info(base::time_point now, const credentials& from,
                                             const digest_secret& secret, std::string_view body,
                                             bool next_nonce, std::string_view source);

 private:
  struct free_mac {
    PARLEY_API void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  struct terms;

  digest_outcome read_terms(const digest_request& request, const credentials& from, terms& out);
  bool derive_ha1(const credentials& from, const digest_secret& secret, digest_algorithm algorithm,
                  hex_digest& out);
  bool is_expired(base::time_point now, std::uint64_t issued) const noexcept;
  bool make_mac(std::uint64_t issued, std::string_view source, unsigned char* out) noexcept;
  std::string make_nonce(base::time_point now, std::string_view source);
  bool read_nonce(std::string_view nonce, std::string_view source, std::uint64_t& issued) noexcept;

  digest_server_settings settings_;
  digest_hasher hasher_;
  std::unique_ptr<evp_mac_ctx_st, free_mac> mac_;
  nonce_table table_;
  std::uint64_t last_issued_ = 0;
};

}  // namespace parley::sip
