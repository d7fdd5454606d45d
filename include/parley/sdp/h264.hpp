#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp {

/// The profiles of H.264 that RFC 6184 8.1, table 5, tells apart.
enum class h264_profile : std::uint8_t {
  constrained_baseline,
  baseline,
  main,
  extended,
  constrained_high,
  high,
  high_10,
  high_4_2_2,
  high_4_4_4,
  high_10_intra,
  high_4_2_2_intra,
  high_4_4_4_intra,
  cavlc_4_4_4_intra,
};

/// profile-level-id: three bytes of the sequence parameter set (RFC 6184 8.1). By default Baseline, level 1,
/// which is what no profile-level-id means.
struct PARLEY_API profile_level_id {
  std::uint8_t profile_idc = 0x42;
  std::uint8_t constraints = 0;  ///< profile_iop: constraint_set0_flag is the highest bit
  std::uint8_t level_idc = 10;

  /// The profile; several combinations of bytes stand for the same. Nothing for one that table 5 lacks.
  std::optional<h264_profile> profile() const noexcept;

  /// Ten times level_idc but for level 1b, which is 105, between 1 and 1.1: levels compare as these numbers.
  unsigned level() const noexcept;

  /// Whether a decoder of the one reads streams of the other but for the level: the profiles are the same
  /// (RFC 6184 8.2.2: the profile is symmetric).
  bool same_profile(const profile_level_id& other) const noexcept;

  static parsed<profile_level_id> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const profile_level_id&, const profile_level_id&) = default;
};

/// H.264 (RFC 6184 8.1), as the types of codec_parameters.hpp.
struct PARLEY_API h264_parameters {
  static constexpr std::string_view encoding = "H264";

  profile_level_id profile;
  std::uint8_t packetization_mode = 0;  ///< single NAL unit, non-interleaved, interleaved; symmetric
  bool level_asymmetry_allowed = false;
  std::optional<std::uint32_t> max_mbps;  ///< macroblocks a second
  std::optional<std::uint32_t> max_fs;    ///< macroblocks
  std::optional<std::uint32_t> max_br;    ///< kbit/s
  std::string sprop_parameter_sets;       ///< base64, as it stands there

  /// *Errors:* as those of codec_parameters.hpp; `bad_profile_level_id`.
  static parsed<h264_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const h264_parameters&, const h264_parameters&) = default;
};

/// NAL units, one after the other.
using h264_units = std::vector<std::vector<std::uint8_t>>;

/// The units of sprop-parameter-sets (RFC 6184 8.1), whatever they are; none of an empty text. *Errors:*
/// `bad_base64` for a unit that can't be read, or has no bytes.
PARLEY_API parsed<h264_units> read_parameter_sets(std::string_view text);

/// Appends the text for `units`.
PARLEY_API void write_parameter_sets(const h264_units& units, std::string& out);

}  // namespace parley::sdp
