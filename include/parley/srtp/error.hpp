#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>

#include <cstdint>
#include <string_view>

namespace parley::srtp {

/// Why something of SRTP was refused. Each value stands for one rule; `rule()` words it.
enum class errc : std::uint8_t {
  // A packet. Drop it and count it; nothing has changed.
  too_short = 1,
  bad_header,
  authentication_failed,
  replayed,
  too_old,
  unknown_mki,
  rtcp_encryption_mismatch,
  // The context. Drop the packet; the application has something to do.
  key_expired,
  too_many_sources,
  crypto_failed,
  // What a context is made of. Refuse the keys, or correct the call.
  bad_key_length,
  bad_mki,
  bad_lifetime,
  bad_key_set,
  bad_option,
  engine_missing,
  // a=crypto. Leave this attribute out; where none is left refuse the medium.
  unknown_suite,
  bad_session_parameter,
  unsupported_session_parameter,
};

/// One sentence that names the rule and the section it comes from, for logs and tools. Static storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The category of `errc`; its name is "parley.srtp".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace parley::srtp

template <>
struct boost::system::is_error_code_enum<parley::srtp::errc> : std::true_type {};
