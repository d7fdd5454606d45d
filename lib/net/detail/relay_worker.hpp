#pragma once

#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/net/rtp_io.hpp>

#include "net/detail/mailbox.hpp"
#include "net/detail/relayed_medium.hpp"
#include "net/detail/shared_port_routes.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace parley::net::detail {

/// Keys on their way from the workers to signalling.
struct key_box {
  static constexpr std::size_t most = 1024;

  mailbox<relay_press> waiting{most};
  std::atomic<bool> told = false;
  std::function<void()> tell;

  void put(const relay_press& press) {
    if (waiting.push(relay_press(press)) && tell && !told.exchange(true)) tell();
  }
  std::optional<relay_press> take() {
    if (auto next = waiting.pop()) return next;
    // What is put from here on is told again; what was put before that is here.
    told = false;
    return waiting.pop();
  }
};

/// A thread with the ports of some media.
class relay_worker final : private rtp_handler {
 public:
  struct settings {
    rtp_io_options io;
    std::size_t enough = 16;
    base::duration patience{};
    key_box* keys = nullptr;
    shared_port_routes* routes = nullptr;  ///< not nullptr where there are shared ports
  };

  /// Begins the thread. It has the shared ports, by their number, until it ends. *Errors:*
  /// the system's.
  static base::result<std::unique_ptr<relay_worker>> create(const settings& wanted,
                                                            std::vector<rtp_port> shared = {});

  /// Ends it, and closes all ports.
  ~relay_worker() override;

  /// The worker takes over the ports and keeps the medium until `remove`. Where it can't take a port, as for
  /// want of places, the medium stays silent. A side whose pair is empty sends from a shared port.
  void add(std::shared_ptr<relayed_medium> medium, std::array<rtp_port_pair, 2> ports);
  void remove(std::shared_ptr<relayed_medium> medium);
  /// The machine's `poll_timeout` may have become earlier.
  void look_at(std::shared_ptr<relayed_medium> medium);

  rtp_engine engine() const noexcept { return io_->engine(); }
  rtp_io_counters counters() const;
  /// Datagrams that came to a shared port and were nobody's.
  std::uint64_t unclaimed() const noexcept { return unclaimed_.load(std::memory_order_relaxed); }

 private:
  enum class order : std::uint8_t { add, remove, look_at };
  struct command {
    order is;
    std::shared_ptr<relayed_medium> medium;
    std::array<rtp_port_pair, 2> ports;  // to add
  };
  /// A medium that plays.
  struct beat {
    base::time_point at;
    relayed_medium* medium;
  };

  explicit relay_worker(const settings& wanted) : settings_(wanted) {}

  void run(std::vector<rtp_port> shared, std::promise<base::error_code> begun);
  base::error_code take(std::vector<rtp_port> shared);
  void publish(base::time_point now);
  void obey(command& next);
  void open(command& next);
  void close(relayed_medium& medium);
  base::duration until_beat(base::duration most) const noexcept;
  void schedule(relayed_medium& medium, base::time_point at);
  void unschedule(const relayed_medium& medium);
  void play_due(base::time_point now);
  base::time_point play(base::time_point now, relayed_medium& medium);
  void give(command next);

  relayed_medium::port* port_of(std::uint64_t tag, const base::socket_address& from,
                                std::span<const std::byte> packet) const;
  void handle_datagram(base::time_point now, std::uint64_t tag, base::packet_buffer packet,
                       const base::socket_address& from) override;
  void handle_notification(base::time_point now) override;

  settings settings_;
  std::unique_ptr<rtp_io> io_;
  std::vector<rtp_port_id> shared_;                     // by number, unchanged once `create` returns
  std::vector<std::shared_ptr<relayed_medium>> media_;  // the worker's
  std::vector<beat> beats_;                             // once each: a heap, the next one first
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> unclaimed_ = 0;

  mutable std::mutex mutex_;  // of what follows
  std::vector<command> inbox_;
  rtp_io_counters published_;

  std::vector<command> taken_;
  base::time_point next_publication_{};
  std::thread thread_;  // last, so that it ends while the rest is there
};

}  // namespace parley::net::detail
