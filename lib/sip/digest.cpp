#include <parley/sip/chars.hpp>
#include <parley/sip/digest.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace parley::sip {
namespace {

/// The three hashes, looked up once for the process. Never freed: OpenSSL's own clean-up may run before any
/// destructor of ours.
struct fetched_hashes {
  std::array<const EVP_MD*, 3> of{EVP_MD_fetch(nullptr, "MD5", nullptr),
                                  EVP_MD_fetch(nullptr, "SHA2-256", nullptr),
                                  EVP_MD_fetch(nullptr, "SHA2-512/256", nullptr)};
};

const EVP_MD* hash_function(digest_algorithm algorithm) noexcept {
  static const fetched_hashes hashes;
  return hashes.of[static_cast<std::size_t>(algorithm) / 2];
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// True for well-formed UTF-8 without control characters (RFC 3629 4).
bool is_printable_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t point = lead;
    if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      point = lead & 7U;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2;
      point = lead & 15U;
    } else if (lead >= 0xc2 && lead < 0xe0) {
      more = 1;
      point = lead & 31U;
    } else if (lead >= 0x7f || lead < 0x20) {
      return false;
    }
    if (text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    const bool too_long = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    if (too_long || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace

bool hex_digest::matches(std::string_view other) const noexcept {
  if (size_ == 0 || other.size() != size_) return false;
  std::array<char, 64> folded{};
  for (std::size_t i = 0; i < size_; ++i) folded[i] = lower(other[i]);
  return CRYPTO_memcmp(folded.data(), text_.data(), size_) == 0;
}

digest_hasher::digest_hasher() noexcept : context_(EVP_MD_CTX_new()) {}
digest_hasher::~digest_hasher() = default;

void digest_hasher::free_context::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

bool digest_hasher::supports(digest_algorithm algorithm) noexcept {
  return hash_function(algorithm) != nullptr;
}

hex_digest digest_hasher::hash(digest_algorithm algorithm,
                               std::initializer_list<std::string_view> joined_by_colons) noexcept {
  hex_digest out;
  const EVP_MD* const function = hash_function(algorithm);
  if (function == nullptr || !context_) return out;
  EVP_MD_CTX* const context = context_.get();
  bool good = EVP_DigestInit_ex2(context, function, nullptr) == 1;
  bool first = true;
  for (std::string_view part : joined_by_colons) {
    if (!first) good = good && EVP_DigestUpdate(context, ":", 1) == 1;
    first = false;
    good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw;
  unsigned int size = 0;
  if (!good || EVP_DigestFinal_ex(context, raw.data(), &size) != 1) return out;
  for (unsigned int i = 0; i < size && i < 32; ++i) {
    out.text_[2 * i] = "0123456789abcdef"[raw[i] >> 4U];
    out.text_[2 * i + 1] = "0123456789abcdef"[raw[i] & 15U];
  }
  out.size_ = static_cast<std::uint8_t>(2 * size);
  return out;
}

hex_digest digest_hasher::ha1(digest_algorithm algorithm, std::string_view username, std::string_view realm,
                              std::string_view password) noexcept {
  return hash(algorithm, {username, realm, password});
}

hex_digest digest_hasher::userhash(digest_algorithm algorithm, std::string_view username,
                                   std::string_view realm) noexcept {
  return hash(algorithm, {username, realm});
}

hex_digest digest_hasher::response(digest_algorithm algorithm, std::string_view ha1,
                                   const digest_input& input) noexcept {
  hex_digest session_key;
  if (is_session(algorithm)) {
    session_key = hash(algorithm, {ha1, input.nonce, input.cnonce});
    ha1 = session_key.view();
  }
  const hex_digest a2 = input.qop == digest_qop::auth_int
                            ? hash(algorithm, {input.method, input.uri, hash(algorithm, {input.body}).view()})
                            : hash(algorithm, {input.method, input.uri});
  if (ha1.empty() || a2.empty()) return {};
  // RFC 7616 3.4.1; without qop the form of RFC 2069.
  const hex_digest out =
      input.qop == digest_qop::none
          ? hash(algorithm, {ha1, input.nonce, a2.view()})
          : hash(algorithm, {ha1, input.nonce, input.nc, input.cnonce, name_of(input.qop), a2.view()});
  OPENSSL_cleanse(&session_key, sizeof session_key);
  return out;
}

std::string unescape_quoted(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size()) ++i;
    out.push_back(raw[i]);
  }
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\t') || u == 0x7f) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

std::string digest_username(const credentials& from) {
  if (from.username_ext.empty()) return unescape_quoted(from.username);
  // RFC 8187 3.2.1: charset ' [ language ] ' percent-encoded octets; only UTF-8 is allowed with Digest (RFC
  // 7616 3.4).
  const std::string_view text = from.username_ext;
  const std::size_t charset = text.find('\'');
  if (charset == std::string_view::npos || !iequals(text.substr(0, charset), "UTF-8")) return {};
  const std::size_t language = text.find('\'', charset + 1);
  if (language == std::string_view::npos) return {};
  std::string out;
  for (std::size_t i = language + 1; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return {};
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!is_printable_utf8(out)) return {};
  return out;
}

}  // namespace parley::sip
