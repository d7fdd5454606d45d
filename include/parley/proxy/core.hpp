#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/proxy/error.hpp>
#include <parley/proxy/overload_control.hpp>
#include <parley/proxy/own_addresses.hpp>
#include <parley/proxy/source_limiter.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/limits.hpp>
#include <parley/sip/listener.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/layer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::proxy {

using sip::listener;

/// What a `core` is to do and how much it may hold.
///
/// The limits on requests, transactions and pending INVITEs are those for new requests. An eighth more, and
/// the last quarter of the pool, is for what belongs to dialogs and for emergency calls.
struct core_options {
  std::vector<listener> listeners;
  own_addresses own;         ///< further names of ours; those of the listeners are added by the core
  bool record_route = true;  ///< stay on the path of dialogs (RFC 3261 16.6.4)
  /// Requests inside a dialog go where their Routes lead, whoever wrote ours. Where it is false, only those
  /// do that bring back our Record-Route of the same call; policy is asked about all others.
  bool relay = true;
  bool stateless = false;  ///< keep no transactions (RFC 3261 16.11): one target a request, no forking
  std::uint8_t max_forwards = 70;  ///< for requests that come without
  /// Over how many branches at once a request may spread, here and behind us, whatever it asks for itself
  /// (RFC 5393 5.3.3).
  std::uint8_t max_breadth = 60;
  std::size_t max_requests = 400'000;  ///< requests under way or remembered
  std::size_t max_branches = 16;       ///< targets of one request over all its groups
  std::size_t max_calls = 500'000;     ///< established calls that are counted for `drain`
  /// New requests of one source, those inside dialogs and all others each; over them it gets 503.
  source_limits sources;
  overload_options overload;
  /// A larger request that was to go by UDP goes by TCP where there is a listener for it, by UDP where that
  /// fails (RFC 3261 18.1.1): bytes, the path's MTU less 200; 1300 where the MTU is not known, 0 for never.
  std::size_t max_datagram_request = 1300;
  bool share_calls = false;  ///< report BYEs of calls that another shard may have seen begin
  /// Keys what all shards of one proxy must agree on: the numbers of calls, the marks that tell loops,
  /// stateless branches. Zero stands for one of its own, drawn from the random source.
  base::siphash_key shared_secret;
  /// Keys the seals of our Record-Routes: the same after a restart, and on all hosts that stand for one
  /// another, where requests of calls that exist are to be known again. Zero stands for `shared_secret`.
  base::siphash_key route_secret;
  std::chrono::seconds timer_c = std::chrono::seconds(185);  ///< RFC 3261 16.6.11: more than three minutes
  /// How long a group of targets with equal q may ring before the next is tried; only where a next exists.
  std::chrono::seconds group_time = std::chrono::seconds(20);
  std::chrono::seconds retry_after = std::chrono::seconds(5);  ///< in each 503 for want of room
  sip::limits limits;
  transaction::layer_options transactions;
};

/// Names a request that waits for a decision, or is under way; 0 names none.
enum class request_id : std::uint64_t { none = 0 };

/// Where a request may go: one element of the target set (RFC 3261 16.5).
struct target {
  std::string_view uri;  ///< the new Request-URI; empty leaves the one that came
  /// A SIP URI to send to whatever the Request-URI says; empty follows the Request-URI. A Route that remains
  /// in the request goes before both.
  std::string_view next_hop;
  std::uint16_t q = 1000;  ///< thousandths; higher is tried first, equal ones are tried together
  /// Where `only_flow` is set, the request goes there whatever the URIs say.
  sip::hop flow{};
  /// Route values to send it along, as a registration's Path has them (RFC 3327 5.3); they go before `flow`.
  std::string_view path{};
  /// Found by the user and the host of the Request-URI alone: a request that comes back for the same address
  /// of record is a loop, whatever else in its Request-URI has changed.
  bool by_address = false;
  /// Another flow of the client that the target before it in the list is: tried only where that one brings
  /// 408 or 430, or can't be reached (RFC 5626 7).
  bool alternate = false;
};

/// How a hop has failed (RFC 3263 4.3).
enum class hop_failure : std::uint8_t {
  timed_out,    ///< no answer came
  transport,    ///< it can't be reached
  unavailable,  ///< it said 503, with the time for which to leave it alone
};

/// What a `core` wants to be told, or tells.
struct event {
  enum class kind : std::uint8_t {
    none,
    /// A request about which local policy decides: `forward` or `respond`.
    request,
    /// The servers of a host name have to be found (RFC 3263): `handle_resolved`.
    resolve,
    /// One of the hops that `handle_resolved` brought has failed, or TCP to an address that was tried for
    /// the size of a request. The core goes on to the next by itself; for other requests there may be better
    /// ones for a while.
    hop_failed,
    /// A neighbour offers the connection `hop` for requests to `host` and `port`, its own (RFC 5923): take it
    /// where the neighbour has proven to be that. Comes once for a connection, or a little more often.
    alias,
    /// A BYE ended the call `lookup`, which this core did not know: tell the cores of the other shards by
    /// `forget_call`.
    foreign_call_ended,
  };
  kind what = kind::none;
  request_id request = request_id::none;
  std::uint64_t lookup = 0;  ///< names the look-up, or the call

  // Of `resolve`: what the URI says.
  std::string host;        ///< its `maddr` where it has one
  std::uint16_t port = 0;  ///< 0 where none is written
  std::optional<sip::transport> transport;
  bool secure = false;  ///< `sips`
  /// Where it is not 0, the hops follow from it, so that they are the same for a retransmission that goes
  /// without a transaction (RFC 3263 4.4).
  std::uint64_t choice = 0;

  // Of `hop_failed` and `alias`.
  sip::hop hop;
  hop_failure failure = hop_failure::timed_out;
  std::chrono::seconds retry_after{0};  ///< with `unavailable`
};

/// What a `core` has done so far.
struct core_counters {
  std::uint64_t received = 0;
  std::uint64_t requests_forwarded = 0;
  std::uint64_t responses_forwarded = 0;
  std::uint64_t refused = 0;            ///< requests answered by the core with 4xx or 5xx
  std::uint64_t dropped_malformed = 0;  ///< messages in error that could not be answered
  std::uint64_t dropped_stray = 0;      ///< responses that nobody waits for
  std::uint64_t dropped_no_room = 0;    ///< times that there was no buffer or queue for a message
  std::uint64_t overload = 0;           ///< 503 for want of room
  std::uint64_t shed = 0;               ///< requests refused because the load was too high, most with 503
  std::uint64_t shed_unanswered = 0;    ///< those of them that got no response
  std::uint64_t spared = 0;             ///< requests not sent to a neighbour that said it had too many
  std::uint64_t rate_limited = 0;       ///< requests refused with 503 because their source sent too many
  std::uint64_t moved_to_tcp = 0;       ///< requests that were too large for UDP
};

/// The forwarding core of a SIP proxy (RFC 3261 16) over a transaction layer of its own. A machine: messages,
/// time and answers to its events go in; messages and events come out.
///
/// ```cpp
/// core.handle_message(now, from, buffer);
/// while (core.poll_event(e))
///   if (e.what == event::kind::request) core.forward(now, e.request, targets_for(core.view(e.request)));
/// while (core.poll_transmit(out)) …
/// ```
///
/// It forwards by itself, without an event, what needs no decision: requests inside a dialog that a Route of
/// ours leads through it (`core_options::relay`), responses, CANCEL. All other requests are the user's to
/// decide about, also those that come with Routes and no dialog: `forward` to the empty target lets the Route
/// lead. A request that stays without a decision for 32 s is answered 500.
///
///  request state  input                      action                                         next
///  undecided      forward                    send the first group of targets, arm timer C   forwarded
///  undecided      respond                    send the response                              answered
///  undecided      CANCEL                     200 to it, 487                                 answered
///  forwarded      1xx but 100                forward it, arm timer C again                  forwarded
///  forwarded      2xx                        forward it, cancel the others                  answered
///  forwarded      6xx                        cancel the others                              forwarded
///  forwarded      all ended, more targets    send the next group                            forwarded
///  forwarded      all ended, no more         forward the best response                      answered
///  forwarded      CANCEL                     200 to it, cancel all, drop the other targets  forwarded
///  forwarded      timer C                    cancel that branch                             forwarded
///  answered       2xx to INVITE              forward it                                     answered
///  any            its transactions end       -                                              gone
///
/// A final response for which there is no buffer or queue at the moment is sent as soon as there is.
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
  /// Requests that have no final response yet.
  PARLEY_API std::size_t requests_under_way() const noexcept;
  /// Calls that were answered and have not seen a BYE, as far as this proxy is on their path.
  PARLEY_API std::size_t calls() const noexcept;
  /// A call ended on another shard.
  PARLEY_API void forget_call(std::uint64_t call) noexcept;
  /// True when, after `drain`, nothing is left to be finished.
  PARLEY_API bool is_drained() const noexcept;

  /// The request of an undecided id, as it came: `plan_route` says what its Request-URI means. *Ownership:*
  /// valid until the next call that is not `const`; empty for an unknown id.
  PARLEY_API const sip::message_view& view(request_id id) noexcept;
  PARLEY_API sip::hop source(request_id id) const noexcept;

  /// One whole message that came by `from`.
  PARLEY_API void handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  /// The head of a stream that could not be framed: it is answered where it can be. The driver closes the
  /// connection then.
  PARLEY_API void handle_framing_error(base::time_point now, const sip::hop& from,
                                       const sip::parse_error& error, const base::packet_buffer& head);
  /// What `poll_transmit` gave with that ticket could not be sent: the next target is tried, or it counts as
  /// 503.
  PARLEY_API void handle_send_failure(base::time_point now, std::uint64_t ticket);
  /// It went by the connection `flow`; see `transaction::layer::handle_sent`.
  PARLEY_API void handle_sent(std::uint64_t ticket, std::uint64_t flow);
  /// That connection has ended: what waits for a response on it counts as not sent, but for INVITEs with a
  /// provisional response.
  PARLEY_API void handle_flow_closed(base::time_point now, std::uint64_t flow);

  /// Sends an undecided request to `targets`, by descending q: those of equal q together, the next where all
  /// before have failed, and alternates in the place of the one that they stand behind. Of targets that are
  /// the same (RFC 3261 19.1.4) one is used, of more than `max_branches` the highest; no targets mean 404.
  /// One that can't be used counts as a branch that failed: 404 for an address that is nobody's, 416 for a
  /// scheme that leads nowhere, 480 where a sips Request-URI would leave TLS (RFC 5630 5.3), 503 where it
  /// can't be reached; 440 for a group that is larger than what is left of Max-Breadth. *Errors:*
  /// `errc::unknown_request`.
  PARLEY_API base::result<void> forward(base::time_point now, request_id id, std::span<const target> targets);
  /// Answers an undecided request; a final response decides it. Nothing is sent for an ACK, and nothing
  /// provisional where the core keeps no state. *Errors:* `errc::unknown_request`; or those of
  /// `transaction::layer::answer`, where the request stays undecided: try again later.
  PARLEY_API base::result<void> respond(base::time_point now, request_id id, int status,
                                        const transaction::response_options& options = {});
  /// Answers a `resolve` event with hops in order of preference, of which `transport`, `remote` and `domain`
  /// are used, and `flow` where the request leaves by the listener named beside it; none mean that the name
  /// can't be resolved. The next one is tried where one can't be reached, does not answer or says 503 (RFC
  /// 3263 4.3).
  PARLEY_API void handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops);

  /// How busy this shard was since the last call, and how full its receive buffers are, each 0 to 1. Call it
  /// every 100 ms or so: it decides how many of the new requests are shed, those to emergency services and
  /// those inside dialogs excepted, and how many of those over UDP without a response.
  PARLEY_API void handle_load(double load, double backlog = 0) noexcept;

  /// From now on requests outside of dialogs are answered 503. What is under way goes on.
  PARLEY_API void drain() noexcept;

  PARLEY_API void handle_timeout(base::time_point now);
  PARLEY_API base::time_point poll_timeout() const noexcept;
  PARLEY_API bool poll_transmit(sip::outgoing& out);
  PARLEY_API bool poll_event(event& out);

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

}  // namespace parley::proxy
