#include <parley/sdp/security.hpp>

#include "sdp/detail/base64.hpp"
#include "sdp/detail/cursor.hpp"
#include "sdp/detail/hex.hpp"

#include <array>
#include <bit>

namespace parley::sdp {
namespace {

using detail::append_number;
using detail::cursor;

struct named_size {
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array hashes{named_size{"sha-1", 20},   named_size{"sha-224", 28}, named_size{"sha-256", 32},
                            named_size{"sha-384", 48}, named_size{"sha-512", 64}, named_size{"md5", 16},
                            named_size{"md2", 16}};

constexpr std::array suites{
    named_size{"AES_CM_128_HMAC_SHA1_80", 30}, named_size{"AES_CM_128_HMAC_SHA1_32", 30},
    named_size{"F8_128_HMAC_SHA1_80", 30},     named_size{"AES_192_CM_HMAC_SHA1_80", 38},
    named_size{"AES_192_CM_HMAC_SHA1_32", 38}, named_size{"AES_256_CM_HMAC_SHA1_80", 46},
    named_size{"AES_256_CM_HMAC_SHA1_32", 46}, named_size{"AEAD_AES_128_GCM", 28},
    named_size{"AEAD_AES_256_GCM", 44}};

template <std::size_t Size>
std::optional<std::size_t> size_of(const std::array<named_size, Size>& table,
                                   std::string_view name) noexcept {
  for (const named_size& one : table) {
    if (one.name == name) return one.bytes;
  }
  return std::nullopt;
}

bool read_bytes(cursor& in, std::vector<std::uint8_t>& out) {
  do {
    std::uint8_t byte = 0;
    if (!detail::read_hex(in.rest().substr(0, 2), byte)) return in.fail(errc::bad_fingerprint);
    in.advance(2);
    out.push_back(byte);
  } while (in.consume(':'));
  return true;
}

/// A number of packets, or a power of two as "2^20".
bool read_lifetime(cursor& in, std::optional<std::uint64_t>& out) {
  std::uint64_t value = 0;
  if (in.consume("2^")) {
    std::uint8_t exponent = 0;
    if (!in.number(exponent, 0, 63)) return false;
    value = std::uint64_t{1} << exponent;
  } else if (!in.number(value, 1)) {
    return false;
  }
  out = value;
  return true;
}

/// "inline:" key ["|" lifetime] ["|" mki ":" length] (RFC 4568 9.2).
bool read_key(cursor& in, std::string_view suite, crypto_key& out) {
  if (!in.consume("inline:")) return in.fail(errc::bad_crypto_key);
  const std::size_t start = in.offset();
  std::string text;
  const auto belongs = [](char c) { return detail::is_alphanumeric(c) || c == '+' || c == '/' || c == '='; };
  if (!in.run(text, belongs, errc::bad_base64)) return false;
  auto bytes = detail::from_base64(text);
  if (!bytes) return in.fail(errc::bad_base64, start);
  if (const auto size = crypto_key_bytes(suite); size && *size != bytes->size()) {
    return in.fail(errc::bad_crypto_key, start);
  }
  out.key_and_salt = *std::move(bytes);
  if (!in.consume('|')) return true;
  // What has a colon in it is an MKI, else this is the lifetime.
  const std::string_view part = in.rest().substr(0, in.rest().find_first_of("|; "));
  if (part.find(':') == std::string_view::npos) {
    if (!read_lifetime(in, out.lifetime)) return false;
    if (!in.consume('|')) return true;
  }
  return in.number(out.mki) && in.expect(':') && in.number(out.mki_length, 1, 128);
}

void write_key(std::string& out, const crypto_key& key) {
  out += "inline:";
  detail::append_base64(out, key.key_and_salt);
  if (key.lifetime && std::has_single_bit(*key.lifetime)) {
    append_number(out.append("|2^"), static_cast<unsigned>(std::countr_zero(*key.lifetime)));
  } else if (key.lifetime) {
    append_number(out.append(1, '|'), *key.lifetime);
  }
  if (key.mki_length == 0) return;
  append_number(out.append(1, '|'), key.mki);
  append_number(out.append(1, ':'), key.mki_length);
}

}  // namespace

parsed<fingerprint> fingerprint::read(std::string_view text) {
  cursor in(text);
  fingerprint out;
  if (in.token(out.hash) && in.space()) {
    for (char& c : out.hash) c = detail::lower(c);
    const std::size_t start = in.offset();
    const auto size = size_of(hashes, out.hash);
    if (read_bytes(in, out.bytes) && size && *size != out.bytes.size()) {
      static_cast<void>(in.fail(errc::bad_fingerprint, start));
    }
  }
  return in.finish(std::move(out));
}

void fingerprint::write(std::string& out) const {
  out.append(hash).append(1, ' ');
  detail::append_list(out, bytes, ':',
                      [&](std::uint8_t byte) { detail::append_hex(out, byte, detail::hex_upper); });
}

std::optional<std::size_t> crypto_key_bytes(std::string_view suite) noexcept {
  return size_of(suites, suite);
}

parsed<crypto> crypto::read(std::string_view text) {
  cursor in(text);
  crypto out;
  const auto read_keys = [&] {
    do {
      if (!read_key(in, out.suite, out.keys.emplace_back())) return false;
    } while (in.consume(';'));
    return true;
  };
  if (in.number(out.tag, 0, 999'999'999) && in.space() && in.token(out.suite) && in.space() && read_keys()) {
    while (in.more() && in.space() && in.word(out.session_parameters.emplace_back())) {
    }
  }
  return in.finish(std::move(out));
}

void crypto::write(std::string& out) const {
  append_number(out, tag);
  out.append(1, ' ').append(suite).append(1, ' ');
  detail::append_list(out, keys, ';', [&](const crypto_key& key) { write_key(out, key); });
  for (const std::string& parameter : session_parameters) out.append(1, ' ').append(parameter);
}

parsed<identity> identity::read(std::string_view text) {
  cursor in(text);
  identity out{in.remainder()};
  if (out.assertion.empty()) static_cast<void>(in.fail(errc::expected_word));
  return in.finish(std::move(out));
}

void identity::write(std::string& out) const { out += assertion; }

}  // namespace parley::sdp
