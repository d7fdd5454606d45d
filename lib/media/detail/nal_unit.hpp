#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// NAL units of H.264 (ITU-T H.264 7.3.1, Annex B).

namespace parley::media::detail {

enum class nal_type : std::uint8_t {
  slice = 1,
  idr_slice = 5,
  sequence_parameters = 7,
  picture_parameters = 8,
  sequence_extension = 13,
  subset_sequence_parameters = 15,
  stap_a = 24,  // RFC 6184 5.4 from here on
  fu_a = 28,
};

constexpr nal_type nal_type_of(std::byte header) noexcept {
  return static_cast<nal_type>(std::to_integer<unsigned>(header) & 31U);
}

/// Takes the units of a byte stream one after the other. Zeros around them belong to the stream.
class nal_stream {
 public:
  explicit nal_stream(std::span<const std::byte> stream) noexcept : rest_(stream) {
    const std::size_t at = find_start_code();
    clean_ = at != rest_.size();
    for (std::size_t i = 0; i < at; ++i) clean_ = clean_ && rest_[i] == std::byte{0};
    rest_ = clean_ ? rest_.subspan(at + 3) : rest_.first(0);
  }

  /// Whether the stream begins with a start code.
  bool clean() const noexcept { return clean_; }

  /// The next unit, which is not empty; nothing at the end.
  std::optional<std::span<const std::byte>> next() noexcept {
    while (!rest_.empty()) {
      const std::size_t at = find_start_code();
      auto unit = rest_.first(at);
      rest_ = at != rest_.size() ? rest_.subspan(at + 3) : rest_.last(0);
      while (!unit.empty() && unit.back() == std::byte{0}) unit = unit.first(unit.size() - 1);
      if (!unit.empty()) return unit;
    }
    return std::nullopt;
  }

 private:
  /// Where 0, 0, 1 stands next, or the end.
  std::size_t find_start_code() const noexcept {
    // The third byte tells how far the next place is at which the code may begin.
    for (std::size_t i = 2; i < rest_.size();) {
      if (rest_[i] > std::byte{1}) {
        i += 3;
      } else if (rest_[i] == std::byte{1}) {
        if (rest_[i - 1] == std::byte{0} && rest_[i - 2] == std::byte{0}) return i - 2;
        i += 3;
      } else {
        ++i;
      }
    }
    return rest_.size();
  }

  std::span<const std::byte> rest_;
  bool clean_ = false;
};

}  // namespace parley::media::detail
