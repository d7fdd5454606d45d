#include <parley/sip/nonce_table.hpp>

#include <algorithm>

namespace parley::sip {
namespace {

constexpr std::uint32_t window = 64;

}  // namespace

nonce_table::nonce_table(std::size_t capacity) : ring_(std::max<std::size_t>(capacity, 1)) {}

nonce_table::use nonce_table::look(const entry& of, std::uint32_t count) noexcept {
  if (count > of.highest) return use::fresh;
  const std::uint32_t below = of.highest - count;
  return below < window && (of.seen >> below & 1U) == 0 ? use::fresh : use::repeated;
}

std::size_t nonce_table::lower_bound(std::uint64_t nonce) const noexcept {
  std::size_t low = 0;
  std::size_t high = size_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (at(middle).nonce < nonce) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

nonce_table::use nonce_table::look(std::uint64_t nonce, std::uint32_t count) const noexcept {
  if (nonce <= forgotten_) return use::forgotten;
  const std::size_t index = lower_bound(nonce);
  return index < size_ && at(index).nonce == nonce ? look(at(index), count) : use::fresh;
}

nonce_table::use nonce_table::take(std::uint64_t nonce, std::uint32_t count) noexcept {
  if (nonce <= forgotten_) return use::forgotten;
  std::size_t index = lower_bound(nonce);
  if (index < size_ && at(index).nonce == nonce) {
    entry& known = at(index);
    if (look(known, count) == use::repeated) return use::repeated;
    if (count > known.highest) {
      const std::uint32_t up = count - known.highest;
      known.seen = (up < window ? known.seen << up : 0) | 1U;
      known.highest = count;
    } else {
      known.seen |= std::uint64_t{1} << (known.highest - count);
    }
    return use::fresh;
  }
  if (size_ == ring_.size()) {
    if (index == 0) {
      // Older than all others: it is the one to forget, and this was its only use.
      forgotten_ = nonce;
      return use::fresh;
    }
    drop_oldest();
    --index;
  }
  for (std::size_t i = size_; i > index; --i) at(i) = at(i - 1);
  at(index) = {nonce, 1, count};
  ++size_;
  return use::fresh;
}

void nonce_table::drop_oldest() noexcept {
  forgotten_ = at(0).nonce;
  head_ = (head_ + 1) % ring_.size();
  --size_;
}

void nonce_table::drop_before(std::uint64_t oldest) noexcept {
  while (size_ > 0 && at(0).nonce < oldest) drop_oldest();
  if (oldest > 0) forgotten_ = std::max(forgotten_, oldest - 1);
}

}  // namespace parley::sip
