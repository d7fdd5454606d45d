#pragma once

#include <parley/base/address.hpp>
#include <parley/net/name_source.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::test {

/// Writes DNS messages (RFC 1035 4) byte by byte, sound ones and others. Names are written without
/// compression; where a pointer is wanted, `pointer` writes one.
namespace dns {

inline constexpr std::uint16_t ns = 2;
inline constexpr std::uint16_t cname = 5;
inline constexpr std::uint16_t soa = 6;

inline std::string u16(std::size_t value) {
  return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}
inline std::string u32(std::size_t value) { return u16(value >> 16U) + u16(value); }

/// `a.example` as labels; "" is the root.
inline std::string name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    out += static_cast<char>(dot);
    out += text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out + '\0';
}
/// The rest of a name that stands at `offset`.
inline std::string pointer(std::size_t offset) { return u16(0xC000U | offset); }
inline std::string text(std::string_view t) { return static_cast<char>(t.size()) + std::string(t); }

inline std::string a(std::string_view ip) {
  const auto bytes = base::ip_address::from_string(ip).value().to_v4_bytes();
  return {bytes.begin(), bytes.end()};
}
inline std::string aaaa(std::string_view ip) {
  const auto bytes = base::ip_address::from_string(ip).value().to_v6_bytes();
  return {bytes.begin(), bytes.end()};
}
inline std::string srv(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                       std::string_view target) {
  return u16(priority) + u16(weight) + u16(port) + name(target);
}
inline std::string naptr(std::uint16_t order, std::uint16_t preference, std::string_view flags,
                         std::string_view services, std::string_view replacement) {
  return u16(order) + u16(preference) + text(flags) + text(services) + text("") + name(replacement);
}
inline std::string soa_data(std::uint32_t minimum) {
  return name("ns") + name("admin") + u32(1) + u32(2) + u32(3) + u32(4) + u32(minimum);
}

}  // namespace dns

/// One message under construction.
class dns_message {
 public:
  /// The answer to one question, with the id, the question and the flag "recursion desired" of a query.
  dns_message(std::uint16_t query_id, std::string_view name, std::uint16_t type)
      : id(query_id), question_(dns::name(name) + dns::u16(type) + dns::u16(1)) {}
  dns_message(std::string_view name, net::record_type type)
      : dns_message(0, name, static_cast<std::uint16_t>(type)) {}

  std::uint16_t id;
  std::uint16_t flags = 0x8180;
  std::uint16_t questions = 1;

  dns_message& rcode(unsigned code) {
    flags = static_cast<std::uint16_t>((flags & 0xFFF0U) | code);
    return *this;
  }
  dns_message& truncated() {
    flags |= 0x0200U;
    return *this;
  }
  dns_message& answer(const std::string& owner, net::record_type type, std::uint32_t ttl,
                      const std::string& data) {
    return answer(owner, static_cast<std::uint16_t>(type), ttl, data);
  }
  /// `owner` is encoded already.
  dns_message& answer(const std::string& owner, std::uint16_t type, std::uint32_t ttl,
                      const std::string& data) {
    ++answers_;
    records_ += record(owner, type, ttl, data);
    return *this;
  }
  dns_message& authority(const std::string& owner, std::uint16_t type, std::uint32_t ttl,
                         const std::string& data) {
    ++authorities_;
    records_ += record(owner, type, ttl, data);
    return *this;
  }
  dns_message& additional(const std::string& owner, net::record_type type, std::uint32_t ttl,
                          const std::string& data) {
    ++additional_;
    records_ += record(owner, static_cast<std::uint16_t>(type), ttl, data);
    return *this;
  }

  std::string bytes() const {
    return dns::u16(id) + dns::u16(flags) + dns::u16(questions) + dns::u16(answers_) +
           dns::u16(authorities_) + dns::u16(additional_) + question_ + records_;
  }

 private:
  static std::string record(const std::string& owner, std::uint16_t type, std::uint32_t ttl,
                            const std::string& data) {
    return owner + dns::u16(type) + dns::u16(1) + dns::u32(ttl) + dns::u16(data.size()) + data;
  }

  std::string question_;
  std::string records_;
  std::uint16_t answers_ = 0;
  std::uint16_t authorities_ = 0;
  std::uint16_t additional_ = 0;
};

}  // namespace parley::test
