#pragma once

#include <parley/base/api.hpp>

#include <cstdint>

namespace parley::rtp {

/// How the losses of a stream are spread: one by one, or in bursts. What it needs are the extended numbers of
/// the packets that came (`sequence_tracker`); a packet counts as lost once 64 later ones exist, so that
/// reordering is not taken for loss.
class loss_pattern {
 public:
  /// Packets whose fate is settled, those of them that are lost, and the runs in which they were lost.
  std::uint64_t settled() const noexcept { return settled_; }
  std::uint64_t lost() const noexcept { return lost_; }
  std::uint64_t runs() const noexcept { return runs_; }

  /// The share of lost packets, from 0 to 1.
  PARLEY_API double loss() const noexcept;

  /// The burst ratio of ITU-T G.107: the average length of a run of losses over the one that independent
  /// losses of the same rate would have. 1 where nothing was lost; above 1 for losses in bursts.
  PARLEY_API double burst_ratio() const noexcept;

  /// Takes note of a packet that came. A number that is more than 3000 ahead starts the window anew, without
  /// counting the gap.
  PARLEY_API void handle_packet(std::int64_t extended) noexcept;

 private:
  void settle(bool came) noexcept;

  std::int64_t highest_ = 0;
  std::uint64_t window_ = 0;  // bit n: whether the packet n below the highest came
  std::uint64_t known_ = 0;   // bits of the window that stand for packets after the first one
  std::uint64_t settled_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t runs_ = 0;
  bool in_run_ = false;
};

}  // namespace parley::rtp
