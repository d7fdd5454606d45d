#include "support/ua_network.hpp"

#include <algorithm>

namespace parley::test {
namespace {

constexpr std::int64_t no_moment = INT64_MAX;

std::int64_t milliseconds_up(base::time_point at, base::time_point start) {
  if (at == base::never) return no_moment;
  return std::chrono::ceil<std::chrono::milliseconds>(at - start).count();
}

}  // namespace

base::socket_address ua_address(std::size_t agent) {
  return base::socket_address::from_string("192.0.2." + std::to_string(agent + 1) + ":5060").value();
}

ua_network::ua_network(std::size_t agents, std::uint64_t seed, const network_conditions& with,
                       const ua::core_options& options)
    : conditions(with), random_(seed) {
  for (std::size_t i = 0; i < agents; ++i) {
    ua::core_options own = options;
    sip::listener udp;
    udp.local = ua_address(i);
    own.listeners = {udp};
    own.contact_user = std::string(1, static_cast<char>('a' + i));
    agents_.push_back(std::make_unique<agent>(own, seed * 31 + i, now()));
  }
}

void ua_network::inject(std::size_t to, std::string_view text) {
  agent& receiver = *agents_[to];
  sip::hop from;
  from.remote = base::socket_address::from_string("192.0.2.99:5060").value();
  receiver.core.handle_message(now(), from, receiver.pool.copy(text).value());
  collect();
}

void ua_network::reply(const network_message& request, int status, std::string_view to_tag,
                       std::string_view lines, std::string_view body) {
  sip::message_view view;
  if (!view.parse(request.text)) return;
  std::string text = "SIP/2.0 " + std::to_string(status) + " x\r\n";
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    const sip::header_line line = view.header(i);
    const bool copied = line.id == sip::header_id::via || line.id == sip::header_id::from ||
                        line.id == sip::header_id::to || line.id == sip::header_id::call_id ||
                        line.id == sip::header_id::cseq;
    if (!copied) continue;
    text.append(line.name).append(": ").append(line.value);
    if (line.id == sip::header_id::to && !to_tag.empty() &&
        line.value.find(";tag=") == std::string_view::npos) {
      text.append(";tag=").append(to_tag);
    }
    text += "\r\n";
  }
  text += lines;
  if (!body.empty()) text += "Content-Type: application/sdp\r\n";
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  inject(request.from, text);
}

network_message ua_network::last(std::string_view start) const {
  for (auto at = sent.rbegin(); at != sent.rend(); ++at) {
    if (at->text.starts_with(start)) return *at;
  }
  return {};
}

void ua_network::collect() {
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      agent& one = *agents_[i];
      sip::outgoing out;
      while (one.core.poll_transmit(out)) {
        any = true;
        carry(i, out);
      }
      ua::core_event event;
      while (one.core.poll_event(event)) {
        any = true;
        if (on_event) {
          on_event(i, event);
        } else {
          one.events.push_back(std::move(event));
        }
      }
    }
  }
}

void ua_network::carry(std::size_t from, const sip::outgoing& out) {
  std::size_t to = agents_.size();
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (ua_address(i) == out.to.remote) to = i;
  }
  network_message message{at_, from, to, false, out.ticket, std::string(out.data.text())};
  message.lost = chance(conditions.lost) || (drop && drop(message));
  const unsigned copies = message.lost || to == agents_.size() ? 0 : chance(conditions.doubled) ? 2 : 1;
  for (unsigned i = 0; i < copies; ++i) {
    const auto spread = conditions.most_delay - conditions.least_delay;
    const auto delay = conditions.least_delay + random_.uniform(std::uint64_t{spread} + 1);
    under_way_.push_back({at_ + static_cast<std::int64_t>(delay), order_++, from, to, message.text});
    std::push_heap(under_way_.begin(), under_way_.end(), std::greater<>());
  }
  if (recording) sent.push_back(std::move(message));
}

std::int64_t ua_network::next_moment() const noexcept {
  std::int64_t next = under_way_.empty() ? no_moment : under_way_.front().at;
  for (const auto& one : agents_) next = std::min(next, milliseconds_up(one->core.poll_timeout(), start_));
  return next;
}

bool ua_network::step(std::int64_t at) {
  const std::int64_t next = next_moment();
  if (next > at) return false;
  at_ = std::max(at_, next);
  while (!under_way_.empty() && under_way_.front().at <= at_) {
    std::pop_heap(under_way_.begin(), under_way_.end(), std::greater<>());
    const datagram arrived = std::move(under_way_.back());
    under_way_.pop_back();
    agent& receiver = *agents_[arrived.to];
    sip::hop from;
    from.remote = ua_address(arrived.from);
    receiver.core.handle_message(now(), from, receiver.pool.copy(arrived.text).value());
  }
  for (const auto& one : agents_) {
    if (one->core.poll_timeout() <= now()) one->core.handle_timeout(now());
  }
  collect();
  return true;
}

void ua_network::run_until(std::int64_t at) {
  collect();
  while (step(at)) {
  }
  at_ = at;
}

ua::core_event ua_network::take(std::size_t index) {
  auto& events = agents_[index]->events;
  if (events.empty()) return {};
  ua::core_event event = std::move(events.front());
  events.pop_front();
  return event;
}

ua::core_event ua_network::take(std::size_t index, ua::core_event::kind what) {
  while (!agents_[index]->events.empty()) {
    ua::core_event event = take(index);
    if (event.what == what) return event;
  }
  return {};
}

ua::core_event ua_network::take(std::size_t index, ua::session_event::kind what) {
  while (!agents_[index]->events.empty()) {
    ua::core_event event = take(index);
    if (event.what == ua::core_event::kind::session && event.session.what == what) return event;
  }
  return {};
}

}  // namespace parley::test
