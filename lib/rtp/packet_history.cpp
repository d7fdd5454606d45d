#include <parley/rtp/packet.hpp>
#include <parley/rtp/packet_history.hpp>

#include <algorithm>
#include <bit>

namespace parley::rtp {
namespace {

std::uint16_t number_of(const base::packet_buffer& packet) noexcept {
  return octets::load_u16(packet.data() + 2);
}

}  // namespace

packet_history::packet_history(std::size_t capacity)
    : slots_(std::bit_ceil(std::clamp<std::size_t>(capacity, 1, 32768))) {}

bool packet_history::insert(const base::packet_buffer& packet) noexcept {
  if (!packet_view::parse(packet.bytes())) return false;
  const std::uint16_t number = number_of(packet);
  base::packet_buffer& slot = slots_[number % slots_.size()];
  if (slot) {
    const auto ahead = static_cast<std::uint16_t>(number - number_of(slot));
    if (ahead == 0 || ahead >= 0x8000) return false;
  }
  slot = packet;
  return true;
}

const base::packet_buffer* packet_history::find(std::uint16_t sequence_number) const noexcept {
  const base::packet_buffer& slot = slots_[sequence_number % slots_.size()];
  return slot && number_of(slot) == sequence_number ? &slot : nullptr;
}

void packet_history::clear() noexcept {
  for (base::packet_buffer& slot : slots_) slot.reset();
}

}  // namespace parley::rtp
