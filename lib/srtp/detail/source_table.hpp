#pragma once

#include "srtp/detail/packet_layout.hpp"
#include "srtp/detail/replay_window.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <vector>

namespace parley::srtp::detail {

/// RTCP comes so seldom that this is long enough for anyone.
inline constexpr std::size_t rtcp_window = 128;

/// What is kept of an SSRC.
struct source {
  std::uint32_t ssrc = 0;
  bool rtp_seen = false;
  std::optional<std::uint32_t> set_counter;  ///< the roll-over counter of the next packet, where it was set
  std::uint64_t highest = 0;                 ///< RTP index
  std::uint64_t rtcp_highest = 0;            ///< last one sent, or highest received
  std::array<std::uint64_t, rtcp_window / 64> rtcp_bits{};

  replay_window rtcp() noexcept { return {rtcp_bits, rtcp_window}; }

  /// The index of a packet that comes next.
  std::uint64_t index_of(std::uint16_t sequence) const noexcept {
    if (set_counter) return std::uint64_t{*set_counter} << 16U | sequence;
    return rtp_seen ? estimate_index(highest, sequence) : sequence;
  }

  std::optional<std::uint32_t> counter() const noexcept {
    if (set_counter) return set_counter;
    if (rtp_seen) return static_cast<std::uint32_t>(highest >> 16U);
    return std::nullopt;
  }
};

/// The sources of a context, by SSRC. Nearly always there are one or two of them, and the last one comes
/// again.
class source_table {
 public:
  /// `window` is the width of the RTP replay windows; 0 where nobody asks for them.
  source_table(std::size_t max, std::size_t window) noexcept
      : max_(max), window_(window), words_(window == 0 ? 0 : replay_window::words_for(window)) {}

  std::size_t size() const noexcept { return sources_.size(); }

  source* find(std::uint32_t ssrc) noexcept {
    if (last_ < sources_.size() && sources_[last_].ssrc == ssrc) return &sources_[last_];
    const auto at = place_of(ssrc);
    if (at == sources_.end() || at->ssrc != ssrc) return nullptr;
    last_ = static_cast<std::size_t>(at - sources_.begin());
    return &*at;
  }

  /// Makes sure that `add` can go without memory from the system. Changes nothing that anyone sees.
  /// *Errors:* `too_many_sources`, also where the system has no memory.
  errc prepare_add() noexcept {
    if (sources_.size() >= max_) return errc::too_many_sources;
    if (sources_.size() < sources_.capacity()) return errc{};
    try {
      const std::size_t room = std::min(max_, std::max<std::size_t>(1, 2 * sources_.size()));
      bits_.reserve(room * words_);
      sources_.reserve(room);
    } catch (...) {
      return errc::too_many_sources;
    }
    return errc{};
  }

  /// After `prepare_add`, for an SSRC that is not there.
  source& add(std::uint32_t ssrc) noexcept {
    const auto at = place_of(ssrc);
    last_ = static_cast<std::size_t>(at - sources_.begin());
    bits_.insert(bits_.begin() + static_cast<std::ptrdiff_t>(last_ * words_), words_, 0);
    source fresh;
    fresh.ssrc = ssrc;
    return *sources_.insert(at, fresh);
  }

  void remove(std::uint32_t ssrc) noexcept {
    const auto at = place_of(ssrc);
    if (at == sources_.end() || at->ssrc != ssrc) return;
    const auto first = bits_.begin() + (at - sources_.begin()) * static_cast<std::ptrdiff_t>(words_);
    bits_.erase(first, first + static_cast<std::ptrdiff_t>(words_));
    sources_.erase(at);
  }

  /// The RTP replay window of one of the sources.
  replay_window rtp(const source& of) noexcept {
    const auto at = static_cast<std::size_t>(&of - sources_.data());
    return {std::span(bits_).subspan(at * words_, words_), window_};
  }

  /// Whether an RTP packet may be taken.
  errc check_rtp(const source& of, std::uint64_t index) noexcept {
    if (!of.rtp_seen || of.set_counter) return errc{};
    return rtp(of).check(of.highest, index);
  }

  /// Remembers that an RTP packet has come.
  void accept_rtp(source& of, std::uint64_t index) noexcept {
    replay_window window = rtp(of);
    if (!of.rtp_seen || of.set_counter) {
      window.clear();
      of.highest = index;
      of.rtp_seen = true;
      of.set_counter.reset();
    }
    of.highest = window.accept(of.highest, index);
  }

 private:
  std::vector<source>::iterator place_of(std::uint32_t ssrc) noexcept {
    return std::lower_bound(sources_.begin(), sources_.end(), ssrc,
                            [](const source& one, std::uint32_t wanted) { return one.ssrc < wanted; });
  }

  std::size_t max_;
  std::size_t window_;
  std::size_t words_;
  std::size_t last_ = 0;
  std::vector<source> sources_;      // by SSRC
  std::vector<std::uint64_t> bits_;  // `words_` for each of them, in the same order
};

}  // namespace parley::srtp::detail
