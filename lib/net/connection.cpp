#include "net/detail/connection.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace parley::net::detail {
namespace {

constexpr unsigned reads_per_wake_up = 4;
constexpr std::size_t buffers_per_write = 64;

bool must_wait(const base::error_code& error) noexcept {
  return error == asio::error::would_block || error == asio::error::try_again;
}

std::size_t cost(const sip::outgoing& message) noexcept {
  return message.data.size() + sizeof(sip::outgoing);
}

}  // namespace

connection::connection(std::shared_ptr<transport_core> core, std::unique_ptr<byte_stream> stream,
                       const sip::hop& hop, origin began)
    : core_(std::move(core)),
      stream_(std::move(stream)),
      hop_(hop),
      origin_(began),
      state_(state::opening),
      framer_(core_->limits().message),
      timer_(static_cast<timed*>(this)),
      since_(steady_clock_source::now()),
      last_activity_(since_) {}

void connection::start() {
  if (accepted()) core_->connections().begin_handshake();
  schedule();
  stream_->open(shared_from_this());
}

void connection::handle_open(const base::error_code& error) {
  if (state_ != state::opening) return;
  if (error) {
    close(error);
    return;
  }
  state_ = state::open;
  since_ = last_activity_ = steady_clock_source::now();
  if (front_ < queue_.size()) blocked_since_ = since_;
  if (accepted()) {
    core_->connections().end_handshake();
  } else {
    ++core_->counters().connections_opened;
  }
  schedule();
  wait_readable();
  send_queued();
}

// ---- Reading

void connection::wait_readable() {
  if (waiting_ || !reading()) return;
  waiting_ = true;
  stream_->wait_readable(shared_from_this());
}

void connection::handle_readable(const base::error_code& error) {
  waiting_ = false;
  if (!reading() || core_->closed()) return;
  if (error) {
    close(error);
    return;
  }
  if (state_ == state::lingering) {
    discard();
  } else {
    const transport_core::wake_up awake(*core_);
    const base::time_point now = steady_clock_source::now();
    read(now);
    if (core_->closed()) return;
    core_->end_batch(now);
    if (core_->closed()) return;
    if (state_ == state::draining) finish();
  }
  wait_readable();
}

void connection::read(base::time_point now) {
  for (unsigned i = 0; i < reads_per_wake_up && state_ == state::open; ++i) {
    base::error_code error;
    const std::size_t room = make_room();
    const std::size_t n = read_input(error);
    if (must_wait(error)) {
      // The end of a message may come with nothing in it.
      if (stream_->keeps_messages() && input_ && stream_->at_message_end()) take_whole(now);
      return;
    }
    if (error == asio::error::eof) {
      handle_end_of_input(now);
      return;
    }
    if (error) {
      close(error);
      return;
    }
    last_activity_ = now;
    if (stream_->keeps_messages()) {
      take_whole(now);
    } else {
      frame(now);
    }
    // What was not filled has emptied the socket; waiting tells of whatever came since.
    if (core_->closed() || n < room) return;
  }
}

// Makes sure that `input_` or the shared spare buffer has room to read into; returns how much one read can
// bring.
std::size_t connection::make_room() {
  if (input_ && input_.tailroom() < 512) {
    const std::size_t wanted = std::max({expected_, input_.size() * 2, transport_core::spare_bytes});
    if (auto larger = core_->pool().allocate(wanted); larger && larger->resize(input_.size())) {
      std::memcpy(larger->mutable_data(), input_.data(), input_.size());
      input_ = std::move(*larger);
    }
  }
  const base::packet_buffer& first = input_ ? input_ : core_->spare();
  return first.tailroom() + core_->spill().size();
}

// Reads into the room behind `input_`, or into the spare buffer, and where that is too small into memory that
// all connections share, from which it is then put together.
std::size_t connection::read_input(base::error_code& error) {
  base::packet_buffer& first = input_ ? input_ : core_->spare();
  const std::size_t had = first.size();
  const std::size_t room = first.tailroom();
  const std::span<std::byte> spill = core_->spill();
  const std::array<asio::mutable_buffer, 2> into{asio::mutable_buffer(first.mutable_data() + had, room),
                                                 asio::mutable_buffer(spill.data(), spill.size())};
  const std::size_t n = stream_->read_some(room != 0 ? std::span(into) : std::span(into).last(1), error);
  if (error) return 0;
  if (n <= room) {
    // The handle is the only one, and the room was there.
    static_cast<void>(first.resize(had + n));
    if (!input_) input_ = std::move(first);
    return n;
  }
  auto whole = core_->pool().allocate(std::max(had + n, expected_));
  if (!whole || !whole->resize(had + n)) {
    ++core_->counters().stream_no_buffer;
    error = errc::no_buffer;
    return 0;
  }
  if (had + room != 0) std::memcpy(whole->mutable_data(), first.data(), had + room);
  std::memcpy(whole->mutable_data() + had + room, spill.data(), n - room);
  input_ = std::move(*whole);
  return n;
}

void connection::frame(base::time_point now) {
  // Handed-over calls may close this connection, so the bytes are held here meanwhile.
  base::packet_buffer input = std::move(input_);
  input_.reset();
  const std::string_view text = input.text();
  std::size_t offset = 0;
  bool consumed = false;
  expected_ = 0;
  while (offset < text.size()) {
    using status = sip::stream_framer::status;
    const sip::stream_framer::step step = framer_.next(text.substr(offset));
    if (step.what == status::need_more) {
      expected_ = step.expected;
      break;
    }
    if (step.what == status::error) {
      input.trim_front(offset);
      fail_framing(now, step.error, std::move(input));
      return;
    }
    consumed = true;
    if (step.what == status::keep_alive_ping) {
      answer_ping(now);
    } else if (step.what == status::keep_alive_pong) {
      ++core_->counters().keep_alive_pongs;
    } else {
      last_message_ = now;
      ++core_->counters().stream_messages_received;
      base::packet_buffer message;
      const bool last = offset == 0 && step.consumed == text.size();
      if (last) {
        message.swap(input);
      } else if (auto copy = core_->pool().copy(text.substr(offset, step.consumed))) {
        message = std::move(*copy);
      } else {
        ++core_->counters().stream_no_buffer;
        close(errc::no_buffer);
        return;
      }
      core_->handler().handle_message(now, hop_, std::move(message));
      if (core_->closed() || state_ != state::open) return;
      if (last) {
        part_since_ = base::never;
        return;
      }
    }
    offset += step.consumed;
  }
  input.trim_front(offset);
  if (input.empty()) {
    part_since_ = base::never;
    return;
  }
  input_ = std::move(input);
  if (consumed || part_since_ == base::never) part_since_ = now;
  schedule();
}

// What a stream that keeps messages has given.
void connection::take_whole(base::time_point now) {
  if (!stream_->at_message_end()) {
    if (part_since_ == base::never) part_since_ = now;
    schedule();
    return;
  }
  base::packet_buffer message = std::move(input_);
  input_.reset();
  part_since_ = base::never;
  // RFC 5626 4.4.1: the keep-alives of streams are used over WebSocket, too.
  if (message.text() == "\r\n\r\n") return answer_ping(now);
  if (message.text() == "\r\n") {
    ++core_->counters().keep_alive_pongs;
    return;
  }
  last_message_ = now;
  ++core_->counters().stream_messages_received;
  core_->handler().handle_message(now, hop_, std::move(message));
}

void connection::answer_ping(base::time_point now) {
  ++core_->counters().keep_alive_pings;
  if (ponging_) return;
  base::packet_buffer pong = core_->pong();
  if (!pong) return;
  ponging_ = true;
  enqueue(now, {hop_, std::move(pong), 0});
}

void connection::fail_framing(base::time_point now, sip::parse_error error, base::packet_buffer head) {
  ++core_->counters().framing_errors;
  core_->connections().unlist(*this);
  why_ = sip::make_error_code(error);
  core_->handler().handle_framing_error(now, hop_, error, std::move(head));
  if (core_->closed() || state_ != state::open) return;
  state_ = state::draining;
  since_ = now;
}

void connection::handle_end_of_input(base::time_point now) {
  input_.reset();
  part_since_ = base::never;
  core_->connections().unlist(*this);
  state_ = state::half_closed;
  // Most peers that finish have closed both halves, and nothing but a write would tell. So the connection is
  // kept only while a request that came on it may still be answered. A WebSocket has no halves.
  if (stream_->keeps_messages() || last_message_ == base::never || now >= deadline()) {
    close(errc::closed_by_peer);
    return;
  }
  schedule();
}

void connection::discard() {
  for (unsigned i = 0; i < reads_per_wake_up; ++i) {
    base::error_code error;
    const std::array<asio::mutable_buffer, 1> into{
        asio::mutable_buffer(core_->spill().data(), core_->spill().size())};
    const std::size_t n = stream_->read_some(into, error);
    if (must_wait(error)) return;
    if (error) {
      close(why_);
      return;
    }
    if (n < core_->spill().size()) return;
  }
}

// ---- Writing

void connection::send(sip::outgoing&& message) {
  if (!writable()) {
    core_->report_failure(message, errc::flow_gone);
    return;
  }
  if (queued_bytes_ + cost(message) > core_->limits().queued_bytes_per_connection) {
    ++core_->counters().stream_queue_full;
    core_->report_failure(message, errc::queue_full);
    return;
  }
  enqueue(blocked_since_ == base::never ? steady_clock_source::now() : blocked_since_, std::move(message));
}

void connection::enqueue(base::time_point now, sip::outgoing&& message) {
  queued_bytes_ += cost(message);
  queue_.push_back(std::move(message));
  if (blocked_since_ == base::never && state_ != state::opening) {
    blocked_since_ = now;
  }
  if (!dirty_ && !blocked_ && state_ != state::opening) {
    dirty_ = true;
    core_->mark_dirty(shared_from_this());
  }
}

void connection::flush() {
  dirty_ = false;
  if (!blocked_ && writable() && state_ != state::opening) send_queued();
}

void connection::send_queued() {
  while (front_ < queue_.size()) {
    std::array<asio::const_buffer, buffers_per_write> buffers;
    const std::size_t count = std::min(buffers.size(), queue_.size() - front_);
    for (std::size_t i = 0; i < count; ++i) {
      const base::packet_buffer& data = queue_[front_ + i].data;
      buffers[i] = asio::const_buffer(data.data(), data.size());
    }
    buffers[0] += front_sent_;
    base::error_code error;
    const std::size_t sent = stream_->write_some(std::span(buffers).first(count), error);
    if (must_wait(error)) {
      blocked_ = true;
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
  blocked_since_ = base::never;
}

void connection::drop_sent(std::size_t bytes) {
  last_activity_ = blocked_since_ = steady_clock_source::now();
  bytes += front_sent_;
  while (front_ < queue_.size() && bytes >= queue_[front_].data.size()) {
    sip::outgoing& sent = queue_[front_++];
    bytes -= sent.data.size();
    queued_bytes_ -= cost(sent);
    if (core_->is_pong(sent.data)) {
      ponging_ = false;
    } else {
      ++core_->counters().stream_messages_sent;
    }
    sent.data.reset();
  }
  front_sent_ = bytes;
  if (front_ > 64 && front_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
}

void connection::handle_writable(const base::error_code& error) {
  blocked_ = false;
  if (!writable() || core_->closed()) return;
  if (error) {
    close(error);
    return;
  }
  send_queued();
  if (state_ == state::draining) finish();
}

// ---- Ending

// Once what was queued has gone out, says so to the peer and waits until it has read it.
void connection::finish() {
  if (front_ < queue_.size()) {
    schedule();
    return;
  }
  stream_->finish_writing();
  state_ = state::lingering;
  since_ = steady_clock_source::now();
  schedule();
  wait_readable();
}

void connection::close(base::error_code why) {
  if (state_ == state::closed) return;
  const std::shared_ptr<connection> self = shared_from_this();
  const bool was_open = state_ != state::opening;
  if (!was_open && why != errc::served_http) log_failure(why);
  release();
  core_->connections().remove(*this);
  fail_queue(why);
  if (was_open) {
    ++core_->counters().connections_closed;
    core_->report_closed(hop_, why);
  } else if (accepted()) {
    core_->connections().end_handshake();
    if (why == errc::served_http) {
      ++core_->counters().http_answers;
    } else {
      ++core_->counters().handshakes_failed;
    }
  } else {
    ++core_->counters().connections_failed;
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
  state_ = state::closed;
  timer_.disarm();
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

// ---- Time

base::time_point connection::deadline() const noexcept {
  const transport_limits& limits = core_->limits();
  switch (state_) {
    case state::opening:
      return base::add_saturated(since_, accepted() ? limits.handshake_timeout : limits.connect_timeout);
    case state::lingering: return base::add_saturated(since_, limits.linger_timeout);
    case state::closed: return base::never;
    case state::open:
    case state::half_closed:
    case state::draining: break;
  }
  base::time_point first = state_ == state::half_closed
                               ? base::add_saturated(last_message_, limits.half_close_timeout)
                               : base::add_saturated(last_activity_, limits.idle_timeout);
  if (blocked_since_ != base::never) {
    first = std::min(first, base::add_saturated(blocked_since_, limits.write_timeout));
  }
  if (state_ != state::open) return first;
  if (part_since_ != base::never) {
    first = std::min(first, base::add_saturated(part_since_, limits.message_timeout));
  }
  if (last_message_ == base::never && accepted()) {
    first = std::min(first, base::add_saturated(since_, limits.first_message_timeout));
  }
  return first;
}

base::error_code connection::timeout_error(base::time_point now) const noexcept {
  const transport_limits& limits = core_->limits();
  switch (state_) {
    case state::opening: return errc::connect_timed_out;
    case state::half_closed: return errc::closed_by_peer;
    case state::lingering: return why_;
    default: break;
  }
  return now >= base::add_saturated(last_activity_, limits.idle_timeout) ? errc::idle : errc::too_slow;
}

void connection::schedule() {
  const base::time_point at = deadline();
  // A later deadline is found when the timer ends.
  if (!timer_.armed() || at < timer_.deadline()) core_->arm(timer_, at);
}

void connection::handle_timeout(base::time_point now) {
  if (now < deadline()) {
    schedule();
    return;
  }
  if (state_ != state::lingering && state_ != state::half_closed) ++core_->counters().connections_timed_out;
  close(timeout_error(now));
}

}  // namespace parley::net::detail
