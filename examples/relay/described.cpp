#include "described.hpp"

#include <parley/sdp/grouping.hpp>
#include <parley/sdp/session.hpp>
#include <parley/sdp/transport.hpp>

#include "value.hpp"

#include <array>
#include <utility>

namespace relay {
namespace {

constexpr std::array<std::string_view, 4> datagram_protocols{"udptl", "UDP", "UDPTL", "udp"};

bool is_datagrams(std::string_view protocol) {
  for (const std::string_view one : datagram_protocols) {
    if (one == protocol) return true;
  }
  return false;
}

/// Where one medium is received. *Errors:* a sentence.
outcome<void> read_addresses(const described& whole, const sdp::media_description& medium,
                             const std::optional<base::ip_address>& source, described_medium& out) {
  const auto connection = whole.text.effective<sdp::connection_data>(medium);
  if (!connection) return failure{"A medium has no c= line that can be read"};
  const auto ip = connection->ip();
  if (!ip) return failure{"The address of a c= line is a host name: write an IP address"};
  if (ip->is_multicast()) return failure{"The address of a c= line is that of a group"};
  const std::uint16_t port = medium.media().port;
  out.zero_address = ip->is_unspecified();
  out.rtp = {source ? *source : ip->unmapped(), port};
  out.rtcp = {out.rtp.ip, static_cast<std::uint16_t>(port == 65535 ? port : port + 1)};
  if (out.zero_address) {
    out.rtp.port = out.rtcp.port = 0;
    return {};
  }
  // With a=rtcp-mux this is where RTCP goes if the other side doesn't accept it (RFC 5761 5.1.1).
  if (const auto rtcp = medium.get<sdp::rtcp>()) {
    out.rtcp.port = rtcp->port;
    if (const auto other = base::ip_address::from_string(rtcp->address); other && !source) {
      if (other->is_multicast() || other->is_unspecified())
        return failure{"The address of an a=rtcp line can't be sent to"};
      out.rtcp.ip = other->unmapped();
    }
  }
  return {};
}

outcome<described_medium> read_medium(const described& whole, const sdp::media_description& medium,
                                      const std::optional<base::ip_address>& source) {
  described_medium out;
  out.rejected = medium.media().port == 0;
  out.direction = whole.text.direction_of(medium);
  if (const auto profile = rtp_profile::from(medium.media().protocol)) {
    out.profile = *profile;
  } else {
    out.kind = is_datagrams(medium.media().protocol) ? medium_kind::datagrams : medium_kind::foreign;
  }
  if (out.kind == medium_kind::foreign) return out;
  if (out.kind == medium_kind::rtp) {
    out.rtcp_mux = medium.has<sdp::rtcp_mux>() || medium.has<sdp::rtcp_mux_only>();
    medium.for_each<sdp::ssrc>([&](const sdp::parsed<sdp::ssrc>& one) {
      // Several lines describe one source.
      if (one && (out.ssrcs.empty() || out.ssrcs.back() != one->id)) out.ssrcs.push_back(one->id);
    });
    out.formats = sdp::rtp_formats(medium);
    medium.for_each<sdp::crypto>([&](const sdp::parsed<sdp::crypto>& key) {
      if (key) out.keys.push_back(*key);
    });
  }
  if (out.rejected) return out;
  if (medium.media().port_count != 1) return failure{"A medium asks for several ports in a row"};
  if (const auto read = read_addresses(whole, medium, source, out); !read) return read.error();
  return out;
}

}  // namespace

std::string_view rtp_profile::name() const noexcept {
  if (secure) return feedback ? "RTP/SAVPF" : "RTP/SAVP";
  return feedback ? "RTP/AVPF" : "RTP/AVP";
}

std::optional<rtp_profile> rtp_profile::from(std::string_view protocol) noexcept {
  rtp_profile out;
  constexpr std::string_view tls = "UDP/TLS/";
  if (same_name(protocol.substr(0, tls.size()), tls)) {
    out.dtls = true;
    protocol.remove_prefix(tls.size());
  }
  struct {
    std::string_view name;
    bool secure;
    bool feedback;
  } constexpr all[] = {{"RTP/AVP", false, false},
                       {"RTP/AVPF", false, true},
                       {"RTP/SAVP", true, false},
                       {"RTP/SAVPF", true, true}};
  for (const auto& one : all) {
    if (!same_name(one.name, protocol)) continue;
    out.secure = one.secure;
    out.feedback = one.feedback;
    return out;
  }
  return std::nullopt;
}

outcome<described> read_description(std::string_view text, const std::optional<base::ip_address>& source,
                                    const description_limits& limits) {
  sdp::limits bounds;
  bounds.text_bytes = limits.bytes;
  bounds.media = limits.media;
  bounds.lines = 1024;
  auto parsed = sdp::description::parse(text, bounds);
  if (!parsed)
    return failure{"Failed to parse SDP: " + std::string(sdp::rule(parsed.error().code)) + " (at byte " +
                   std::to_string(parsed.error().offset) + ")"};
  described out{*std::move(parsed)};
  for (const sdp::media_description& medium : out.text.media()) {
    auto read = read_medium(out, medium, source);
    if (!read) return std::move(read).error();
    out.media.push_back(*std::move(read));
  }
  if (out.media.empty()) return failure{"The description has no media"};
  return out;
}

}  // namespace relay
