#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/digest_client.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/limits.hpp>
#include <parley/sip/listener.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/layer.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::ua {

/// What a `core` is and how much it may hold.
struct core_options {
  std::vector<sip::listener> listeners;
  std::string user_agent;               ///< of User-Agent and Server; none are written where it is empty
  std::string contact_user = "parley";  ///< in the Contact of our requests and responses
  /// Beyond INVITE, ACK, CANCEL, BYE, UPDATE and PRACK, which it does by itself; others get 405.
  std::vector<std::string> methods = {"OPTIONS", "MESSAGE", "INFO", "REFER", "NOTIFY", "SUBSCRIBE"};
  /// Option tags beyond 100rel and timer; what a request requires beside them gets 420.
  std::vector<std::string> extensions;
  /// Info Packages that are taken, as Recv-Info says in INVITEs and what answers them (RFC 6086 4.2); without
  /// any it says nothing.
  std::vector<std::string> info_packages;
  session_options session;
  std::size_t max_calls = 100'000;
  std::size_t max_forks = 16;          ///< early dialogs of one call, and further ones that are answered
  std::size_t max_requests = 100'000;  ///< requests of each side that are under way
  /// As `proxy::core_options::max_datagram_request` (RFC 3261 18.1.1).
  std::size_t max_datagram_request = 1300;
  sip::limits limits;
  transaction::layer_options transactions;  ///< `detect_merged` is always on
};

/// Names a call of one core; 0 names none. Never used again.
enum class call_id : std::uint64_t { none = 0 };
/// Names a request of ours outside calls, or one that came in and waits for its answer.
enum class request_id : std::uint64_t { none = 0 };

/// A call to be placed.
///
/// *Ownership:* views, used by `core::invite` only.
struct invite_options {
  std::string_view uri;                 ///< the Request-URI
  std::string_view from;                ///< as in From, without a tag: `"Alice" <sip:alice@example.com>`
  std::string_view to;                  ///< as in To; `<uri>` where it is empty
  std::string_view contact;             ///< a whole Contact; one by the listener where it is empty
  std::span<const std::string> routes;  ///< URIs to send it along: Service-Route, an outbound proxy
  sip::hop flow{};                      ///< with `only_flow`, or a `flow`: how it goes, whatever the URIs say
  std::span<const session::field> fields;                             ///< further headers
  std::span<const std::pair<std::string, std::string>> named_fields;  ///< and such as have no `header_id`
  std::string_view description;  ///< the offer; without it the callee makes one
  /// How long it may wait for its final response: Expires says so, and a CANCEL ends it then (RFC
  /// 3261 13.2.1). As long as it likes where it is 0.
  std::chrono::seconds expires{};
};

/// What a `core` wants to be told, or tells.
struct core_event {
  enum class kind : std::uint8_t {
    none,
    /// A call comes in: `message` is its INVITE. Next comes a `session` event with its offer, or that one is
    /// wanted. `progress`, `accept`, `refuse`.
    incoming,
    /// Something has happened to a session of `call`; `leg` tells the early dialogs of a forked call apart.
    /// The message that made it happen, if one did, is in `message`.
    session,
    /// All of the call is over, with `session.why` and `session.status`; `message` is the peer's BYE; its id
    /// is void, unless its dialog has other usages (`core::add_usage`): then it is when the last one has
    /// ended.
    ended,
    /// A request outside calls, `message`, or in one (`call`), that the core does not know: `respond`.
    request,
    /// The final response to `request`, `message`, or none but `status`: 408 for a time-out, 503 where
    /// nothing could be reached (RFC 3261 8.1.3.1).
    response,
    /// The servers of a host name have to be found (RFC 3263): `handle_resolved`.
    resolve,
  };
  kind what = kind::none;
  call_id call = call_id::none;
  std::uint32_t leg = 0;
  session_event session;
  request_id request = request_id::none;
  int status = 0;
  base::packet_buffer message;
  sip::hop from;  ///< of `incoming` and `request`: how it came; of `response`: how the request went

  // Of `resolve`: what the URI says.
  std::uint64_t lookup = 0;
  std::string host;
  std::uint16_t port = 0;
  std::optional<sip::transport> transport;
  bool secure = false;
};

/// What a `core` has done so far.
struct core_counters {
  std::uint64_t received = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_stray = 0;    ///< responses and ACKs that nobody waits for
  std::uint64_t dropped_no_room = 0;  ///< times that there was no buffer or queue for a message
  std::uint64_t refused = 0;          ///< requests that the core has refused by itself
  std::uint64_t challenged = 0;       ///< requests that were sent again with credentials
  std::uint64_t failed_over = 0;      ///< requests that were sent to the next address of a name
};

/// The core of a user agent (RFC 3261 8 and 12 to 15) over a transaction layer of its own: places and takes
/// calls, sends requests outside of them, answers challenges, finds the next address where one has failed. A
/// machine: messages, time and commands go in, messages and events come out.
///
/// ```cpp
/// core.handle_message(now, from, buffer);
/// while (core.poll_event(e)) …
/// while (core.poll_transmit(out)) …
/// wait_until(core.poll_timeout()); core.handle_timeout(now);
/// ```
///
///  call state  input                                  action                                     next
///  calling     1xx, 2xx with a new tag in To          a session of its own (RFC 3261 12.1.2)      calling
///  calling     the first 2xx                          the other early sessions end                answered
///  calling     3xx-6xx, no answer                     event ended                                 gone
///  calling     hang_up, `expires` has passed          CANCEL once a response has come             cancelled
///  cancelled   2xx                                    ACK, then BYE (RFC 3261 9.1)                gone
///  answered    2xx of another branch                  ACK, then BYE (RFC 3261 13.2.2.4)           answered
///  answered    the session ends                       event ended                                 gone
///  answered    the session ends, the dialog has       event ended                                 outlived
///              other usages (RFC 5057)
///  outlived    request of either end, response        event request, response                     outlived
///  outlived    the last usage ends                    -                                           gone
///  gone        2xx of another branch, as long as the  ACK, then BYE (RFC 3261 13.2.2.4)           gone
///              INVITE's transaction lasts
///
/// Refused by itself: 405 and 501 with Allow, 420 with Unsupported, 416, 481 for a dialog that is not there,
/// 482 for a request that came by two ways, 400 for what breaks the grammar, 503 where there is no room.
///
/// *Ownership:* keeps references to buffers; the pool and the random source outlive it. One thread only.
class core {
 public:
  PARLEY_API core(core_options options, base::buffer_pool& pool, base::random_source& random,
                  base::time_point now);
  PARLEY_API ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  PARLEY_API const core_counters& counters() const noexcept;
  PARLEY_API const transaction::layer& transactions() const noexcept;
  PARLEY_API std::size_t calls() const noexcept;
  /// True where nothing is left of any call or request, also none that has ended and absorbs what is late.
  PARLEY_API bool is_idle() const noexcept;
  /// The session that the commands for a call mean: the answered one, else the early one that changed last;
  /// null where there is none. *Ownership:* valid until the next call that is not `const`.
  PARLEY_API const session* find(call_id call) const noexcept;

  /// The call whose session is in that dialog, as Replaces or Join names it; `none` for no such, and for one
  /// that nothing but other usages keep.
  PARLEY_API call_id find(const dialog_id& dialog) const noexcept;

  /// The index of a message that an event has brought, null for one that can't be read. Until all events were
  /// polled, that of the message which came last is there already.
  /// *Ownership:* valid until the next call that is not `const`.
  PARLEY_API const sip::message_view* view_of(const base::packet_buffer& message);

  /// Accounts for challenges: only their realms are answered (RFC 3261 22). Within calls only addresses are
  /// answered that have asked outside of one: where a call leads is the peer's to say.
  PARLEY_API sip::digest_client& accounts() noexcept;

  /// Places a call. *Errors:* `bad_message` for what is no URI or header value; `too_large` for more calls
  /// than may be.
  PARLEY_API base::result<call_id> invite(base::time_point now, const invite_options& options);
  /// Ends a call, whatever its state: CANCEL, BYE, or a refusal with `status` for one that came in. *Errors:*
  /// `not_now` for an unknown one.
  PARLEY_API base::result<void> hang_up(base::time_point now, call_id call, int status = 603);

  /// See the commands of `session`, which these are for `find(call)`; *errors:* also `not_now` for an unknown
  /// call.
  PARLEY_API base::result<void> progress(base::time_point now, call_id call, int status,
                                         std::string_view description = {}, bool reliable = false);
  PARLEY_API base::result<void> accept(base::time_point now, call_id call, std::string_view description);
  PARLEY_API base::result<void> refuse(base::time_point now, call_id call, int status,
                                       std::span<const session::field> fields = {});
  PARLEY_API base::result<void> offer(base::time_point now, call_id call, std::string_view description,
                                      session::offer_by how = session::offer_by::any);
  PARLEY_API base::result<void> answer(base::time_point now, call_id call, std::string_view description);
  PARLEY_API base::result<std::uint32_t> request(base::time_point now, call_id call, std::string_view method,
                                                 std::span<const session::field> fields = {},
                                                 std::string_view body = {},
                                                 std::string_view content_type = {});

  /// Sends the request that `write` makes in the dialog of the call, as the `poll_request` of a usage does;
  /// see `session::request`.
  PARLEY_API base::result<std::uint32_t> request(
      base::time_point now, call_id call, const std::function<bool(ua::dialog&, sip::message&)>& write);

  /// The dialog of the call has another usage (RFC 5057), as the subscription of a REFER in it: where the
  /// session ends first, the call is kept for it. `ended` is reported as ever; the id stays valid for
  /// `request`, for events of kind `request` (INVITE, UPDATE, PRACK, INFO and BYE get 481) and for those of
  /// kind `session` with `session_event::kind::response`, until `end_usage` was called as often as this. Such
  /// a call counts for `max_calls`, but not for `calls`; nothing but its usages ends it, so that whoever adds
  /// one ends it.
  ///
  /// For both roles of a REFER: before the REFER is sent, or answered with 2xx, until `client_refer` or
  /// `server_refer` reports `ended`.
  ///
  /// A response with `response_effect::dialog_ended` to a request of any usage ends all of them, and the id
  /// is void. *Errors:* `not_now` for an unknown call, and for one that is not answered; those of
  /// `dialog::add_usage`.
  PARLEY_API base::result<void> add_usage(call_id call);
  /// That usage has ended. Nothing happens for an unknown call, or where there is none.
  PARLEY_API void end_usage(call_id call);

  /// Sends a request outside calls, complete but for Via, and for From's tag, Call-ID, CSeq and Max-Forwards
  /// where it has none; Contact is added to SUBSCRIBE and REFER without one. `flow` as in `invite_options`.
  /// *Errors:* `wrong_method` for INVITE, ACK and CANCEL; `bad_message`; `too_large`.
  PARLEY_API base::result<request_id> request(base::time_point now, sip::message message,
                                              const sip::hop& flow = {});

  /// Answers a request that `core_event::kind::request` has brought; `own` has the status and the headers and
  /// body that are its own. *Errors:* `not_now` for an unknown one; those of `transaction::layer::respond`.
  PARLEY_API base::result<void> respond(base::time_point now, request_id id, const sip::message& own,
                                        std::string_view to_tag = {});

  /// One whole message that came by `from`.
  PARLEY_API void handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  /// See `proxy::core` for these.
  PARLEY_API void handle_send_failure(base::time_point now, std::uint64_t ticket);
  PARLEY_API void handle_sent(std::uint64_t ticket, std::uint64_t flow);
  PARLEY_API void handle_flow_closed(base::time_point now, std::uint64_t flow);
  PARLEY_API void handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops);

  PARLEY_API void handle_timeout(base::time_point now);
  PARLEY_API base::time_point poll_timeout() const noexcept;
  PARLEY_API bool poll_transmit(sip::outgoing& out);
  PARLEY_API bool poll_event(core_event& out);

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

}  // namespace parley::ua
