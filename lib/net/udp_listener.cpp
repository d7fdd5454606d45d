#include "net/detail/udp_listener.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/stun/message_view.hpp>

#include "net/detail/binding_server.hpp"
#include "net/detail/listen_socket.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::net::detail {

using asio::ip::udp;

namespace {

// Some agents keep NAT bindings open with CRLFCRLF, CRLF, a null byte or nothing at all; none of it is for
// the owner.
bool is_keep_alive(std::span<const std::byte> head) noexcept {
  return head.size() <= 4 && std::all_of(head.begin(), head.end(), [](std::byte b) {
           return b == std::byte{'\r'} || b == std::byte{'\n'} || b == std::byte{0};
         });
}

}  // namespace

udp_listener::udp_listener(std::shared_ptr<transport_core> core, udp::socket socket, std::uint16_t index,
                           const base::socket_address& local)
    : core_(std::move(core)), socket_(std::move(socket)), local_(local), index_(index) {}

base::result<udp::socket> udp_listener::open(const asio::any_io_executor& executor,
                                             const listener_options& options) {
  return open_bound<udp::socket, udp>(executor, options);
}

void udp_listener::wait_readable() {
  socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const base::error_code& error) {
    self->handle_readable(error);
  });
}

void udp_listener::handle_readable(const base::error_code& error) {
  if (closed_ || error == asio::error::operation_aborted) return;
  const base::time_point now = steady_clock_source::now();
  {
    const transport_core::wake_up awake(*core_);
    const std::size_t batch = core_->limits().udp_batch;
    for (unsigned round = 0; round < core_->limits().udp_rounds; ++round) {
      base::error_code why;
      const std::size_t count = core_->receiver().receive(socket_, why);
      if (count == 0) {
        if (why != asio::error::would_block && why != asio::error::try_again) {
          ++core_->counters().datagram_receive_errors;
        }
        break;
      }
      ++core_->counters().datagram_receive_calls;
      deliver(now, count);
      if (!closed_) core_->end_batch(now);
      if (closed_) return;
      // A batch that is not full has emptied the socket; waiting tells of whatever came since.
      if (count < batch) break;
    }
  }
  wait_readable();
}

void udp_listener::deliver(base::time_point now, std::size_t count) {
  datagram_receiver& receiver = core_->receiver();
  transport_counters& counters = core_->counters();
  for (std::size_t i = 0; i < count && !closed_; ++i) {
    const std::span<const std::byte> head = receiver.head(i);
    if (is_keep_alive(head)) {
      ++counters.datagram_keep_alives;
    } else if (receiver.size(i) > core_->limits().message.message_bytes) {
      ++counters.datagrams_too_large;
    } else if (stun::is_stun(head)) {
      if (!handle_stun(now, receiver.from(i), head)) ++counters.datagrams_stun;
    } else if (base::packet_buffer message = receiver.take(i); !message) {
      ++counters.datagrams_no_buffer;
    } else {
      ++counters.datagrams_received;
      core_->handler().handle_message(now, {sip::transport::udp, index_, receiver.from(i), 0},
                                      std::move(message));
    }
  }
}

// A message that is larger than the head is cut, which its length then tells.
bool udp_listener::handle_stun(base::time_point now, const base::socket_address& from,
                               std::span<const std::byte> head) {
  const auto message = stun::message_view::parse(head);
  if (!message) return false;
  const sip::hop hop{sip::transport::udp, index_, from, 0};
  if (message->kind() == stun::message_class::success || message->kind() == stun::message_class::error) {
    return core_->pairs().handle_response(now, hop, *message);
  }
  // While the system takes nothing, SIP needs the queue.
  if (!core_->limits().answer_stun || blocked_) return false;
  std::array<std::byte, max_binding_answer> memory;
  const binding_answer answer = answer_binding(*message, from, memory);
  if (answer.bytes.empty()) return false;
  transport_counters& counters = core_->counters();
  ++counters.stun_requests;
  auto data = core_->pool().copy(answer.bytes);
  if (!data) {
    ++counters.datagrams_no_buffer;
    return true;
  }
  ++counters.stun_answers;
  if (answer.refused) ++counters.stun_refusals;
  send({hop, std::move(*data), 0});
  return true;
}

void udp_listener::send(sip::outgoing&& message) {
  if (message.to.remote.ip.is_v4() != local_.ip.is_v4()) {
    ++core_->counters().datagram_send_errors;
    core_->report_failure(message, errc::wrong_family);
    return;
  }
  // Only a blocked socket lets its queue grow so long. The oldest message is the one that helps least.
  if (queue_.size() - front_ >= core_->limits().udp_queue_messages) {
    ++core_->counters().datagram_queue_drops;
    drop_front(errc::queue_full);
  }
  if (front_ > 64 && front_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
  queue_.push_back(std::move(message));
  if (blocked_) return;
  if (queue_.size() - front_ >= core_->limits().udp_batch) {
    send_queued();
  } else if (!dirty_) {
    dirty_ = true;
    core_->mark_dirty(shared_from_this());
  }
}

void udp_listener::drop_front(base::error_code why) {
  sip::outgoing& dropped = queue_[front_++];
  core_->report_failure(dropped, why);
  dropped.data.reset();
}

void udp_listener::flush() {
  dirty_ = false;
  send_queued();
}

void udp_listener::send_queued() {
  if (closed_ || blocked_) return;
  while (front_ < queue_.size()) {
    base::error_code error;
    const std::size_t sent = core_->sender().send(socket_, std::span(queue_).subspan(front_), error);
    ++core_->counters().datagram_send_calls;
    core_->counters().datagrams_sent += sent;
    for (std::size_t i = 0; i < sent; ++i) queue_[front_++].data.reset();
    if (!error) continue;
    if (error == asio::error::would_block || error == asio::error::try_again) {
      wait_writable();
      return;
    }
    ++core_->counters().datagram_send_errors;
    drop_front(error);
  }
  queue_.clear();
  front_ = 0;
}

void udp_listener::wait_writable() {
  blocked_ = true;
  socket_.async_wait(udp::socket::wait_write, [self = shared_from_this()](const base::error_code& error) {
    self->blocked_ = false;
    if (!error) self->send_queued();
  });
}

void udp_listener::close() noexcept {
  closed_ = true;
  queue_.clear();
  front_ = 0;
  base::error_code ignored;
  socket_.close(ignored);
}

}  // namespace parley::net::detail
