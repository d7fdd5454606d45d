#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/error.hpp>

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What stands behind the format in a=fmtp, for each codec that has a meaning to negotiation. All are read
// from `fmtp::parameters`, which may be empty, and appended to it; a parameter that has its default isn't
// written, and one that is not known here is left out. *Errors* of each `read`: `bad_format_parameter` with
// the place of the value that breaks its grammar, `missing_parameter`. Treat the format as one that you don't
// support. H.264 has a header of its own.

namespace parley::sdp {

/// Opus (RFC 7587 6.1).
struct PARLEY_API opus_parameters {
  static constexpr std::string_view encoding = "opus";

  std::uint32_t maxplaybackrate = 48000;           ///< Hz
  std::uint32_t sprop_maxcapturerate = 48000;      ///< Hz
  std::uint32_t minptime = 3;                      ///< ms
  std::uint32_t ptime = 20;                        ///< ms
  std::uint32_t maxptime = 120;                    ///< ms
  std::optional<std::uint32_t> maxaveragebitrate;  ///< bit/s
  bool stereo = false;
  bool sprop_stereo = false;
  bool cbr = false;
  bool useinbandfec = false;
  bool usedtx = false;

  static parsed<opus_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const opus_parameters&, const opus_parameters&) = default;
};

/// Which events telephone-event carries (RFC 4733 2.4.1), as "0-15,66". Without parameters those are 0 to 15.
struct PARLEY_API telephone_event_parameters {
  static constexpr std::string_view encoding = "telephone-event";

  std::bitset<256> events = 0xffff;

  /// *Errors:* `bad_event_list`.
  static parsed<telephone_event_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const telephone_event_parameters&, const telephone_event_parameters&) = default;
};

/// VP8 (RFC 7741 6.1).
struct PARLEY_API vp8_parameters {
  static constexpr std::string_view encoding = "VP8";

  std::optional<std::uint32_t> max_fr;  ///< frames a second
  std::optional<std::uint32_t> max_fs;  ///< macroblocks

  static parsed<vp8_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const vp8_parameters&, const vp8_parameters&) = default;
};

/// VP9 (RFC 9628 6.1). Other profiles are other formats.
struct PARLEY_API vp9_parameters {
  static constexpr std::string_view encoding = "VP9";

  std::uint8_t profile_id = 0;
  std::optional<std::uint32_t> max_fr;
  std::optional<std::uint32_t> max_fs;

  static parsed<vp9_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const vp9_parameters&, const vp9_parameters&) = default;
};

/// AV1 (RTP payload format of AOM, 7.2). Other profiles are other formats.
struct PARLEY_API av1_parameters {
  static constexpr std::string_view encoding = "AV1";

  std::uint8_t profile = 0;
  std::uint8_t level_idx = 5;
  std::uint8_t tier = 0;

  static parsed<av1_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const av1_parameters&, const av1_parameters&) = default;
};

/// Retransmissions (RFC 4588 8.1): of which payload type, and for how long.
struct PARLEY_API rtx_parameters {
  static constexpr std::string_view encoding = "rtx";

  std::uint8_t apt = 0;
  std::optional<std::uint32_t> rtx_time;  ///< ms

  static parsed<rtx_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const rtx_parameters&, const rtx_parameters&) = default;
};

/// Redundant data (RFC 2198 5): the payload types within, as "111/111". Video's red has none.
struct PARLEY_API red_parameters {
  static constexpr std::string_view encoding = "red";

  std::vector<std::uint8_t> payload_types;

  static parsed<red_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const red_parameters&, const red_parameters&) = default;
};

/// AMR and AMR-WB (RFC 4867 8.1, 8.2).
struct PARLEY_API amr_parameters {
  static constexpr std::string_view encoding = "AMR";

  bool octet_align = false;
  std::uint16_t mode_set = 0;  ///< bit n for mode n; 0 where all modes may be used
  std::uint8_t mode_change_period = 1;
  std::uint8_t mode_change_capability = 1;
  bool mode_change_neighbor = false;
  bool crc = false;
  bool robust_sorting = false;
  std::optional<std::uint8_t> interleaving;
  std::optional<std::uint16_t> max_red;  ///< ms

  static parsed<amr_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const amr_parameters&, const amr_parameters&) = default;
};

/// iLBC (RFC 3952 5).
struct PARLEY_API ilbc_parameters {
  static constexpr std::string_view encoding = "iLBC";

  std::uint8_t mode = 30;  ///< ms of a frame, 20 or 30

  static parsed<ilbc_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ilbc_parameters&, const ilbc_parameters&) = default;
};

/// G.729 (RFC 4856 2.1.9).
struct PARLEY_API g729_parameters {
  static constexpr std::string_view encoding = "G729";

  bool annexb = true;  ///< whether silence is compressed

  static parsed<g729_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const g729_parameters&, const g729_parameters&) = default;
};

/// G.722.1 (RFC 5577 4.1). Other bitrates are other formats.
struct PARLEY_API g7221_parameters {
  static constexpr std::string_view encoding = "G7221";

  std::uint32_t bitrate = 0;  ///< bit/s, must be there

  static parsed<g7221_parameters> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const g7221_parameters&, const g7221_parameters&) = default;
};

}  // namespace parley::sdp
