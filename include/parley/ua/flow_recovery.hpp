#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace parley::ua {

/// How long a client waits before it tries to register again (RFC 5626 4.5).
struct recovery_times {
  base::duration all_failed = std::chrono::seconds(30);   ///< base where no flow works
  base::duration some_failed = std::chrono::seconds(90);  ///< base where another one does
  base::duration longest = std::chrono::seconds(1800);    ///< upper bound, however often it has failed
};

/// The delay after `failures` in a row: base * 2^failures, `longest` at most, and of that 50 to 100 %, drawn
/// (RFC 5626 4.5). Nothing after no failure: a flow that worked until now is replaced at once.
PARLEY_API base::duration recovery_delay(const recovery_times& times, std::uint32_t failures,
                                         bool other_flow_works, base::random_source& random) noexcept;

/// What the registrations of one instance over several flows share: whether any of these works.
///
/// *Ownership:* outlives the registrations that were given it.
class flow_set {
 public:
  flow_set() = default;
  flow_set(const flow_set&) = delete;
  flow_set& operator=(const flow_set&) = delete;
  ~flow_set() = default;

  bool any_works() const noexcept { return working_ != 0; }

 private:
  friend class flow_mark;

  std::uint32_t working_ = 0;
};

/// The part that one registration has in a `flow_set`; leaves it when it is destroyed.
class flow_mark {
 public:
  explicit flow_mark(flow_set* set) noexcept : set_(set) {}
  flow_mark(const flow_mark&) = delete;
  flow_mark& operator=(const flow_mark&) = delete;
  ~flow_mark() { set_works(false); }

  bool works() const noexcept { return works_; }
  void set_works(bool works) noexcept {
    if (works == works_) return;
    works_ = works;
    if (set_ == nullptr) return;
    if (works) {
      ++set_->working_;
    } else {
      --set_->working_;
    }
  }
  /// Whether a flow of the set works, once this one does not.
  bool any_works() const noexcept { return set_ != nullptr && set_->any_works(); }

 private:
  flow_set* set_;
  bool works_ = false;
};

/// How far apart the keep-alives of a flow are: draw each distance between the two.
struct keep_alive_range {
  base::duration least;
  base::duration most;

  friend bool operator==(const keep_alive_range&, const keep_alive_range&) = default;
};

/// What RFC 5626 4.4 asks for: 80 to 100 % of the seconds in Flow-Timer; without it 95 to 120 s on
/// connections (4.4.1), 24 to 29 s over UDP (4.4.2), whose NATs forget soon whatever Flow-Timer says. A
/// Flow-Timer under 10 s counts as 10 s, so that no server makes its clients flood it.
PARLEY_API keep_alive_range keep_alive_range_of(std::optional<std::uint32_t> flow_timer,
                                                bool connection_oriented) noexcept;

}  // namespace parley::ua
