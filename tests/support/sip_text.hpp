#pragma once

#include <parley/sip/message_view.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::test {

/// A request that every reader takes, without Content-Length and body.
inline constexpr std::string_view plain_start = "OPTIONS sip:bob@example.com SIP/2.0\r\n";
inline constexpr std::string_view plain_lines =
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:alice@example.com>;tag=1\r\n"
    "To: <sip:bob@example.com>\r\n"
    "Call-ID: 1@192.0.2.1\r\n"
    "CSeq: 7 OPTIONS\r\n";

/// The plain request with `lines`, which have their line ends, behind its own headers; then an empty line and
/// `body`.
inline std::string request_with(std::string_view lines, std::string_view body = {}) {
  return std::string(plain_start).append(plain_lines).append(lines).append("\r\n").append(body);
}

/// Where `needle` first stands in `text`; it must be there.
inline std::uint32_t offset_in(std::string_view text, std::string_view needle) {
  const std::size_t at = text.find(needle);
  REQUIRE(at != std::string_view::npos);
  return static_cast<std::uint32_t>(at);
}

/// The error with which `text` is refused; its code is zero where it is taken.
inline sip::parse_error parse_error_of(std::string_view text, const sip::limits& limits = {}) {
  sip::message_view view;
  const auto parsed = view.parse(text, limits);
  return parsed ? sip::parse_error{} : parsed.error();
}

}  // namespace parley::test
