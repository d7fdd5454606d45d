#pragma once

#include <boost/intrusive/list.hpp>

#include <cstddef>

namespace parley::net::detail {

/// What waits on all connections of a shard together, counted as what its buffers take of the pool, and those
/// that keep it waiting.
///
/// *Ownership:* refers to the holders, which leave with their destruction.
class queue_budget {
 public:
  class holder
      : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    virtual ~holder() = default;
    /// Gives up whatever it has waiting.
    virtual void shed() = 0;
  };

  explicit queue_budget(std::size_t most) noexcept : most_(most) {}

  bool has_room(std::size_t bytes) const noexcept { return bytes <= most_ && held_ <= most_ - bytes; }
  void add(std::size_t bytes) noexcept { held_ += bytes; }
  void remove(std::size_t bytes) noexcept { held_ -= bytes; }

  /// What it has can't go out now. Where that was so already, it keeps its place.
  void note_blocked(holder& h) noexcept {
    if (!h.is_linked()) blocked_.push_back(h);
  }
  static void note_moving(holder& h) noexcept {
    if (h.is_linked()) h.unlink();
  }
  /// Whoever has been blocked longest, null where nobody is.
  holder* blocked_longest() noexcept { return blocked_.empty() ? nullptr : &blocked_.front(); }

 private:
  std::size_t most_;
  std::size_t held_ = 0;
  boost::intrusive::list<holder, boost::intrusive::constant_time_size<false>> blocked_;
};

}  // namespace parley::net::detail
