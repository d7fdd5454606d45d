// How a connection reads, and cuts what it has read into messages.
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace parley::net::detail {
namespace {

constexpr unsigned reads_per_wake_up = 4;

}  // namespace

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
  if (times_.state == state::lingering) {
    discard();
  } else {
    const transport_core::wake_up awake(*core_);
    const base::time_point now = steady_clock_source::now();
    read(now);
    if (core_->closed()) return;
    core_->end_batch(now);
    if (core_->closed()) return;
    if (times_.state == state::draining) finish();
    // A pong, or the end of a message that had put its time-out off, brings an earlier deadline.
    if (keeper_.on()) schedule();
  }
  wait_readable();
}

void connection::read(base::time_point now) {
  for (unsigned i = 0; i < reads_per_wake_up && times_.state == state::open; ++i) {
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
      count_broken(error);
      close(error);
      return;
    }
    handle_received(now);
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
    // Each second CRLF that stands alone may be half a ping; whoever waits for a pong takes it for one.
    const bool half_ping = step.what == status::keep_alive_ping && step.consumed == 2;
    if (step.what == status::keep_alive_pong || (half_ping && keeper_.awaiting())) {
      ++core_->counters().keep_alive_pongs;
      keeper_.handle_pong(now, core_->random());
    } else if (step.what == status::keep_alive_ping) {
      answer_ping(now);
    } else {
      times_.last_message = now;
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
      if (core_->closed() || times_.state != state::open) return;
      if (last) {
        times_.part_since = base::never;
        return;
      }
    }
    offset += step.consumed;
  }
  input.trim_front(offset);
  if (input.empty()) {
    times_.part_since = base::never;
    return;
  }
  input_ = std::move(input);
  if (consumed || times_.part_since == base::never) times_.part_since = now;
  schedule();
}

// What a stream that keeps messages has given.
void connection::take_whole(base::time_point now) {
  if (!stream_->at_message_end()) {
    if (times_.part_since == base::never) times_.part_since = now;
    schedule();
    return;
  }
  base::packet_buffer message = std::move(input_);
  input_.reset();
  times_.part_since = base::never;
  // RFC 5626 4.4.1: the keep-alives of streams are used over WebSocket, too.
  if (message.text() == "\r\n\r\n") return answer_ping(now);
  if (message.text() == "\r\n") {
    ++core_->counters().keep_alive_pongs;
    return;
  }
  times_.last_message = now;
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
  core_->connections().unlist(*this);
  why_ = make_error_code(error);
  count_broken(why_);
  core_->handler().handle_framing_error(now, hop_, error, std::move(head));
  if (core_->closed() || times_.state != state::open) return;
  times_.state = state::draining;
  times_.since = now;
}

void connection::handle_end_of_input(base::time_point now) {
  input_.reset();
  times_.part_since = base::never;
  core_->connections().unlist(*this);
  times_.state = state::half_closed;
  // Most peers that finish have closed both halves, and nothing but a write would tell. So the connection is
  // kept only while a request that came on it may still be answered. A WebSocket has no halves.
  if (stream_->keeps_messages() || times_.last_message == base::never || now >= deadline()) {
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

}  // namespace parley::net::detail
