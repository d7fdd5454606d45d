#pragma once

#include <parley/srtp/master_key.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp::detail {

/// The session keys of RTP, or of RTCP, that come from one master key (RFC 3711 4.3). Wiped when destroyed.
struct session_keys {
  session_keys() = default;
  session_keys(const session_keys&) = delete;
  session_keys& operator=(const session_keys&) = delete;
  ~session_keys();

  std::array<std::byte, 32> cipher_key{};          ///< as many bytes as the master key has
  std::array<std::byte, 20> authentication_key{};  ///< not used by GCM
  std::array<std::byte, 14> salt{};                ///< as many bytes as the master salt has
};

/// The first label of RTP's keys and of RTCP's: the cipher's, then authentication's, then the salt's.
inline constexpr std::uint8_t rtp_labels = 0;
inline constexpr std::uint8_t rtcp_labels = 3;

/// Derives them with a key derivation rate of 0; for GCM the salt is padded (RFC 7714 11). False where
/// OpenSSL refuses.
bool derive(const master_key& from, std::uint8_t first_label, session_keys& out) noexcept;

}  // namespace parley::srtp::detail
