#pragma once

#include <parley/base/api.hpp>
#include <parley/base/parse_error.hpp>
#include <parley/base/result.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// Why a SIP text was refused. Each value stands for one rule of the grammar or of the limits; `rule()` words
/// it.
///
/// What a caller does: answer 400 with the rule as reason phrase where a response is possible (`status_for()`
/// names the few errors that have a status of their own), else drop the message and count it.
enum class errc : std::uint8_t {
  // The frame of a message.
  empty_message = 1,
  bad_start_line,
  bad_method,
  bad_request_uri,
  bad_version,
  unsupported_version,
  bad_status_code,
  missing_colon,
  bad_header_name,
  nul_in_message,
  control_in_message,
  bare_cr,
  unterminated_headers,
  body_truncated,
  content_length_conflict,
  content_length_overflow,
  bad_content_length,
  // Limits.
  message_too_large,
  headers_too_large,
  body_too_large,
  too_many_headers,
  too_many_values,
  too_many_parameters,
  too_many_parts,
  too_deep,
  // The message as a whole.
  missing_header,
  duplicate_header,
  method_mismatch,
  // Elements of the grammar.
  expected_token,
  expected_word,
  expected_quoted_string,
  unterminated_quote,
  unterminated_comment,
  unbalanced_angle,
  addr_spec_needs_angle,
  expected_host,
  bad_ipv6,
  bad_port,
  expected_equals,
  expected_slash,
  expected_separator,
  expected_number,
  number_overflow,
  number_out_of_range,
  bad_escape,
  bad_character,
  trailing_text,
  expected_scheme,
  expected_user,
  duplicate_parameter,
  missing_parameter,
  bad_parameter,
  bad_date,
  bad_qvalue,
  bad_star_contact,
  // Bodies.
  missing_boundary,
  bad_multipart,
  // Building.
  no_space,
  too_many_edits,
  bad_edit,
};

/// One sentence that names the rule and the section it comes from, for reason phrases, logs and tools. Static
/// storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The status code that RFC 3261 asks for: 505 for another version, 513 for limits on size, 400 for
/// everything else.
PARLEY_API int status_for(errc code) noexcept;

/// The category of `errc`; its name is "parley.sip".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// A rule and the place where it was broken: `offset` counts bytes from the start of the text that was parsed
/// (of the whole message where a `message_view` reports it).
using parse_error = base::parse_error<errc>;

/// A value, or the rule that was broken and where.
template <class T>
using parsed = boost::system::result<T, parse_error>;

}  // namespace parley::sip

template <>
struct boost::system::is_error_code_enum<parley::sip::errc> : std::true_type {};
