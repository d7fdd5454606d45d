#pragma once

#include <parley/base/address.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/uri.hpp>

#include "sip/detail/scan.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::sip::detail {

/// True where [at, stop), which isn't empty, begins with a dot or has two dots side by side.
inline bool has_misplaced_dot(const char* at, const char* stop, const char* readable) noexcept {
  if (*at == '.') return true;
  // Each dot with the character behind it, which stands before `stop`. A block finds the pairs within it, and
  // the next one begins with its last character.
  constexpr std::ptrdiff_t step = block::width - 1;
  while (stop - at > 1) {
    if (readable - at < static_cast<std::ptrdiff_t>(block::width)) {
      if (at[0] == '.' && at[1] == '.') return true;
      ++at;
      continue;
    }
    const std::uint32_t dots = block(at).equal_to('.');
    std::uint32_t pairs = dots & dots >> 1U;
    if (stop - at <= step) pairs &= (1U << (stop - at - 1)) - 1;
    if (pairs != 0) return true;
    at += step;
  }
  return false;
}

/// IPv4address (RFC 3261 25.1) without leading zeros, so that no reader takes a part for octal.
inline bool is_ipv4(const char* at, const char* end) noexcept {
  for (int part = 0;; ++part) {
    const char* const first = at;
    unsigned value = 0;
    while (at != end && is(*at, char_digit)) {
      value = value * 10 + static_cast<unsigned>(*at - '0');
      if (value > 255) return false;
      ++at;
    }
    if (at == first || (*first == '0' && at - first > 1)) return false;
    if (part == 3) return at == end;
    if (at == end || *at != '.') return false;
    ++at;
  }
}

/// What the run of host characters [start, stop) is; `none` where it is no host. A name whose last label is a
/// number is none: such a text (`127.1`, `010.0.0.1`) is an address to some readers and a name to others.
inline host_kind kind_of_host(const char* start, const char* stop, const char* readable) noexcept {
  if (stop == start) return host_kind::none;
  const char* last = stop - 1;
  if (is(*last, char_digit)) {
    if (is(*start, char_digit) && is_ipv4(start, stop)) return host_kind::ipv4;
    while (last != start && is(*last, char_digit)) --last;
    if (*last == '.' || is(*last, char_digit)) return host_kind::none;
  }
  return has_misplaced_dot(start, stop, readable) ? host_kind::none : host_kind::name;
}

/// Reads IPv6reference at `[`: the place behind the bracket, null where it is none.
inline const char* scan_ipv6(const char* at, const char* end) noexcept {
  const char* const first = ++at;
  while (at != end && (is(*at, char_hex) || *at == ':' || *at == '.')) ++at;
  if (at == end || *at != ']') return nullptr;
  const auto address = base::ip_address::from_string({first, static_cast<std::size_t>(at - first)});
  return address && address->is_v6() ? at + 1 : nullptr;
}

struct host_result {
  const char* stop;
  host_kind kind;
  errc error;
};

/// Reads `host` at `at`.
inline host_result read_host(const char* at, cursor& in) noexcept {
  const char* const end = in.end();
  if (at != end && *at == '[') {
    const char* stop = scan_ipv6(at, end);
    if (stop == nullptr) return {at, host_kind::none, errc::bad_ipv6};
    return {stop, host_kind::ipv6, errc{}};
  }
  const char* const stop = in.skip_run(at, char_host);
  const host_kind kind = kind_of_host(at, stop, in.readable());
  return {stop, kind, kind == host_kind::none ? errc::expected_host : errc{}};
}

/// Reads 1*DIGIT as a port, 1 to 65535: the place behind it, null where it is none.
inline const char* read_port(const char* at, const char* end, std::uint16_t& port) noexcept {
  const char* const first = at;
  std::uint32_t value = 0;
  while (at != end && is(*at, char_digit)) {
    value = value * 10 + static_cast<std::uint32_t>(*at - '0');
    if (value > 65535) return nullptr;
    ++at;
  }
  if (at == first || value == 0) return nullptr;
  port = static_cast<std::uint16_t>(value);
  return at;
}

}  // namespace parley::sip::detail
