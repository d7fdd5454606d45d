#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/flow_recovery.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

namespace detail {
class request_series;
}  // namespace detail

/// What a user agent publishes, and for whom.
struct publication_options {
  /// Whose state it is: Request-URI and To, a SIP URI.
  std::string aor;
  /// Who publishes, a URI or a name-addr. Where empty, `aor`.
  std::string from;
  /// URIs of outbound proxies, the first to visit first.
  std::vector<std::string> routes;
  /// The event package, `presence`, perhaps with parameters.
  std::string event;
  /// Seconds that are asked for. At least 1.
  std::uint32_t expires = 3600;
  /// A server that wants more than these seconds is not asked again after its 423.
  std::uint32_t max_expires = 86400;
  /// Delays after failures; `some_failed` is not used.
  recovery_times recovery;
  /// CSeq of the first request.
  std::uint32_t first_cseq = 1;
};

/// A body and its type, `application/pidf+xml`.
struct publication_body {
  std::string type;
  std::string text;

  friend bool operator==(const publication_body&, const publication_body&) = default;
};

/// The publication of one event state (RFC 3903): makes it, refreshes it, changes it, removes it, and begins
/// anew where the server has lost it.
///
///  state       input                                     next        event
///  idle,       publish                                   publishing
///  failed
///  publishing  2xx                                       published   published, or refreshed
///  published   publish (a changed body), its time to     publishing
///              refresh
///  publishing  412 to a request with an entity tag       the same: the whole state again (RFC 3903 4.1)
///  publishing  423 that can be met                       the same: another request at once
///  publishing  408, 430, 480, 5xx, no response           waiting     failed, with `retry_at`
///  publishing  any other refusal, 489 among them         failed      failed
///  waiting     the end of the back-off, publish          publishing
///  waiting,    the end of the published state            the same    expired
///  publishing,
///  failed
///  all but     stop, and nothing is published            idle        removed
///  idle        stop                                      removing
///  removing    any final response                        idle        removed
///  removing    publish                                   removing, then publishing
///
/// One request is under way at a time (RFC 3903 4.1). What `publish` brings meanwhile waits, and the last
/// body counts. It refreshes as `registration` does: at half of a time up to 1200 s, 600 s before the end of
/// a longer one, at most every 10 s.
///
/// A core below answers challenges. Events never pile up: `poll_event` gives the last.
///
/// *Ownership:* refers to the random source, which lives longer; owns all its texts.
class publication {
 public:
  enum class state : std::uint8_t { idle, publishing, published, waiting, removing, failed };
  enum class event_kind : std::uint8_t {
    none,
    published,  ///< the server has the state that was published last before the request
    refreshed,  ///< the same state goes on
    failed,     ///< by `status`; tried again at `retry_at`, `never` where that is up to the application
    expired,    ///< the server has dropped the state
    removed,    ///< 2xx, or why the state lasts until its end; 0 where there was none to remove
  };
  /// What has happened, and what comes next.
  struct event {
    event_kind kind = event_kind::none;
    int status = 0;
    std::string reason;  ///< from the network, 128 bytes at most
    base::time_point retry_at = base::never;
  };

  /// Bytes of text that options may have, and bytes of a body.
  static constexpr std::size_t max_text = 8192;
  static constexpr std::size_t max_body = 32768;
  /// Bytes of an entity tag. A longer one counts as none.
  static constexpr std::size_t max_etag = 256;
  /// A server may refuse this many requests in a row by 423.
  static constexpr int max_retries = 4;

  PARLEY_API publication(publication_options options, base::random_source& random);
  publication(const publication&) = delete;
  publication& operator=(const publication&) = delete;
  PARLEY_API ~publication();

  enum state state() const noexcept { return state_; }
  const publication_options& options() const noexcept { return options_; }
  /// The name that the server gave the state; empty where it has none.
  const std::string& etag() const noexcept { return etag_; }
  /// When the server drops the state unless it is refreshed, `never` where there is none.
  base::time_point published_until() const noexcept { return end_at_; }

  /// Publishes a body: as a new state, or in the place of the one before. While it waits, it tries at once.
  /// *Errors:* `bad_message` where options or type make no request, `too_large` for a longer body or longer
  /// options: nothing is begun. `bad_message` for an empty body, too, which would be a refresh.
  PARLEY_API base::result<void> publish(publication_body body);
  /// Removes the state (RFC 3903 4.5).
  PARLEY_API void stop();

  /// Whether a request is to be sent now; `out` is complete but for Via. One is under way at a time.
  PARLEY_API bool poll_request(base::time_point now, sip::message& out);
  /// The final response to it; challenges that can be answered never come here.
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  /// No response: 408 for a time-out, 503 for a transport error (RFC 3261 8.1.3.1).
  PARLEY_API void handle_failure(base::time_point now, int status);
  PARLEY_API void handle_timeout(base::time_point now);

  base::time_point poll_timeout() const noexcept { return request_at_ < end_at_ ? request_at_ : end_at_; }
  PARLEY_API event poll_event();

 private:
  /// RFC 3903 4.1, table 1.
  enum class operation : std::uint8_t { none, initial, refresh, modify, remove };

  base::result<void> check(const publication_body& body) const;
  operation next_operation() const noexcept;
  void handle_published(base::time_point now, const sip::message_view& response, operation what);
  void handle_refused(base::time_point now, int status, std::string reason,
                      std::optional<std::uint32_t> retry_after);
  void handle_removed(int status, std::string reason);
  bool can_meet(const sip::message_view& response, operation what);
  void forget_state();
  void report(event_kind kind, int status, std::string reason, base::time_point retry_at = base::never);

  publication_options options_;
  base::random_source* random_;
  std::unique_ptr<detail::request_series> requests_;
  publication_body body_;
  std::string etag_;
  std::uint32_t expires_;  // asked for, as 423s have raised it
  std::uint32_t failures_ = 0;
  int too_brief_ = 0;
  base::time_point request_at_ = base::never;
  base::time_point end_at_ = base::never;
  operation under_way_ = operation::none;
  enum state state_ = state::idle;
  bool due_ = false;       // a request is to be sent
  bool body_due_ = false;  // and the server does not have the body
  bool wanted_ = false;    // there shall be a state
  event event_;
};

}  // namespace parley::ua
