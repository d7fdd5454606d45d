#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/binding.hpp>
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

/// Where requests for an address of record shall go.
struct registration_contact {
  std::string uri;                 ///< `sip:alice@192.0.2.4;transport=tcp`
  std::string parameters;          ///< further ones, as those of RFC 3840: `;methods="INVITE,BYE";automata`
  std::optional<std::uint16_t> q;  ///< thousandths, 1000 at most

  friend bool operator==(const registration_contact&, const registration_contact&) = default;
};

/// What a user agent registers, and how.
struct registration_options {
  /// Whose requests shall come to the contact, a URI or a name-addr.
  std::string aor;
  /// The Request-URI. Where empty, the domain of `aor` (RFC 3261 10.2).
  std::string registrar;
  /// Who registers, for somebody else. Where empty, `aor`.
  std::string from;
  /// URIs of outbound proxies, the first to visit first: `sip:edge.example.com;lr`.
  std::vector<std::string> routes;
  registration_contact contact;
  /// Seconds that are asked for. At least 1.
  std::uint32_t expires = 3600;
  /// A registrar that wants more than these seconds is not asked again after its 423.
  std::uint32_t max_expires = 86400;
  /// The URN of this user agent, the same after each start: `urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
  std::string instance;
  /// The number of this flow among those of `instance`; 0 for no flow (RFC 5626 4.2). Third-party
  /// registrations have none.
  std::uint32_t reg_id = 0;
  /// Asks for globally routable URIs of `instance` (RFC 5627).
  bool gruu = false;
  /// Keep-alives are sent over the flow. It then counts as good when `handle_flow_alive` says so, not by the
  /// 2xx alone (RFC 5626 4.5).
  bool keep_alive = false;
  /// A 3xx is followed to another registrar.
  bool follow_redirects = true;
  recovery_times recovery;
  /// CSeq of the first request.
  std::uint32_t first_cseq = 1;
};

/// A client's registration of one contact with a registrar (RFC 3261 10.2), perhaps over one of several flows
/// (RFC 5626 4): keeps the binding alive until it is told to stop, and comes back after failures.
///
///  state          input                                       next           event
///  idle, failed   start                                       registering
///  registering    2xx                                         registered     registered
///  registered     its time to refresh, update                 refreshing
///  registered     handle_flow_failed, of a good flow          refreshing     failed, tried again at once
///  registered     handle_flow_failed, of another              waiting        failed
///  refreshing     2xx                                         registered     refreshed
///  registering,   423, 420, 439, 3xx that can be met          the same: another request at once
///  refreshing
///  registering,   408, 430, 480, 5xx, no response             waiting        failed, with `retry_at`
///  refreshing
///  registering,   any other refusal                           failed         failed
///  refreshing
///  waiting        the end of the back-off, start, update      registering, or refreshing while it is bound
///  registered     the end of a very short binding             waiting        expired
///  refreshing     the end of the binding                      registering    expired
///  waiting, failed  the end of the binding                    the same       expired
///  all but idle   stop, and nothing to be removed             idle           unregistered
///  all but idle   stop                                        unregistering
///  any            stop_all                                    unregistering
///  unregistering  any final response but one that can be met  idle           unregistered
///  unregistering  start                                       unregistering, then registering
///
/// It refreshes at half of the granted time up to 1200 s, and 600 s before the end of a longer one: time for
/// several attempts and their back-off while the binding lasts, and little traffic. A 2xx that grants less
/// than 20 s makes it refresh every 10 s, not more often; one that grants nothing is a failure.
///
/// Call-ID and CSeq go on over all requests (RFC 3261 10.2); where the numbers are used up, another Call-ID
/// begins. A contact that `update` replaces is removed by the same request, unless a flow replaces it.
///
/// Requests go to a core below, one at a time, which answers challenges with further numbers of the CSeq.
/// Events never pile up: `poll_event` gives the last that was not fetched, and the last result of a query.
///
/// *Ownership:* refers to the random source and the flow set, which live longer; owns all its texts.
class registration {
 public:
  enum class state : std::uint8_t {
    idle,
    registering,
    registered,
    refreshing,
    waiting,
    unregistering,
    failed,
  };
  enum class event_kind : std::uint8_t {
    none,
    registered,    ///< there is a binding
    refreshed,     ///< and it goes on, perhaps changed: read the getters again
    failed,        ///< by `status`; tried again at `retry_at`, `never` where that is up to the application
    expired,       ///< the registrar has dropped the binding; tried again at `retry_at`
    unregistered,  ///< 2xx, or why the binding lasts until its end; 0 where there was none to remove
    fetched,       ///< the answer to a query, see `bindings`; refused where `status` is no 2xx
  };
  /// What has happened, and what comes next.
  struct event {
    event_kind kind = event_kind::none;
    int status = 0;      ///< of the response; 408 and 503 also without one, 430 for a failed flow
    std::string reason;  ///< from the network, 128 bytes at most
    base::time_point retry_at = base::never;
  };

  /// Bytes of text that options may have, and that Path and Service-Route may have, each.
  static constexpr std::size_t max_text = 8192;
  /// A registrar may refuse this many requests in a row by 423, and redirect as many.
  static constexpr int max_retries = 4;

  /// `flows` is what the flows of one instance share; none for a registration by itself.
  PARLEY_API registration(registration_options options, base::random_source& random,
                          flow_set* flows = nullptr);
  registration(const registration&) = delete;
  registration& operator=(const registration&) = delete;
  PARLEY_API ~registration();

  enum state state() const noexcept { return state_; }
  /// True while the registrar keeps a binding, as far as it has said.
  bool is_bound() const noexcept { return end_at_ != base::never; }
  /// When the binding ends unless it is refreshed, `never` where there is none.
  base::time_point bound_until() const noexcept { return end_at_; }
  const registration_options& options() const noexcept { return options_; }
  /// Failures in a row (RFC 5626 4.5).
  std::uint32_t failures() const noexcept { return failures_; }
  const std::string& call_id() const noexcept;
  std::uint32_t cseq() const noexcept;

  /// All bindings of the address that the last 2xx named.
  const std::vector<binding>& bindings() const noexcept { return bindings_; }
  /// What other requests of this user agent take as Route, in that order, behind its outbound proxies (RFC
  /// 3608 6.1). Empty where the registrar said none, and where it said more than `max_text`.
  const std::vector<std::string>& service_route() const noexcept { return service_route_; }
  /// What the proxies on the way have put into Path, as the 2xx repeats it (RFC 3327 5.1).
  const std::vector<std::string>& path() const noexcept { return path_; }
  /// The GRUUs for the contact of requests of this user agent (RFC 5627 4.3), empty where it has none.
  const std::string& public_gruu() const noexcept { return public_gruu_; }
  const std::string& temporary_gruu() const noexcept { return temporary_gruu_; }
  /// True where the registrar keeps the flow (RFC 5626 6); else other flows of the instance are of no use.
  bool outbound() const noexcept { return outbound_; }
  /// Seconds, where the 2xx had it.
  std::optional<std::uint32_t> flow_timer() const noexcept { return flow_timer_; }
  /// Of the flow, for who keeps it alive; see `keep_alive_range_of`.
  keep_alive_range keep_alive(bool connection_oriented) const noexcept {
    return keep_alive_range_of(flow_timer_, connection_oriented);
  }

  /// Registers. While it waits, it tries at once.
  /// *Errors:* `bad_message` where the options make no request, `too_large` where they are beyond `max_text`:
  /// nothing is begun.
  PARLEY_API base::result<void> start();
  /// Changes contact and expiry; a registration that runs sends them at once. *Errors:* as `start`.
  PARLEY_API base::result<void> update(registration_contact contact, std::uint32_t expires);
  /// Removes the binding (RFC 3261 10.2.2).
  PARLEY_API void stop();
  /// Removes all bindings of the address, those of others too. *Errors:* as `start`.
  PARLEY_API base::result<void> stop_all();
  /// Asks for all bindings and changes none (RFC 3261 10.2.3). *Errors:* as `start`.
  PARLEY_API base::result<void> query();

  /// The flow does not work any more: a connection has closed, or keep-alives are not answered. A request
  /// that is under way decides by itself.
  PARLEY_API void handle_flow_failed(base::time_point now);
  /// A keep-alive was answered over the flow that the last 2xx came by.
  PARLEY_API void handle_flow_alive() noexcept;

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
  enum class operation : std::uint8_t { none, add, remove, remove_all, query };

  static base::result<void> check(const registration_options& options);
  void begin(operation what);
  std::string contact_value(std::string_view uri, std::uint32_t expires) const;
  bool uses_flow() const noexcept;

  void handle_added(base::time_point now, const sip::message_view& response);
  void handle_refused(base::time_point now, int status, std::string reason,
                      std::optional<std::uint32_t> retry_after);
  void handle_removed(int status, std::string reason);
  void back_off(base::time_point now, int status, std::string reason, std::uint32_t retry_after);
  bool can_meet(const sip::message_view& response, operation what);
  bool can_lengthen(const sip::message_view& response);
  bool can_drop(const sip::message_view& response);
  bool can_redirect(const sip::message_view& response);
  std::uint32_t read_success(const sip::message_view& response);
  void forget_binding();
  void report(event_kind kind, int status, std::string reason, base::time_point retry_at = base::never);

  registration_options options_;
  base::random_source* random_;
  std::unique_ptr<detail::request_series> requests_;
  flow_mark mark_;
  std::string target_;         // Request-URI, after redirections
  std::string bound_contact_;  // what the registrar has, as far as is known
  std::string sent_contact_;   // what the request under way has
  std::uint32_t expires_;      // asked for, as 423s have raised it
  std::uint32_t failures_ = 0;
  int too_brief_ = 0;
  int redirects_ = 0;
  base::time_point request_at_ = base::never;
  base::time_point end_at_ = base::never;
  operation due_ = operation::none;
  operation under_way_ = operation::none;
  enum state state_ = state::idle;
  bool query_due_ = false;
  bool with_outbound_ = true;  // until a 439 or 420 says no
  bool with_gruu_ = true;
  bool with_path_ = true;
  bool flow_is_good_ = false;
  bool outbound_ = false;
  std::vector<binding> bindings_;
  std::vector<std::string> service_route_;
  std::vector<std::string> path_;
  std::string public_gruu_;
  std::string temporary_gruu_;
  std::optional<std::uint32_t> flow_timer_;
  event event_;
  event query_event_;
};

}  // namespace parley::ua
