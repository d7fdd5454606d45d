#pragma once

#include <parley/base/random_source.hpp>

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

namespace parley::base {

/// The secret of a table: whoever does not know it cannot choose inputs that collide.
struct siphash_key {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;

  static siphash_key from(random_source& random) noexcept {
    const std::uint64_t k0 = random.u64();
    return {k0, random.u64()};
  }
};

/// A hash of 128 bits: wide enough that equal hashes may be taken for equal inputs.
struct hash128 {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;

  friend constexpr bool operator==(const hash128&, const hash128&) noexcept = default;
  friend constexpr auto operator<=>(const hash128&, const hash128&) noexcept = default;
};

/// Which of the two published functions a `siphasher` computes.
enum class siphash_output : std::uint8_t { bits64, bits128 };

/// SipHash-2-4 (Aumasson and Bernstein), fed in pieces: a keyed hash for tables whose keys strangers choose.
///
/// It hashes the concatenation of the pieces, so "ab", "c" and "a", "bc" are the same input; where several
/// fields make one key, give each with `update_sized`, or put between them what cannot occur in them.
///
/// The published 64- and 128-bit functions start differently, so the constructor is told which one is wanted.
/// Both `finish` functions work on either: `finish64()` is the lower half of `finish128()`. Only `finish64`
/// of `bits64` and `finish128` of `bits128` equal the published function; the others are as good a hash.
class siphasher {
 public:
  explicit siphasher(const siphash_key& key, siphash_output output = siphash_output::bits64) noexcept
      : state_{key.k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU, key.k0 ^ 0x6c7967656e657261U,
               key.k1 ^ 0x7465646279746573U},
        final_mark_(output == siphash_output::bits128 ? 0xEEU : 0xFFU) {
    if (output == siphash_output::bits128) state_.v1 ^= 0xEEU;
  }

  void update(std::string_view piece) noexcept { absorb(piece.data(), piece.size()); }
  void update(std::span<const std::byte> piece) noexcept {
    absorb(reinterpret_cast<const char*>(piece.data()), piece.size());
  }

  /// Eight bytes, the lowest first.
  void update(std::uint64_t word) noexcept {
    take_word(word);
    length_ += 8;
  }

  /// The length, then the bytes: keeps a field apart from the next.
  void update_sized(std::string_view piece) noexcept {
    update(std::uint64_t{piece.size()});
    update(piece);
  }

  /// The hash of what has been given so far; more may follow.
  std::uint64_t finish64() const noexcept {
    state s = state_;
    return finish_low(s);
  }

  hash128 finish128() const noexcept {
    state s = state_;
    hash128 out;
    out.lo = finish_low(s);
    s.v1 ^= 0xDDU;
    s.rounds<4>();
    out.hi = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return out;
  }

 private:
  struct state {
    std::uint64_t v0, v1, v2, v3;

    template <int Count>
    void rounds() noexcept {
      for (int i = 0; i < Count; ++i) {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = std::rotl(v1, 17) ^ v2;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 = std::rotl(v2, 32);
      }
    }

    void compress(std::uint64_t word) noexcept {
      v3 ^= word;
      rounds<2>();
      v0 ^= word;
    }
  };

  static std::uint64_t load_word(const char* bytes) noexcept {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&word, bytes, sizeof word);
    } else {
      word = load_part(bytes, 8);
    }
    return word;
  }

  static std::uint64_t load_part(const char* bytes, std::size_t n) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8U * i);
    }
    return word;
  }

  unsigned pending_bits() const noexcept { return static_cast<unsigned>(length_ % 8) * 8U; }

  // Takes a whole word behind the pending bytes; the number of pending bytes stays the same.
  void take_word(std::uint64_t word) noexcept {
    const unsigned shift = pending_bits();
    if (shift == 0) {
      state_.compress(word);
    } else {
      state_.compress(pending_ | word << shift);
      pending_ = word >> (64U - shift);
    }
  }

  void absorb(const char* bytes, std::size_t n) noexcept {
    const std::size_t words = n / 8;
    for (std::size_t i = 0; i < words; ++i) take_word(load_word(bytes + 8 * i));
    const std::size_t left = n % 8;
    if (left != 0) {
      const std::uint64_t part = load_part(bytes + 8 * words, left);
      const unsigned shift = pending_bits();
      pending_ |= part << shift;
      if (shift + 8U * left >= 64U) {
        state_.compress(pending_);
        pending_ = shift == 0 ? 0 : part >> (64U - shift);
      }
    }
    length_ += n;
  }

  std::uint64_t finish_low(state& s) const noexcept {
    s.compress(pending_ | length_ << 56U);
    s.v2 ^= final_mark_;
    s.rounds<4>();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
  }

  state state_;
  std::uint64_t pending_ = 0;  // the last length_ % 8 bytes, the first of them lowest
  std::uint64_t length_ = 0;
  std::uint64_t final_mark_;
};

/// The hash of one piece, as published.
inline std::uint64_t siphash64(const siphash_key& key, std::string_view input) noexcept {
  siphasher h(key);
  h.update(input);
  return h.finish64();
}

/// The same with 128 bits.
inline hash128 siphash128(const siphash_key& key, std::string_view input) noexcept {
  siphasher h(key, siphash_output::bits128);
  h.update(input);
  return h.finish128();
}

}  // namespace parley::base

/// The bits are random already.
template <>
struct std::hash<parley::base::hash128> {
  std::size_t operator()(const parley::base::hash128& h) const noexcept {
    return static_cast<std::size_t>(h.lo);
  }
};
