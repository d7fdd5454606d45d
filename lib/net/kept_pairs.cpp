#include "net/detail/kept_pairs.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/binding_keep_alive.hpp"
#include "net/detail/transport_core.hpp"

#include <utility>

namespace parley::net::detail {

class kept_pairs::pair final : public timed {
 public:
  pair(kept_pairs& all, const sip::hop& flow, base::time_point now, base::duration interval)
      : all_(all),
        flow_(flow),
        machine_(now, interval, all.core_.limits().stun_rto, all.core_.random()),
        timer_(static_cast<timed*>(this)) {
    schedule();
  }

  void set_interval(base::duration interval) noexcept { machine_.set_interval(interval); }

  void handle_timeout(base::time_point now) override {
    act(machine_.handle_timeout(now, all_.core_.random()));
  }
  void handle_response(base::time_point now, const stun::message_view& response) {
    act(machine_.handle_response(now, response, all_.core_.random()));
  }

 private:
  using action = binding_keep_alive::action;

  void act(action what) {
    if (what == action::fail) return all_.fail(flow_, machine_.error());  // destroys this
    if (what == action::send) {
      // Without a buffer it counts as lost, and is repeated.
      ++all_.core_.counters().keep_alives_sent;
      if (auto data = all_.core_.pool().copy(machine_.request())) {
        all_.core_.send({flow_, std::move(*data), 0});
      }
    }
    schedule();
  }
  void schedule() { all_.core_.arm(timer_, machine_.poll_timeout()); }

  kept_pairs& all_;
  sip::hop flow_;
  binding_keep_alive machine_;
  base::timer timer_;
};

kept_pairs::kept_pairs(transport_core& core) noexcept : core_(core) {}
kept_pairs::~kept_pairs() = default;

base::result<void> kept_pairs::add(const sip::hop& flow, base::duration interval) {
  const auto found = pairs_.find(key_of(flow));
  if (found != pairs_.end()) {
    found->second->set_interval(interval);
    return {};
  }
  if (!core_.begin_keeping()) return errc::limit_reached;
  const sip::hop plain{flow.transport, flow.listener, flow.remote};
  pairs_.emplace(key_of(flow), std::make_unique<pair>(*this, plain, steady_clock_source::now(), interval));
  return {};
}

void kept_pairs::remove(const sip::hop& flow) {
  if (pairs_.erase(key_of(flow)) != 0) core_.end_keeping();
}

void kept_pairs::clear() noexcept {
  for (; !pairs_.empty(); pairs_.erase(pairs_.begin())) core_.end_keeping();
}

bool kept_pairs::handle_response(base::time_point now, const sip::hop& from,
                                 const stun::message_view& response) {
  const auto found = pairs_.find(key_of(from));
  if (found == pairs_.end()) return false;
  found->second->handle_response(now, response);
  return true;
}

void kept_pairs::fail(const sip::hop& flow, base::error_code why) {
  const sip::hop failed = flow;  // the reference may be into what is removed
  remove(failed);
  ++core_.counters().flows_dead;
  core_.report_flow_failed(failed, why);
}

}  // namespace parley::net::detail
