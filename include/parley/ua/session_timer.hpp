#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/dialog_headers.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <optional>

namespace parley::ua {

/// Who refreshes a session, as seen from here.
enum class refresh_by : std::uint8_t { any, local, remote };

/// How a user agent uses session timers (RFC 4028).
struct session_timer_options {
  /// Seconds that we ask for, and grant at most. 0: we ask for none, and still do what a peer asks for.
  std::uint32_t session_expires = 1800;
  /// Seconds below which we grant none. RFC 4028 5 wants 90 at least; less is for tests.
  std::uint32_t min_se = 90;
  /// A peer that wants more than these seconds is not asked again after its 422.
  std::uint32_t max_min_se = 86400;
  /// Who shall refresh where the choice is ours. `any` leaves it to the peer as UAC, and to the UAC as UAS.
  refresh_by refresher = refresh_by::any;
};

/// The timer of a session (RFC 4028): negotiates its interval and who refreshes it, in both roles, and says
/// when to refresh and when to give the session up.
///
///  state       input                                          next        event
///  off         2xx with Session-Expires, received or written  running
///  running     half of the interval, where we refresh         refreshing  refresh
///  running,    2xx with Session-Expires, received or written  running
///  refreshing  2xx without, received or written               off
///  refreshing  408, 481 received, or no response              expired     expired
///  refreshing  another refusal received                       running (refreshes again at half of the rest)
///  refreshing  422 received                                   the same: the request is to be made again
///  running,    the end of the interval, less a third of it    expired     expired
///  refreshing  or 32 s
///  expired     anything                                       expired
///
/// It only looks at INVITE and UPDATE. The user agent makes the requests: for `event::refresh` an UPDATE
/// where the peer allows that, else a re-INVITE with the session as it is (RFC 4028 7.4); for
/// `event::expired` a BYE.
///
/// Events never pile up: `poll_event` gives the last one, and `expired` is the end.
class session_timer {
 public:
  enum class state : std::uint8_t { off, running, refreshing, expired };
  enum class event : std::uint8_t {
    none,
    refresh,  ///< send a session refresh request
    expired,  ///< the peer is gone: send BYE (RFC 4028 10)
  };
  enum class outcome : std::uint8_t {
    none,     ///< nothing for the session to do
    retry,    ///< a 422: send the request again, as a new one with `write_request` (RFC 4028 7.3)
    refused,  ///< a 422 that can't be met, or one too many: the request has failed
  };

  /// What a request says of the timer, until it is answered.
  struct question {
    std::optional<std::uint32_t> seconds;  ///< of Session-Expires
    std::optional<std::uint32_t> min_se;
    sip::session_refresher refresher = sip::session_refresher::none;
    bool understood = false;  ///< its sender knows the extension
    bool refreshes = false;   ///< it is an INVITE or UPDATE
  };

  /// A peer may answer this many requests in a row with 422.
  static constexpr int max_retries = 4;

  explicit session_timer(const session_timer_options& options = {}) noexcept : options_(options) {
    if (options_.min_se == 0) options_.min_se = 1;
  }

  enum state state() const noexcept { return state_; }
  /// Seconds; 0 while it is off.
  std::uint32_t interval() const noexcept { return interval_; }
  /// `any` while it is off.
  refresh_by refresher() const noexcept { return refresher_; }
  /// What a 422 of ours names, in seconds.
  std::uint32_t min_se() const noexcept { return options_.min_se; }

  /// Adds Supported, Session-Expires and Min-SE to an INVITE or UPDATE that is about to be sent (RFC 4028 7.1
  /// and 7.4). Any other request but ACK gets Supported alone, an ACK nothing.
  PARLEY_API void write_request(sip::message& request);
  /// Takes the final response to such a request, once: not the copies of a 2xx. Provisional responses are
  /// left alone, so are responses to other methods.
  ///
  /// *Errors:* `bad_message` for a Session-Expires or Min-SE that can't be read; the response then counts as
  /// one without that header.
  PARLEY_API base::result<outcome> handle_response(base::time_point now, const sip::message_view& response);
  /// The request got no response: a time-out (408) or a transport error (503), as RFC 3261 8.1.3.1 counts
  /// them.
  PARLEY_API void handle_failure(base::time_point now, int status);

  /// Looks at an INVITE or UPDATE that came in, before it is answered (RFC 4028 9).
  ///
  /// *Errors:* `interval_too_small`: answer 422 with `write_refusal`; `bad_message`: 400. The session goes on
  /// as it was.
  PARLEY_API base::result<question> handle_request(const sip::message_view& request);
  /// Adds Session-Expires, and Require where that has to be, to the 2xx that answers the request of which
  /// `handle_request` has said `asked`, and starts the timer by what was agreed (RFC 4028 9).
  PARLEY_API void write_response(base::time_point now, const question& asked, sip::message& response);
  /// Adds Min-SE to a 422 (RFC 4028 6).
  PARLEY_API void write_refusal(sip::message& response) const;

  /// The session has ended by itself: no more events.
  PARLEY_API void stop() noexcept;

  PARLEY_API void handle_timeout(base::time_point now) noexcept;

  event poll_event() noexcept {
    const event out = event_;
    event_ = event::none;
    return out;
  }
  base::time_point poll_timeout() const noexcept { return refresh_at_ < end_at_ ? refresh_at_ : end_at_; }

 private:
  void start(base::time_point now, std::uint32_t seconds, refresh_by who) noexcept;
  void turn_off() noexcept;
  void expire() noexcept;
  outcome handle_too_small(const sip::message_view& response, bool& malformed);
  std::uint32_t wanted() const noexcept;

  session_timer_options options_;
  base::time_point refresh_at_ = base::never;
  base::time_point end_at_ = base::never;
  std::uint32_t interval_ = 0;
  std::uint32_t peer_min_se_ = 0;  // the largest that 422s and requests of the peer's have named
  int retries_ = 0;
  refresh_by refresher_ = refresh_by::any;
  enum state state_ = state::off;
  event event_ = event::none;
  bool established_ = false;  // a 2xx has been received or written
};

}  // namespace parley::ua
