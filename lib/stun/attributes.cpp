#include <parley/base/byte_reader.hpp>
#include <parley/stun/attributes.hpp>

#include "stun/detail/layout.hpp"

#include <algorithm>

namespace parley::stun {

using detail::padded;

namespace {

constexpr std::uint8_t family_v4 = 1;
constexpr std::uint8_t family_v6 = 2;
constexpr std::uint16_t port_mask = magic_cookie >> 16U;

/// The cookie and the transaction: what XOR-MAPPED-ADDRESS is masked with (RFC 8489 14.2).
base::ip_address::v6_bytes address_mask(const transaction_id& id) noexcept {
  base::ip_address::v6_bytes mask{0x21, 0x12, 0xA4, 0x42};
  std::transform(id.begin(), id.end(), mask.begin() + 4,
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return mask;
}

/// Reads `Bytes` from the front of `in` and masks them.
template <class Bytes>
Bytes masked(std::span<const std::byte> in, const transaction_id* mask) noexcept {
  Bytes out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::to_integer<std::uint8_t>(in[i]);
  if (mask == nullptr) return out;
  const base::ip_address::v6_bytes with = address_mask(*mask);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(out[i] ^ with[i]);
  return out;
}

/// The algorithm at the front of `raw`, and how many bytes it takes; 0 where it does not end within them.
std::size_t read_algorithm(std::span<const std::byte> raw, password_algorithm::value_type& out) noexcept {
  base::byte_reader in(raw);
  const auto algorithm = in.u16();
  const auto size = in.u16();
  if (!algorithm || !size) return 0;
  const auto parameters = in.bytes(*size);
  // The padding of the last one is the attribute's own.
  if (!parameters) return 0;
  out = {static_cast<key_algorithm>(*algorithm), *parameters};
  return std::min(raw.size(), 4 + padded(*size));
}

errc write_algorithm(base::byte_writer& out, const password_algorithm::value_type& value) noexcept {
  if (value.parameters.size() > 0xFFFF) return errc::bad_attribute_length;
  out.u16(static_cast<std::uint16_t>(value.algorithm));
  out.u16(static_cast<std::uint16_t>(value.parameters.size()));
  out.bytes(value.parameters);
  return {};
}

}  // namespace

namespace detail {

parsed<base::socket_address> read_address(const attribute& from, const transaction_id* mask) noexcept {
  base::byte_reader in(from.value);
  const auto unused = in.u8();
  const auto family = in.u8();
  const auto port = in.u16();
  if (!unused || !family || !port) return parse_error{errc::bad_attribute_length, from.offset};
  base::socket_address out;
  out.port = static_cast<std::uint16_t>(*port ^ (mask != nullptr ? port_mask : 0));
  const std::span<const std::byte> ip = in.rest();
  if (*family == family_v4) {
    if (ip.size() != 4) return parse_error{errc::bad_attribute_length, from.offset};
    out.ip = base::ip_address::v4(masked<base::ip_address::v4_bytes>(ip, mask));
  } else if (*family == family_v6) {
    if (ip.size() != 16) return parse_error{errc::bad_attribute_length, from.offset};
    out.ip = base::ip_address::v6(masked<base::ip_address::v6_bytes>(ip, mask));
  } else {
    return parse_error{errc::bad_address_family, from.offset + 1};
  }
  return out;
}

errc write_address(base::byte_writer& out, const base::socket_address& value,
                   const transaction_id* mask) noexcept {
  out.u8(0);
  out.u8(value.ip.is_v4() ? family_v4 : family_v6);
  out.u16(static_cast<std::uint16_t>(value.port ^ (mask != nullptr ? port_mask : 0)));
  if (value.ip.is_v4()) {
    const auto raw = value.ip.to_v4_bytes();
    const auto bytes = masked<base::ip_address::v4_bytes>(std::as_bytes(std::span(raw)), mask);
    out.bytes(std::as_bytes(std::span(bytes)));
  } else {
    const auto raw = value.ip.to_v6_bytes();
    const auto bytes = masked<base::ip_address::v6_bytes>(std::as_bytes(std::span(raw)), mask);
    out.bytes(std::as_bytes(std::span(bytes)));
  }
  return {};
}

}  // namespace detail

parsed<error_code::value_type> error_code::read(const attribute& from, const transaction_id&) noexcept {
  if (from.value.size() < 4) return parse_error{errc::bad_attribute_length, from.offset};
  // 21 bits are reserved, and ignored.
  const unsigned hundreds = std::to_integer<unsigned>(from.value[2]) & 7U;
  const unsigned rest = std::to_integer<unsigned>(from.value[3]);
  if (hundreds < 3 || hundreds > 6 || rest > 99) return parse_error{errc::bad_error_code, from.offset + 2};
  const std::span<const std::byte> reason = from.value.subspan(4);
  if (reason.size() > max_reason_bytes) return parse_error{errc::text_too_long, from.offset + 4};
  return value_type{static_cast<std::uint16_t>(hundreds * 100 + rest),
                    {reinterpret_cast<const char*>(reason.data()), reason.size()}};
}

errc error_code::write(base::byte_writer& out, const argument_type& value, const transaction_id&) noexcept {
  if (value.code < 300 || value.code > 699) return errc::bad_error_code;
  if (value.reason.size() > max_reason_bytes) return errc::text_too_long;
  out.u16(0);
  out.u8(static_cast<std::uint8_t>(value.code / 100));
  out.u8(static_cast<std::uint8_t>(value.code % 100));
  out.text(value.reason);
  return {};
}

parsed<unknown_attributes::value_type> unknown_attributes::read(const attribute& from,
                                                                const transaction_id&) noexcept {
  if (from.value.size() % 2 != 0) return parse_error{errc::bad_attribute_length, from.offset};
  return value_type(from.value);
}

errc unknown_attributes::write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept {
  for (const attribute_type t : value) out.u16(static_cast<std::uint16_t>(t));
  return {};
}

parsed<userhash::value_type> userhash::read(const attribute& from, const transaction_id&) noexcept {
  if (from.value.size() != 32) return parse_error{errc::bad_attribute_length, from.offset};
  return value_type(from.value);
}

errc userhash::write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept {
  out.bytes(value);
  return {};
}

parsed<password_algorithm::value_type> password_algorithm::read(const attribute& from,
                                                                const transaction_id&) noexcept {
  value_type out;
  const std::size_t taken = read_algorithm(from.value, out);
  if (taken == 0 || taken != from.value.size()) return parse_error{errc::bad_attribute_length, from.offset};
  return out;
}

errc password_algorithm::write(base::byte_writer& out, const argument_type& value,
                               const transaction_id&) noexcept {
  return write_algorithm(out, value);
}

password_algorithm::value_type password_algorithms::value_type::next() noexcept {
  password_algorithm::value_type out;
  raw_ = raw_.subspan(read_algorithm(raw_, out));
  return out;
}

parsed<password_algorithms::value_type> password_algorithms::read(const attribute& from,
                                                                  const transaction_id&) noexcept {
  std::size_t at = 0;
  password_algorithm::value_type ignored;
  while (at < from.value.size()) {
    const std::size_t taken = read_algorithm(from.value.subspan(at), ignored);
    if (taken == 0)
      return parse_error{errc::bad_algorithm_list, static_cast<std::uint32_t>(from.offset + at)};
    at += taken;
  }
  return value_type(from.value);
}

errc password_algorithms::write(base::byte_writer& out, argument_type value, const transaction_id&) noexcept {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (const errc e = write_algorithm(out, value[i]); e != errc{}) return e;
    const std::size_t size = value[i].parameters.size();
    if (i + 1 < value.size()) out.fill(padded(size) - size);
  }
  return {};
}

}  // namespace parley::stun
