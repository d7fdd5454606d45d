#if defined(__linux__) && !defined(PARLEY_PORTABLE_DATAGRAMS)

#include <parley/net/clock.hpp>

#include "net/detail/rtp_backend.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::net {
namespace {

constexpr std::size_t receive_batch = 64;
constexpr std::size_t ready_batch = 256;
constexpr std::uint64_t wake_mark = ~std::uint64_t{0};

base::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

/// epoll says which ports have something; recvmmsg takes all of it, sendmmsg sends what leaves one port in a
/// row. In single-port mode that is one call of each for a whole batch.
class batches_backend final : public rtp_io::backend {
 public:
  batches_backend(rtp_handler& handler, const rtp_io_options& wanted)
      : backend(handler, wanted), sends_(options().batch), out_(options().batch) {
    for (std::size_t i = 0; i < receive_batch; ++i) {
      in_[i].msg_hdr.msg_name = &names_[i];
      in_[i].msg_hdr.msg_iov = &vectors_[i];
      in_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  ~batches_backend() override {
    if (epoll_ >= 0) ::close(epoll_);
    if (wake_ >= 0) ::close(wake_);
  }

  base::error_code start() override {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (epoll_ < 0 || wake_ < 0) return last_error();
    epoll_event event{EPOLLIN, {.u64 = wake_mark}};
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0 ? base::error_code() : last_error();
  }

  rtp_engine engine() const noexcept override { return rtp_engine::batches; }

  void flush() override {
    std::size_t done = 0;
    while (done < queued_) {
      std::size_t end = done + 1;
      while (end < queued_ && sends_[end].socket == sends_[done].socket) ++end;
      done += send_row(done, end - done);
    }
    for (std::size_t i = 0; i < queued_; ++i) sends_[i].packet.reset();
    queued_ = 0;
  }

  std::size_t poll(std::size_t, base::duration patience) override {
    flush();
    std::array<epoll_event, ready_batch> ready;
    const auto micros = std::max<std::int64_t>(patience.count(), 0);
    const timespec timeout{micros / 1'000'000, micros % 1'000'000 * 1000};
    const int count = ::epoll_pwait2(epoll_, ready.data(), ready_batch, &timeout, nullptr);
    if (count <= 0) return 0;
    const base::time_point now = steady_clock_source::now();
    std::size_t handed_on = 0;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t mark = ready[static_cast<std::size_t>(i)].data.u64;
      if (mark == wake_mark) {
        std::uint64_t times = 0;
        [[maybe_unused]] const ssize_t taken = ::read(wake_, &times, sizeof times);
        handler().handle_notification(now);
      } else {
        handed_on += receive(now, static_cast<std::uint32_t>(mark), static_cast<std::uint32_t>(mark >> 32U));
      }
    }
    flush();
    return handed_on;
  }

  void notify() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }

  int wait_handle() const noexcept override { return epoll_; }

 private:
  struct outgoing {
    base::packet_buffer packet;
    int socket = -1;
    detail::ip_sockaddr to;
    iovec bytes;
  };

  base::error_code watch(std::uint32_t index) override {
    const place& p = at(index);
    epoll_event event{EPOLLIN, {.u64 = std::uint64_t{p.generation} << 32U | index}};
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, p.port.native_handle(), &event) == 0 ? base::error_code()
                                                                                   : last_error();
  }

  void unwatch(std::uint32_t index) override {
    flush();  // what is queued names the socket
    epoll_event event{};
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, at(index).port.native_handle(), &event);
  }

  void queue(std::uint32_t index, base::packet_buffer packet, const base::socket_address& to) override {
    if (queued_ == sends_.size()) flush();
    outgoing& next = sends_[queued_];
    next.packet = std::move(packet);
    next.socket = at(index).port.native_handle();
    next.bytes = {next.packet.mutable_data(), next.packet.size()};
    msghdr& header = out_[queued_].msg_hdr;
    header = {};
    header.msg_name = &next.to;
    header.msg_namelen = static_cast<socklen_t>(detail::write_sockaddr(to, next.to));
    header.msg_iov = &next.bytes;
    header.msg_iovlen = 1;
    ++queued_;
  }

  /// Sends `count` from `first` on, all of one socket; returns how many are done with, which is at least one.
  std::size_t send_row(std::size_t first, std::size_t count) noexcept {
    int sent = -1;
    do {
      if (count > 1) {
        sent = ::sendmmsg(sends_[first].socket, &out_[first], static_cast<unsigned>(count),
                          MSG_DONTWAIT | MSG_NOSIGNAL);
      } else {
        sent =
            ::sendmsg(sends_[first].socket, &out_[first].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 1;
      }
    } while (sent < 0 && errno == EINTR);
    if (sent <= 0) {
      ++counters_.send_errors;
      return 1;
    }
    counters_.sent += static_cast<std::size_t>(sent);
    return static_cast<std::size_t>(sent);
  }

  std::size_t receive(base::time_point now, std::uint32_t index, std::uint32_t generation) {
    if (!is_open(index, generation)) return 0;
    // Most ports have one datagram at a time; a busy one gets the whole batch.
    std::size_t prepared = 0;
    for (; prepared < receive_batch; ++prepared) {
      if (!buffers_[prepared]) buffers_[prepared] = make_buffer(0);
      if (!buffers_[prepared]) break;
      vectors_[prepared] = {buffers_[prepared].mutable_data(), buffers_[prepared].size()};
      in_[prepared].msg_hdr.msg_namelen = sizeof(detail::ip_sockaddr);
      in_[prepared].msg_hdr.msg_flags = 0;
    }
    if (prepared == 0) {
      ++counters_.no_buffer;
      return 0;
    }
    const int count = ::recvmmsg(at(index).port.native_handle(), in_.data(), static_cast<unsigned>(prepared),
                                 MSG_DONTWAIT, nullptr);
    std::size_t handed_on = 0;
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
      ++counters_.received;
      if ((in_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
        ++counters_.truncated;
        continue;
      }
      // The handler may have closed the port with the datagram before.
      if (!is_open(index, generation)) break;
      base::packet_buffer packet = std::move(buffers_[i]);
      packet.trim_back(packet.size() - in_[i].msg_len);
      ++handed_on;
      handler().handle_datagram(now, at(index).tag, std::move(packet), detail::read_sockaddr(names_[i]));
    }
    return handed_on;
  }

  int epoll_ = -1;
  int wake_ = -1;
  std::array<base::packet_buffer, receive_batch> buffers_;
  std::array<iovec, receive_batch> vectors_{};
  std::array<detail::ip_sockaddr, receive_batch> names_{};
  std::array<mmsghdr, receive_batch> in_{};
  std::vector<outgoing> sends_;
  std::vector<mmsghdr> out_;
  std::size_t queued_ = 0;
};

}  // namespace

std::unique_ptr<rtp_io::backend> detail::make_batches_backend(rtp_handler& handler,
                                                              const rtp_io_options& options) {
  return std::make_unique<batches_backend>(handler, options);
}

}  // namespace parley::net

#endif
