#include "net/detail/rtp_backend.hpp"

#ifdef PARLEY_WITH_URING

#include <parley/net/clock.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <liburing.h>
#include <new>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::net {
namespace {

// What stands in front of a datagram of a multishot recvmsg: lengths and flags, and the sender's address.
constexpr std::size_t prefix_bytes = sizeof(io_uring_recvmsg_out) + sizeof(detail::ip_sockaddr);
constexpr std::align_val_t page{4096};  // on which the ring of buffers begins
constexpr int buffer_group = 0;
constexpr unsigned submissions = 512;

// The first two bits of what a completion bears; generation and index of a place stand behind them.
enum class completion : std::uint64_t { receive, send, wake, cancel };
constexpr unsigned kind_shift = 62;
constexpr std::uint64_t index_mask = 0x3fffffffU;

constexpr std::uint64_t bear(completion kind, std::uint32_t generation = 0,
                             std::uint32_t index = 0) noexcept {
  return static_cast<std::uint64_t>(kind) << kind_shift | std::uint64_t{index} << 32U | generation;
}

base::error_code system_error(int negative) noexcept { return {-negative, boost::system::system_category()}; }

/// io_uring: a receive that stays armed for each port and takes buffers of one ring, and sends that leave
/// with one system call for a whole batch. The ring is told that one thread uses it and that completions are
/// only looked at when it waits (Linux 6.1), so that an arriving datagram interrupts nobody.
///
/// A send never waits: where the system has no room it fails at once. So when a submission returns, all its
/// datagrams have been copied out and their buffers can go.
class uring_backend final : public rtp_io::backend {
 public:
  uring_backend(rtp_handler& handler, const rtp_io_options& wanted)
      : backend(handler, wanted), slots_(options().buffers), sends_(options().batch) {
    receive_.msg_namelen = sizeof(detail::ip_sockaddr);
  }

  ~uring_backend() override {
    if (made_) io_uring_queue_exit(&ring_);
    ::operator delete(buffers_, page);
    if (wake_ >= 0) ::close(wake_);
  }

  base::error_code start() override {
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_ < 0) return {errno, boost::system::system_category()};
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_R_DISABLED;
    params.cq_entries = std::max(static_cast<unsigned>(options().buffers * 4), submissions * 2);
    if (const int failed = io_uring_queue_init_params(submissions, &ring_, &params); failed < 0) {
      return system_error(failed);
    }
    made_ = true;
    // The kernel lets a table have no more places than the process may have files; more ports there can't be
    // either.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const auto places = static_cast<unsigned>(std::min<rlim_t>(options().max_ports, files.rlim_cur));
    if (const int failed = io_uring_register_files_sparse(&ring_, places); failed < 0) {
      return system_error(failed);
    }
    const std::size_t bytes = options().buffers * sizeof(io_uring_buf);
    buffers_ = static_cast<io_uring_buf_ring*>(::operator new(bytes, page, std::nothrow));
    if (buffers_ == nullptr) return system_error(-ENOMEM);
    io_uring_buf_reg where{};
    where.ring_addr = reinterpret_cast<std::uintptr_t>(buffers_);
    where.ring_entries = static_cast<unsigned>(options().buffers);
    where.bgid = buffer_group;
    if (const int failed = io_uring_register_buf_ring(&ring_, &where, 0); failed < 0) {
      return system_error(failed);
    }
    io_uring_buf_ring_init(buffers_);
    for (std::uint32_t i = 0; i < slots_.size(); ++i) refill(i);
    publish();
    return {};
  }

  rtp_engine engine() const noexcept override { return rtp_engine::uring; }

  void flush() override {
    if (enable()) submit();
  }

  std::size_t poll(std::size_t enough, base::duration patience) override {
    if (!enable()) return 0;
    rearm();
    if (io_uring_cq_ready(&ring_) >= std::max<std::size_t>(enough, 1) || patience <= base::duration::zero()) {
      io_uring_submit_and_get_events(&ring_);
    } else {
      const auto micros = patience.count();
      __kernel_timespec timeout{micros / 1'000'000, micros % 1'000'000 * 1000};
      io_uring_cqe* first = nullptr;
      io_uring_submit_and_wait_timeout(
          &ring_, &first, static_cast<unsigned>(std::max<std::size_t>(enough, 1)), &timeout, nullptr);
    }
    released();
    const base::time_point now = steady_clock_source::now();
    std::size_t handed_on = 0;
    // What completes meanwhile is for the next call: nobody can hold this one.
    for (unsigned left = io_uring_cq_ready(&ring_); left > 0; --left) {
      io_uring_cqe* next = nullptr;
      if (io_uring_peek_cqe(&ring_, &next) != 0) break;
      const std::uint64_t bears = next->user_data;
      const int result = next->res;
      const unsigned flags = next->flags;
      io_uring_cqe_seen(&ring_, next);
      switch (static_cast<completion>(bears >> kind_shift)) {
        case completion::receive: handed_on += received(now, bears, result, flags) ? 1 : 0; break;
        case completion::send: ++counters_.send_errors; break;
        case completion::wake: woken(now, flags); break;
        case completion::cancel: break;
      }
    }
    while (!empty_.empty()) {
      const std::uint32_t slot = empty_.back();
      empty_.pop_back();
      if (!refill(slot)) break;
    }
    publish();
    submit();
    return handed_on;
  }

  void notify() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }

  int wait_handle() const noexcept override { return made_ ? ring_.ring_fd : -1; }

 private:
  struct outgoing {
    base::packet_buffer packet;
    detail::ip_sockaddr to;
    iovec bytes;
    msghdr message;
  };

  /// The thread that comes first is the one that uses the ring from then on.
  bool enable() {
    if (enabled_) return true;
    // io_uring_enable_rings, which liburing 2.3 declares and does not export.
    if (::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0)
      return false;
    enabled_ = true;
    arm_wake();
    return true;
  }

  io_uring_sqe* submission() {
    io_uring_sqe* next = io_uring_get_sqe(&ring_);
    if (next == nullptr) {
      submit();
      next = io_uring_get_sqe(&ring_);
    }
    return next;
  }

  void submit() {
    if (io_uring_sq_ready(&ring_) != 0) io_uring_submit(&ring_);
    released();
  }

  /// Lets go of what was sent, once the system has taken all of it.
  void released() noexcept {
    if (io_uring_sq_ready(&ring_) != 0) return;
    for (std::size_t i = 0; i < queued_; ++i) sends_[i].packet.reset();
    counters_.sent += queued_;
    queued_ = 0;
  }

  base::error_code watch(std::uint32_t index) override {
    if (!enable()) return {errno, boost::system::system_category()};
    int socket = at(index).port.native_handle();
    if (const int failed = io_uring_register_files_update(&ring_, index, &socket, 1); failed < 0) {
      return system_error(failed);
    }
    return arm(index) ? base::error_code() : system_error(-EBUSY);
  }

  bool arm(std::uint32_t index) {
    io_uring_sqe* const entry = submission();
    if (entry == nullptr) return false;
    io_uring_prep_recvmsg_multishot(entry, static_cast<int>(index), &receive_, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    entry->buf_group = buffer_group;
    entry->user_data = bear(completion::receive, at(index).generation, index);
    return true;
  }

  void arm_wake() {
    io_uring_sqe* const entry = submission();
    if (entry == nullptr) return;
    io_uring_prep_poll_multishot(entry, wake_, POLLIN);
    entry->user_data = bear(completion::wake);
  }

  void unwatch(std::uint32_t index) override {
    if (io_uring_sqe* const entry = submission(); entry != nullptr) {
      io_uring_prep_cancel64(entry, bear(completion::receive, at(index).generation, index), 0);
      entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
      entry->user_data = bear(completion::cancel);
    }
    submit();
    int none = -1;
    io_uring_register_files_update(&ring_, index, &none, 1);
  }

  void queue(std::uint32_t index, base::packet_buffer packet, const base::socket_address& to) override {
    if (!enable()) return;
    if (queued_ == sends_.size()) submit();
    io_uring_sqe* const entry = submission();
    if (entry == nullptr || queued_ == sends_.size()) {
      ++counters_.send_errors;
      return;
    }
    outgoing& out = sends_[queued_++];
    out.packet = std::move(packet);
    out.bytes = {out.packet.mutable_data(), out.packet.size()};
    out.message = {};
    out.message.msg_name = &out.to;
    out.message.msg_namelen = static_cast<socklen_t>(detail::write_sockaddr(to, out.to));
    out.message.msg_iov = &out.bytes;
    out.message.msg_iovlen = 1;
    io_uring_prep_sendmsg(entry, static_cast<int>(index), &out.message, MSG_DONTWAIT | MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = bear(completion::send);
  }

  bool received(base::time_point now, std::uint64_t bears, int result, unsigned flags) {
    const auto generation = static_cast<std::uint32_t>(bears);
    const auto index = static_cast<std::uint32_t>(bears >> 32U & index_mask);
    const bool open = is_open(index, generation);
    if (open && (flags & IORING_CQE_F_MORE) == 0) {
      if (result == -ENOBUFS) ++counters_.no_buffer;
      unarmed_.push_back({index, generation});
    }
    if (result < 0 || (flags & IORING_CQE_F_BUFFER) == 0) return false;
    const std::uint32_t slot = flags >> IORING_CQE_BUFFER_SHIFT;
    base::packet_buffer packet = std::move(slots_[slot]);
    refill(slot);
    if (!open) return false;

    io_uring_recvmsg_out* const out = io_uring_recvmsg_validate(packet.mutable_data(), result, &receive_);
    if (out == nullptr) return false;
    ++counters_.received;
    if ((out->flags & MSG_TRUNC) != 0 || out->payloadlen > options().max_datagram) {
      ++counters_.truncated;
      return false;
    }
    detail::ip_sockaddr from;
    std::memcpy(&from, io_uring_recvmsg_name(out), sizeof from);
    packet.trim_front(prefix_bytes);
    packet.trim_back(packet.size() - out->payloadlen);
    handler().handle_datagram(now, at(index).tag, std::move(packet), detail::read_sockaddr(from));
    return true;
  }

  void woken(base::time_point now, unsigned flags) {
    std::uint64_t times = 0;
    [[maybe_unused]] const ssize_t taken = ::read(wake_, &times, sizeof times);
    if ((flags & IORING_CQE_F_MORE) == 0) arm_wake();
    handler().handle_notification(now);
  }

  /// Receives that ended for want of buffers are armed again when there are some.
  void rearm() {
    if (unarmed_.empty() || empty_.size() > slots_.size() / 2) return;
    for (const auto& [index, generation] : unarmed_) {
      if (is_open(index, generation)) arm(index);
    }
    unarmed_.clear();
  }

  bool refill(std::uint32_t slot) {
    slots_[slot] = make_buffer(prefix_bytes);
    if (!slots_[slot]) {
      empty_.push_back(slot);
      return false;
    }
    io_uring_buf_ring_add(buffers_, slots_[slot].mutable_data(), static_cast<unsigned>(slots_[slot].size()),
                          static_cast<unsigned short>(slot),
                          io_uring_buf_ring_mask(static_cast<unsigned>(slots_.size())), added_++);
    return true;
  }

  void publish() noexcept {
    if (added_ != 0) io_uring_buf_ring_advance(buffers_, added_);
    added_ = 0;
  }

  struct unarmed {
    std::uint32_t index;
    std::uint32_t generation;
  };

  io_uring ring_{};
  bool made_ = false;
  io_uring_buf_ring* buffers_ = nullptr;
  msghdr receive_{};
  std::vector<base::packet_buffer> slots_;  // by the number of their buffer
  std::vector<std::uint32_t> empty_;        // slots for which the pool had no buffer
  std::vector<unarmed> unarmed_;
  std::vector<outgoing> sends_;
  std::size_t queued_ = 0;
  int added_ = 0;
  int wake_ = -1;
  bool enabled_ = false;
};

}  // namespace

std::unique_ptr<rtp_io::backend> detail::make_uring_backend(rtp_handler& handler,
                                                            const rtp_io_options& options) {
  return std::make_unique<uring_backend>(handler, options);
}

}  // namespace parley::net

#else

namespace parley::net::detail {

std::unique_ptr<rtp_io::backend> make_uring_backend(rtp_handler&, const rtp_io_options&) { return nullptr; }

}  // namespace parley::net::detail

#endif
