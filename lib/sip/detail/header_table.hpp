#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <parley/sip/chars.hpp>
#include <parley/sip/header_id.hpp>

namespace parley::sip::detail {

struct header_traits {
  std::string_view name;
  char compact = '\0';
  bool list = false;
  bool single = false;
};

inline constexpr std::array<header_traits, header_id_count> header_traits_table{{
    {"", '\0', false, false},
    {"Accept", '\0', true, false},
    {"Accept-Encoding", '\0', true, false},
    {"Accept-Language", '\0', true, false},
    {"Alert-Info", '\0', true, false},
    {"Allow", '\0', true, false},
    {"Allow-Events", 'u', true, false},
    {"Authentication-Info", '\0', false, false},
    {"Authorization", '\0', false, false},
    {"Call-ID", 'i', false, true},
    {"Call-Info", '\0', true, false},
    {"Contact", 'm', true, false},
    {"Content-Disposition", '\0', false, true},
    {"Content-Encoding", 'e', true, false},
    {"Content-Language", '\0', true, false},
    {"Content-Length", 'l', false, false},  // counted by the index itself
    {"Content-Type", 'c', false, true},
    {"CSeq", '\0', false, true},
    {"Date", '\0', false, true},
    {"Diversion", '\0', true, false},
    {"Error-Info", '\0', true, false},
    {"Event", 'o', false, true},
    {"Expires", '\0', false, true},
    {"Flow-Timer", '\0', false, true},
    {"From", 'f', false, true},
    {"History-Info", '\0', true, false},
    {"Identity", 'y', true, false},
    {"Identity-Info", 'n', false, false},
    {"In-Reply-To", '\0', true, false},
    {"Join", '\0', false, true},
    {"Max-Forwards", '\0', false, true},
    {"MIME-Version", '\0', false, true},
    {"Min-Expires", '\0', false, true},
    {"Min-SE", '\0', false, true},
    {"Organization", '\0', false, true},
    {"P-Asserted-Identity", '\0', true, false},
    {"P-Preferred-Identity", '\0', true, false},
    {"Path", '\0', true, false},
    {"Priority", '\0', false, true},
    {"Privacy", '\0', false, false},
    {"Proxy-Authenticate", '\0', false, false},
    {"Proxy-Authentication-Info", '\0', false, false},
    {"Proxy-Authorization", '\0', false, false},
    {"Proxy-Require", '\0', true, false},
    {"RAck", '\0', false, true},
    {"Reason", '\0', true, false},
    {"Record-Route", '\0', true, false},
    {"Refer-To", 'r', false, true},
    {"Referred-By", 'b', false, true},
    {"Replaces", '\0', false, true},
    {"Reply-To", '\0', false, true},
    {"Request-Disposition", 'd', true, false},
    {"Require", '\0', true, false},
    {"Retry-After", '\0', false, true},
    {"Route", '\0', true, false},
    {"RSeq", '\0', false, true},
    {"Server", '\0', false, true},
    {"Service-Route", '\0', true, false},
    {"Session-Expires", 'x', false, true},
    {"SIP-ETag", '\0', false, true},
    {"SIP-If-Match", '\0', false, true},
    {"Subject", 's', false, true},
    {"Subscription-State", '\0', false, true},
    {"Supported", 'k', true, false},
    {"Target-Dialog", '\0', false, true},
    {"Timestamp", '\0', false, true},
    {"To", 't', false, true},
    {"Unsupported", '\0', true, false},
    {"User-Agent", '\0', false, true},
    {"Via", 'v', true, false},
    {"Warning", '\0', true, false},
    {"WWW-Authenticate", '\0', false, false},
}};

inline constexpr std::size_t max_known_name = 32;

/// A name in lower case, padded with zeros so that it can be compared by whole registers.
struct header_slot {
  std::array<char, max_known_name> name{};
  std::uint8_t length = 0;
  header_id id = header_id::unknown;
};

/// A perfect hash over the known names; the weights were searched for, and the table's construction proves that they fit.
constexpr std::size_t header_hash(unsigned char first, unsigned char middle, unsigned char last, std::size_t length) {
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
    header_slot& place = slots[header_hash(static_cast<unsigned char>(slot.name[0]),
                                           static_cast<unsigned char>(slot.name[name.size() / 2]),
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
