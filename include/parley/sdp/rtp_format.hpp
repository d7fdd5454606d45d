#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/codec.hpp>
#include <parley/sdp/description.hpp>
#include <parley/sdp/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp {

/// What a media description says about one payload type, out of its m= line, rtpmap, fmtp and rtcp-fb: the
/// unit that offers and answers are made of.
struct PARLEY_API rtp_format {
  /// Its encoding is empty where nothing says what a dynamic payload type stands for: leave the format out.
  rtpmap codec;
  std::string parameters;         ///< of fmtp
  std::vector<rtcp_fb> feedback;  ///< for this payload type, those for all among them

  std::uint8_t payload_type() const noexcept { return codec.payload_type; }

  /// Whether this is the encoding of that name, as "opus".
  bool is(std::string_view encoding) const noexcept;

  /// The parameters as `Codec` reads them. *Errors:* as `Codec::read`, the offset into `parameters`.
  template <class Codec>
  parsed<Codec> parameters_as() const {
    return Codec::read(parameters);
  }

  friend bool operator==(const rtp_format&, const rtp_format&) = default;
};

/// The formats of a medium whose protocol carries RTP, in the order of the m= line, which is that of
/// preference; each payload type once, and none for what is no payload type. Of several rtpmap or fmtp for
/// one the first that can be read counts. Static payload types need no rtpmap (RFC 3551 6).
PARLEY_API std::vector<rtp_format> rtp_formats(const media_description& media);

/// Adds a format to the m= line, and the lines that belong to it. Feedback for all payload types is not
/// added: add that once, by `section::add`. *Errors:* `duplicate_line` where the payload type is in use, else
/// as `section::add`; nothing is changed then.
PARLEY_API parsed<void> add_rtp_format(media_description& media, const rtp_format& format);

}  // namespace parley::sdp
