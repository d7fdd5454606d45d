#pragma once

#include <parley/rtp/rtcp.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

/// One RTCP packet, of a datagram of reduced size.
struct one_packet {
  explicit one_packet(std::string_view hex) : bytes(from_hex(hex)) {}

  rtp::rtcp_packet packet() const {
    const auto all = rtp::compound_view::parse(bytes, rtp::rtcp_form::reduced_size);
    REQUIRE(all.has_value());
    return *all->begin();
  }
  template <class T>
  T get() const {
    const auto read = packet().template get<T>();
    REQUIRE(read.has_value());
    return *read;
  }

  std::vector<std::byte> bytes;
};

/// The error of reading it as a `T`; its code is zero where it is read.
template <class T>
rtp::parse_error error_of(std::string_view hex) {
  const one_packet p(hex);
  const auto read = p.packet().template get<T>();
  return read ? rtp::parse_error{} : read.error();
}

/// A packet as it is written, in hexadecimal digits.
template <class T>
std::string written(const T& packet) {
  std::vector<std::byte> memory(300'000);
  rtp::compound_writer out(memory);
  const auto bytes = out.add(packet).finish();
  REQUIRE(bytes.has_value());
  return to_hex(*bytes);
}

/// Why it is not written.
template <class T>
rtp::errc refused(const T& packet) {
  std::vector<std::byte> memory(300'000);
  rtp::compound_writer out(memory);
  const auto bytes = out.add(packet).finish();
  CHECK(out.fits() == bytes.has_value());
  return bytes ? rtp::errc{} : static_cast<rtp::errc>(bytes.error().value());
}

/// The packet as it is written again after it was read.
template <class T>
std::string copied(std::string_view hex) {
  const one_packet p(hex);
  return written(p.get<T>());
}

/// The digits without what is there for the reader.
inline std::string plain(std::string_view hex) { return to_hex(from_hex(hex)); }

}  // namespace parley::test

template <>
struct Catch::StringMaker<parley::rtp::parse_error> {
  static std::string convert(const parley::rtp::parse_error& error) {
    if (error.code == parley::rtp::errc{}) return "no error";
    return std::string(parley::rtp::rule(error.code)) + " at " + std::to_string(error.offset);
  }
};
