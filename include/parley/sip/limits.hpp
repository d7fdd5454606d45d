#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::sip {

/// What a parser accepts at most. The defaults take every message seen in practice and bound the work for one
/// message.
struct limits {
  std::size_t message_bytes = 65535;  ///< start line, headers and body together
  std::size_t header_bytes = 32768;   ///< start line and headers
  std::size_t body_bytes = 65535;     ///< the body by itself; more than `message_bytes` has no effect
  std::uint16_t header_lines = 128;   ///< at most `max_header_lines`
  std::uint16_t values = 64;          ///< elements of one list header over all its lines
  std::uint16_t parameters = 64;      ///< parameters of one value
  std::uint16_t body_parts = 32;      ///< parts of one multipart body
  std::uint16_t body_depth = 4;       ///< multipart bodies within each other
};

/// The size of the table inside a `message_view`.
inline constexpr std::size_t max_header_lines = 128;

}  // namespace parley::sip
