#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/transport_cc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::rtp {

/// Bounds and times of a `transport_feedback`.
struct transport_feedback_options {
  /// From one feedback to the next.
  base::duration interval = std::chrono::milliseconds(100);
  /// How many packets one feedback speaks of at the most: 400 take less than 1100 bytes.
  std::size_t max_packets = 400;
};

/// The receiver's side of transport-wide congestion control: notes when each packet came, and says so at
/// intervals (draft-holmer-rmcat-transport-wide-cc-extensions-01). A packet that comes after it was called
/// lost is spoken of again, with all behind it.
///
///  input                  action
///  packet                 note; arm the timer where nothing waited
///  timer, then collect    speak of all up to the highest; arm the timer where not all fitted
///
/// The memory is taken at construction.
class PARLEY_API transport_feedback {
 public:
  explicit transport_feedback(const transport_feedback_options& options = {});

  /// A packet with that transport-wide number came. One that is older than what is remembered is passed over.
  void handle_packet(base::time_point now, std::uint16_t sequence) noexcept;

  /// When to collect; `never` where there is nothing to say.
  base::time_point poll_timeout() const noexcept { return due_; }

  /// Puts the collecting off by an interval: the feedback could not go.
  void postpone(base::time_point now) noexcept;

  /// Feedback on what came since the last, without its sources; none where there is nothing to say.
  /// *Ownership:* its packets refer to this object, until the next call.
  std::optional<transport_cc> collect(base::time_point now) noexcept;

 private:
  struct arrival {
    std::int64_t sequence = -1;
    base::time_point at;
  };

  arrival& slot(std::int64_t sequence) noexcept {
    return arrivals_[static_cast<std::uint64_t>(sequence) & (arrivals_.size() - 1)];
  }

  transport_feedback_options options_;
  std::vector<arrival> arrivals_;
  std::vector<packet_status> statuses_;
  std::int64_t next_ = 0;  // the first to speak of
  std::int64_t highest_ = -1;
  base::time_point due_ = base::never;
  std::uint8_t count_ = 0;
  bool started_ = false;
};

}  // namespace parley::rtp
