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
  if (accepted()) core_->connections().begin_handshake();
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
  if (front_ < queue_.size()) times_.blocked_since = times_.since;
  if (accepted()) {
    core_->connections().end_handshake();
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
    core_->connections().end_handshake();
    fail_queue(errc::flow_gone);
    ++core_->counters().http_answers;
  }
  if (times_.state != state::answering) return;
  times_.last_activity = steady_clock_source::now();
  times_.blocked_since = done ? base::never : times_.last_activity;
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
  if (was_opening) log_failure(why);
  release();
  core_->connections().remove(*this);
  fail_queue(why);
  if (was_answering) return;
  if (!was_opening) {
    ++core_->counters().connections_closed;
    core_->report_closed(hop_, why);
  } else if (accepted()) {
    core_->connections().end_handshake();
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
  queue_.clear();
  front_ = 0;
}

void connection::release() noexcept {
  times_.state = state::closed;
  timer_.disarm();
  stop_keep_alive();
  stream_->close();
  input_.reset();
}

void connection::fail_queue(base::error_code why) {
  for (; front_ < queue_.size(); ++front_) {
    core_->report_failure(queue_[front_], why);
  }
  queue_.clear();
  front_ = 0;
}

}  // namespace parley::net::detail
