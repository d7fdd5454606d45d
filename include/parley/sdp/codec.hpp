#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::sdp {

/// a=rtpmap: what a payload type stands for (RFC 8866 6.6).
struct PARLEY_API rtpmap {
  static constexpr std::string_view name = "rtpmap";

  std::uint8_t payload_type = 0;
  std::string encoding;  ///< "opus", "PCMU"; compared without regard to case
  std::uint32_t clock_rate = 0;
  std::uint16_t channels = 1;

  /// Whether both mean the same encoding, whatever the payload types (RFC 3264 6.1).
  bool same_encoding(const rtpmap& other) const noexcept;

  static parsed<rtpmap> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const rtpmap&, const rtpmap&) = default;
};

/// What a static payload type stands for without an rtpmap (RFC 3551 6); nothing for dynamic, reserved and
/// unassigned ones. RFC 3551 4.5.2: the clock rate of G722 is written as 8000.
PARLEY_API std::optional<rtpmap> static_rtpmap(std::uint8_t payload_type);

/// a=fmtp: parameters of a format, as text (RFC 8866 6.15). `parameter_list` takes it apart, the types of
/// codec_parameters.hpp and h264.hpp read it.
struct PARLEY_API fmtp {
  static constexpr std::string_view name = "fmtp";

  std::string format;  ///< as in the m= line
  std::string parameters;

  static parsed<fmtp> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const fmtp&, const fmtp&) = default;
};

/// a=ptime: how much time a packet should hold (RFC 8866 6.4).
struct PARLEY_API ptime {
  static constexpr std::string_view name = "ptime";

  std::uint32_t microseconds = 0;

  static parsed<ptime> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ptime&, const ptime&) = default;
};

/// a=maxptime: how much time a packet may hold (RFC 8866 6.5).
struct PARLEY_API maxptime {
  static constexpr std::string_view name = "maxptime";

  std::uint32_t microseconds = 0;

  static parsed<maxptime> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const maxptime&, const maxptime&) = default;
};

/// a=framerate: the highest one of a video (RFC 8866 6.13).
struct PARLEY_API framerate {
  static constexpr std::string_view name = "framerate";

  std::uint32_t frames_per_1000_seconds = 0;

  static parsed<framerate> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const framerate&, const framerate&) = default;
};

/// a=rtcp-fb: feedback that may be sent (RFC 4585 4.2, RFC 5104 7.1, RFC 8888 6).
///
///  kind            parameter                        means
///  "nack"          "", "pli", "sli", "rpsi"         losses, a picture lost, a slice lost, a reference
///  picture "ack"           "rpsi", "ccfb"                   reception; congestion control (RFC 8888) "ccm"
///  "fir", "tmmbr", "tstr", "vbcm"   a full picture, a lower rate … are wanted (RFC 5104) "trr-int"
///  milliseconds                     the least time between regular reports "transport-cc", "goog-remb" as
///  libwebrtc has them
struct PARLEY_API rtcp_fb {
  static constexpr std::string_view name = "rtcp-fb";

  std::optional<std::uint8_t> payload_type;  ///< nothing stands for `*`, all of them
  std::string kind;
  std::string parameter;

  /// Whether this is feedback for that payload type.
  bool covers(std::uint8_t type) const noexcept { return !payload_type || *payload_type == type; }

  static parsed<rtcp_fb> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const rtcp_fb&, const rtcp_fb&) = default;
};

/// a=imageattr: sizes of pictures that are sent and taken (RFC 6236 3.1), the sets as text.
struct PARLEY_API imageattr {
  static constexpr std::string_view name = "imageattr";

  std::optional<std::uint8_t> payload_type;  ///< nothing stands for `*`, all of them
  std::string sets;                          ///< as "send [x=320,y=180] recv *"

  static parsed<imageattr> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const imageattr&, const imageattr&) = default;
};

}  // namespace parley::sdp
