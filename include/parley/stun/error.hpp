#pragma once

#include <parley/base/api.hpp>
#include <parley/base/parse_error.hpp>
#include <parley/base/result.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <string_view>

namespace parley::stun {

/// Why a STUN message was refused, or could not be built. Each value stands for one rule; `rule()` words it.
///
/// What a caller does: drop a message that breaks a rule of the header or of the walk over attributes, since
/// it may be no STUN at all; answer 400 where one attribute of a request is wrong.
enum class errc : std::uint8_t {
  // The message as a whole.
  truncated_header = 1,
  not_stun,
  bad_cookie,
  bad_length,
  attribute_truncated,
  fingerprint_not_last,
  // One attribute.
  missing_attribute,
  bad_attribute_length,
  bad_address_family,
  text_too_long,
  bad_error_code,
  bad_algorithm_list,
  // Building.
  no_space,
  message_too_large,
  after_integrity,
  after_fingerprint,
  empty_key,
  no_hash,
};

/// One sentence that names the rule and the section it comes from, for logs and tools. Static storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The category of `errc`; its name is "parley.stun".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// A rule and the place where it was broken: `offset` counts bytes from the start of the message.
using parse_error = base::parse_error<errc>;

/// A value, or the rule that was broken and where.
template <class T>
using parsed = boost::system::result<T, parse_error>;

}  // namespace parley::stun

template <>
struct boost::system::is_error_code_enum<parley::stun::errc> : std::true_type {};
