#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/framing.hpp>
#include <parley/sip/hop.hpp>

#include "net/detail/byte_stream.hpp"
#include "net/detail/connection_times.hpp"
#include "net/detail/keep_alive.hpp"
#include "net/detail/transport_core.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace parley::net::detail {

/// One connection of a stream transport: cuts what arrives into messages, and sends from a bounded queue.
///
///  state        input                          action                              next
///  opening      open                           send the queue                      open
///  opening      refused, handshake failed,     fail the queue                      closed
///               time-out
///  opening      a plain HTTP request           fail the queue, be no handshake     answering
///               is answered
///  answering    answered, time-out             -                                   closed
///  open         message                        hand it to the owner                open
///  open         CRLF CRLF                      queue CRLF (RFC 5626 4.4.1)         open
///  open         the peer has finished          only answers from now on            half_closed, or closed
///  where
///                                                                                  no message came recently
///  open         bytes that can't be framed     tell the owner, take its answer     draining
///  half_closed  half-close time-out            finish writing                      closed
///  draining     the queue is empty             finish writing                      lingering
///  lingering    bytes                          drop them                           lingering
///  lingering    the peer has finished, or      -                                   closed
///               linger time-out
///  open         keep-alive is due              queue CRLF CRLF, or ping            open
///  open         no pong in time, or no         fail the queue                      closed
///               keep-alive that was promised
///  open, half_closed  error, or ended by peer  messages that are whole go by another closed
///                                              connection, once
///  any          error, idle, too slow          fail the queue                      closed
///
/// Its source is in five files: connection.cpp opens and ends, connection_read.cpp, connection_write.cpp,
/// connection_bounds.cpp for what may not be exceeded, and connection_keep_alive.cpp.
///
/// An idle connection holds no buffer. The timer is not moved with every message: when it ends it looks at
/// what has happened since.
class connection final : public flushable,
                         public queue_budget::holder,
                         public timed,
                         public stream_user,
                         public std::enable_shared_from_this<connection> {
 public:
  enum class origin : std::uint8_t { accepted, opened };

  connection(std::shared_ptr<transport_core> core, std::unique_ptr<byte_stream> stream, const sip::hop& hop,
             origin began);

  const sip::hop& hop() const noexcept { return hop_; }
  bool accepted() const noexcept { return times_.accepted; }
  /// True where the peer's certificate is valid for `host`.
  bool proves(std::string_view host) const { return stream_->proves(host); }
  /// True while `send` may get something through.
  bool writable() const noexcept {
    return times_.state != state::answering && times_.state != state::lingering &&
           times_.state != state::closed;
  }

  bool is_opening() const noexcept { return times_.state == state::opening; }
  bool is_open() const noexcept { return times_.state == state::open; }
  bool has_queued() const noexcept { return front_ < queue_.size(); }

  /// Begins to connect, to shake hands or to read. The table holds it already.
  void start();
  /// Whether a message has left the queue of another connection before, which happens once only.
  enum class delivery : std::uint8_t { first, moved };
  /// False where it is not queued, which is reported.
  bool send(sip::outgoing&& message, delivery d = delivery::first);
  void flush() override;

  /// Keeps it alive from our side until `stop_keep_alive`. *Errors:* `errc::limit_reached`.
  base::result<void> keep_alive(base::duration interval);
  void stop_keep_alive();
  /// The peer has promised to send something each `interval`; zero takes the promise back.
  void expect_keep_alive(base::duration interval);
  /// The client that a PROXY protocol header has named, while the connection opens. *Errors:*
  /// `errc::limit_reached` where that source has as many connections, or handshakes, as it may.
  base::error_code set_remote(const base::socket_address& remote);

  /// Ends it now. What is queued fails with `why`.
  void close(base::error_code why);
  /// Ends it without telling anybody.
  void abandon() noexcept;
  /// Ends it because others need the room that its queue takes.
  void shed() override;

  void handle_timeout(base::time_point now) override;
  void handle_open(const base::error_code& error) override;
  void handle_readable(const base::error_code& error) override;
  void handle_writable(const base::error_code& error) override;
  void handle_sign_of_life(bool answer) override;
  void handle_answering(bool done) override;

 private:
  using state = connection_state;
  struct queued {
    sip::outgoing message;
    base::time_point since;  // when it was put there, or could go out at the earliest
    delivery way;
  };

  bool reading() const noexcept { return times_.state == state::open || times_.state == state::lingering; }
  void wait_readable();
  void read(base::time_point now);
  std::size_t read_input(base::error_code& error);
  std::size_t make_room();
  void frame(base::time_point now);
  void take_whole(base::time_point now);
  void discard();
  void handle_end_of_input(base::time_point now);
  void answer_ping(base::time_point now);
  void fail_framing(base::time_point now, sip::parse_error error, base::packet_buffer head);
  void finish();
  bool make_room_for(const sip::outgoing& message);
  void enqueue(base::time_point now, sip::outgoing&& message, delivery d = delivery::first);
  void send_queued();
  void drop_sent(std::size_t bytes);
  void drop_queue() noexcept;
  bool may_move(const queued& waiting, const base::error_code& why) const noexcept;
  void move_queue(const base::error_code& why);
  void fail_queue(base::error_code why);
  void release() noexcept;
  void log_failure(const base::error_code& why);

  void keep_alive_by_default(base::time_point now);
  void ping_when_silent(base::time_point now);
  void handle_received(base::time_point now);
  void ask_for_pong(base::time_point now);
  base::time_point keep_alive_due() const noexcept;
  void count_broken(const base::error_code& why) noexcept;
  void count_timeout(connection_times::bound met) noexcept;

  base::time_point deadline() const noexcept;
  base::error_code timeout_error(connection_times::bound met) const noexcept;
  void schedule();

  std::shared_ptr<transport_core> core_;
  std::unique_ptr<byte_stream> stream_;
  sip::hop hop_;
  connection_times times_;
  bool dirty_ = false;
  bool blocked_ = false;  // waiting until the stream takes more
  bool ponging_ = false;  // an answer to a keep-alive is queued: one does for many
  bool waiting_ = false;  // until there is something to read
  bool kept_ = false;     // `keep_alive` was asked for, and counts
  base::error_code why_;  // once draining: what the owner is told in the end

  sip::stream_framer framer_;
  base::packet_buffer input_;  // the part of a message that has arrived
  std::size_t expected_ = 0;   // the size that message will have, once known

  std::vector<queued> queue_;
  std::size_t front_ = 0;       // messages at the front of queue_ that are done with
  std::size_t front_sent_ = 0;  // bytes of the next one that went out
  std::size_t queued_bytes_ = 0;
  std::size_t held_bytes_ = 0;  // what the buffers of the queue take of the pool

  detail::keep_alive keeper_;

  base::timer timer_;
};

}  // namespace parley::net::detail
