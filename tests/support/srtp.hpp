#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/srtp/context.hpp>
#include <parley/srtp/master_key.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::test {

inline constexpr std::array srtp_profiles{
    srtp::profile::aes_cm_128_hmac_sha1_80, srtp::profile::aes_cm_128_hmac_sha1_32,
    srtp::profile::aes_256_cm_hmac_sha1_80, srtp::profile::aes_256_cm_hmac_sha1_32,
    srtp::profile::aead_aes_128_gcm,        srtp::profile::aead_aes_256_gcm};

/// A key that is the same for the same `seed`.
inline srtp::master_key srtp_key(srtp::profile which, unsigned seed = 1, std::span<const std::byte> mki = {},
                                 std::uint64_t lifetime = srtp::max_rtp_packets) {
  std::array<std::byte, 46> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>((seed * 37 + i * 11) & 0xFFU);
  const srtp::key_sizes sizes = srtp::sizes(which);
  const auto all = std::span<const std::byte>(bytes);
  return *srtp::master_key::make(which, all.first(sizes.key), all.subspan(sizes.key, sizes.salt), mki,
                                 lifetime);
}

/// The engines that this build has.
inline std::vector<srtp::engine_choice> srtp_engines() {
  std::vector<srtp::engine_choice> out{srtp::engine_choice::openssl};
  const srtp::master_key key = srtp_key(srtp::profile::aes_cm_128_hmac_sha1_80);
  srtp::context_options options;
  options.engine = srtp::engine_choice::libsrtp;
  if (srtp::context::protecting({&key, 1}, options)) out.push_back(options.engine);
  return out;
}

/// An RTP packet with a payload of so many bytes that depend on its number.
inline std::vector<std::byte> rtp_packet(std::uint32_t ssrc, std::uint16_t sequence,
                                         std::size_t payload = 160) {
  std::vector<std::byte> out{std::byte{0x80}, std::byte{0x00}};
  const auto put = [&](std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<std::byte>(value >> (8U * i) & 0xFFU));
  };
  put(sequence, 2);
  put(std::uint64_t{sequence} * 160, 4);
  put(ssrc, 4);
  for (std::size_t i = 0; i < payload; ++i) out.push_back(static_cast<std::byte>((i + sequence) & 0xFFU));
  return out;
}

/// A receiver report without blocks and `extra` words behind it, which SRTP does not look at.
inline std::vector<std::byte> rtcp_packet(std::uint32_t ssrc, std::size_t extra = 5) {
  std::vector<std::byte> out{std::byte{0x80}, std::byte{201}, std::byte{0},
                             static_cast<std::byte>(1 + extra)};
  for (unsigned i = 4; i-- > 0;) out.push_back(static_cast<std::byte>(ssrc >> (8U * i) & 0xFFU));
  for (std::size_t i = 0; i < 4 * extra; ++i) out.push_back(static_cast<std::byte>(i));
  return out;
}

/// A buffer with room for what SRTP adds.
inline base::packet_buffer buffer_of(base::buffer_pool& pool, std::span<const std::byte> bytes) {
  return *pool.copy(bytes, 0, srtp::max_mki_bytes + 32);
}

}  // namespace parley::test
