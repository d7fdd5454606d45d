#include <parley/rtp/sequence_tracker.hpp>

namespace parley::rtp {

void sequence_tracker::start(std::uint16_t sequence) noexcept {
  base_ = max_ = sequence;
  received_ = 1;
  duplicates_ = 0;
  seen_low_ = 1;
  seen_high_ = 0;
  bad_ = no_bad;
}

sequence_tracker::sighting sequence_tracker::handle_unusual(std::uint16_t sequence,
                                                            std::uint16_t ahead) noexcept {
  if (probation_ != 0) {
    // RFC 3550 A.1: numbers in a row make a source valid; a gap begins the count anew.
    probation_ = static_cast<std::uint8_t>((heard_ && ahead == 1 ? probation_ : min_sequential_) - 1);
    heard_ = true;
    max_ = sequence;
    if (probation_ != 0) return {verdict::probation, max_};
    start(sequence);
    return {verdict::in_order, max_};
  }
  const auto behind = static_cast<std::uint16_t>(-ahead);
  if (behind >= max_misorder) {
    // RFC 3550 A.1: two packets in a row from elsewhere are a source that started again.
    if (sequence == bad_) {
      start(sequence);
      return {verdict::restarted, max_};
    }
    bad_ = (sequence + 1U) & 0xFFFFU;
    return {verdict::jump, sequence};
  }
  ++received_;
  std::uint64_t& seen = behind < 64 ? seen_low_ : seen_high_;
  const std::uint64_t bit = std::uint64_t{1} << (behind % 64U);
  const std::int64_t extended = max_ - behind;
  if ((seen & bit) != 0) {
    ++duplicates_;
    return {verdict::duplicate, extended};
  }
  seen |= bit;
  return {verdict::late, extended};
}

}  // namespace parley::rtp
