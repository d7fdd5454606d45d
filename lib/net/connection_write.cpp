// How a connection sends from its queue.
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::net::detail {
namespace {

constexpr std::size_t buffers_per_write = 64;

std::size_t cost(const sip::outgoing& message) noexcept {
  return message.data.size() + sizeof(sip::outgoing);
}

// The whole block, however little of it is shown.
std::size_t held(const sip::outgoing& message) noexcept {
  return message.data.headroom() + message.data.size() + message.data.tailroom();
}

}  // namespace

bool connection::send(sip::outgoing&& message, delivery d) {
  if (!writable()) {
    core_->report_failure(message, errc::flow_gone);
    return false;
  }
  if (queued_bytes_ + cost(message) > core_->limits().queued_bytes_per_connection) {
    ++core_->counters().stream_queue_full;
    core_->report_failure(message, errc::queue_full);
    return false;
  }
  if (!make_room_for(message)) {
    ++core_->counters().stream_queue_full;
    core_->report_failure(message, errc::queue_full);
    return false;
  }
  enqueue(steady_clock_source::now(), std::move(message), d);
  return true;
}

// Where all connections together hold as much as they may, nothing more waits for one that takes nothing, and
// the one that has taken nothing for longest ends. One that takes what it is sent isn't asked.
bool connection::make_room_for(const sip::outgoing& message) {
  if (!blocked_ && times_.state != state::opening) return true;
  queue_budget& budget = core_->budget();
  if (budget.has_room(held(message))) return true;
  ++core_->counters().stream_budget_full;
  if (queue_budget::holder* const longest = budget.blocked_longest()) longest->shed();
  return writable() && budget.has_room(held(message));
}

void connection::enqueue(base::time_point now, sip::outgoing&& message, delivery d) {
  queued_bytes_ += cost(message);
  held_bytes_ += held(message);
  core_->budget().add(held(message));
  queue_.push_back({std::move(message), now, d});
  if (times_.state == state::opening) {
    core_->budget().note_blocked(*this);
  } else if (times_.queued_since == base::never) {
    times_.queued_since = now;
  }
  if (!dirty_ && !blocked_ && times_.state != state::opening) {
    dirty_ = true;
    core_->mark_dirty(shared_from_this());
  }
}

void connection::flush() {
  dirty_ = false;
  if (!blocked_ && writable() && times_.state != state::opening) send_queued();
}

void connection::send_queued() {
  while (front_ < queue_.size()) {
    std::array<asio::const_buffer, buffers_per_write> buffers;
    const std::size_t count = std::min(buffers.size(), queue_.size() - front_);
    for (std::size_t i = 0; i < count; ++i) {
      const base::packet_buffer& data = queue_[front_ + i].message.data;
      buffers[i] = asio::const_buffer(data.data(), data.size());
    }
    buffers[0] += front_sent_;
    base::error_code error;
    const std::size_t sent = stream_->write_some(std::span(buffers).first(count), error);
    if (must_wait(error)) {
      blocked_ = true;
      core_->budget().note_blocked(*this);
      schedule();
      stream_->wait_writable(shared_from_this());
      return;
    }
    if (error) {
      close(error);
      return;
    }
    drop_sent(sent);
  }
  queue_.clear();
  front_ = 0;
  times_.queued_since = base::never;
  queue_budget::note_moving(*this);
}

void connection::drop_sent(std::size_t bytes) {
  times_.last_activity = steady_clock_source::now();
  bytes += front_sent_;
  while (front_ < queue_.size() && bytes >= queue_[front_].message.data.size()) {
    sip::outgoing& sent = queue_[front_++].message;
    bytes -= sent.data.size();
    queued_bytes_ -= cost(sent);
    held_bytes_ -= held(sent);
    core_->budget().remove(held(sent));
    if (core_->is_pong(sent.data)) {
      ponging_ = false;
    } else if (core_->is_ping(sent.data)) {
      keeper_.handle_asked(times_.last_activity);
      schedule();
    } else {
      ++core_->counters().stream_messages_sent;
    }
    sent.data.reset();
  }
  front_sent_ = bytes;
  // A peer that takes a little now and then still has to take each message in time.
  if (front_ < queue_.size()) times_.queued_since = queue_[front_].since;
  if (front_ > 64 && front_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
}

void connection::drop_queue() noexcept {
  core_->budget().remove(std::exchange(held_bytes_, 0));
  queue_budget::note_moving(*this);
  queue_.clear();
  front_ = 0;
}

void connection::handle_writable(const base::error_code& error) {
  blocked_ = false;
  if (!writable() || core_->closed()) return;
  if (error) {
    close(error);
    return;
  }
  send_queued();
  if (times_.state == state::draining) finish();
}

}  // namespace parley::net::detail
