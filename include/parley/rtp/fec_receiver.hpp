#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/ring_queue.hpp>
#include <parley/rtp/fec_repair.hpp>
#include <parley/rtp/packet_history.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::rtp {

/// Bounds of a `fec_receiver`.
struct fec_receiver_limits {
  std::size_t packets = 256;  ///< of media that are kept, rounded up to a power of two
  std::size_t repairs = 32;   ///< that wait for packets which they need
};

/// Recovers lost packets of one source from what repairs them, ULPFEC or FlexFEC, in whatever order both
/// come. A packet that was recovered may make another one possible.
///
/// *Ownership:* holds handles to packets of media and of repair, as many as the limits say; the pool outlives
/// it.
class fec_receiver {
 public:
  PARLEY_API fec_receiver(base::buffer_pool& pool, std::uint32_t ssrc,
                          const fec_receiver_limits& limits = {});

  /// A packet of media, of which other sources than this one's are left alone. Neither it nor the buffer is
  /// to be changed afterwards: give a copy where it is.
  PARLEY_API void handle_media(const base::packet_buffer& packet);

  /// The payload of a ULPFEC packet, as it comes out of RED or by itself. *Errors:* of `parse_ulpfec`.
  PARLEY_API parsed<void> handle_ulpfec(const base::packet_buffer& payload);

  /// A whole FlexFEC packet, a retransmission too. *Errors:* of `packet_view::parse` and `parse_flexfec`.
  PARLEY_API parsed<void> handle_flexfec(const base::packet_buffer& packet);

  /// The next packet that was recovered; an empty handle where there is none. While as many wait as there are
  /// repairs, nothing more is recovered, and nothing is lost by it.
  PARLEY_API base::packet_buffer poll_recovered();

 private:
  struct waiting {
    base::packet_buffer bytes;
    fec_repair repair;
  };

  void add(const base::packet_buffer& bytes, const fec_repair& repair);
  void try_all();
  bool complete(const fec_repair& repair) const noexcept;
  /// True where the repair is used up.
  bool try_one(const fec_repair& repair);

  base::buffer_pool& pool_;
  std::uint32_t ssrc_;
  packet_history history_;
  std::vector<waiting> repairs_;
  std::size_t max_repairs_;
  base::ring_queue<base::packet_buffer> recovered_;
};

}  // namespace parley::rtp
