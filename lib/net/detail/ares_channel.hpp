#pragma once

#include <parley/base/address.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <ares.h>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace parley::net::detail {

namespace asio = boost::asio;

/// c-ares on an executor: sends questions to name servers, over UDP and where an answer is cut off over TCP,
/// repeats them, and goes on to the next server where one fails.
///
/// Its sockets exist only while questions are under way, connected to the server, each from a port that the
/// system draws. c-ares takes an answer whose id and question are those of a question under way.
class ares_channel : public std::enable_shared_from_this<ares_channel> {
 public:
  enum class outcome : std::uint8_t { answered, failed, timed_out };
  /// May be called from inside `send`; it calls no function of the channel. *Ownership:* the message is good
  /// for the call.
  using handler = std::function<void(outcome what, std::span<const std::byte> message)>;

  /// The largest answer over UDP that is asked for (RFC 6891): what gets through everywhere in one piece.
  static constexpr int udp_payload_bytes = 1232;

  struct options {
    std::vector<base::socket_address> servers;  ///< the system's where there are none
    base::duration timeout{};                   ///< of the first round
    unsigned tries = 2;                         ///< rounds over all servers
  };

  /// *Errors:* `errc::dns_failed` where c-ares can't be set up.
  static base::result<std::shared_ptr<ares_channel>> open(const asio::any_io_executor& executor,
                                                          const options& wanted);

  explicit ares_channel(const asio::any_io_executor& executor) : executor_(executor), timer_(executor) {}
  ~ares_channel();
  ares_channel(const ares_channel&) = delete;
  ares_channel& operator=(const ares_channel&) = delete;

  /// `query` is a whole message.
  void send(std::span<const unsigned char> query, handler done);
  /// Closes the sockets. Handlers that wait are dropped.
  void close() noexcept;

 private:
  struct watch {
    explicit watch(const asio::any_io_executor& executor) : fd(executor) {}

    asio::posix::stream_descriptor fd;
    bool wants_read = false;
    bool wants_write = false;
    bool reading = false;
    bool writing = false;
    bool gone = false;
  };
  struct question {
    ares_channel* channel;
    handler done;
  };

  base::result<void> set_up(const options& wanted);
  static void handle_answer(void* argument, int status, int timeouts, unsigned char* message, int length);
  static void handle_socket(void* argument, ares_socket_t socket, int readable, int writable);
  void watch_socket(ares_socket_t socket, bool read, bool write);
  void wait(const std::shared_ptr<watch>& w);
  void process(ares_socket_t read, ares_socket_t write);
  void arm();

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  ::ares_channel channel_ = nullptr;
  std::unordered_map<ares_socket_t, std::shared_ptr<watch>> watches_;
};

}  // namespace parley::net::detail
