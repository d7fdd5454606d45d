#include <parley/sip/chars.hpp>
#include <parley/sip/digest_client.hpp>

#include "sip/detail/quoted.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace parley::sip {
namespace {

void cleanse(std::string& secret) noexcept { OPENSSL_cleanse(secret.data(), secret.size()); }

bool has_controls(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 || u == 0x7f;
  });
}

bool is_echoable(const challenge& c) noexcept {
  const bool token =
      std::all_of(c.algorithm.begin(), c.algorithm.end(), [](char ch) { return is(ch, char_token); });
  return token && detail::is_quotable(c.realm) && detail::is_quotable(c.nonce) &&
         detail::is_quotable(c.opaque);
}

std::array<char, 8> count_digits(std::uint32_t count) noexcept {
  std::array<char, 8> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = "0123456789abcdef"[count >> (28 - 4 * i) & 15U];
  return digits;
}

}  // namespace

digest_client::~digest_client() {
  for (digest_account& a : accounts_) {
    cleanse(a.password);
    cleanse(a.ha1);
  }
  for (session& s : sessions_) OPENSSL_cleanse(&s.ha1, sizeof s.ha1);
}

bool digest_client::set_account(digest_account account) {
  if (has_controls(account.username) || account.username.empty()) return false;
  if (!account.ha1.empty() && account.ha1.size() != hex_size(account.ha1_algorithm)) return false;
  // RFC 7616 3.2: hexadecimal digits are hashed in lower case.
  std::transform(account.ha1.begin(), account.ha1.end(), account.ha1.begin(), lower);
  remove_account(account.realm);
  accounts_.push_back(std::move(account));
  return true;
}

void digest_client::remove_account(std::string_view realm) {
  const auto found =
      std::find_if(accounts_.begin(), accounts_.end(), [realm](const auto& a) { return a.realm == realm; });
  if (found == accounts_.end()) return;
  cleanse(found->password);
  cleanse(found->ha1);
  drop_sessions(found->realm);
  accounts_.erase(found);
}

void digest_client::drop_sessions(std::string_view plain_realm) {
  std::erase_if(sessions_, [plain_realm](const session& s) { return s.plain_realm == plain_realm; });
}

const digest_account* digest_client::find_account(std::string_view raw_realm) const noexcept {
  for (const digest_account& a : accounts_) {
    if (detail::equals_unescaped(raw_realm, a.realm)) return &a;
  }
  return nullptr;
}

digest_client::session* digest_client::find_session(digest_asker asker,
                                                    std::string_view plain_realm) noexcept {
  for (session& s : sessions_) {
    if (s.asker == asker && s.plain_realm == plain_realm) return &s;
  }
  return nullptr;
}

digest_client::session* digest_client::find_session(std::uint64_t id) noexcept {
  for (session& s : sessions_) {
    if (s.id == id) return &s;
  }
  return nullptr;
}

std::optional<digest_client::choice> digest_client::judge(const challenge& offered,
                                                          const digest_account& account) noexcept {
  choice out{&offered};
  const auto algorithm = digest_algorithm_of(offered.algorithm);
  // RFC 7616 3.3: a challenge with an algorithm that is not understood is ignored.
  if (!algorithm || !digest_hasher::supports(*algorithm)) return std::nullopt;
  if (!account.ha1.empty() && hash_of(*algorithm) != hash_of(account.ha1_algorithm)) return std::nullopt;
  out.algorithm = *algorithm;
  if (offers_qop(offered.qop, digest_qop::auth)) {
    // Before auth-int: boxes on the way that rewrite bodies would break the other.
    out.qop = digest_qop::auth;
  } else if (offers_qop(offered.qop, digest_qop::auth_int)) {
    out.qop = digest_qop::auth_int;
  } else if (!offered.qop.empty()) {
    return std::nullopt;
  }
  return out;
}

challenge_outcome digest_client::handle_challenges(digest_asker asker, std::span<const challenge> offered,
                                                   digest_attempt& attempt) {
  bool any_account = false;
  bool any_digest = false;
  bool any_bad = false;
  bool retry = false;
  // One pass an account: the realms that are not ours are not looked at any further.
  for (const digest_account& account : accounts_) {
    std::optional<choice> best;
    for (const challenge& c : offered) {
      if (!c.digest) continue;
      any_digest = true;
      if (!detail::equals_unescaped(c.realm, account.realm)) continue;
      any_account = true;
      if (!is_echoable(c)) {
        any_bad = true;
        continue;
      }
      const std::optional<choice> judged = judge(c, account);
      // RFC 8760 2.4, with the strongest as local policy: whoever can reorder headers can't weaken the
      // answer.
      if (judged && (!best || hash_of(judged->algorithm) > hash_of(best->algorithm))) best = judged;
    }
    if (!best) continue;
    if (take(asker, *best, account, attempt) == challenge_outcome::refused) return challenge_outcome::refused;
    retry = true;
  }
  if (retry) return challenge_outcome::retry;
  if (any_bad) return challenge_outcome::malformed;
  if (any_account) return challenge_outcome::not_supported;
  if (!any_digest) {
    any_digest = std::any_of(offered.begin(), offered.end(), [](const challenge& c) { return c.digest; });
  }
  return any_digest ? challenge_outcome::no_account : challenge_outcome::not_supported;
}

challenge_outcome digest_client::take(digest_asker asker, const choice& chosen, const digest_account& account,
                                      digest_attempt& attempt) {
  const challenge& c = *chosen.from;
  session* s = find_session(asker, account.realm);

  digest_attempt::answered* mine = nullptr;
  for (auto& a : attempt.realms_) {
    if (s != nullptr && a.session == s->id) mine = &a;
  }
  if (mine == nullptr) {
    for (auto& a : attempt.realms_) {
      const bool gone = a.session != 0 && find_session(a.session) == nullptr;
      if (mine == nullptr && (a.session == 0 || gone)) mine = &a;
    }
    if (mine == nullptr) return challenge_outcome::refused;
    *mine = {};
  }

  if (mine->generation != 0) {
    const bool same_nonce = s != nullptr && s->nonce == c.nonce && mine->generation == s->generation;
    // The server has seen our answer under this very nonce: a better one does not exist, whatever it says.
    if (same_nonce) return challenge_outcome::refused;
    if (c.stale) {
      // RFC 7616 3.3: the password was right; one more try.
      if (mine->stale) return challenge_outcome::refused;
      mine->stale = true;
    } else if (mine->challenged) {
      return challenge_outcome::refused;
    }
    // An answer in advance, with a nonce of an earlier request, that was refused without `stale`: many
    // servers forget to say so, and the nonce is tried anew once.
  }
  mine->challenged = true;

  if (s == nullptr) {
    s = &sessions_.emplace_back();
    s->id = ++last_id_;
    s->asker = asker;
    s->plain_realm = account.realm;
  }
  mine->session = s->id;
  if (s->nonce == c.nonce && s->generation != 0 && s->algorithm == chosen.algorithm && s->qop == chosen.qop) {
    // Another request got the same nonce: its count goes on (RFC 7616 3.4).
    return challenge_outcome::retry;
  }
  s->algorithm = chosen.algorithm;
  s->algorithm_name = c.algorithm;
  s->qop = chosen.qop;
  s->realm = c.realm;
  s->opaque = c.opaque;
  s->has_opaque = c.has_opaque;
  s->userhash = c.userhash;
  s->ha1 = account.ha1.empty()
               ? hasher_.ha1(chosen.algorithm, account.username, account.realm, account.password)
               : hex_digest{};
  begin_nonce(*s, c.nonce);
  return challenge_outcome::retry;
}

void digest_client::begin_nonce(session& s, std::string_view nonce) {
  // A nonce that comes again, under another algorithm perhaps, goes on with its count: a server knows it by
  // its nonce.
  if (s.nonce != nonce) s.count = 0;
  s.nonce = nonce;
  s.generation = ++last_id_;
  std::array<std::byte, 16> drawn;
  random_->fill(drawn);
  s.cnonce.clear();
  for (std::byte b : drawn) {
    s.cnonce.push_back("0123456789abcdef"[std::to_integer<unsigned>(b) >> 4U]);
    s.cnonce.push_back("0123456789abcdef"[std::to_integer<unsigned>(b) & 15U]);
  }
}

void digest_client::authorize(digest_attempt& attempt, std::string_view method, std::string_view uri,
                              std::string_view body, std::vector<digest_answer>& out) {
  std::size_t written = 0;
  for (auto& a : attempt.realms_) {
    session* const s = a.session == 0 || !detail::is_quotable(uri) ? nullptr : find_session(a.session);
    if (s == nullptr) continue;
    const auto account = std::find_if(accounts_.begin(), accounts_.end(),
                                      [s](const auto& one) { return one.realm == s->plain_realm; });
    // A count does not wrap: the nonce is used up, and the server gives another one.
    if (account == accounts_.end() || s->count == 0xffffffffU) continue;
    ++s->count;
    a.generation = s->generation;
    a.count = s->count;
    if (out.size() == written) out.emplace_back();
    digest_answer& answer = out[written++];
    answer.id = s->asker == digest_asker::proxy ? header_id::proxy_authorization : header_id::authorization;
    answer.value.clear();
    write(*s, *account, method, uri, body, answer.value);
  }
  out.resize(written);
}

void digest_client::write(const session& s, const digest_account& account, std::string_view method,
                          std::string_view uri, std::string_view body, std::string& out) {
  const std::array<char, 8> digits = count_digits(s.count);
  const std::string_view nc(digits.data(), digits.size());
  const std::string_view ha1 = account.ha1.empty() ? s.ha1.view() : std::string_view(account.ha1);
  const hex_digest response =
      hasher_.response(s.algorithm, ha1, {method, uri, s.nonce, s.qop, nc, s.cnonce, body});

  out += "Digest username=";
  if (s.userhash) {
    append_quoted(out, hasher_.userhash(s.algorithm, account.username, account.realm).view());
  } else {
    append_quoted(out, account.username);
  }
  const auto add = [&out](std::string_view name, std::string_view raw) {
    out += ", ";
    out += name;
    out += "=\"";
    out += raw;
    out += '"';
  };
  add("realm", s.realm);
  add("nonce", s.nonce);
  add("uri", uri);
  add("response", response.view());
  if (!s.algorithm_name.empty()) {
    out += ", algorithm=";
    out += s.algorithm_name;
  }
  if (s.has_opaque) add("opaque", s.opaque);
  if (s.qop != digest_qop::none) {
    out += ", qop=";
    out += name_of(s.qop);
    out += ", nc=";
    out += nc;
  }
  // RFC 7616 3.4.2: the -sess key is made with cnonce, so it is sent even without qop.
  if (s.qop != digest_qop::none || is_session(s.algorithm)) add("cnonce", s.cnonce);
  if (s.userhash) out += ", userhash=true";
}

info_outcome digest_client::handle_info(digest_asker asker, const authentication_info& info,
                                        const digest_attempt& attempt, std::string_view uri,
                                        std::string_view body) {
  session* s = nullptr;
  std::uint32_t count = 0;
  for (const auto& a : attempt.realms_) {
    session* const one = a.session == 0 ? nullptr : find_session(a.session);
    if (one == nullptr || one->asker != asker || one->generation != a.generation) continue;
    // The header does not name its realm; the cnonce, drawn for one nonce, tells which it is.
    if (s != nullptr && info.cnonce != one->cnonce) continue;
    s = one;
    count = a.count;
  }
  if (s == nullptr) return info_outcome::no_proof;

  info_outcome outcome = info_outcome::no_proof;
  if (!info.rspauth.empty()) {
    const auto account = std::find_if(accounts_.begin(), accounts_.end(),
                                      [s](const auto& one) { return one.realm == s->plain_realm; });
    if (account == accounts_.end()) return info_outcome::no_proof;
    const std::string_view ha1 = account->ha1.empty() ? s->ha1.view() : std::string_view(account->ha1);
    const std::array<char, 8> digits = count_digits(count);
    // RFC 7616 3.5: over the nonce, count and cnonce of the request, with the qop that the server names.
    const auto qop = info.qop.empty() ? s->qop : digest_qop_of(info.qop).value_or(s->qop);
    const hex_digest expected = hasher_.response(
        s->algorithm, ha1, {"", uri, s->nonce, qop, {digits.data(), digits.size()}, s->cnonce, body});
    if (!expected.matches(info.rspauth)) return info_outcome::wrong_proof;
    outcome = info_outcome::verified;
  }
  if (!info.nextnonce.empty() && info.nextnonce != s->nonce && detail::is_quotable(info.nextnonce)) {
    begin_nonce(*s, info.nextnonce);
  }
  return outcome;
}

}  // namespace parley::sip
