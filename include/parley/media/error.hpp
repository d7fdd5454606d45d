#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>

#include <cstdint>
#include <string_view>

namespace parley::media {

/// Why something of media was refused. Each value stands for one rule; `rule()` words it.
enum class errc : std::uint8_t {
  unknown_codec = 1,
  bad_payload,
  no_space,
  // Codecs.
  bad_parameters,
  bad_frame_length,
  not_concealed,
  codec_failed,
  unsupported_rate,
  // Sound.
  unknown_payload_type,
  limit_reached,
  unknown_party,
  bad_tone,
  late,
  // Files.
  unknown_file,
  too_long,
  // Video.
  bad_descriptor,
  bad_aggregation,
  bad_fragment,
  unsupported_packet,
  unit_too_large,
  bad_frame,
  bad_picture,
  picture_too_large,
  no_picture,
};

/// One sentence that names the rule and the section it comes from, for logs and tools. Static storage.
PARLEY_API std::string_view rule(errc code) noexcept;

/// The category of `errc`; its name is "parley.media".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace parley::media

template <>
struct boost::system::is_error_code_enum<parley::media::errc> : std::true_type {};
