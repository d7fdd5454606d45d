#pragma once

#include <parley/sip/chars.hpp>
#include <parley/sip/header_id.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::sip::detail {

struct header_traits {
  std::string_view name;
  char compact = '\0';
  bool single = false;
};

inline constexpr std::array<header_traits, header_id_count> header_traits_table{{
    {"", '\0', false},
    {"Accept", '\0', false},
    {"Accept-Encoding", '\0', false},
    {"Accept-Language", '\0', false},
    {"Alert-Info", '\0', false},
    {"Allow", '\0', false},
    {"Allow-Events", 'u', false},
    {"Authentication-Info", '\0', false},
    {"Authorization", '\0', false},
    {"Call-ID", 'i', true},
    {"Call-Info", '\0', false},
    {"Contact", 'm', false},
    {"Content-Disposition", '\0', true},
    {"Content-Encoding", 'e', false},
    {"Content-Language", '\0', false},
    {"Content-Length", 'l', true},
    {"Content-Type", 'c', true},
    {"CSeq", '\0', true},
    {"Date", '\0', true},
    {"Diversion", '\0', false},
    {"Error-Info", '\0', false},
    {"Event", 'o', true},
    {"Expires", '\0', true},
    {"Flow-Timer", '\0', true},
    {"From", 'f', true},
    {"History-Info", '\0', false},
    {"Identity", 'y', false},
    {"Identity-Info", 'n', false},
    {"In-Reply-To", '\0', false},
    {"Join", '\0', true},
    {"Max-Forwards", '\0', true},
    {"MIME-Version", '\0', true},
    {"Min-Expires", '\0', true},
    {"Min-SE", '\0', true},
    {"Organization", '\0', true},
    {"P-Asserted-Identity", '\0', false},
    {"P-Preferred-Identity", '\0', false},
    {"Path", '\0', false},
    {"Priority", '\0', true},
    {"Privacy", '\0', false},
    {"Proxy-Authenticate", '\0', false},
    {"Proxy-Authentication-Info", '\0', false},
    {"Proxy-Authorization", '\0', false},
    {"Proxy-Require", '\0', false},
    {"RAck", '\0', true},
    {"Reason", '\0', false},
    {"Record-Route", '\0', false},
    {"Refer-To", 'r', true},
    {"Referred-By", 'b', true},
    {"Replaces", '\0', true},
    {"Reply-To", '\0', true},
    {"Request-Disposition", 'd', false},
    {"Require", '\0', false},
    {"Retry-After", '\0', true},
    {"Route", '\0', false},
    {"RSeq", '\0', true},
    {"Server", '\0', true},
    {"Service-Route", '\0', false},
    {"Session-Expires", 'x', true},
    {"SIP-ETag", '\0', true},
    {"SIP-If-Match", '\0', true},
    {"Subject", 's', true},
    {"Subscription-State", '\0', true},
    {"Supported", 'k', false},
    {"Target-Dialog", '\0', true},
    {"Timestamp", '\0', true},
    {"To", 't', true},
    {"Unsupported", '\0', false},
    {"User-Agent", '\0', true},
    {"Via", 'v', false},
    {"Warning", '\0', false},
    {"WWW-Authenticate", '\0', false},
}};

inline constexpr std::size_t max_known_name = 32;

/// A name in lower case, padded with zeros so that it can be compared by whole registers.
struct header_slot {
  std::array<char, max_known_name> name{};
  std::uint8_t length = 0;
  header_id id = header_id::unknown;
};

/// A perfect hash over the known names; the weights were searched for, and the table's construction proves
/// that they fit.
constexpr std::size_t header_hash(unsigned char first, unsigned char middle, unsigned char last,
                                  std::size_t length) {
  return ((first * 247U + middle * 38U + last * 220U + static_cast<unsigned>(length) * 179U) & 0x3ffU) >> 2;
}

consteval std::array<header_slot, 256> make_header_slots() {
  std::array<header_slot, 256> slots{};
  for (std::size_t i = 1; i < header_id_count; ++i) {
    header_slot slot;
    const std::string_view name = header_traits_table[i].name;
    for (std::size_t k = 0; k < name.size(); ++k) slot.name[k] = lower(name[k]);
    slot.length = static_cast<std::uint8_t>(name.size());
    slot.id = static_cast<header_id>(i);
    header_slot& place = slots[header_hash(
        static_cast<unsigned char>(slot.name[0]), static_cast<unsigned char>(slot.name[name.size() / 2]),
        static_cast<unsigned char>(slot.name[name.size() - 1]), name.size())];
    if (place.length != 0) throw "two names share a slot";  // a compile error, since this is consteval
    place = slot;
  }
  return slots;
}

inline constexpr std::array<header_slot, 256> header_slots = make_header_slots();

consteval std::array<header_id, 256> make_compact_names() {
  std::array<header_id, 256> table{};
  for (std::size_t i = 1; i < header_id_count; ++i) {
    const char c = header_traits_table[i].compact;
    if (c == '\0') continue;
    table[static_cast<unsigned char>(c)] = static_cast<header_id>(i);
    table[static_cast<unsigned char>(c - ('a' - 'A'))] = static_cast<header_id>(i);
  }
  return table;
}

inline constexpr std::array<header_id, 256> compact_names = make_compact_names();

}  // namespace parley::sip::detail
