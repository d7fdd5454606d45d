#include "net/detail/keep_alive.hpp"

namespace parley::net::detail {

base::duration draw_interval(base::duration interval, base::random_source& random) noexcept {
  const base::duration spread = interval / 5;
  const auto choices = static_cast<std::uint64_t>(spread.count()) + 1;
  return interval - spread + base::duration(static_cast<base::duration::rep>(random.uniform(choices)));
}

base::time_point keep_alive::poll_timeout() const noexcept {
  return state_ == state::waiting || state_ == state::awaiting ? due_ : base::never;
}

void keep_alive::begin(base::time_point now, mode when, base::duration interval, base::duration pong_timeout,
                       base::random_source& random) noexcept {
  if (interval <= base::duration::zero()) return end();
  mode_ = when;
  interval_ = interval;
  pong_timeout_ = pong_timeout;
  state_ = state::awaiting;
  handle_pong(now, random);
}

keep_alive::action keep_alive::handle_timeout(base::time_point now) noexcept {
  if (now < poll_timeout()) return action::none;
  if (state_ == state::waiting) {
    state_ = state::asking;
    return action::ask;
  }
  state_ = state::off;
  return action::give_up;
}

void keep_alive::handle_asked(base::time_point now) noexcept {
  if (state_ != state::asking) return;
  state_ = state::awaiting;
  due_ = base::add_saturated(now, pong_timeout_);
}

void keep_alive::handle_pong(base::time_point now, base::random_source& random) noexcept {
  if (state_ != state::asking && state_ != state::awaiting) return;
  state_ = state::waiting;
  drawn_ = draw_interval(interval_, random);
  due_ = base::add_saturated(now, drawn_);
}

void keep_alive::handle_received(base::time_point now, base::random_source& random) noexcept {
  if (mode_ != mode::when_silent) return;
  if (state_ == state::waiting) due_ = base::add_saturated(now, drawn_);
  handle_pong(now, random);
}

}  // namespace parley::net::detail
