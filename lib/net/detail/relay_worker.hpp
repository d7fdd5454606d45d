#pragma once

#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/net/rtp_io.hpp>

#include "net/detail/mailbox.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace parley::net::detail {

/// A medium, and what its worker knows it by. The machine is shared by the worker, for each packet, and by
/// signalling, now and then: they take turns by the mutex.
struct relayed_medium {
  /// Behind the tag of a port.
  struct port {
    relayed_medium* medium = nullptr;
    media::relay_side side = media::relay_side::offerer;
    media::relay_component component = media::relay_component::rtp;
    rtp_port_id id{};
  };

  port& at(media::relay_side side, media::relay_component component) noexcept {
    return ports[static_cast<std::size_t>(side)][static_cast<std::size_t>(component)];
  }

  std::uint64_t id = 0;
  std::mutex mutex;
  media::relay_medium machine;
  std::unique_ptr<media::relay_tap> tap;      // the machine's, where it is recorded
  std::array<std::array<port, 2>, 2> ports;   // the worker's, by side and component
  std::array<int, 2> sockets{-1, -1};         // of RTP, by side; open until `relay_worker::remove`
  std::array<base::socket_address, 2> local;  // of RTP, by side
  std::size_t place = 0;                      // among the worker's media
};

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
  };

  /// Begins the thread. *Errors:* the system's.
  static base::result<std::unique_ptr<relay_worker>> create(const settings& wanted);

  /// Ends it, and closes all ports.
  ~relay_worker() override;

  /// The worker takes over the ports and keeps the medium until `remove`. Where it can't take a port, as for
  /// want of places, the medium stays silent.
  void add(std::shared_ptr<relayed_medium> medium, std::array<rtp_port_pair, 2> ports);
  void remove(std::shared_ptr<relayed_medium> medium);
  /// The machine's `poll_timeout` may have become earlier.
  void look_at(std::shared_ptr<relayed_medium> medium);

  rtp_engine engine() const noexcept { return io_->engine(); }
  rtp_io_counters counters() const;

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

  void run();
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

  void handle_datagram(base::time_point now, std::uint64_t tag, base::packet_buffer packet,
                       const base::socket_address& from) override;
  void handle_notification(base::time_point now) override;

  settings settings_;
  std::unique_ptr<rtp_io> io_;
  std::vector<std::shared_ptr<relayed_medium>> media_;  // the worker's
  std::vector<beat> beats_;                             // once each: a heap, the next one first
  std::atomic<bool> stopping_ = false;

  mutable std::mutex mutex_;  // of what follows
  std::vector<command> inbox_;
  rtp_io_counters published_;

  std::vector<command> taken_;
  base::time_point next_publication_{};
  std::thread thread_;  // last, so that it ends while the rest is there
};

}  // namespace parley::net::detail
