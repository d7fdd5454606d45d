// How a connection opens and how it ends.
#include "net/detail/connection.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include <utility>

namespace parley::net::detail {

connection::connection(std::shared_ptr<transport_core> core, std::unique_ptr<byte_stream> stream,
                       const sip::hop& hop, origin began)
    : core_(std::move(core)),
      stream_(std::move(stream)),
      hop_(hop),
      times_{.accepted = began == origin::accepted, .since = steady_clock_source::now()},
      framer_(core_->limits().message),
      timer_(static_cast<timed*>(this)) {
  times_.last_activity = times_.last_received = times_.since;
}

void connection::start() {
  schedule();
  stream_->open(shared_from_this());
}

void connection::handle_open(const base::error_code& error) {
  if (times_.state != state::opening && times_.state != state::answering) return;
  if (error) {
    close(error);
    return;
  }
  times_.state = state::open;
  times_.since = times_.last_activity = times_.last_received = steady_clock_source::now();
  if (front_ < queue_.size()) {
    // Until now it was the time to open that counted.
    for (queued& one : queue_) one.since = times_.since;
    times_.queued_since = times_.since;
  }
  if (accepted()) {
    core_->connections().end_handshake(*this);
  } else {
    ++core_->counters().connections_opened;
  }
  keep_alive_by_default(times_.since);
  schedule();
  wait_readable();
  send_queued();
  if (times_.state == state::open) core_->races().handle_open(*this);
}

// What comes of a plain HTTP request is no handshake any more, and never a flow.
void connection::handle_answering(bool done) {
  if (times_.state == state::opening) {
    times_.state = state::answering;
    times_.since = steady_clock_source::now();
    core_->connections().unlist(*this);
    core_->connections().end_handshake(*this);
    fail_queue(errc::flow_gone);
    ++core_->counters().http_answers;
  }
  if (times_.state != state::answering) return;
  times_.last_activity = steady_clock_source::now();
  times_.queued_since = done ? base::never : times_.last_activity;
  schedule();
}

// Once what was queued has gone out, says so to the peer and waits until it has read it.
void connection::finish() {
  if (front_ < queue_.size()) {
    schedule();
    return;
  }
  stream_->finish_writing();
  times_.state = state::lingering;
  times_.since = steady_clock_source::now();
  schedule();
  wait_readable();
}

void connection::close(base::error_code why) {
  if (times_.state == state::closed) return;
  const std::shared_ptr<connection> self = shared_from_this();
  const bool was_opening = times_.state == state::opening;
  const bool was_answering = times_.state == state::answering;
  const bool moves = times_.state == state::open || times_.state == state::half_closed;
  if (was_opening) log_failure(why);
  release();
  core_->connections().remove(*this);
  if (moves) move_queue(why);
  fail_queue(why);
  if (was_answering) return;
  if (!was_opening) {
    ++core_->counters().connections_closed;
    core_->report_closed(hop_, why);
  } else if (accepted()) {
    ++core_->counters().handshakes_failed;
  } else {
    ++core_->counters().connections_failed;
    core_->races().handle_failure(*this, why);
  }
}

// What strangers can bring about is said at the level of information only.
void connection::log_failure(const base::error_code& why) {
  const std::string remote = hop_.remote.to_string();
  const std::string error = why.message();
  core_->log(base::log_level::info,
             accepted() ? "a handshake with a peer failed" : "a connection could not be opened",
             {{"remote", remote}, {"transport", sip::name_of(hop_.transport)}, {"error", error}});
}

void connection::abandon() noexcept {
  release();
  drop_queue();
}

void connection::shed() {
  ++core_->counters().connections_shed;
  close(errc::too_slow);
}

void connection::release() noexcept {
  times_.state = state::closed;
  timer_.disarm();
  stop_keep_alive();
  stream_->close();
  input_.reset();
}

// What the owner has ended, or who is too slow, is not to be had back by another connection. What has gone
// out in part may have arrived whole: whether it is to be sent again the owner knows.
bool connection::may_move(const queued& waiting, const base::error_code& why) const noexcept {
  const sip::outgoing& message = waiting.message;
  return why != errc::closed && why != errc::too_slow && waiting.way == delivery::first &&
         !message.to.only_flow && !core_->is_ping(message.data) && !core_->is_pong(message.data);
}

void connection::move_queue(const base::error_code& why) {
  std::vector<queued> left = std::exchange(queue_, {});
  const std::size_t first = std::exchange(front_, 0);
  for (std::size_t i = first; i < left.size(); ++i) {
    const bool whole = i != first || front_sent_ == 0;
    if (whole && may_move(left[i], why)) {
      core_->move(std::move(left[i].message));
    } else {
      queue_.push_back(std::move(left[i]));
    }
  }
}

void connection::fail_queue(base::error_code why) {
  for (; front_ < queue_.size(); ++front_) {
    core_->report_failure(queue_[front_].message, why);
  }
  drop_queue();
}

}  // namespace parley::net::detail
