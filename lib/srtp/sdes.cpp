#include <parley/srtp/sdes.hpp>

#include "srtp/detail/key_set.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace parley::srtp {
namespace {

struct named_profile {
  std::string_view name;
  profile which;
};

constexpr std::array suites{named_profile{"AES_CM_128_HMAC_SHA1_80", profile::aes_cm_128_hmac_sha1_80},
                            named_profile{"AES_CM_128_HMAC_SHA1_32", profile::aes_cm_128_hmac_sha1_32},
                            named_profile{"AES_256_CM_HMAC_SHA1_80", profile::aes_256_cm_hmac_sha1_80},
                            named_profile{"AES_256_CM_HMAC_SHA1_32", profile::aes_256_cm_hmac_sha1_32},
                            named_profile{"AEAD_AES_128_GCM", profile::aead_aes_128_gcm},
                            named_profile{"AEAD_AES_256_GCM", profile::aead_aes_256_gcm}};

/// What a window hint counts for at most: more than any context has.
constexpr std::size_t max_window_hint = 1U << 20U;

/// RFC 4568 6.3.6 and 9.2: two or more digits, 64 at least.
base::result<std::size_t> read_window(std::string_view text) noexcept {
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed == std::errc::result_out_of_range) return max_window_hint;
  if (failed != std::errc{} || end != text.data() + text.size() || value < 64) {
    return errc::bad_session_parameter;
  }
  return std::min(value, max_window_hint);
}

base::result<void> read_parameter(std::string_view text, sdes_parameters& out) noexcept {
  if (text.starts_with('-')) return {};
  const auto equals = std::min(text.find('='), text.size());
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(std::min(equals + 1, text.size()));
  if (name == "WSH") {
    const auto window = read_window(value);
    if (!window) return window.error();
    if (out.window_hint) return errc::bad_session_parameter;
    out.window_hint = *window;
    return {};
  }
  // RFC 4568 6.3.4: FEC before SRTP is the order where nothing is said, and ours.
  if (text == "FEC_ORDER=FEC_SRTP") return {};
  return errc::unsupported_session_parameter;
}

/// RFC 4568 6.1: the MKI is a number that fills so many bytes.
bool store_mki(const sdp::crypto_key& key, std::span<std::byte> out) noexcept {
  std::uint64_t rest = key.mki;
  for (std::size_t i = out.size(); i-- > 0;) {
    out[i] = static_cast<std::byte>(rest & 0xFFU);
    rest >>= 8U;
  }
  return rest == 0;
}

base::result<master_key> read_key(const sdp::crypto_key& key, profile which) noexcept {
  const auto bytes = std::as_bytes(std::span(key.key_and_salt));
  const key_sizes wanted = sizes(which);
  if (bytes.size() != wanted.key + wanted.salt) return errc::bad_key_length;
  if (key.mki_length > max_mki_bytes) return errc::bad_mki;
  std::array<std::byte, max_mki_bytes> mki;
  const auto used = std::span(mki).first(key.mki_length);
  if (key.mki_length != 0 && !store_mki(key, used)) return errc::bad_mki;
  return master_key::make(which, bytes.first(wanted.key), bytes.subspan(wanted.key), used,
                          key.lifetime.value_or(max_rtp_packets));
}

base::result<sdp::crypto_key> write_key(const master_key& key) {
  sdp::crypto_key out;
  const auto append = [&](std::span<const std::byte> bytes) {
    for (const std::byte one : bytes) out.key_and_salt.push_back(std::to_integer<std::uint8_t>(one));
  };
  out.key_and_salt.reserve(key.key().size() + key.salt().size());
  append(key.key());
  append(key.salt());
  if (key.lifetime() != max_rtp_packets) out.lifetime = key.lifetime();
  for (const std::byte one : key.mki()) {
    if (out.mki >> 56U != 0) return errc::bad_mki;
    out.mki = out.mki << 8U | std::to_integer<std::uint64_t>(one);
  }
  out.mki_length = static_cast<std::uint8_t>(key.mki().size());
  return out;
}

}  // namespace

std::string_view suite_name(profile which) noexcept {
  for (const named_profile& one : suites) {
    if (one.which == which) return one.name;
  }
  return {};
}

std::optional<profile> profile_of_suite(std::string_view suite) noexcept {
  for (const named_profile& one : suites) {
    if (one.name == suite) return one.which;
  }
  return std::nullopt;
}

base::result<sdes_parameters> read_sdes(const sdp::crypto& attribute) {
  const auto which = profile_of_suite(attribute.suite);
  if (!which) return errc::unknown_suite;
  if (attribute.keys.size() > detail::max_master_keys) return errc::bad_key_set;
  sdes_parameters out;
  for (const std::string& each : attribute.session_parameters) {
    if (const auto read = read_parameter(each, out); !read) return read.error();
  }
  for (const sdp::crypto_key& each : attribute.keys) {
    auto key = read_key(each, *which);
    if (!key) return key.error();
    out.keys.push_back(*key);
  }
  if (!detail::is_key_set(out.keys)) return errc::bad_key_set;
  return out;
}

base::result<sdp::crypto> write_sdes(std::uint32_t tag, std::span<const master_key> keys) {
  if (!detail::is_key_set(keys)) return errc::bad_key_set;
  sdp::crypto out;
  out.tag = tag;
  out.suite = suite_name(keys.front().profile());
  for (const master_key& each : keys) {
    auto key = write_key(each);
    if (!key) return key.error();
    out.keys.push_back(*std::move(key));
  }
  return out;
}

master_key generate_key(base::random_source& random, profile which) noexcept {
  std::array<std::byte, 32 + 14> drawn;
  const key_sizes wanted = sizes(which);
  const auto used = std::span(drawn).first(wanted.key + wanted.salt);
  random.fill(used);
  auto made = master_key::make(which, used.first(wanted.key), used.subspan(wanted.key));
  OPENSSL_cleanse(drawn.data(), drawn.size());
  return *made;
}

}  // namespace parley::srtp
