#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::rtp {

/// Bounds and times of a `nack_requester`.
struct nack_requester_options {
  /// How many packets may be missing at a time; beyond it the oldest is given up.
  std::size_t max_missing = 512;
  /// How often a packet is asked for.
  std::uint8_t max_requests = 8;
  /// A packet is of no use any more that long after it was found missing.
  base::duration max_age = std::chrono::seconds(1);
  /// How long a gap may be reordering only, before the first request.
  base::duration reorder = std::chrono::milliseconds(10);
  /// The least time between two requests for one packet, where the round trip is shorter or not known.
  base::duration min_interval = std::chrono::milliseconds(20);
};

/// Which packets of one source to ask for again, and when (RFC 4585 6.2.1). Give it the extended number of
/// each usable packet (`sequence_tracker`); when `poll_timeout` has come, put what `collect` finds into a
/// NACK.
///
///  packet    input                                        action                         next
///  -         a later packet                               wait for reordering            missing
///  missing   it comes                                     -                              -
///  missing   its time comes                               ask, wait for a round trip     missing
///  missing   its time comes, asked too often or too old   count as given up              -
///
/// The memory for `max_missing` packets is taken once, at construction.
class PARLEY_API nack_requester {
 public:
  explicit nack_requester(const nack_requester_options& options = {});

  std::size_t missing() const noexcept { return missing_.size(); }

  /// How many packets will not be asked for any more: what needs them is lost, ask for a key frame.
  std::uint64_t given_up() const noexcept { return given_up_; }

  /// How long a repetition takes at the least.
  void set_round_trip(base::duration round_trip) noexcept { round_trip_ = round_trip; }

  void handle_packet(base::time_point now, std::int64_t extended) noexcept;

  /// Forgets all that is missing: the stream started anew, or a key frame made it useless.
  void clear() noexcept;

  /// The numbers to ask for now, ascending, as many as fit into `out`; call again where it was filled.
  std::size_t collect(base::time_point now, std::span<std::uint16_t> out) noexcept;

  base::time_point poll_timeout() const noexcept { return next_; }

 private:
  struct entry {
    std::int64_t sequence;
    base::time_point found;
    base::time_point ask_at;
    std::uint8_t requests;
  };

  nack_requester_options options_;
  std::vector<entry> missing_;  // by ascending number
  base::duration round_trip_{};
  base::time_point next_ = base::never;
  std::uint64_t given_up_ = 0;
  std::int64_t highest_ = 0;
  bool started_ = false;
};

}  // namespace parley::rtp
