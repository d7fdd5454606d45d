#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <string_view>

namespace parley::offer_answer {

/// How media get their keys.
enum class keying : std::uint8_t {
  none,  ///< they are not encrypted
  sdes,  ///< SRTP with keys in the description, a=crypto (RFC 4568)
  dtls,  ///< SRTP or SCTP with keys of DTLS, a=fingerprint (RFC 5764, RFC 8841)
};

/// What the protocol of an m= line says.
struct protocol_traits {
  bool rtp = false;     ///< formats are payload types
  bool sctp = false;    ///< data channels over DTLS (RFC 8841)
  bool secure = false;  ///< SAVP, SAVPF: never without keys
  bool dtls = false;    ///< keys come from DTLS and from nowhere else
  bool tcp = false;

  friend bool operator==(const protocol_traits&, const protocol_traits&) = default;
};

/// Takes "UDP/TLS/RTP/SAVPF" and its kin apart; compared without regard to case. All false for one that is
/// not known. That a profile has early feedback (AVPF, SAVPF) is not told: who negotiates asks the
/// a=rtcp-fb lines, which peers write in AVP and SAVP, too (RFC 9429 5.1.2).
PARLEY_API protocol_traits traits_of(std::string_view protocol) noexcept;

}  // namespace parley::offer_answer
