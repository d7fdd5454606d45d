#include <parley/base/result.hpp>
#include <parley/net/clock.hpp>
#include <parley/net/deadline_timer.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace parley::net {

struct deadline_timer::state : std::enable_shared_from_this<state> {
  state(const asio::any_io_executor& executor, handler h, base::duration s)
      : timer(executor), due(std::move(h)), slack(std::max(s, base::duration(1))) {}

  base::time_point rounded(base::time_point deadline) const noexcept {
    const auto over = deadline.time_since_epoch() % slack;
    return over == base::duration::zero() ? deadline : base::add_saturated(deadline, slack - over);
  }

  void arm(base::time_point deadline) {
    if (deadline == base::never || deadline >= armed_for) return;
    const base::time_point at = rounded(deadline);
    if (at >= armed_for) return;
    armed_for = at;
    // Cancels the wait for the later time, whose handler then finds that it is not meant.
    timer.expires_at(steady_clock_source::to_steady(at));
    timer.async_wait([self = shared_from_this()](const base::error_code& error) {
      if (error || self->ended) return;
      self->expire();
    });
  }

  // May come once more than meant, where an earlier wait had ended already when it was replaced: the machine
  // finds nothing due then.
  void expire() {
    const base::time_point now = steady_clock_source::now();
    armed_for = base::never;
    const base::time_point next = due(now);
    if (!ended) arm(next);
  }

  asio::steady_timer timer;
  handler due;
  base::duration slack;
  base::time_point armed_for = base::never;
  bool ended = false;
};

deadline_timer::deadline_timer(const asio::any_io_executor& executor, handler due, base::duration slack)
    : state_(std::make_shared<state>(executor, std::move(due), slack)) {}

deadline_timer::~deadline_timer() {
  state_->ended = true;
  state_->timer.cancel();
}

void deadline_timer::update(base::time_point deadline) { state_->arm(deadline); }

}  // namespace parley::net
