#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::ua {

namespace detail {
class request_series;
}  // namespace detail

/// Who instant messages go to, and from whom.
struct pager_options {
  /// Request-URI and To, a SIP URI.
  std::string to;
  /// A URI or a name-addr.
  std::string from;
  /// URIs of outbound proxies and of the Service-Route, the first to visit first.
  std::vector<std::string> routes;
  /// All hops on the way are known to control congestion, as TCP does: messages may be long (RFC 3428 8).
  bool congestion_controlled = false;
  /// CSeq of the first request.
  std::uint32_t first_cseq = 1;
};

/// One instant message.
struct pager_message {
  std::string type = "text/plain";
  std::string text;
  /// Seconds after `date` when it is of no use to its reader any more (RFC 3428 7).
  std::optional<std::uint32_t> expires = std::nullopt;
  /// When it was written.
  std::optional<base::wall_time> date = std::nullopt;
};

/// Instant messages to one address, outside dialogs (RFC 3428): sends one after the other, since no second
/// may go to an address while the first has no final response (RFC 3428 8).
///
///  state  input                     action                         next
///  idle   send                      queue it                       busy
///  busy   send                      queue it                       busy
///  busy   2xx, refusal, no response event delivered, failed        idle, or busy with the next
///
/// Nothing is repeated: whether a message that failed is still of use is the application's to know. The next
/// one goes out once the event of the one before was fetched, so no more than one event waits.
///
/// Requests have no Contact (RFC 3428 4). They share Call-ID and From tag, and their CSeq goes up, so that
/// the receiver can put them in order.
///
/// *Ownership:* refers to the random source, which lives longer; owns its texts.
class pager {
 public:
  enum class event_kind : std::uint8_t {
    none,
    delivered,  ///< 2xx. 202: taken by a server that will deliver it later (RFC 3428 4)
    failed,     ///< any other response, or none
  };
  /// What has become of one message.
  struct event {
    event_kind kind = event_kind::none;
    std::uint64_t number = 0;  ///< as `send` gave it
    int status = 0;
    std::string reason;  ///< from the network, 128 bytes at most
    /// Seconds, where the response has Retry-After.
    std::optional<std::uint32_t> retry_after;
  };

  /// Messages that wait at most, the one under way included.
  static constexpr std::size_t max_waiting = 32;
  /// Bytes of a request unless congestion is controlled (RFC 3428 8), less what Via takes.
  static constexpr std::size_t max_request = 1300;
  static constexpr std::size_t via_room = 150;
  /// Bytes of a body in any case, and of the options.
  static constexpr std::size_t max_body = 32768;
  static constexpr std::size_t max_text = 8192;

  PARLEY_API pager(pager_options options, base::random_source& random);
  pager(const pager&) = delete;
  pager& operator=(const pager&) = delete;
  PARLEY_API ~pager();

  /// How many messages wait, the one under way included.
  std::size_t waiting() const noexcept { return queue_.size(); }

  /// Sends a message, and gives its number. *Errors:* `too_large` for a message that may not go as a request
  /// by itself: use a session (RFC 4975). `bad_message` where options or message make no request.
  /// `base::errc::queue_full`: wait for events.
  PARLEY_API base::result<std::uint64_t> send(pager_message message);

  /// Whether a request is to be sent now; `out` is complete but for Via. One is under way at a time.
  PARLEY_API bool poll_request(base::time_point now, sip::message& out);
  /// The final response to it; challenges that can be answered never come here.
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  /// No response: 408 for a time-out, 503 for a transport error (RFC 3261 8.1.3.1).
  PARLEY_API void handle_failure(base::time_point now, int status);
  /// It has no timers.
  void handle_timeout(base::time_point /*now*/) noexcept {}
  base::time_point poll_timeout() const noexcept { return base::never; }
  PARLEY_API event poll_event();

 private:
  struct item {
    std::uint64_t number;
    pager_message message;
  };

  base::result<sip::message> write(detail::request_series& requests, const pager_message& message) const;
  void finish(int status, std::string reason, std::optional<std::uint32_t> retry_after);

  pager_options options_;
  std::unique_ptr<detail::request_series> requests_;
  std::deque<item> queue_;
  std::uint64_t last_number_ = 0;
  bool under_way_ = false;
  event event_;
};

/// True where the reader of a MESSAGE need not see it any more: its Expires has passed since its Date (RFC
/// 3428 7). False without either.
PARLEY_API bool has_expired(const sip::message_view& request, base::wall_time now) noexcept;

}  // namespace parley::ua
