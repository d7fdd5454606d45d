#if !defined(__linux__) || defined(PARLEY_PORTABLE_DATAGRAMS)

#include <parley/net/clock.hpp>

#include "net/detail/rtp_backend.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::net {
namespace {

constexpr std::size_t receive_batch = 32;

base::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

/// What POSIX has: poll over all ports, and a system call for each datagram.
class batches_backend final : public rtp_io::backend {
 public:
  using backend::backend;

  ~batches_backend() override {
    for (const int end : wake_) {
      if (end >= 0) ::close(end);
    }
  }

  base::error_code start() override {
    if (::pipe(wake_.data()) != 0) return last_error();
    for (const int end : wake_) ::fcntl(end, F_SETFL, O_NONBLOCK);
    watched_.push_back({wake_[0], POLLIN, 0});
    places_.push_back({});
    return {};
  }

  rtp_engine engine() const noexcept override { return rtp_engine::batches; }

  void flush() override {
    for (outgoing& next : sends_) {
      detail::ip_sockaddr to;
      const auto length = static_cast<socklen_t>(detail::write_sockaddr(next.to, to));
      if (::sendto(next.socket, next.packet.data(), next.packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL, &to.any,
                   length) >= 0) {
        ++counters_.sent;
      } else {
        ++counters_.send_errors;
      }
    }
    sends_.clear();
  }

  std::size_t poll(std::size_t, base::duration patience) override {
    flush();
    const auto millis = std::clamp<std::int64_t>((patience.count() + 999) / 1000, 0, 1'000'000);
    if (::poll(watched_.data(), static_cast<nfds_t>(watched_.size()), static_cast<int>(millis)) <= 0)
      return 0;
    const base::time_point now = steady_clock_source::now();
    // Handlers change the table.
    ready_.clear();
    for (std::size_t i = 1; i < watched_.size(); ++i) {
      if (watched_[i].revents != 0) ready_.push_back(places_[i]);
    }
    if (watched_[0].revents != 0) {
      std::array<char, 64> marks;
      while (::read(wake_[0], marks.data(), marks.size()) > 0) continue;
      handler().handle_notification(now);
    }
    std::size_t handed_on = 0;
    for (const watched_place& next : ready_) handed_on += receive(now, next);
    flush();
    return handed_on;
  }

  void notify() noexcept override {
    const char mark = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_[1], &mark, 1);
  }

  /// The reading end of the pipe alone tells of `notify` only: watch with a timer beside it.
  int wait_handle() const noexcept override { return wake_[0]; }

 private:
  struct outgoing {
    base::packet_buffer packet;
    int socket = -1;
    base::socket_address to;
  };
  struct watched_place {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
  };

  base::error_code watch(std::uint32_t index) override {
    watched_.push_back({at(index).port.native_handle(), POLLIN, 0});
    places_.push_back({index, at(index).generation});
    return {};
  }

  void unwatch(std::uint32_t index) override {
    flush();
    const auto found = std::find_if(places_.begin() + 1, places_.end(),
                                    [index](const watched_place& p) { return p.index == index; });
    if (found == places_.end()) return;
    watched_.erase(watched_.begin() + (found - places_.begin()));
    places_.erase(found);
  }

  void queue(std::uint32_t index, base::packet_buffer packet, const base::socket_address& to) override {
    if (sends_.size() == options().batch) flush();
    sends_.push_back({std::move(packet), at(index).port.native_handle(), to});
  }

  std::size_t receive(base::time_point now, const watched_place& from_place) {
    std::size_t handed_on = 0;
    for (std::size_t i = 0; i < receive_batch && is_open(from_place.index, from_place.generation); ++i) {
      base::packet_buffer packet = make_buffer(0);
      if (!packet) {
        ++counters_.no_buffer;
        break;
      }
      detail::ip_sockaddr from;
      iovec bytes{packet.mutable_data(), packet.size()};
      msghdr message{};
      message.msg_name = &from;
      message.msg_namelen = sizeof from;
      message.msg_iov = &bytes;
      message.msg_iovlen = 1;
      const ssize_t size = ::recvmsg(at(from_place.index).port.native_handle(), &message, MSG_DONTWAIT);
      if (size < 0) break;
      ++counters_.received;
      if ((message.msg_flags & MSG_TRUNC) != 0) {
        ++counters_.truncated;
        continue;
      }
      packet.trim_back(packet.size() - static_cast<std::size_t>(size));
      ++handed_on;
      handler().handle_datagram(now, at(from_place.index).tag, std::move(packet),
                                detail::read_sockaddr(from));
    }
    return handed_on;
  }

  std::array<int, 2> wake_{-1, -1};
  std::vector<pollfd> watched_;
  std::vector<watched_place> places_;
  std::vector<watched_place> ready_;
  std::vector<outgoing> sends_;
};

}  // namespace

std::unique_ptr<rtp_io::backend> detail::make_batches_backend(rtp_handler& handler,
                                                              const rtp_io_options& options) {
  return std::make_unique<batches_backend>(handler, options);
}

}  // namespace parley::net

#endif
