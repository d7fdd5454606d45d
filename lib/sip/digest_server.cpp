#include <parley/sip/digest_server.hpp>
#include <parley/sip/uri.hpp>

#include "sip/detail/quoted.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <span>

namespace parley::sip {
namespace {

// A nonce is eight bytes of time and sixteen of MAC, in base64 as URLs have it: 32 characters, and each text
// of that length over that alphabet stands for other bytes, so no nonce can be written in two ways.
constexpr std::size_t issued_size = 8;
constexpr std::size_t mac_size = 16;
constexpr std::size_t nonce_size = 32;
constexpr std::size_t key_size = 32;

constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> make_base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < base64.size(); ++i) {
    values[static_cast<unsigned char>(base64[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

constexpr std::array<std::int8_t, 256> base64_values = make_base64_values();

using raw_nonce = std::array<unsigned char, issued_size + mac_size>;

EVP_MAC* hmac() noexcept {
  // Looked up once for the process and never freed, as the hashes are.
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return mac;
}

std::uint64_t microseconds(base::time_point now) noexcept {
  const auto count = now.time_since_epoch().count();
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

/// The size in front of a text, so that no two lists of texts are the same bytes.
bool update_text(EVP_MAC_CTX* context, std::string_view text) noexcept {
  std::array<unsigned char, 8> size;
  for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  return EVP_MAC_update(context, size.data(), size.size()) == 1 &&
         EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

/// RFC 7616 3.4.6: the two URIs may be written differently.
bool same_resource(std::string_view a, std::string_view b) noexcept {
  if (a == b) return true;
  const auto left = parse_uri(a);
  const auto right = parse_uri(b);
  return left && right && equivalent(*left, *right);
}

}  // namespace

/// What the parameters of credentials say, once they are known to be in order.
struct digest_server::terms {
  digest_algorithm algorithm = digest_algorithm::md5;
  digest_qop qop = digest_qop::none;
  std::uint64_t issued = 0;
  std::uint32_t count = 1;
};

void digest_server::free_mac::operator()(evp_mac_ctx_st* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

digest_server::digest_server(digest_server_settings settings, base::random_source& random)
    : settings_(std::move(settings)), table_(settings_.max_nonces) {
  std::sort(settings_.algorithms.begin(), settings_.algorithms.end(), std::greater<>());
  std::erase_if(settings_.algorithms, [](digest_algorithm a) { return !digest_hasher::supports(a); });

  std::array<std::byte, key_size> key;
  random.fill(key);
  mac_.reset(hmac() == nullptr ? nullptr : EVP_MAC_CTX_new(hmac()));
  char hash[] = "SHA2-256";
  const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                             OSSL_PARAM_construct_end()};
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.data());
  if (mac_ && EVP_MAC_init(mac_.get(), bytes, key.size(), parameters.data()) != 1) mac_.reset();
  OPENSSL_cleanse(key.data(), key.size());
}

digest_server::~digest_server() = default;
digest_server::digest_server(digest_server&&) noexcept = default;
digest_server& digest_server::operator=(digest_server&&) noexcept = default;

bool digest_server::make_mac(std::uint64_t issued, std::string_view source, unsigned char* out) noexcept {
  if (!mac_) return false;
  EVP_MAC_CTX* const context = mac_.get();
  std::array<unsigned char, issued_size> time;
  for (std::size_t i = 0; i < time.size(); ++i) time[i] = static_cast<unsigned char>(issued >> (56 - 8 * i));
  std::array<unsigned char, 32> full;
  std::size_t size = 0;
  // A null key starts again under the key of the construction.
  const bool good = EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(context, time.data(), time.size()) == 1 &&
                    update_text(context, settings_.realm) && update_text(context, source) &&
                    EVP_MAC_final(context, full.data(), &size, full.size()) == 1 && size == full.size();
  std::copy_n(full.begin(), mac_size, out);
  return good;
}

std::string digest_server::make_nonce(base::time_point now, std::string_view source) {
  // No two nonces bear the same number, not even those of one microsecond.
  last_issued_ = std::max(last_issued_ + 1, microseconds(now));
  raw_nonce raw{};
  for (std::size_t i = 0; i < issued_size; ++i)
    raw[i] = static_cast<unsigned char>(last_issued_ >> (56 - 8 * i));
  if (!make_mac(last_issued_, source, raw.data() + issued_size)) return {};
  std::string out;
  out.reserve(nonce_size);
  for (std::size_t i = 0; i < raw.size(); i += 3) {
    const std::uint32_t three =
        static_cast<std::uint32_t>(raw[i]) << 16U | static_cast<std::uint32_t>(raw[i + 1]) << 8U | raw[i + 2];
    for (unsigned shift = 24; shift > 0; shift -= 6) out.push_back(base64[three >> (shift - 6) & 63U]);
  }
  return out;
}

bool digest_server::read_nonce(std::string_view nonce, std::string_view source,
                               std::uint64_t& issued) noexcept {
  if (nonce.size() != nonce_size) return false;
  raw_nonce raw{};
  for (std::size_t i = 0; i < raw.size() / 3; ++i) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::int8_t value = base64_values[static_cast<unsigned char>(nonce[4 * i + k])];
      if (value < 0) return false;
      three = three << 6U | static_cast<unsigned char>(value);
    }
    for (std::size_t k = 0; k < 3; ++k) raw[3 * i + k] = static_cast<unsigned char>(three >> (16 - 8 * k));
  }
  issued = 0;
  for (std::size_t i = 0; i < issued_size; ++i) issued = issued << 8U | raw[i];
  std::array<unsigned char, mac_size> expected{};
  return make_mac(issued, source, expected.data()) &&
         CRYPTO_memcmp(expected.data(), raw.data() + issued_size, mac_size) == 0;
}

bool digest_server::is_expired(base::time_point now, std::uint64_t issued) const noexcept {
  const std::uint64_t at = microseconds(now);
  return at > issued && at - issued > static_cast<std::uint64_t>(
                                          std::max(settings_.nonce_lifetime, base::duration(0)).count());
}

void digest_server::challenge(base::time_point now, bool stale, std::string_view source,
                              std::vector<std::string>& out) {
  out.resize(settings_.algorithms.size());
  const std::string nonce = make_nonce(now, source);
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::string& value = out[i];
    value = "Digest realm=";
    append_quoted(value, settings_.realm);
    value += ", nonce=\"";
    value += nonce;
    value += "\", algorithm=";
    value += name_of(settings_.algorithms[i]);
    // RFC 3261 22.4: a server always sends qop.
    if (settings_.auth || settings_.auth_int) {
      value += ", qop=\"";
      value += settings_.auth ? (settings_.auth_int ? "auth,auth-int" : "auth") : "auth-int";
      value += '"';
    }
    if (settings_.userhash) value += ", userhash=true";
    if (stale) value += ", stale=true";
  }
}

digest_outcome digest_server::read_terms(const digest_request& request, const credentials& from, terms& out) {
  using enum digest_outcome;
  if (!from.digest) return not_digest;
  if (!detail::equals_unescaped(from.realm, settings_.realm)) return wrong_realm;
  const auto algorithm = digest_algorithm_of(from.algorithm);
  const auto& offered = settings_.algorithms;
  if (!algorithm || std::find(offered.begin(), offered.end(), *algorithm) == offered.end())
    return unknown_algorithm;
  const auto qop = digest_qop_of(from.qop);
  if (!qop || (*qop == digest_qop::auth && !settings_.auth) ||
      (*qop == digest_qop::auth_int && !settings_.auth_int) ||
      (*qop == digest_qop::none && !settings_.without_qop)) {
    return wrong_qop;
  }
  // RFC 7616 3.4: the count begins at 1.
  if (*qop != digest_qop::none && from.nc == 0) return malformed;
  if (from.response.size() != hex_size(*algorithm)) return malformed;
  if (!request.request_uri.empty() && !same_resource(request.request_uri, from.uri)) return wrong_uri;
  if (!read_nonce(from.nonce, request.source, out.issued)) return foreign_nonce;
  out.algorithm = *algorithm;
  out.qop = *qop;
  out.count = *qop == digest_qop::none ? 1 : from.nc;
  return accepted;
}

digest_outcome digest_server::examine(base::time_point now, const digest_request& request,
                                      const credentials& from) {
  terms said;
  const digest_outcome outcome = read_terms(request, from, said);
  if (outcome != digest_outcome::accepted) return outcome;
  if (is_expired(now, said.issued)) return digest_outcome::stale;
  switch (table_.look(said.issued, said.count)) {
    case nonce_table::use::fresh: return digest_outcome::accepted;
    case nonce_table::use::forgotten: return digest_outcome::stale;
    case nonce_table::use::repeated: break;
  }
  return said.qop == digest_qop::none ? digest_outcome::stale : digest_outcome::replayed;
}

bool digest_server::derive_ha1(const credentials& from, const digest_secret& secret,
                               digest_algorithm algorithm, hex_digest& out) {
  const bool plain = secret.username.empty();
  if (from.userhash && plain && !secret.password.empty()) return false;
  if (plain && from.username_ext.empty() && from.username.find('\\') == std::string_view::npos) {
    out = hasher_.ha1(algorithm, from.username, settings_.realm, secret.password);
  } else {
    const std::string name = plain ? digest_username(from) : std::string(secret.username);
    out = hasher_.ha1(algorithm, name, settings_.realm, secret.password);
  }
  return true;
}

digest_outcome digest_server::check(base::time_point now, const digest_request& request,
                                    const credentials& from, const digest_secret& secret) {
  using enum digest_outcome;
  terms said;
  const digest_outcome outcome = read_terms(request, from, said);
  if (outcome != accepted) return outcome;

  const bool known = !secret.ha1.empty() || !secret.password.empty();
  hex_digest derived;
  std::array<char, 64> folded{};
  std::string_view ha1;
  if (secret.ha1.empty()) {
    if (!derive_ha1(from, secret, said.algorithm, derived)) return unusable_secret;
    ha1 = derived.view();
  } else {
    // Databases have it in either case; it is hashed in lower case (RFC 7616 3.2).
    if (secret.ha1.size() != hex_size(said.algorithm)) return unusable_secret;
    std::transform(secret.ha1.begin(), secret.ha1.end(), folded.begin(), lower);
    ha1 = {folded.data(), secret.ha1.size()};
  }
  const digest_input input{request.method, from.uri,    from.nonce,  said.qop,
                           from.nc_text,   from.cnonce, request.body};
  const hex_digest expected = hasher_.response(said.algorithm, ha1, input);
  OPENSSL_cleanse(&derived, sizeof derived);
  OPENSSL_cleanse(folded.data(), folded.size());
  if (!expected.matches(from.response) || !known) return wrong_response;

  // RFC 7616 3.3: stale is for those who know the password.
  if (is_expired(now, said.issued)) return stale;
  const std::uint64_t at = microseconds(now);
  const auto lifetime =
      static_cast<std::uint64_t>(std::max(settings_.nonce_lifetime, base::duration(0)).count());
  if (at > lifetime) table_.drop_before(at - lifetime);
  switch (table_.take(said.issued, said.count)) {
    case nonce_table::use::fresh: return accepted;
    case nonce_table::use::forgotten: return stale;
    case nonce_table::use::repeated: break;
  }
  return said.qop == digest_qop::none ? stale : replayed;
}

std::string digest_server::authentication_info(base::time_point now, const credentials& from,
                                               const digest_secret& secret, std::string_view body,
                                               bool next_nonce, std::string_view source) {
  std::string out;
  const auto algorithm = digest_algorithm_of(from.algorithm);
  const auto qop = digest_qop_of(from.qop);
  if (algorithm && qop && *qop != digest_qop::none && detail::is_quotable(from.cnonce)) {
    hex_digest derived;
    std::string ha1(secret.ha1);
    std::transform(ha1.begin(), ha1.end(), ha1.begin(), lower);
    if (ha1.empty() && derive_ha1(from, secret, *algorithm, derived)) ha1 = derived.view();
    const hex_digest proof =
        hasher_.response(*algorithm, ha1, {"", from.uri, from.nonce, *qop, from.nc_text, from.cnonce, body});
    OPENSSL_cleanse(&derived, sizeof derived);
    OPENSSL_cleanse(ha1.data(), ha1.size());
    if (!proof.empty()) {
      out += "rspauth=\"";
      out += proof.view();
      out += "\", qop=";
      out += name_of(*qop);
      out += ", cnonce=\"";
      out += from.cnonce;
      out += "\", nc=";
      out += from.nc_text;
    }
  }
  if (next_nonce) {
    if (!out.empty()) out += ", ";
    out += "nextnonce=\"";
    out += make_nonce(now, source);
    out += '"';
  }
  return out;
}

}  // namespace parley::sip
