#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/sip/authentication.hpp>
#include <parley/sip/digest.hpp>
#include <parley/sip/header_id.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sip {

/// A user at a realm, with a password or with H(username:realm:password) in its place.
struct digest_account {
  std::string realm;
  std::string username;
  std::string password;
  std::string ha1;  ///< hexadecimal; where it is set, `password` is unused
  digest_algorithm ha1_algorithm = digest_algorithm::md5;  ///< and only challenges of this hash are answered
};

/// Who asks: a user agent or registrar with 401, a proxy with 407 (RFC 3261 22.2 and 22.3).
enum class digest_asker : std::uint8_t { user_agent, proxy };

/// What came of a challenge.
enum class challenge_outcome : std::uint8_t {
  retry,          ///< send the request again, with a new branch and CSeq, and what `authorize` writes
  no_account,     ///< none of the realms is configured: hand the response to the application, ask the user
  not_supported,  ///< no scheme, algorithm or qop in common; final
  malformed,      ///< what can't be echoed in a header; final
  refused,        ///< the server has seen the answer and did not take it: the password is wrong; final
};

/// What came of an Authentication-Info.
enum class info_outcome : std::uint8_t {
  verified,     ///< the server knows the password
  no_proof,     ///< there is no `rspauth`, or it is for a nonce that has been given up since
  wrong_proof,  ///< the server does not know the password: treat the response as a forgery
};

/// One header to add to a request.
struct digest_answer {
  header_id id = header_id::authorization;
  std::string value;
};

/// What one request and its repetitions have been asked for, which the client needs to tell a first challenge
/// from a refusal. Keep one with the request. Requests that go the same way, in the same dialog or
/// registration, may start with `follow_up()` of an earlier one's: they then answer in advance.
class digest_attempt {
 public:
  static constexpr std::size_t max_realms = 4;

  /// An attempt for a new request to the same askers.
  digest_attempt follow_up() const noexcept {
    digest_attempt next = *this;
    for (answered& a : next.realms_) a = answered{.session = a.session};
    return next;
  }

 private:
  friend class digest_client;

  struct answered {
    std::uint64_t session = 0;     ///< 0 where the place is free
    std::uint64_t generation = 0;  ///< of the nonce that was last sent; 0 for none
    std::uint32_t count = 0;       ///< and its count
    bool challenged = false;       ///< a challenge of this attempt has been answered
    bool stale = false;            ///< and one for a stale nonce
  };

  std::array<answered, max_realms> realms_{};
};

/// The client's side of Digest authentication (RFC 3261 22, RFC 7616, RFC 8760): answers challenges for the
/// realms that it has an account for, and no other. Memory is bounded by the number of accounts.
///
/// Of several challenges for one realm it answers the strongest that it can (RFC 8760 2.4). It keeps a nonce
/// with its count and one cnonce as long as the server takes it. Answers go only to those who asked in the
/// same attempt, or in one that this one follows up: a stranger gets nothing to guess a password from.
///
/// *Ownership:* keeps a reference to `random`. Copies accounts and challenges.
class digest_client {
 public:
  explicit digest_client(base::random_source& random) noexcept : random_(&random) {}
  PARLEY_API ~digest_client();
  digest_client(digest_client&&) noexcept = default;
  digest_client& operator=(digest_client&&) noexcept = default;

  /// Adds an account, or replaces the one for the same realm and forgets its nonces.
  ///
  /// *Errors:* false for a user name with control characters, and for an `ha1` of another size than its
  /// algorithm's.
  [[nodiscard]] PARLEY_API bool set_account(digest_account account);
  PARLEY_API void remove_account(std::string_view realm);
  std::size_t account_count() const noexcept { return accounts_.size(); }

  /// Takes all challenges of one 401 or 407, topmost first.
  ///
  /// `retry` where at least one realm can be answered and none has refused; a 407 of a forked request may
  /// name realms of which only some are ours (RFC 3261 22.3). An attempt ends after one stale nonce for each
  /// realm, so no server keeps it going.
  PARLEY_API challenge_outcome handle_challenges(digest_asker asker, std::span<const challenge> offered,
                                                 digest_attempt& attempt);

  /// Writes the headers that answer whoever has asked in this attempt, and counts a use of each nonce. Call
  /// it once for each time that the request is made anew, not for retransmissions. What `out` held is
  /// replaced.
  ///
  /// `uri` is the Request-URI as sent; nothing is written for one that no header can hold. `body` is hashed
  /// where the server wants auth-int only.
  PARLEY_API void authorize(digest_attempt& attempt, std::string_view method, std::string_view uri,
                            std::string_view body, std::vector<digest_answer>& out);

  /// Takes the Authentication-Info or Proxy-Authentication-Info of a response to a request that `attempt`
  /// went with: checks the server's proof, and takes its next nonce unless the proof is wrong (RFC 7616 3.5).
  /// `body` is the response's.
  PARLEY_API info_outcome handle_info(digest_asker asker, const authentication_info& info,
                                      const digest_attempt& attempt, std::string_view uri,
                                      std::string_view body);

 private:
  /// What one realm asked for, and how far its nonce is used up.
  struct session {
    std::uint64_t id = 0;
    std::uint64_t generation = 0;
    digest_asker asker = digest_asker::user_agent;
    digest_algorithm algorithm = digest_algorithm::md5;
    digest_qop qop = digest_qop::none;
    bool userhash = false;
    bool has_opaque = false;
    std::uint32_t count = 0;
    std::string plain_realm;
    std::string realm;  ///< this and the next four as they stand between the quotes of the challenge
    std::string nonce;
    std::string opaque;
    std::string algorithm_name;
    std::string cnonce;
    hex_digest ha1;
  };

  /// A challenge that can be answered.
  struct choice {
    const challenge* from = nullptr;
    digest_algorithm algorithm = digest_algorithm::md5;
    digest_qop qop = digest_qop::none;
  };

  const digest_account* find_account(std::string_view raw_realm) const noexcept;
  session* find_session(digest_asker asker, std::string_view plain_realm) noexcept;
  session* find_session(std::uint64_t id) noexcept;
  void drop_sessions(std::string_view plain_realm);
  static std::optional<choice> judge(const challenge& offered, const digest_account& account) noexcept;
  challenge_outcome take(digest_asker asker, const choice& chosen, const digest_account& account,
                         digest_attempt& attempt);
  void begin_nonce(session& s, std::string_view nonce);
  void write(const session& s, const digest_account& account, std::string_view method, std::string_view uri,
             std::string_view body, std::string& out);

  base::random_source* random_;
  digest_hasher hasher_;
  std::vector<digest_account> accounts_;
  std::vector<session> sessions_;
  std::uint64_t last_id_ = 0;
};

}  // namespace parley::sip
