#include "srtp/detail/hmac_sha1.hpp"

#include "srtp/detail/packet_layout.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

// OpenSSL 3 calls the functions on SHA_CTX deprecated. They are used here, and only here: a state of SHA-1
// that is copied by assignment makes a code 90 ns sooner than EVP_MAC, which copies one through an
// allocation.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace parley::srtp::detail {
namespace {

constexpr std::size_t block_bytes = SHA_CBLOCK;

SHA_CTX resume(const hmac_sha1::words& from) noexcept {
  SHA_CTX state;
  state.h0 = from[0];
  state.h1 = from[1];
  state.h2 = from[2];
  state.h3 = from[3];
  state.h4 = from[4];
  state.Nl = state.Nh = 0;
  state.num = 0;
  return state;
}

/// Takes in whole blocks.
void absorb(SHA_CTX& state, const std::byte* blocks, std::size_t bytes) noexcept {
  SHA1_Update(&state, blocks, bytes);
}

void store(const SHA_CTX& state, std::byte* out) noexcept {
  store_u32(out, state.h0);
  store_u32(out + 4, state.h1);
  store_u32(out + 8, state.h2);
  store_u32(out + 12, state.h3);
  store_u32(out + 16, state.h4);
}

/// The length in bits that ends a message with a key block before it (FIPS 180-4 5.1.1).
void store_length(std::byte* end, std::size_t message_bytes) noexcept {
  store_u32(end - 4, static_cast<std::uint32_t>((message_bytes + block_bytes) * 8));
}

hmac_sha1::words state_behind(std::span<const std::byte> key, std::byte pad) noexcept {
  std::array<std::byte, block_bytes> block;
  block.fill(pad);
  for (std::size_t i = 0; i < std::min(key.size(), block.size()); ++i) block[i] ^= key[i];
  SHA_CTX state;
  SHA1_Init(&state);
  absorb(state, block.data(), block.size());
  const hmac_sha1::words out{state.h0, state.h1, state.h2, state.h3, state.h4};
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(&state, sizeof state);
  return out;
}

}  // namespace

void hmac_sha1::set_key(std::span<const std::byte> key) noexcept {
  inner_ = state_behind(key, std::byte{0x36});
  outer_ = state_behind(key, std::byte{0x5C});
}

hmac_sha1::~hmac_sha1() {
  OPENSSL_cleanse(inner_.data(), sizeof inner_);
  OPENSSL_cleanse(outer_.data(), sizeof outer_);
}

std::array<std::byte, sha1_bytes> hmac_sha1::code_of(std::span<const std::byte> message,
                                                     std::uint32_t tail) const noexcept {
  const std::size_t whole = message.size() / block_bytes * block_bytes;
  const std::size_t rest = message.size() - whole;
  SHA_CTX state = resume(inner_);
  if (whole != 0) absorb(state, message.data(), whole);

  // The rest, the tail, the bit that ends a message, zeros, and the length: SHA1_Final would do it in steps.
  std::array<std::byte, 2 * block_bytes> last{};
  if (rest != 0) std::memcpy(last.data(), message.data() + whole, rest);
  store_u32(last.data() + rest, tail);
  last[rest + 4] = std::byte{0x80};
  const std::size_t end = rest + 4 + 1 + 8 <= block_bytes ? block_bytes : 2 * block_bytes;
  store_length(last.data() + end, message.size() + 4);
  absorb(state, last.data(), end);

  std::array<std::byte, block_bytes> digest{};
  store(state, digest.data());
  digest[sha1_bytes] = std::byte{0x80};
  store_length(digest.data() + digest.size(), sha1_bytes);
  state = resume(outer_);
  absorb(state, digest.data(), digest.size());
  std::array<std::byte, sha1_bytes> code;
  store(state, code.data());
  return code;
}

}  // namespace parley::srtp::detail
