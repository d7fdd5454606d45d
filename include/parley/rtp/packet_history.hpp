#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::rtp {

/// The last packets of one source, found by their sequence numbers.
///
/// *Ownership:* holds handles, no copies: whoever rewrites a packet in place rewrites the one that is kept. A
/// handle is let go when a packet comes that is `capacity()` numbers further on.
class packet_history {
 public:
  /// `capacity` is rounded up to a power of two, 32768 at most. Memory for the handles is taken here.
  PARLEY_API explicit packet_history(std::size_t capacity);

  std::size_t capacity() const noexcept { return slots_.size(); }

  /// Keeps a packet. False where it is no RTP packet, is there already, or is older than one in its place.
  PARLEY_API bool insert(const base::packet_buffer& packet) noexcept;

  /// The packet with that number; nullptr where it is not there. Until the next `insert`.
  PARLEY_API const base::packet_buffer* find(std::uint16_t sequence_number) const noexcept;

  PARLEY_API void clear() noexcept;

 private:
  std::vector<base::packet_buffer> slots_;
};

}  // namespace parley::rtp
