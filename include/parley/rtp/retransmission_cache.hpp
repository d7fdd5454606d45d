#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::rtp {

/// Bounds of a `retransmission_cache`.
struct retransmission_cache_options {
  /// Rounded up to a power of two, at most 32768.
  std::size_t max_packets = 512;
  std::size_t max_bytes = std::size_t{1} << 20U;
  /// A packet that old is not sent again.
  base::duration max_age = std::chrono::seconds(2);
};

/// The packets that were sent last, for whoever asks for one again (RFC 4585 6.2.1, RFC 4588). The oldest
/// goes when there are too many, or too many bytes.
///
/// *Ownership:* holds handles of the blocks that it was given; nothing is copied. The bytes must stay as they
/// were: whoever writes into a buffer after having stored it (encrypts it in place) stores a copy. A pointer
/// from `find` is good until the next call.
class PARLEY_API retransmission_cache {
 public:
  explicit retransmission_cache(const retransmission_cache_options& options = {});

  std::size_t packets() const noexcept { return packets_; }
  std::size_t bytes() const noexcept { return bytes_; }

  /// Keeps the packet of that sequence number. One that is larger than all of the cache is not kept, nor one
  /// that is older than what the cache reaches back to.
  void store(base::time_point now, std::uint16_t sequence, base::packet_buffer packet) noexcept;

  /// The packet of that number, nullptr where there is none, it is too old, or it was found less than
  /// `min_interval` ago: an answer to an earlier request is on its way (give it the round-trip time).
  const base::packet_buffer* find(base::time_point now, std::uint16_t sequence,
                                  base::duration min_interval) noexcept;

  void clear() noexcept;

 private:
  struct entry {
    base::packet_buffer packet;
    base::time_point stored;
    base::time_point found;
    std::int64_t sequence = 0;
    bool was_found = false;
  };

  entry& slot(std::int64_t sequence) noexcept {
    return entries_[static_cast<std::uint64_t>(sequence) & (entries_.size() - 1)];
  }
  std::int64_t extend(std::uint16_t sequence) const noexcept;
  void drop(entry& e) noexcept;

  retransmission_cache_options options_;
  std::vector<entry> entries_;
  std::size_t packets_ = 0;
  std::size_t bytes_ = 0;
  std::int64_t oldest_ = 0;  // no packet before it is kept
  std::int64_t newest_ = -1;
};

}  // namespace parley::rtp
