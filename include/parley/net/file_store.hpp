#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/byte_store.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace parley::net {

/// A file as a `media::byte_store`. Its functions wait for the disk: for a phone's one or two sounds that is
/// nothing, a server with many reads and writes on a thread of its own.
class PARLEY_API file_store final : public media::byte_store {
 public:
  /// A file that is there, for reading. *Errors:* the system's.
  static base::result<file_store> open(const std::string& path);
  /// An empty file, for writing and reading; what there was under that name is gone. Its owner and his group
  /// may read it. *Errors:* the system's.
  static base::result<file_store> create(const std::string& path);

  file_store(file_store&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  file_store& operator=(file_store&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(size_, other.size_);
    return *this;
  }
  file_store(const file_store&) = delete;
  file_store& operator=(const file_store&) = delete;
  ~file_store() override;

  std::uint64_t size() const noexcept override { return size_; }
  /// *Errors:* the system's.
  base::result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) noexcept override;
  /// *Errors:* the system's.
  base::result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept override;

 private:
  file_store(int descriptor, std::uint64_t size) noexcept : descriptor_(descriptor), size_(size) {}
  static base::result<file_store> open(const std::string& path, int flags);

  int descriptor_;
  std::uint64_t size_;
};

}  // namespace parley::net
