#pragma once

#include <parley/net/rtp_io.hpp>

#include "net/detail/sockaddr.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace parley::net {

/// What the engines have in common: the table of ports, the buffers, the counters.
class rtp_io::backend {
 public:
  backend(rtp_handler& handler, const rtp_io_options& options);
  virtual ~backend();
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;

  /// Once, before anything else. *Errors:* the system's: choose another engine.
  virtual base::error_code start() = 0;
  virtual rtp_engine engine() const noexcept = 0;
  virtual void flush() = 0;
  virtual std::size_t poll(std::size_t enough, base::duration patience) = 0;
  virtual void notify() noexcept = 0;
  virtual int wait_handle() const noexcept = 0;

  base::result<rtp_port_id> add(rtp_port port, std::uint64_t tag);
  void remove(rtp_port_id id);
  const base::socket_address* local(rtp_port_id id) const noexcept;
  base::result<void> send(rtp_port_id from, base::packet_buffer packet, const base::socket_address& to);

  base::buffer_pool& pool() noexcept { return pool_; }
  const rtp_io_counters& counters() const noexcept { return counters_; }

 protected:
  /// A place of the table. Its generation goes up when the port is removed, so that what the system still
  /// says of the old port is not taken for the next one's.
  struct place {
    rtp_port port;
    std::uint64_t tag = 0;
    std::uint32_t generation = 1;
  };

  /// Begins and ends the receiving at a place whose port is open.
  virtual base::error_code watch(std::uint32_t index) = 0;
  virtual void unwatch(std::uint32_t index) = 0;

  /// Takes the datagram into the batch, flushing first where that is full.
  virtual void queue(std::uint32_t index, base::packet_buffer packet, const base::socket_address& to) = 0;

  place& at(std::uint32_t index) noexcept { return places_[index]; }
  const place& at(std::uint32_t index) const noexcept { return places_[index]; }
  bool is_open(std::uint32_t index, std::uint32_t generation) const noexcept {
    return index < places_.size() && places_[index].generation == generation && places_[index].port;
  }

  /// A buffer to receive into: `prefix` bytes of the engine's own, and a datagram behind them.
  base::packet_buffer make_buffer(std::size_t prefix) noexcept;

  const rtp_io_options& options() const noexcept { return options_; }
  rtp_handler& handler() noexcept { return *handler_; }
  rtp_io_counters counters_;

 private:
  rtp_handler* handler_;
  rtp_io_options options_;
  base::buffer_pool pool_;
  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
};

namespace detail {

std::unique_ptr<rtp_io::backend> make_batches_backend(rtp_handler& handler, const rtp_io_options& options);

/// None where the library was built without liburing.
std::unique_ptr<rtp_io::backend> make_uring_backend(rtp_handler& handler, const rtp_io_options& options);

}  // namespace detail

}  // namespace parley::net
