#include "sim/call_simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <tuple>

namespace parley::test {
namespace {

using happened = ua::session_event::kind;
using by = ua::session::offer_by;

// Milliseconds from the start.
constexpr std::int64_t busy_until = 30'000;
constexpr std::int64_t settled_at = 110'000;
constexpr std::int64_t over_at = 400'000;

}  // namespace

network_conditions call_simulation::conditions_of(std::uint64_t seed) {
  network_conditions out;
  // Every fourth network is a good one.
  if (seed % 4 != 0) {
    out.lost = static_cast<unsigned>(seed % 7) * 20;
    out.doubled = static_cast<unsigned>(seed % 5) * 20;
    out.most_delay = 5 + static_cast<unsigned>(seed % 11) * 60;
  }
  return out;
}

ua::core_options call_simulation::options_of(std::uint64_t seed) {
  ua::core_options out;
  out.session.timer.session_expires = seed % 3 == 0 ? 90 : 1800;
  out.session.reliable = seed % 5 != 0;
  return out;
}

call_simulation::call_simulation(std::uint64_t seed, std::size_t calls)
    : net_(2, seed, conditions_of(seed), options_of(seed)),
      calls_(calls),
      ends_(2),
      transfers_(
          net_, [this](std::int64_t at, std::function<void()> what) { plans_.emplace(at, std::move(what)); },
          [this](std::string what) { complain(std::move(what)); }) {
  net_.recording = std::getenv("PARLEY_SIM_TRACE") != nullptr;
  net_.on_event = [this](std::size_t agent, ua::core_event& event) { on_event(agent, event); };
}

void call_simulation::after(std::uint64_t most, std::function<void()> what) {
  plans_.emplace(net_.at() + static_cast<std::int64_t>(net_.random().uniform(most + 1)), std::move(what));
}

void call_simulation::run_until(std::int64_t at) {
  net_.collect();
  while (true) {
    const std::int64_t planned = plans_.empty() ? at + 1 : plans_.begin()->first;
    // What happens next may bring plans of its own.
    if (net_.step(std::min(at, planned))) continue;
    if (planned > at) break;
    net_.run_until(planned);
    const auto what = std::move(plans_.begin()->second);
    plans_.erase(plans_.begin());
    what();
    net_.collect();
  }
  net_.run_until(at);
}

std::vector<std::string> call_simulation::run() {
  for (std::size_t i = 0; i < calls_; ++i) {
    after(8000, [this] {
      const std::size_t agent = net_.random().uniform(2);
      const std::string uri = "sip:x@192.0.2." + std::to_string(2 - agent);
      const std::string description = net_.chance(750) ? new_offer() : std::string();
      ua::invite_options options;
      options.uri = uri;
      options.from = "<sip:me@example.com>";
      options.description = description;
      const auto call = core(agent).invite(net_.now(), options);
      if (!call) return complain("a call could not be placed: " + call.error().message());
      ends_[agent][static_cast<std::uint64_t>(*call)];
      if (net_.chance(150))
        after(6000, [this, agent, id = *call] { std::ignore = core(agent).hang_up(net_.now(), id); });
    });
  }
  run_until(busy_until);
  calm_ = true;
  run_until(settled_at);
  check_agreement();
  for (std::size_t agent = 0; agent < 2; ++agent) {
    for (const auto& [call, one] : ends_[agent]) {
      if (!one.over) std::ignore = core(agent).hang_up(net_.now(), ua::call_id{call});
    }
  }
  run_until(over_at);
  check_all_over();
  // PARLEY_SIM_TRACE=1 shows what went over the network.
  for (const network_message& one : net_.sent) {
    std::cerr << one.at << ' ' << one.from << (one.lost ? " lost\n" : "\n") << one.text << '\n';
  }
  return complaints_;
}

void call_simulation::on_event(std::size_t agent, ua::core_event& event) {
  const auto id = static_cast<std::uint64_t>(event.call);
  switch (event.what) {
    case ua::core_event::kind::incoming: ends_[agent][id]; return take_call(agent, event.call);
    case ua::core_event::kind::session: return on_session(agent, event);
    case ua::core_event::kind::request:
      if (transfers_.handle_request(agent, event)) return;
      return std::ignore =
                 core(agent).respond(net_.now(), event.request, sip::message::response(200).value()),
             void();
    case ua::core_event::kind::ended:
      if (ends_[agent][id].over) complain("a call has ended twice");
      ends_[agent][id].over = true;
      return;
    default: return;
  }
}

void call_simulation::take_call(std::size_t agent, ua::call_id call) {
  if (net_.chance(80)) {
    return after(2000, [this, agent, call] { std::ignore = core(agent).refuse(net_.now(), call, 486); });
  }
  for (std::uint64_t i = net_.random().uniform(3); i > 0; --i) {
    after(1500, [this, agent, call] { ring(agent, call); });
  }
  if (net_.chance(950)) after(3000, [this, agent, call] { accept(agent, call); });
}

void call_simulation::ring(std::size_t agent, ua::call_id call) {
  end& me = ends_[agent][static_cast<std::uint64_t>(call)];
  const ua::session* const session = core(agent).find(call);
  if (me.over || session == nullptr) return;
  std::string description;
  const bool reliable = net_.chance(500);
  if (net_.chance(400)) {
    if (session->exchange().is_offered_by(ua::side::remote)) description = "answer to " + me.peer_offer;
    if (session->exchange().is_offer_wanted_from(ua::side::local)) description = new_offer();
  }
  const bool answers = reliable && description.starts_with("answer");
  if (core(agent).progress(net_.now(), call, 183, description, reliable) && answers)
    me.agreed = me.peer_offer;
}

void call_simulation::accept(std::size_t agent, ua::call_id call) {
  end& me = ends_[agent][static_cast<std::uint64_t>(call)];
  const ua::session* const session = core(agent).find(call);
  if (me.over || session == nullptr || session->state() != ua::session::state::early) return;
  const bool answers = session->exchange().is_offered_by(ua::side::remote) &&
                       session->exchange().offered_in() == ua::carrier::invite;
  const auto done =
      core(agent).accept(net_.now(), call, answers ? "answer to " + me.peer_offer : new_offer());
  if (done && answers) me.agreed = me.peer_offer;
  // A PRACK is waited for.
  if (!done) after(1000, [this, agent, call] { accept(agent, call); });
}

void call_simulation::on_session(std::size_t agent, ua::core_event& event) {
  end& me = ends_[agent][static_cast<std::uint64_t>(event.call)];
  const ua::call_id call = event.call;
  const bool is_response = event.session.what == happened::response;
  if (me.over && !(is_response && transfers_.uses(agent, call)))
    complain("an event of a call that has ended");
  switch (event.session.what) {
    case happened::response: return transfers_.handle_response(agent, event);
    case happened::offer: {
      me.peer_offer = event.session.description;
      const ua::session* const session = core(agent).find(call);
      const bool first = session != nullptr && !session->is_caller() &&
                         session->exchange().offered_in() == ua::carrier::invite &&
                         session->state() == ua::session::state::early;
      if (!first) after(net_.chance(500) ? 0 : 400, [this, agent, call] { answer(agent, call); });
      return;
    }
    case happened::answer:
      if (!event.session.description.starts_with("answer to "))
        complain("what answers an offer is no answer");
      me.agreed = event.session.description.substr(10);
      ++exchanges_;
      return;
    case happened::accepted:
      me.confirmed = true;
      ++answered_;
      return live(agent, call);
    case happened::offer_due: return after(0, [this, agent, call] { offer(agent, call); });
    default: return;
  }
}

void call_simulation::answer(std::size_t agent, ua::call_id call) {
  end& me = ends_[agent][static_cast<std::uint64_t>(call)];
  if (me.over) return;
  if (net_.chance(100) && core(agent).refuse(net_.now(), call, 488)) return;
  if (core(agent).answer(net_.now(), call, "answer to " + me.peer_offer)) me.agreed = me.peer_offer;
}

void call_simulation::offer(std::size_t agent, ua::call_id call) {
  const end& me = ends_[agent][static_cast<std::uint64_t>(call)];
  if (me.over) return;
  constexpr by ways[] = {by::any, by::invite, by::update};
  std::ignore = core(agent).offer(net_.now(), call, new_offer(), ways[net_.random().uniform(3)]);
}

void call_simulation::live(std::size_t agent, ua::call_id call) {
  for (std::uint64_t i = net_.random().uniform(5); i > 0; --i) {
    after(15'000, [this, agent, call] {
      if (calm_) return;
      if (net_.chance(100)) return transfer(agent, call);
      if (net_.chance(700)) return offer(agent, call);
      if (net_.chance(500)) {
        std::ignore = core(agent).request(net_.now(), call, "INFO", {}, "x", "text/plain");
        return;
      }
      std::ignore = core(agent).hang_up(net_.now(), call);
    });
  }
}

void call_simulation::transfer(std::size_t agent, ua::call_id call) {
  transfers_.ask(agent, call);
  // Whoever has handed the call over, or took that on, may want no more of it.
  if (net_.chance(300))
    after(1500, [this, agent, call] { std::ignore = core(agent).hang_up(net_.now(), call); });
}

void call_simulation::check_agreement() {
  std::map<std::string, std::pair<std::size_t, std::string>> alive;
  for (std::size_t agent = 0; agent < 2; ++agent) {
    for (auto& [id, me] : ends_[agent]) {
      if (me.over) continue;
      const ua::session* const session = core(agent).find(ua::call_id{id});
      if (session == nullptr || session->state() == ua::session::state::early) continue;
      if (!session->exchange().is_idle()) complain("an offer was never answered");
      auto& [count, agreed] = alive[session->dialog().call_id()];
      if (++count == 2 && agreed != me.agreed) {
        complain("one end has agreed on " + agreed + ", the other one on " + me.agreed);
      }
      agreed = me.agreed;
    }
  }
  for (const auto& [id, one] : alive) {
    if (one.first != 2) complain("one end has the call " + id + " still, the other one not");
  }
}

void call_simulation::check_all_over() {
  transfers_.check_all_over();
  for (std::size_t agent = 0; agent < 2; ++agent) {
    const std::string who = "agent " + std::to_string(agent) + ": ";
    for (const auto& [id, me] : ends_[agent]) {
      if (!me.over) complain(who + "a call has not ended");
    }
    if (core(agent).calls() != 0) complain(who + "calls are left");
    if (core(agent).transactions().client_count() != 0) complain(who + "client transactions are left");
    if (core(agent).transactions().server_count() != 0) complain(who + "server transactions are left");
    if (core(agent).poll_timeout() != base::never) complain(who + "a timer is left");
    if (!core(agent).is_idle()) complain(who + "something is left of calls or requests");
    if (net_[agent].pool.stats().blocks_in_use != 0) complain(who + "buffers are left");
  }
}

}  // namespace parley::test
