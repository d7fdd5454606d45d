#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace parley::net {

/// The operating system's generator, fit for keys. It fetches 512 bytes at a time, so that a branch or a tag
/// costs no system call of its own, and wipes each byte as it is handed out.
///
/// One shard's thread only. After fork() the child makes a source of its own: the bytes fetched before are
/// the parent's too.
class PARLEY_API system_random final : public base::random_source {
 public:
  /// *Errors:* throws `std::system_error` where the system has no generator; a program cannot go on safely
  /// without one. Afterwards nothing fails.
  system_random();
  ~system_random() override;

  void fill(std::span<std::byte> out) noexcept override;

 private:
  std::array<std::byte, 512> fetched_{};
  std::size_t used_ = 0;
};

}  // namespace parley::net
