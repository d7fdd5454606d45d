#include <parley/rtp/fec_receiver.hpp>
#include <parley/rtp/flexfec.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/ulpfec.hpp>

#include <algorithm>

namespace parley::rtp {

fec_receiver::fec_receiver(base::buffer_pool& pool, std::uint32_t ssrc, const fec_receiver_limits& limits)
    : pool_(pool),
      ssrc_(ssrc),
      history_(limits.packets),
      max_repairs_(std::max<std::size_t>(limits.repairs, 1)),
      recovered_(max_repairs_) {
  repairs_.reserve(max_repairs_);
}

bool fec_receiver::complete(const fec_repair& repair) const noexcept {
  bool all = true;
  repair.for_each([&](std::uint16_t number) { all = all && history_.find(number) != nullptr; });
  return all;
}

bool fec_receiver::try_one(const fec_repair& repair) {
  if (complete(repair)) return true;
  if (recovered_.full()) return false;
  std::optional<base::packet_buffer> packet = recover(repair, history_, ssrc_, pool_);
  // What is older than the packets that are kept is of no use to anybody.
  if (!packet || !history_.insert(*packet)) return false;
  static_cast<void>(recovered_.push(std::move(*packet)));
  return true;
}

void fec_receiver::try_all() {
  for (bool again = true; again;) {
    again = std::erase_if(repairs_, [this](const waiting& w) { return try_one(w.repair); }) != 0;
  }
}

void fec_receiver::add(const base::packet_buffer& bytes, const fec_repair& repair) {
  if (repairs_.size() == max_repairs_) repairs_.erase(repairs_.begin());
  repairs_.push_back({bytes, repair});
  try_all();
}

void fec_receiver::handle_media(const base::packet_buffer& packet) {
  const parsed<packet_view> view = packet_view::parse(packet.bytes());
  if (!view || view->ssrc() != ssrc_ || !history_.insert(packet)) return;
  const std::uint16_t number = view->sequence_number();
  if (std::any_of(repairs_.begin(), repairs_.end(),
                  [number](const waiting& w) { return w.repair.levels[0].protects(number); })) {
    try_all();
  }
}

parsed<void> fec_receiver::handle_ulpfec(const base::packet_buffer& payload) {
  const parsed<fec_repair> repair = parse_ulpfec(payload.bytes());
  if (!repair) return repair.error();
  add(payload, *repair);
  return {};
}

parsed<void> fec_receiver::handle_flexfec(const base::packet_buffer& packet) {
  const parsed<packet_view> view = packet_view::parse(packet.bytes());
  if (!view) return view.error();
  if (is_flexfec_retransmission(view->payload())) {
    const base::packet_buffer inner = packet.slice(view->header_size(), view->payload().size());
    const parsed<packet_view> original = packet_view::parse(inner.bytes());
    if (!original) return original.error();
    if (original->ssrc() == ssrc_ && !recovered_.full() && history_.insert(inner)) {
      static_cast<void>(recovered_.push(inner));
      try_all();
    }
    return {};
  }
  const parsed<fec_repair> repair = parse_flexfec(*view);
  if (!repair) return repair.error();
  add(packet, *repair);
  return {};
}

base::packet_buffer fec_receiver::poll_recovered() {
  const bool full = recovered_.full();
  std::optional<base::packet_buffer> packet = recovered_.pop();
  if (!packet) return {};
  if (full) try_all();
  return std::move(*packet);
}

}  // namespace parley::rtp
