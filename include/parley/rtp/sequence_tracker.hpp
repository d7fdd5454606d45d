#pragma once

#include <parley/base/api.hpp>

#include <cstdint>

namespace parley::rtp {

/// Follows the sequence numbers of one source: extends them beyond 16 bits, tells loss from reordering,
/// duplicates and restarts (RFC 3550 A.1), and counts what A.3 needs.
///
///  state      packet                                      verdict     next
///  unheard    any                                         probation   probation (valid where one is enough)
///  probation  the next number, the last one needed        in_order    valid, counting starts here
///  probation  the next number                             probation   probation
///  probation  any other                                   probation   probation, from the start
///  valid      up to 2999 ahead                            in_order    valid
///  valid      up to 99 behind, not seen                   late        valid
///  valid      seen already                                duplicate   valid
///  valid      further away                                jump        valid, its successor is remembered
///  valid      the successor of a jump                     restarted   valid, counting starts again
///
/// An object of 56 bytes without allocation; the common packet takes a dozen instructions.
class sequence_tracker {
 public:
  enum class verdict : std::uint8_t { probation, in_order, late, duplicate, jump, restarted };

  /// RFC 3550 A.1's MAX_DROPOUT and MAX_MISORDER, and its MIN_SEQUENTIAL.
  static constexpr std::uint16_t max_dropout = 3000;
  static constexpr std::uint16_t max_misorder = 100;
  static constexpr std::uint8_t default_probation = 2;

  /// What one packet was, and its number without wrapping. Before the first packet that counts, and after a
  /// restart, numbering begins with the 16 bits of the wire; a late packet may then have a number below zero.
  struct sighting {
    enum verdict verdict;
    std::int64_t extended;

    /// True for a packet that belongs to the stream and was not there before: use it.
    bool usable() const noexcept {
      return verdict == verdict::in_order || verdict == verdict::late || verdict == verdict::restarted;
    }
  };

  /// `probation`: how many packets in a row make a source valid. 0 and 1 take the first one.
  explicit sequence_tracker(std::uint8_t probation = default_probation) noexcept
      : min_sequential_(probation == 0 ? std::uint8_t{1} : probation), probation_(min_sequential_) {}

  /// Whether the source has passed its probation.
  bool valid() const noexcept { return heard_ && probation_ == 0; }

  /// The highest number, as report blocks carry it: cycles in the upper 16 bits. 0 before `valid()`.
  std::uint32_t highest() const noexcept { return valid() ? static_cast<std::uint32_t>(max_) : 0; }
  std::int64_t highest_extended() const noexcept { return max_; }

  /// How many packets there were between the first and the highest, both included (RFC 3550 A.3).
  std::uint64_t expected() const noexcept {
    return valid() ? static_cast<std::uint64_t>(max_ - base_) + 1 : 0;
  }
  /// How many came; late ones and duplicates count, as 6.4.1 wants it.
  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t duplicates() const noexcept { return duplicates_; }
  /// Expected without received, which duplicates make smaller, even negative (RFC 3550 6.4.1).
  std::int64_t lost() const noexcept {
    return static_cast<std::int64_t>(expected()) - static_cast<std::int64_t>(received_);
  }

  /// Takes note of a packet.
  sighting handle_packet(std::uint16_t sequence) noexcept {
    const auto ahead = static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(max_));
    if (probation_ == 0 && ahead - 1U < max_dropout - 1U) {
      advance(ahead);
      ++received_;
      return {verdict::in_order, max_};
    }
    return handle_unusual(sequence, ahead);
  }

 private:
  PARLEY_API sighting handle_unusual(std::uint16_t sequence, std::uint16_t ahead) noexcept;
  void start(std::uint16_t sequence) noexcept;

  void advance(std::uint16_t by) noexcept {
    max_ += by;
    if (by < 64) {
      seen_high_ = seen_high_ << by | seen_low_ >> (64U - by);
      seen_low_ = seen_low_ << by | 1U;
    } else {
      seen_high_ = by < 128 ? seen_low_ << (by - 64U) : 0;
      seen_low_ = 1;
    }
  }

  std::int64_t max_ = 0;
  std::int64_t base_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t duplicates_ = 0;
  // Bit n of the two, low first: whether the packet n below the highest has been here.
  std::uint64_t seen_low_ = 0;
  std::uint64_t seen_high_ = 0;
  std::uint32_t bad_ = no_bad;
  std::uint8_t min_sequential_;
  std::uint8_t probation_;
  bool heard_ = false;

  static constexpr std::uint32_t no_bad = 0x10000;
};

}  // namespace parley::rtp
