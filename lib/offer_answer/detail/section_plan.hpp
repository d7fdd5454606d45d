#pragma once

#include <parley/base/result.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/sdp/description.hpp>

#include "offer_answer/detail/media_reading.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::offer_answer::detail {

/// A medium as an offer or answer of ours is to have it.
struct section_plan {
  const medium* own = nullptr;
  const local_transport* local = nullptr;  ///< of the m= line whose transport this uses
  std::string protocol;
  std::string mid;  ///< empty for none
  sdp::direction direction = sdp::direction::inactive;
  std::vector<sdp::rtp_format> formats;
  std::vector<std::string> other_formats;
  bool with_sctpmap = false;  ///< a=sctpmap, as before RFC 8841, in place of a=sctp-port
  std::vector<sdp::extmap> extensions;
  bool mixed_extensions = false;

  /// Port 0 until it is bundled (RFC 9143 6).
  bool bundle_only = false;
  bool rtcp_mux = false;
  bool rtcp_mux_only = false;
  bool rtcp_rsize = false;
  /// Whether the lines of the transport stand here: not where another m= line of the bundle has them
  /// (RFC 9143 7.1.3). The following are those.
  bool with_transport = true;
  bool with_rtcp = false;  ///< a=rtcp, where RTCP has a port of its own
  bool with_ice = false;
  std::vector<sdp::crypto> keys;
  std::optional<sdp::setup::role> setup;  ///< fingerprints stand where this does
  bool with_tls_id = false;
};

/// Writes a medium. *Errors:* those of `sdp::errc` for what can't be written.
base::result<sdp::media_description> write_section(const section_plan& plan);

/// Writes a medium with port 0: RFC 3264 6 and 8.2 leave it its formats, which mean nothing.
base::result<sdp::media_description> write_rejected(const sdp::media_line& line, const std::string& mid);

/// Writes the media of a description, and knows what it has said.
class section_author {
 public:
  /// As `write_section`, and `write_rejected`.
  base::result<sdp::media_description> write(section_plan plan);
  base::result<sdp::media_description> write_rejected(const sdp::media_line& line, const std::string& mid);

  /// What the description `made` of these media says, with those bundles, as the negotiation asks for it of
  /// our own descriptions: nothing that only the peer makes use of, as bandwidth and sources.
  description_reading reading(const sdp::description& made, std::vector<bundle> bundles);

 private:
  std::vector<media_reading> said_;
  bool knows_all_ = true;  // attributes that are only texts may say anything
};

}  // namespace parley::offer_answer::detail
