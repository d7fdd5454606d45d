#pragma once

#include <parley/srtp/profile.hpp>

#include "srtp/detail/ciphers.hpp"
#include "srtp/detail/hmac_sha1.hpp"
#include "srtp/detail/session_keys.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace parley::srtp::detail {

/// Cipher and authentication under the session keys of RTP, or of RTCP. The key schedules are made once; a
/// packet sets only the counter. Each function returns false where OpenSSL refuses.
class packet_crypto {
 public:
  using aead_tag = std::array<unsigned char, 16>;
  using aad_parts = std::initializer_list<std::span<const std::byte>>;

  packet_crypto() = default;
  packet_crypto(const packet_crypto&) = delete;
  packet_crypto& operator=(const packet_crypto&) = delete;
  ~packet_crypto();

  bool init(profile which, const session_keys& keys, bool encrypts) noexcept;

  /// AES in counter mode, either way (RFC 3711 4.1.1). `index` has 48 bits, or 31 for RTCP.
  bool apply_counter_mode(std::uint32_t ssrc, std::uint64_t index, std::span<std::byte> data) noexcept;

  /// HMAC-SHA1 of the bytes and the word behind them (RFC 3711 4.2).
  std::array<std::byte, sha1_bytes> code_of(std::span<const std::byte> message,
                                            std::uint32_t tail) const noexcept {
    return hmac_.code_of(message, tail);
  }

  /// Encrypts with GCM (RFC 7714 8, 9) and gives the tag of `aad` and `data`.
  bool seal(std::uint32_t ssrc, std::uint64_t index, aad_parts aad, std::span<std::byte> data,
            std::byte* tag) noexcept;

  /// Decrypts with GCM. False also where the tag does not fit; `data` is as it was then.
  bool open(std::uint32_t ssrc, std::uint64_t index, aad_parts aad, std::span<std::byte> data,
            const std::byte* tag) noexcept;

 private:
  bool begin(std::uint32_t ssrc, std::uint64_t index, aad_parts aad) noexcept;

  cipher_context cipher_;
  hmac_sha1 hmac_;
  std::array<std::byte, 16> salt_{};  ///< with zeros behind it
};

}  // namespace parley::srtp::detail
