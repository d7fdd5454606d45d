#pragma once

#include <parley/base/api.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::transaction {

/// A short text that holds itself: a branch or a tag.
class branch {
 public:
  branch() noexcept = default;

  std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  friend class branch_format;

  std::array<char, 48> text_{};
  std::uint8_t size_ = 0;
};

/// How this library's branches read: cookie, shard, a number that nobody can guess, and a mark of the user's.
///
///     z9hG4bK-1-0123456789abcdef-89abcdef
class branch_format {
 public:
  /// What a branch is made of.
  struct fields {
    std::uint16_t shard = 0;
    std::uint64_t number = 0;
    std::uint32_t mark = 0;
  };

  PARLEY_API static branch write(const fields& fields) noexcept;
  /// A tag of that number: sixteen hexadecimal digits.
  PARLEY_API static branch write_tag(std::uint64_t number) noexcept;
  /// What stands in a branch of this library's, nothing where it is somebody else's.
  PARLEY_API static std::optional<fields> read(std::string_view branch) noexcept;
};

}  // namespace parley::transaction
