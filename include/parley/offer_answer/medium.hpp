#pragma once

#include <parley/base/address.hpp>
#include <parley/offer_answer/protocol.hpp>
#include <parley/sdp/codec.hpp>
#include <parley/sdp/direction.hpp>
#include <parley/sdp/grouping.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/rtp_format.hpp>
#include <parley/sdp/security.hpp>
#include <parley/sdp/session.hpp>
#include <parley/sdp/transport.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::offer_answer {

/// Names a medium of one negotiator; never used again for another.
enum class medium_id : std::uint32_t {};

/// What this end can and wants to do in one medium: the application's part of an m= line.
///
/// A medium of RTP (`protocol` is one of RFC 3551's profiles) answers each RTP protocol that its `keyings`
/// can serve, one of data channels answers each SCTP protocol, any other exactly its own.
struct medium {
  std::string media = "audio";       ///< "audio", "video", "application", "image", …
  std::string protocol = "RTP/AVP";  ///< what offers have
  /// How media may be keyed, the preferred one first. Without `none` unencrypted media are refused; with it
  /// and others, RTP/AVP is offered with keys and taken without (RFC 8643).
  std::vector<keying> keyings = {keying::none};

  /// What is understood, the preferred one first. Payload types are those of offers, as far as they are free.
  std::vector<sdp::rtp_format> formats = {};
  /// The formats where the protocol isn't RTP, as "webrtc-datachannel" and "t38".
  std::vector<std::string> other_formats = {};
  /// An answer has one codec, and what goes with it.
  bool single_codec = false;
  /// An answer has our order of codecs and crypto suites, not that of the offer.
  bool own_order = false;

  sdp::direction direction = sdp::direction::sendrecv;  ///< what is wanted where nobody holds
  std::optional<sdp::ptime> ptime = {};                 ///< what we would like to receive
  std::optional<sdp::maxptime> maxptime = {};           ///< what we can receive
  std::vector<sdp::bandwidth> bandwidths = {};          ///< that we can receive

  bool rtcp_mux = false;
  bool rtcp_mux_only = false;  ///< and no other way (RFC 8858)
  bool rtcp_rsize = false;
  std::vector<sdp::extmap> extensions = {};  ///< ids are those of offers
  bool mixed_extensions = false;             ///< a=extmap-allow-mixed

  std::vector<sdp::ssrc> sources = {};  ///< of what we send
  std::vector<sdp::msid> streams = {};  ///< of what we send
  std::optional<sdp::sctp_port> sctp_port = {};
  std::optional<sdp::max_message_size> max_message_size = {};

  /// Attributes that stand in each offer and answer, as "T38FaxVersion:0".
  std::vector<std::string> attributes = {};

  friend bool operator==(const medium&, const medium&) = default;
};

/// What an ICE agent says in a description (RFC 8839).
struct local_ice {
  std::string ufrag = {};
  std::string pwd = {};
  std::vector<sdp::candidate> candidates = {};
  bool complete = false;  ///< a=end-of-candidates

  friend bool operator==(const local_ice&, const local_ice&) = default;
};

/// Where a medium comes in, and its keys: the part of whoever opens ports. It stays as it was given until
/// another one is; whatever changes in it is in the next offer or answer.
struct local_transport {
  base::socket_address rtp = {};
  std::optional<base::socket_address> rtcp = {};  ///< where not on the next port; unused where multiplexed
  std::vector<sdp::crypto> keys = {};  ///< one for each suite, the preferred first; tags are ours to give
  std::vector<sdp::fingerprint> fingerprints = {};  ///< of the certificate that DTLS will show
  std::string tls_id = {};                          ///< empty for none (RFC 8842 4)
  std::optional<local_ice> ice = {};

  friend bool operator==(const local_transport&, const local_transport&) = default;
};

}  // namespace parley::offer_answer
