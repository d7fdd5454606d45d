#include <parley/stun/writer.hpp>

#include "stun/detail/fingerprint.hpp"
#include "stun/detail/layout.hpp"

#include <algorithm>

namespace parley::stun {

using detail::attribute_header_bytes;
using detail::fingerprint_bytes;
using detail::padded;

namespace {

constexpr std::size_t max_length = 65532;

constexpr std::uint16_t type_field(message_class kind, method what) noexcept {
  const auto m = static_cast<unsigned>(what);
  const auto c = static_cast<unsigned>(kind);
  return static_cast<std::uint16_t>((m & 0xF80U) << 2U | (m & 0x70U) << 1U | (m & 0xFU) | (c & 2U) << 7U |
                                    (c & 1U) << 4U);
}

}  // namespace

writer::writer(std::span<std::byte> buffer, message_class kind, method what,
               const transaction_id& id) noexcept
    : buffer_(buffer), out_(buffer), id_(id) {
  out_.u16(type_field(kind, what));
  out_.u16(0);
  out_.u32(magic_cookie);
  if (!out_.bytes(id)) error_ = errc::no_space;
}

std::size_t writer::begin(attribute_type type) noexcept {
  const std::size_t begun = out_.position();
  if (error_ != errc{}) return begun;
  const std::uint8_t seal = detail::seal(type);
  if (sealed_ != 0 && seal <= sealed_) {
    error_ = sealed_ == 3 ? errc::after_fingerprint : errc::after_integrity;
    return begun;
  }
  sealed_ = std::max(sealed_, seal);
  out_.u16(static_cast<std::uint16_t>(type));
  out_.u16(0);
  return begun;
}

void writer::end(std::size_t begun, errc written) noexcept {
  if (error_ == errc{}) error_ = written;
  if (error_ != errc{}) return;
  if (!out_.status()) {
    error_ = errc::no_space;
    return;
  }
  const std::size_t value = out_.position() - begun - attribute_header_bytes;
  if (out_.position() - header_bytes > max_length) {
    error_ = errc::message_too_large;
    return;
  }
  out_.patch_u16(begun + 2, static_cast<std::uint16_t>(value));
  out_.fill(padded(value) - value);
  out_.patch_u16(2, static_cast<std::uint16_t>(out_.position() - header_bytes));
  if (!out_.status()) error_ = errc::no_space;
}

writer& writer::add_raw(attribute_type type, std::span<const std::byte> value) noexcept {
  const std::size_t begun = begin(type);
  if (error_ != errc{}) return *this;
  out_.bytes(value);
  end(begun, {});
  return *this;
}

void writer::integrity(attribute_type type, integrity_hasher::hash algorithm, std::size_t bytes,
                       integrity_hasher& hasher, std::span<const std::byte> key) noexcept {
  const std::size_t begun = begin(type);
  if (error_ != errc{}) return;
  if (!out_.status()) return end(begun, {});
  std::array<unsigned char, integrity_hasher::sha256_bytes> value;
  if (key.empty()) return end(begun, errc::empty_key);
  if (!hasher.make(algorithm, buffer_.first(begun), bytes, key, value)) return end(begun, errc::no_hash);
  out_.bytes(std::as_bytes(std::span(value)).first(bytes));
  end(begun, {});
}

writer& writer::message_integrity(integrity_hasher& hasher, std::span<const std::byte> key) noexcept {
  integrity(attribute_type::message_integrity, integrity_hasher::hash::sha1, integrity_hasher::sha1_bytes,
            hasher, key);
  return *this;
}

writer& writer::message_integrity_sha256(integrity_hasher& hasher, std::span<const std::byte> key,
                                         std::size_t bytes) noexcept {
  if (error_ == errc{} && (bytes < 16 || bytes > integrity_hasher::sha256_bytes || bytes % 4 != 0)) {
    error_ = errc::bad_attribute_length;
  }
  integrity(attribute_type::message_integrity_sha256, integrity_hasher::hash::sha256, bytes, hasher, key);
  return *this;
}

writer& writer::fingerprint() noexcept {
  const std::size_t begun = begin(attribute_type::fingerprint);
  if (error_ != errc{}) return *this;
  // RFC 8489 14.7: the length counts FINGERPRINT itself.
  const std::size_t length = begun - header_bytes + attribute_header_bytes + fingerprint_bytes;
  if (length > max_length) {
    error_ = errc::message_too_large;
    return *this;
  }
  out_.patch_u16(2, static_cast<std::uint16_t>(length));
  if (out_.status()) out_.u32(detail::fingerprint_of(buffer_.first(begun)));
  end(begun, {});
  return *this;
}

base::result<std::span<const std::byte>> writer::finish() noexcept {
  if (error_ != errc{}) return make_error_code(error_);
  return std::span<const std::byte>(out_.written());
}

}  // namespace parley::stun
