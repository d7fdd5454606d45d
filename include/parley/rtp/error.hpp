#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>
#include <parley/base/parse_error.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <string_view>

namespace parley::rtp {

/// Why something of RTP or RTCP was refused, or could not be built. Each value stands for one rule; `rule()`
/// words it.
///
/// What a caller does: drop the packet, and count it. Of a compound RTCP packet whose one packet is wrong
/// inside, the others may be used.
enum class errc : std::uint8_t {
  // An RTP packet.
  truncated_header = 1,
  bad_version,
  csrcs_truncated,
  extension_truncated,
  bad_padding,
  // Elements of a header extension.
  bad_extension_profile,
  bad_extension_id,
  bad_extension_length,
  // RTCP, the compound packet.
  rtcp_truncated,
  bad_rtcp_length,
  bad_rtcp_padding,
  first_not_report,
  // One RTCP packet.
  wrong_rtcp_type,
  rtcp_body_truncated,
  bad_feedback_length,
  sdes_not_ended,
  bad_sdes_item,
  bad_bye_reason,
  bad_app_name,
  bad_xr_block,
  bad_status_chunk,
  bad_remb,
  // Payload formats and repair.
  bad_event_length,
  rtx_truncated,
  red_truncated,
  fec_truncated,
  bad_fec_mask,
  fec_unsupported,
  // Building.
  no_space,
  too_many_items,
  text_too_long,
  value_out_of_range,
};

/// One sentence that names the rule and the section it comes from, for logs and tools. Static storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The category of `errc`; its name is "parley.rtp".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

/// A rule and the place where it was broken: `offset` counts bytes from the start of what was parsed.
using parse_error = base::parse_error<errc>;

/// A value, or the rule that was broken and where.
template <class T>
using parsed = boost::system::result<T, parse_error>;

}  // namespace parley::rtp

template <>
struct boost::system::is_error_code_enum<parley::rtp::errc> : std::true_type {};
