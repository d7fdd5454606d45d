#pragma once

#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>

#include <cstdint>

namespace parley::net::detail {

/// When to ask the other end of a connection for a sign of life, and when to take it for dead (RFC 5626 4.4
/// and 4.4.1).
///
///  state     input                  action               next
///  off       begin                  draw the next time   waiting
///  waiting   the time has come      ask                  asking
///  asking    what asks has gone out -                    awaiting
///  awaiting  pong                   draw the next time   waiting
///  awaiting  pong time-out          give up              off
///  any       end                    -                    off
///
/// Each time is drawn between 80% and 100% of the interval, so that flows which opened together do not ask
/// together. In `mode::when_silent` whatever is received puts the next time off, and answers what was asked.
class keep_alive {
 public:
  enum class mode : std::uint8_t { always, when_silent };
  enum class action : std::uint8_t { none, ask, give_up };

  bool on() const noexcept { return state_ != state::off; }
  bool awaiting() const noexcept { return state_ == state::awaiting; }
  base::time_point poll_timeout() const noexcept;

  /// An interval of zero leaves it off.
  void begin(base::time_point now, mode when, base::duration interval, base::duration pong_timeout,
             base::random_source& random) noexcept;
  void end() noexcept { state_ = state::off; }

  action handle_timeout(base::time_point now) noexcept;
  void handle_asked(base::time_point now) noexcept;
  void handle_pong(base::time_point now, base::random_source& random) noexcept;
  /// Anything was received.
  void handle_received(base::time_point now, base::random_source& random) noexcept;

 private:
  enum class state : std::uint8_t { off, waiting, asking, awaiting };

  state state_ = state::off;
  mode mode_ = mode::always;
  base::duration interval_{};
  base::duration pong_timeout_{};
  base::duration drawn_{};
  base::time_point due_ = base::never;
};

/// Between 80% and 100% of `interval`, each length as likely as the other (RFC 5626 4.4).
base::duration draw_interval(base::duration interval, base::random_source& random) noexcept;

}  // namespace parley::net::detail
