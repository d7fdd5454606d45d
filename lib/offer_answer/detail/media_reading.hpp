#pragma once

#include <parley/offer_answer/error.hpp>
#include <parley/offer_answer/negotiated.hpp>
#include <parley/offer_answer/protocol.hpp>
#include <parley/sdp/description.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::offer_answer::detail {

/// What a description says of a transport: of one m= line, or of all that are bundled with it.
struct transport_reading {
  media_address rtp;
  media_address rtcp;  ///< not looking at rtcp-mux
  bool rtcp_mux = false;
  bool rtcp_mux_only = false;
  bool rtcp_rsize = false;
  std::vector<sdp::crypto> keys;  ///< those that can be read
  std::vector<sdp::fingerprint> fingerprints;
  std::optional<sdp::setup::role> setup;
  std::string tls_id;
  std::optional<remote_ice> ice;
  /// Why media can't be sent there; `errc{}` where they can.
  errc problem{};
  /// The address is 0.0.0.0 or :: and no ICE will find another: RFC 2543's way to hold.
  bool on_hold = false;
};

/// What a description says of one medium.
struct media_reading {
  std::string media;
  std::string protocol;
  protocol_traits traits;
  std::string mid;
  std::uint16_t port = 0;
  bool bundle_only = false;
  sdp::direction direction = sdp::direction::sendrecv;
  std::vector<sdp::rtp_format> formats;
  std::vector<std::string> format_texts;  ///< where the protocol isn't RTP
  std::vector<sdp::extmap> extensions;
  bool mixed_extensions = false;
  std::optional<sdp::ptime> ptime;
  std::optional<sdp::maxptime> maxptime;
  std::optional<std::uint64_t> max_bitrate;
  std::vector<sdp::ssrc> sources;
  std::vector<sdp::msid> streams;
  std::optional<std::uint16_t> sctp_port;
  std::optional<std::uint64_t> max_message_size;
  transport_reading transport;

  /// Whether it is one: not refused, and not ended.
  bool is_offered() const noexcept { return port != 0 || bundle_only; }
};

/// A bundle, as the places of its m= lines; the first is the one whose transport counts.
using bundle = std::vector<std::size_t>;

/// What a description says, m= line by m= line. Lines that can't be read are left out, but for those that
/// `transport_reading::problem` speaks of.
struct description_reading {
  explicit description_reading(const sdp::description& from);
  /// Of media and bundles that are known.
  description_reading(std::vector<media_reading> said, std::vector<bundle> groups);

  std::vector<media_reading> media;
  /// The BUNDLE groups (RFC 9143 7), without mids that no medium has and those of an earlier group.
  std::vector<bundle> bundles;

  /// The bundle of an m= line; null where it is in none.
  const bundle* find_bundle(std::size_t place) const noexcept;

  /// The transport that counts for a medium: its own, or that of the first in its bundle where it has none
  /// (RFC 9143 7.1.3).
  const transport_reading& transport_of(std::size_t place) const;

  /// Whether a medium could be had without its bundle.
  bool has_own_transport(std::size_t place) const {
    return media[place].port != 0 && &transport_of(place) == &media[place].transport;
  }

 private:
  /// Lets addresses that say to hold do so.
  void obey_holds();
};

}  // namespace parley::offer_answer::detail
