#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::media {

/// Bytes that are read and written at any place: a file, for what knows none. Whoever has files implements
/// it, with pread and pwrite for instance.
class PARLEY_API byte_store {
 public:
  byte_store() = default;
  byte_store(const byte_store&) = default;
  byte_store(byte_store&&) = default;
  byte_store& operator=(const byte_store&) = default;
  byte_store& operator=(byte_store&&) = default;
  virtual ~byte_store() = default;

  virtual std::uint64_t size() const noexcept = 0;

  /// Fills `out` from `offset` on and returns how many bytes that gave; fewer only where the store ends.
  /// *Errors:* the implementation's own.
  virtual base::result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) noexcept = 0;

  /// Writes all of `bytes` from `offset` on. The store grows where it must; a gap behind its end is zeros.
  /// *Errors:* the implementation's own, for a full disk or a limit; nothing is known of what was written.
  virtual base::result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept = 0;
};

/// A store in memory, which grows up to a limit.
class PARLEY_API memory_store final : public byte_store {
 public:
  static constexpr std::size_t default_limit = std::size_t{64} << 20U;

  /// Begins with `bytes`; `limit` bounds what writing makes of them.
  explicit memory_store(std::vector<std::byte> bytes = {}, std::size_t limit = default_limit) noexcept
      : bytes_(std::move(bytes)), limit_(limit) {}

  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  std::uint64_t size() const noexcept override { return bytes_.size(); }

  base::result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) noexcept override;

  /// *Errors:* `errc::limit_reached` for more than the limit and where there is no memory; nothing has
  /// changed then.
  base::result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept override;

 private:
  std::vector<std::byte> bytes_;
  std::size_t limit_;
};

}  // namespace parley::media
