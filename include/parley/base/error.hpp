#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <type_traits>

namespace parley::base {

/// What can go wrong in base. Every other room has an enum of the same shape for what is its own.
enum class errc {
  /// The input ends before the field does. On a stream wait for more bytes; drop a datagram.
  truncated = 1,
  /// The output has no room for what was to be written. Write into a larger buffer, or with more head- or
  /// tailroom.
  no_space,
  /// A configured bound on memory, count or size is reached. Shed load: refuse or drop what asked for more.
  limit_reached,
  /// A queue of fixed length is full. Drain the outputs, then give the command again.
  queue_full,
  /// The text is not an IP address. Treat it as a host name where one may stand, else refuse the input.
  invalid_address,
  /// The text is not a port number from 0 to 65535. Refuse the input.
  invalid_port,
  /// A position or value is outside what the field or the buffer can hold. The caller has computed it
  /// wrongly, or
  /// took it from the network unchecked: refuse the input.
  out_of_range,
  /// Other handles refer to the bytes that were to be changed. Change a copy (`buffer_pool::copy`) instead.
  buffer_shared,
};

/// The category of `errc`; its name is "parley.base".
PARLEY_API const error_category& base_category() noexcept;

/// Makes an `error_code` of the category above.
inline error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), base_category()}; }

}  // namespace parley::base

namespace boost::system {
template <>
struct is_error_code_enum<parley::base::errc> : std::true_type {};
}  // namespace boost::system
