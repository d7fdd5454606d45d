#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::sip {

/// Which counts have been used with which nonces: replay protection in fixed memory (RFC 7616 5.5).
///
/// Nonces are known by numbers that rise with each one issued. The table holds the newest ones that were
/// used; what it had to forget it refuses from then on, so forgetting never lets a replay through. Of each
/// nonce the highest count and the 63 below it are told apart, so requests may overtake each other that far.
class nonce_table {
 public:
  enum class use : std::uint8_t {
    fresh,
    repeated,   ///< this count was used, or is more than 63 below the highest that was
    forgotten,  ///< the nonce is older than one that has been dropped
  };

  /// Room for `capacity` nonces, at least one.
  PARLEY_API explicit nonce_table(std::size_t capacity);

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return ring_.size(); }

  /// What `take` would answer.
  PARLEY_API use look(std::uint64_t nonce, std::uint32_t count) const noexcept;

  /// Marks `count` as used with `nonce`, if it is fresh. A full table drops its oldest nonce for a new one.
  PARLEY_API use take(std::uint64_t nonce, std::uint32_t count) noexcept;

  /// Drops the nonces before `oldest`, and refuses them from now on. For those whose lifetime is over.
  PARLEY_API void drop_before(std::uint64_t oldest) noexcept;

 private:
  struct entry {
    std::uint64_t nonce = 0;
    std::uint64_t seen = 0;  ///< bit i stands for the count `highest - i`
    std::uint32_t highest = 0;
  };

  static use look(const entry& of, std::uint32_t count) noexcept;
  entry& at(std::size_t index) noexcept { return ring_[(head_ + index) % ring_.size()]; }
  const entry& at(std::size_t index) const noexcept { return ring_[(head_ + index) % ring_.size()]; }
  std::size_t lower_bound(std::uint64_t nonce) const noexcept;
  void drop_oldest() noexcept;

  /// Entries in order of their nonces, the oldest at `head_`. Nonces are first used much in the order of
  /// their issue, so a new one goes to the end or close to it.
  std::vector<entry> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::uint64_t forgotten_ = 0;  ///< the newest nonce that was dropped
};

}  // namespace parley::sip
