#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/offer_answer/error.hpp>
#include <parley/offer_answer/medium.hpp>
#include <parley/sdp/rtp_format.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::offer_answer {

/// One codec that both ends have.
struct negotiated_format {
  sdp::rtp_format send;     ///< as the peer takes it: its payload type, its parameters
  sdp::rtp_format receive;  ///< as it comes here: our payload type, our parameters

  friend bool operator==(const negotiated_format&, const negotiated_format&) = default;
};

/// Where media are sent. A host name may stand for the address (RFC 8866 5.7).
struct PARLEY_API media_address {
  std::string host;
  std::uint16_t port = 0;

  /// *Errors:* `base::errc::invalid_address`: it is a name. Look it up.
  base::result<base::socket_address> socket() const noexcept;

  friend bool operator==(const media_address&, const media_address&) = default;
};

/// What the peer's ICE agent has said.
struct remote_ice {
  std::string ufrag;
  std::string pwd;
  std::vector<sdp::candidate> candidates;  ///< those that can be read
  std::vector<std::string> options;        ///< as "trickle"
  bool lite = false;
  bool complete = false;  ///< no more will be trickled

  friend bool operator==(const remote_ice&, const remote_ice&) = default;
};

/// The keys of SRTP (RFC 4568): `local` for what we send, `remote` for what comes.
struct sdes_keys {
  sdp::crypto local;
  sdp::crypto remote;

  friend bool operator==(const sdes_keys&, const sdes_keys&) = default;
};

/// How DTLS is set up (RFC 8842). A change of anything but the candidates asks for a new association.
struct dtls_parameters {
  bool client = false;  ///< whether we open the association
  std::vector<sdp::fingerprint> remote_fingerprints;
  std::string remote_tls_id;

  friend bool operator==(const dtls_parameters&, const dtls_parameters&) = default;
};

/// What was agreed on for one m= line: all that applications and the media path need.
struct negotiated_medium {
  std::optional<medium_id> id;  ///< nothing where this end has no part in it
  std::string media;
  std::string protocol;
  std::string mid;  ///< empty for none
  /// Whether media may flow at all. The following say nothing where this is false.
  bool active = false;
  /// Why this end refused the peer's medium; `errc{}` where it didn't.
  errc refused_for{};

  sdp::direction direction = sdp::direction::inactive;  ///< seen from here
  bool held_locally = false;                            ///< by `negotiator::hold`
  bool held_remotely = false;                           ///< the peer does not want what we would send

  std::vector<negotiated_format> formats;  ///< the preferred one first
  std::vector<std::string> other_formats;  ///< where the protocol isn't RTP
  std::vector<sdp::extmap> extensions;     ///< with the ids that both use and the direction seen from here
  bool mixed_extensions = false;

  keying key = keying::none;
  std::optional<sdes_keys> sdes;
  std::optional<dtls_parameters> dtls;

  std::size_t transport =
      0;  ///< the place of the m= line whose transport this uses: its own, or its bundle's
  bool bundled = false;
  media_address rtp;
  media_address rtcp;  ///< as `rtp` where multiplexed
  bool rtcp_mux = false;
  bool rtcp_rsize = false;
  std::optional<remote_ice> ice;  ///< nothing where ICE isn't used

  std::optional<sdp::ptime> ptime;           ///< that the peer would like
  std::optional<sdp::maxptime> maxptime;     ///< that the peer can take
  std::optional<std::uint64_t> max_bitrate;  ///< bit/s that we may send, by b=TIAS or b=AS
  std::vector<sdp::ssrc> sources;            ///< of what the peer sends
  std::vector<sdp::msid> streams;            ///< of what the peer sends
  std::optional<std::uint16_t> sctp_port;    ///< the peer's
  std::optional<std::uint64_t> max_message_size;

  friend bool operator==(const negotiated_medium&, const negotiated_medium&) = default;
};

}  // namespace parley::offer_answer
