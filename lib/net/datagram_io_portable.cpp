#if !defined(__linux__) || defined(PARLEY_PORTABLE_DATAGRAMS)

#include "net/detail/datagram_io.hpp"
#include "net/detail/datagram_slot.hpp"
#include "net/detail/sockaddr.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace parley::net::detail {

struct datagram_receiver::state {
  state(base::buffer_pool& p, std::size_t batch)
      : pool(p),
        spills(std::make_unique_for_overwrite<std::byte[]>(batch * datagram_slot::spill_bytes)),
        slots(batch),
        names(batch) {
    for (std::size_t i = 0; i < batch; ++i) slots[i].spill = spills.get() + i * datagram_slot::spill_bytes;
  }

  base::buffer_pool& pool;
  std::unique_ptr<std::byte[]> spills;
  std::vector<datagram_slot> slots;
  std::vector<asio::ip::udp::endpoint> names;
};

datagram_receiver::datagram_receiver(base::buffer_pool& pool, std::size_t batch)
    : state_(std::make_unique<state>(pool, std::max<std::size_t>(batch, 1))) {}
datagram_receiver::~datagram_receiver() = default;

std::size_t datagram_receiver::receive(asio::ip::udp::socket& socket, base::error_code& error) {
  state& s = *state_;
  std::size_t filled = 0;
  for (; filled < s.slots.size(); ++filled) {
    datagram_slot& slot = s.slots[filled];
    slot.refill(s.pool);
    const std::array<asio::mutable_buffer, 2> buffers{
        asio::mutable_buffer(slot.buffer.mutable_data(), slot.head_capacity()),
        asio::mutable_buffer(slot.spill, datagram_slot::spill_bytes)};
    slot.size = socket.receive_from(buffers, s.names[filled], 0, error);
    if (error) break;
  }
  if (filled != 0) error = {};
  return filled;
}

std::size_t datagram_receiver::size(std::size_t slot) const noexcept { return state_->slots[slot].size; }
base::socket_address datagram_receiver::from(std::size_t slot) const noexcept {
  return from_endpoint(state_->names[slot]);
}
std::span<const std::byte> datagram_receiver::head(std::size_t slot) const noexcept {
  return state_->slots[slot].head();
}
base::packet_buffer datagram_receiver::take(std::size_t slot) noexcept {
  return state_->slots[slot].take(state_->pool);
}

struct datagram_sender::state {};

datagram_sender::datagram_sender(std::size_t) {}
datagram_sender::~datagram_sender() = default;

std::size_t datagram_sender::send(asio::ip::udp::socket& socket, std::span<const sip::outgoing> messages,
                                  base::error_code& error) noexcept {
  std::size_t sent = 0;
  for (const sip::outgoing& m : messages) {
    socket.send_to(asio::const_buffer(m.data.data(), m.data.size()), to_endpoint<asio::ip::udp>(m.to.remote),
                   0, error);
    if (error) break;
    ++sent;
  }
  if (sent != 0) error = {};
  return sent;
}

double receive_backlog(asio::ip::udp::socket&) noexcept { return 0; }

}  // namespace parley::net::detail

#endif
