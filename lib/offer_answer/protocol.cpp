#include <parley/offer_answer/protocol.hpp>

#include "offer_answer/detail/text.hpp"

#include <array>

namespace parley::offer_answer {
namespace {

struct entry {
  std::string_view name;
  protocol_traits traits;
};

constexpr protocol_traits plain{.rtp = true};
constexpr protocol_traits secure{.rtp = true, .secure = true};
constexpr protocol_traits tls{.rtp = true, .secure = true, .dtls = true};
constexpr protocol_traits sctp{.sctp = true, .secure = true, .dtls = true};

constexpr protocol_traits over_tcp(protocol_traits traits) noexcept {
  traits.tcp = true;
  return traits;
}

constexpr std::array entries{
    entry{"RTP/AVP", plain},
    entry{"RTP/AVPF", plain},
    entry{"RTP/SAVP", secure},
    entry{"RTP/SAVPF", secure},
    entry{"UDP/TLS/RTP/SAVP", tls},
    entry{"UDP/TLS/RTP/SAVPF", tls},
    entry{"TCP/RTP/AVP", over_tcp(plain)},
    entry{"TCP/RTP/AVPF", over_tcp(plain)},
    entry{"TCP/RTP/SAVP", over_tcp(secure)},
    entry{"TCP/RTP/SAVPF", over_tcp(secure)},
    entry{"TCP/TLS/RTP/SAVP", over_tcp(tls)},
    entry{"TCP/TLS/RTP/SAVPF", over_tcp(tls)},
    entry{"TCP/DTLS/RTP/SAVP", over_tcp(tls)},
    entry{"TCP/DTLS/RTP/SAVPF", over_tcp(tls)},
    entry{"UDP/DTLS/SCTP", sctp},
    entry{"TCP/DTLS/SCTP", over_tcp(sctp)},
    entry{"DTLS/SCTP", sctp},  // what browsers wrote before RFC 8841
};

}  // namespace

protocol_traits traits_of(std::string_view protocol) noexcept {
  // Nearly all are spelled as the RFCs do.
  for (const entry& one : entries) {
    if (one.name == protocol) return one.traits;
  }
  for (const entry& one : entries) {
    if (detail::iequals(one.name, protocol)) return one.traits;
  }
  return {};
}

}  // namespace parley::offer_answer
