#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp::detail {

inline constexpr std::size_t sha1_bytes = 20;

/// HMAC-SHA1 under one key (RFC 2104): the states of SHA-1 behind the key's inner and outer block are
/// computed once. Wiped when destroyed.
class hmac_sha1 {
 public:
  using words = std::array<std::uint32_t, 5>;

  /// Begins with a key of at most 64 bytes.
  void set_key(std::span<const std::byte> key) noexcept;
  ~hmac_sha1();

  /// The code of the bytes of `message` and the four of `tail`, most significant first.
  std::array<std::byte, sha1_bytes> code_of(std::span<const std::byte> message,
                                            std::uint32_t tail) const noexcept;

 private:
  words inner_{};
  words outer_{};
};

}  // namespace parley::srtp::detail
