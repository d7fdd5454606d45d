#pragma once

#include <parley/base/api.hpp>
#include <parley/base/parse_error.hpp>
#include <parley/base/result.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sdp {

/// Why a session description, or a line of one, was refused. Each value stands for one rule of the grammar or
/// of the limits; `rule()` words it.
///
/// What a caller does: a body that `description::parse` refuses is answered with 400, or 488 where the caller
/// has a Warning to give (RFC 3261 21.4.26). A single line that can't be read costs only what it describes:
/// leave that candidate or that codec out and go on with the others. But a broken fingerprint or key ends the
/// negotiation of its media.
enum class errc : std::uint8_t {
  // The frame of a description.
  missing_version = 1,
  unsupported_version,
  missing_origin,
  bad_line,
  empty_line,
  nul_in_text,
  control_in_text,
  bare_cr,
  duplicate_line,
  misplaced_line,
  bad_attribute_name,
  // Limits.
  text_too_large,
  too_many_lines,
  too_many_media,
  too_many_attributes,
  too_many_formats,
  too_many_candidates,
  // What was asked for is not there: take the default that the attribute's RFC gives.
  missing_line,
  missing_attribute,
  missing_parameter,
  // Elements of the grammar.
  expected_token,
  expected_word,
  expected_number,
  number_out_of_range,
  expected_space,
  expected_colon,
  expected_slash,
  expected_equals,
  trailing_text,
  bad_address,
  bad_base64,
  // Values of single lines and attributes.
  bad_direction,
  bad_format_parameter,
  bad_event_list,
  bad_profile_level_id,
  bad_setup,
  bad_connection,
  bad_tls_id,
  bad_fingerprint,
  bad_crypto_key,
  bad_ice_text,
  bad_candidate_type,
  bad_tcp_type,
  bad_rid,
  bad_simulcast,
  // Building.
  unwritable,
};

/// One sentence that names the rule and the section it comes from, for reason phrases, logs and tools. Static
/// storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The category of `errc`; its name is "parley.sdp".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// A rule and the place where it was broken: `offset` counts bytes from the start of the text that was parsed
/// (of the whole description where a section of a parsed one reports it).
using parse_error = base::parse_error<errc>;

/// A value, or the rule that was broken and where.
template <class T>
using parsed = boost::system::result<T, parse_error>;

}  // namespace parley::sdp

template <>
struct boost::system::is_error_code_enum<parley::sdp::errc> : std::true_type {};
