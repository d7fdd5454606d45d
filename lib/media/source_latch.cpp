#include <parley/media/source_latch.hpp>

#include <chrono>

namespace parley::media {
namespace {

constexpr base::duration longest_pause = std::chrono::milliseconds(500);

/// An address under which a peer can't be seen from elsewhere, so that what arrives must have another.
bool is_behind_nat(const base::ip_address& ip) noexcept { return ip.is_private() || ip.is_link_local(); }

}  // namespace

void source_latch::expect(const expected_source& expected) noexcept {
  if (expected == expected_) return;
  expected_ = expected;
  forget();
}

void source_latch::forget() noexcept {
  source_ = {};
  rank_ = 0;
  in_a_row_ = 0;
  candidate_ = {};
}

const base::socket_address& source_latch::destination() const noexcept {
  const bool learned = source_.port != 0 && expected_.learning != source_learning::signalled;
  return learned ? source_ : expected_.signalled;
}

std::uint8_t source_latch::rank_of(const base::socket_address& from) const noexcept {
  if (from.port == 0) return 0;
  if (expected_.authenticated) return 4;
  if (expected_.signalled.port != 0 && from == expected_.signalled) return 3;
  const bool named = expected_.signalled.port != 0 && !expected_.signalled.ip.is_unspecified();
  if ((named && from.ip == expected_.signalled.ip) || from.ip == expected_.seen) return 2;
  const bool nothing_better = !expected_.seen && is_behind_nat(expected_.signalled.ip);
  const bool anyone =
      expected_.anywhere || expected_.handover || expected_.learning == source_learning::signalled;
  return nothing_better || anyone ? 1 : 0;
}

bool source_latch::may_accept_another(base::time_point now, const base::socket_address& from) const noexcept {
  const std::uint8_t rank = rank_of(from);
  if (rank == 0) return false;
  if (rank > rank_ || expected_.handover) return true;
  return rank == 4 && now - last_ >= longest_pause;
}

bool source_latch::handle_another(base::time_point now, const base::socket_address& from,
                                  std::uint32_t stream, std::uint16_t sequence) noexcept {
  if (!may_accept_another(now, from)) return false;
  const std::uint8_t rank = rank_of(from);
  if (rank == 1 && expected_.learning != source_learning::immediate &&
      !proves_itself(now, from, stream, sequence)) {
    return false;
  }
  source_ = from;
  rank_ = rank;
  last_ = now;
  in_a_row_ = 0;
  return true;
}

bool source_latch::proves_itself(base::time_point now, const base::socket_address& from, std::uint32_t stream,
                                 std::uint16_t sequence) noexcept {
  const bool same = in_a_row_ != 0 && from == candidate_;
  // Who is on probation can't be pushed out while it sends.
  if (!same && in_a_row_ != 0 && now - candidate_last_ < longest_pause) return false;
  const bool goes_on = same && stream == stream_ && sequence == next_;
  in_a_row_ = goes_on ? static_cast<std::uint8_t>(in_a_row_ + 1) : std::uint8_t{1};
  candidate_ = from;
  candidate_last_ = now;
  stream_ = stream;
  next_ = static_cast<std::uint16_t>(sequence + 1);
  return in_a_row_ >= needed_in_a_row;
}

}  // namespace parley::media
