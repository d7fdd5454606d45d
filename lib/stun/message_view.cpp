#include <parley/stun/message_view.hpp>

#include "stun/detail/fingerprint.hpp"
#include "stun/detail/layout.hpp"

#include <algorithm>
#include <array>

namespace parley::stun {

using detail::attribute_header_bytes;
using detail::fingerprint_bytes;
using detail::padded;
using detail::seal;

namespace {

constexpr std::array defined_by_rfc8489{attribute_type::mapped_address,
                                        attribute_type::username,
                                        attribute_type::message_integrity,
                                        attribute_type::error_code,
                                        attribute_type::unknown_attributes,
                                        attribute_type::realm,
                                        attribute_type::nonce,
                                        attribute_type::message_integrity_sha256,
                                        attribute_type::password_algorithm,
                                        attribute_type::userhash,
                                        attribute_type::xor_mapped_address};

std::uint16_t u16_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8U |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

std::uint32_t u32_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return std::uint32_t{u16_at(bytes, at)} << 16U | u16_at(bytes, at + 2);
}

/// The attribute at `at`, where a whole attribute header is known to stand.
attribute attribute_at(std::span<const std::byte> message, std::size_t at) noexcept {
  const std::size_t value = at + attribute_header_bytes;
  return {static_cast<attribute_type>(u16_at(message, at)), static_cast<std::uint32_t>(value),
          message.subspan(value, u16_at(message, at + 2))};
}

}  // namespace

parsed<std::size_t> message_size(std::span<const std::byte> stream) noexcept {
  if (!stream.empty() && (stream[0] & std::byte{0xC0}) != std::byte{0}) return parse_error{errc::not_stun, 0};
  if (stream.size() < header_bytes) {
    return parse_error{errc::truncated_header, static_cast<std::uint32_t>(stream.size())};
  }
  if (u32_at(stream, 4) != magic_cookie) return parse_error{errc::bad_cookie, 4};
  const std::size_t length = u16_at(stream, 2);
  if (length % 4 != 0) return parse_error{errc::bad_length, 2};
  return header_bytes + length;
}

bool is_stun(std::span<const std::byte> datagram) noexcept { return message_size(datagram).has_value(); }

parsed<message_view> message_view::parse(std::span<const std::byte> message) noexcept {
  const parsed<std::size_t> size = message_size(message);
  if (!size) return size.error();
  if (*size != message.size()) return parse_error{errc::bad_length, 2};
  std::size_t at = header_bytes;
  while (at < message.size()) {
    const auto offset = static_cast<std::uint32_t>(at);
    // All is in multiples of four, so there is room for an attribute's header.
    const std::size_t next = at + attribute_header_bytes + padded(u16_at(message, at + 2));
    if (next > message.size()) return parse_error{errc::attribute_truncated, offset};
    const auto type = static_cast<attribute_type>(u16_at(message, at));
    if (type == attribute_type::fingerprint && next != message.size()) {
      return parse_error{errc::fingerprint_not_last, offset};
    }
    at = next;
  }
  message_view out;
  out.bytes_ = message;
  // RFC 8489 5: the two bits of the class stand between those of the method.
  const unsigned type = u16_at(message, 0);
  out.kind_ = static_cast<message_class>((type >> 7U & 2U) | (type >> 4U & 1U));
  out.method_ = static_cast<stun::method>((type >> 2U & 0xF80U) | (type >> 1U & 0x70U) | (type & 0xFU));
  return out;
}

transaction_id message_view::transaction() const noexcept {
  transaction_id id;
  std::copy_n(bytes_.begin() + 8, id.size(), id.begin());
  return id;
}

message_view::iterator::iterator(std::span<const std::byte> message, std::size_t offset) noexcept
    : message_(message), offset_(offset) {
  read();
}

void message_view::iterator::read() noexcept {
  if (offset_ < message_.size()) current_ = attribute_at(message_, offset_);
}

message_view::iterator& message_view::iterator::operator++() noexcept {
  do {
    sealed_ = std::max(sealed_, seal(current_.type));
    offset_ += attribute_header_bytes + padded(current_.value.size());
    read();
  } while (offset_ < message_.size() && sealed_ != 0 && seal(current_.type) <= sealed_);
  return *this;
}

message_view::iterator message_view::begin() const noexcept { return {bytes_, header_bytes}; }
message_view::iterator message_view::end() const noexcept { return {bytes_, bytes_.size()}; }

std::optional<attribute> message_view::find(attribute_type type) const noexcept {
  for (const attribute a : *this) {
    if (a.type == type) return a;
  }
  return std::nullopt;
}

std::size_t message_view::unknown(std::span<const attribute_type> known,
                                  std::span<attribute_type> out) const noexcept {
  const auto holds = [](std::span<const attribute_type> list, attribute_type type) {
    return std::find(list.begin(), list.end(), type) != list.end();
  };
  std::size_t count = 0;
  for (const attribute a : *this) {
    if (count == out.size()) break;
    if (!comprehension_required(a.type) || holds(defined_by_rfc8489, a.type) || holds(known, a.type) ||
        holds(out.first(count), a.type)) {
      continue;
    }
    out[count++] = a.type;
  }
  return count;
}

bool message_view::check_fingerprint() const noexcept {
  const std::optional<attribute> found = find(attribute_type::fingerprint);
  if (!found || found->value.size() != fingerprint_bytes) return false;
  const std::size_t before = found->offset - attribute_header_bytes;
  return u32_at(bytes_, found->offset) == detail::fingerprint_of(bytes_.first(before));
}

}  // namespace parley::stun
