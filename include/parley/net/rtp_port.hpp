#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace parley::net {

/// A UDP socket at which RTP or RTCP comes in. Closed when it is destroyed.
class PARLEY_API rtp_port {
 public:
  rtp_port() noexcept = default;
  rtp_port(rtp_port&& other) noexcept : socket_(std::exchange(other.socket_, -1)), local_(other.local_) {}
  rtp_port& operator=(rtp_port&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(local_, other.local_);
    return *this;
  }
  ~rtp_port();

  /// Opens `local`; with port 0 the system chooses one. `receive_bytes` and `send_bytes` are what may wait in
  /// the system each way, 0 for its default; it may have less (on Linux net.core.rmem_max, wmem_max).
  /// *Errors:* the system's, as `address_in_use`.
  static base::result<rtp_port> open(const base::socket_address& local, std::size_t receive_bytes = 0,
                                     std::size_t send_bytes = 0);

  /// Marks what is sent from here with that code point, 0 to 63 (RFC 2474). *Errors:* the system's.
  base::result<void> mark(std::uint8_t code_point);

  /// The same for a port that an `rtp_io` has; `socket` was its `native_handle`.
  static base::result<void> mark(int socket, std::uint8_t code_point);

  const base::socket_address& local() const noexcept { return local_; }
  int native_handle() const noexcept { return socket_; }
  explicit operator bool() const noexcept { return socket_ >= 0; }

 private:
  int socket_ = -1;
  base::socket_address local_;
};

/// A port for RTP, which is even, and the next for RTCP (RFC 3550 11).
struct rtp_port_pair {
  rtp_port rtp;
  rtp_port rtcp;
};

/// The ports of one address that media may have. Pairs are taken in an order that nobody can guess, and one
/// that was given back comes last, so that what is still sent to an ended call does not reach the next one.
///
/// One thread only. Ports that someone else has bound are passed over.
class PARLEY_API rtp_port_range {
 public:
  /// `low` to `high` inclusive; the pairs that begin at an even port and end in it.
  rtp_port_range(const base::ip_address& local, std::uint16_t low, std::uint16_t high,
                 base::random_source& random, std::size_t receive_bytes = 0);

  /// *Errors:* `errc::limit_reached` where no pair is free: refuse the call. Else the system's, as too many
  /// open files.
  base::result<rtp_port_pair> open();

  /// Closes the pair; its ports become free again, as the last.
  void give_back(rtp_port_pair pair);

  /// The same of a pair whose sockets its user has closed already. `port` is that of RTP.
  void give_back(std::uint16_t port);

  const base::ip_address& local() const noexcept { return local_; }

  /// Pairs.
  std::size_t size() const noexcept { return size_; }
  std::size_t available() const noexcept { return free_.size(); }

 private:
  base::ip_address local_;
  std::size_t receive_bytes_;
  std::size_t size_ = 0;
  std::deque<std::uint16_t> free_;
};

}  // namespace parley::net
