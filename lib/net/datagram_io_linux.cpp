#if defined(__linux__) && !defined(PARLEY_PORTABLE_DATAGRAMS)

#include "net/detail/datagram_io.hpp"
#include "net/detail/datagram_slot.hpp"
#include "net/detail/sockaddr.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <vector>

namespace parley::net::detail {
namespace {

base::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

struct datagram_receiver::state {
  state(base::buffer_pool& p, std::size_t batch)
      : pool(p),
        spills(std::make_unique_for_overwrite<std::byte[]>(batch * datagram_slot::spill_bytes)),
        slots(batch),
        headers(batch),
        vectors(batch),
        names(batch) {
    for (std::size_t i = 0; i < batch; ++i) {
      slots[i].spill = spills.get() + i * datagram_slot::spill_bytes;
      vectors[i][1] = {slots[i].spill, datagram_slot::spill_bytes};
      headers[i].msg_hdr.msg_name = &names[i];
      headers[i].msg_hdr.msg_iov = vectors[i].data();
      headers[i].msg_hdr.msg_iovlen = 2;
    }
  }

  void prepare(std::size_t i) noexcept {
    datagram_slot& s = slots[i];
    s.refill(pool);
    vectors[i][0] = {s.buffer.mutable_data(), s.head_capacity()};
    headers[i].msg_hdr.msg_namelen = sizeof(ip_sockaddr);
  }

  base::buffer_pool& pool;
  std::unique_ptr<std::byte[]> spills;
  std::vector<datagram_slot> slots;
  std::vector<mmsghdr> headers;
  std::vector<std::array<iovec, 2>> vectors;
  std::vector<ip_sockaddr> names;
  std::size_t used = static_cast<std::size_t>(-1);  // slots to prepare again, counted from the first
};

datagram_receiver::datagram_receiver(base::buffer_pool& pool, std::size_t batch)
    : state_(std::make_unique<state>(pool, std::max<std::size_t>(batch, 1))) {}
datagram_receiver::~datagram_receiver() = default;

std::size_t datagram_receiver::receive(asio::ip::udp::socket& socket, base::error_code& error) {
  state& s = *state_;
  for (std::size_t i = 0, n = std::min(s.used, s.slots.size()); i < n; ++i) s.prepare(i);
  s.used = 0;
  error = {};
  int n = 0;
  do {
    n = ::recvmmsg(socket.native_handle(), s.headers.data(), static_cast<unsigned>(s.headers.size()),
                   MSG_DONTWAIT, nullptr);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    error = last_error();
    return 0;
  }
  s.used = static_cast<std::size_t>(n);
  for (std::size_t i = 0; i < s.used; ++i) s.slots[i].size = s.headers[i].msg_len;
  return s.used;
}

std::size_t datagram_receiver::size(std::size_t slot) const noexcept { return state_->slots[slot].size; }
base::socket_address datagram_receiver::from(std::size_t slot) const noexcept {
  return read_sockaddr(state_->names[slot]);
}
std::span<const std::byte> datagram_receiver::head(std::size_t slot) const noexcept {
  return state_->slots[slot].head();
}
base::packet_buffer datagram_receiver::take(std::size_t slot) noexcept {
  return state_->slots[slot].take(state_->pool);
}

struct datagram_sender::state {
  explicit state(std::size_t batch) : headers(batch), vectors(batch), names(batch) {
    for (std::size_t i = 0; i < batch; ++i) {
      headers[i].msg_hdr.msg_name = &names[i];
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }

  std::vector<mmsghdr> headers;
  std::vector<iovec> vectors;
  std::vector<ip_sockaddr> names;
};

datagram_sender::datagram_sender(std::size_t batch)
    : state_(std::make_unique<state>(std::max<std::size_t>(batch, 1))) {}
datagram_sender::~datagram_sender() = default;

std::size_t datagram_sender::send(asio::ip::udp::socket& socket, std::span<const sip::outgoing> messages,
                                  base::error_code& error) noexcept {
  state& s = *state_;
  const std::size_t count = std::min(messages.size(), s.headers.size());
  for (std::size_t i = 0; i < count; ++i) {
    const sip::outgoing& m = messages[i];
    s.headers[i].msg_hdr.msg_namelen = static_cast<socklen_t>(write_sockaddr(m.to.remote, s.names[i]));
    // sendmsg does not write to what the vector points at.
    s.vectors[i] = {const_cast<std::byte*>(m.data.data()), m.data.size()};
  }
  error = {};
  const int fd = socket.native_handle();
  while (true) {
    if (count == 1) {
      const msghdr& h = s.headers[0].msg_hdr;
      if (::sendto(fd, s.vectors[0].iov_base, s.vectors[0].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL,
                   &s.names[0].any, h.msg_namelen) >= 0) {
        return 1;
      }
    } else {
      // An error behind the first message is not reported: the next call meets it again, at its front.
      const int n =
          ::sendmmsg(fd, s.headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) return static_cast<std::size_t>(n);
    }
    if (errno != EINTR) break;
  }
  error = last_error();
  return 0;
}

double receive_backlog(asio::ip::udp::socket& socket) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return 0;
  const std::uint32_t room = memory[SK_MEMINFO_RCVBUF];
  return room == 0 ? 0 : static_cast<double>(memory[SK_MEMINFO_RMEM_ALLOC]) / room;
}

}  // namespace parley::net::detail

#endif
