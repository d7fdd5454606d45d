#pragma once

#include <parley/base/address.hpp>
#include <parley/sdp/description.hpp>
#include <parley/sdp/rtp_format.hpp>
#include <parley/sdp/security.hpp>

#include "outcome.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay {

namespace base = parley::base;
namespace sdp = parley::sdp;

/// How a medium can be relayed.
enum class medium_kind : std::uint8_t {
  rtp,
  datagrams,  ///< UDP that is not RTP: T.38's udptl
  foreign,    ///< not over UDP: its line is left as it is, and the peers reach each other without the relay
};

/// The protocols of an m= line that differ in what a relay must do.
struct rtp_profile {
  bool secure = false;    ///< RTP/SAVP
  bool feedback = false;  ///< RTP/AVPF
  bool dtls = false;      ///< UDP/TLS/…

  /// "RTP/SAVPF"; without `dtls`.
  std::string_view name() const noexcept;
  /// Nothing for what is not RTP.
  static std::optional<rtp_profile> from(std::string_view protocol) noexcept;

  friend bool operator==(const rtp_profile&, const rtp_profile&) = default;
};

/// What one m= line and the lines around it say, read as the relay needs it.
struct described_medium {
  medium_kind kind = medium_kind::rtp;
  bool rejected = false;
  bool zero_address = false;   ///< 0.0.0.0 as an address: held, in the way of RFC 2543
  base::socket_address rtp{};  ///< port 0 where it is rejected or held so
  base::socket_address rtcp{};
  bool rtcp_mux = false;
  std::vector<std::uint32_t> ssrcs{};  ///< of the sources that it describes (RFC 5576)
  sdp::direction direction = sdp::direction::sendrecv;
  rtp_profile profile{};
  std::vector<sdp::rtp_format> formats{};
  std::vector<sdp::crypto> keys{};  ///< those that can be read
};

/// A session description and what its media say.
struct described {
  sdp::description text;
  std::vector<described_medium> media{};
};

/// How much of a description is accepted.
struct description_limits {
  std::size_t bytes = 65535;
  std::size_t media = 16;
};

/// Reads a description. `source`, where there is one, takes the place of each address in it. *Errors:* a
/// sentence: the rule that is broken, a host name for an address, a group's address.
outcome<described> read_description(std::string_view text, const std::optional<base::ip_address>& source,
                                    const description_limits& limits);

}  // namespace relay
