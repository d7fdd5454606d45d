#pragma once

#include <parley/base/slot_map.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/next_hop.hpp>
#include <parley/ua/core.hpp>
#include <parley/ua/info_package.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::ua {

namespace detail {

/// Addresses of one name that are tried one after the other.
inline constexpr std::size_t max_addresses = 8;
/// How long an address is waited for: as long as for any answer (timer B).
inline constexpr base::duration lookup_time = std::chrono::seconds(32);

/// A message that may have to be sent again.
struct kept_message {
  sip::hop to;
  base::packet_buffer data;
};

/// One dialog of a call.
struct leg {
  ua::session session;
  sip::hop by;               // how the request that made it went or came
  kept_message ack;          // for copies of the peer's 2xx
  kept_message success;      // our 2xx
  kept_message provisional;  // our last reliable provisional response
};

/// A call: one session, or the early ones of an INVITE that has forked.
struct call_record {
  call_record() : timer(this) {}

  std::uint64_t id = 0;
  base::timer timer;
  std::vector<std::unique_ptr<leg>> legs;
  std::uint32_t current = 0;  // the leg that commands mean
  std::string local_tag;
  // Of the caller.
  std::uint64_t invite = 0;    // the client request, as long as its transaction lasts; 0 then
  std::uint64_t reinvite = 0;  // the last one
  offer_exchange exchange;
  session_timer timer_offer;
  base::time_point expires = base::never;  // when it is cancelled
  sip::hop flow;                           // how its requests go, whatever the URIs say
  sip::digest_attempt attempt;  // of the last request that was challenged: the next ones answer in advance
  std::vector<sip::digest_answer> credentials;  // of its INVITE, for the ACK
  std::size_t requests = 0;                     // of ours that have no final response
  bool outgoing = false;
  bool answered = false;
  bool cancelled = false;
  bool elsewhere = false;  // the CANCEL of a call that came in says that another phone has answered it
  bool failed = false;     // the INVITE has a final response other than 2xx, or none
  bool reported = false;   // its end was
  bool outlived = false;   // its end was, and other usages of the current leg's dialog went on
  session_end why = session_end::local_bye;
  int status = 0;
};

/// A request of ours, with its repetitions; also an ACK for a 2xx while its address is looked up.
struct client_request {
  explicit client_request(sip::message&& its_message) : message(std::move(its_message)) {}

  std::uint64_t id = 0;
  sip::message message;
  sip::method method = sip::method::unknown;
  sip::digest_attempt attempt;
  transaction::client_id client = transaction::client_id::none;
  base::packet_buffer sent;  // as it went last
  sip::hop by;
  sip::hop flow;
  std::vector<sip::hop> others;  // the next one last
  std::uint64_t lookup = 0;
  base::time_point lookup_ends = base::never;
  std::uint64_t call = 0;  // which may be over before its INVITE's transaction is
  std::uint32_t leg = 0;
  std::uint32_t cseq = 0;
  int failure = 0;  // what it fails with once nothing else is under way
  bool in_dialog = false;
  bool cancelled = false;
  bool final = false;
  bool challenged = false;          // its credentials answer a challenge, not those of a request before it
  bool large_by_udp = false;        // TCP could not be had for its size
  std::vector<std::uint64_t> over;  // of an INVITE: tags, hashed, of those who have answered and were hung up
};

/// A request that came in.
struct server_request {
  std::uint64_t id = 0;
  transaction::server_id server = transaction::server_id::none;
  base::packet_buffer data;
  sip::hop from;
  sip::hop back;  // where its response goes
  std::uint64_t call = 0;
  std::uint32_t leg = 0;
  std::string tag;  // in To, where nobody else gives one
  bool answered = false;
  bool reported = false;  // as a request in a dialog, which the application answers
};

/// A response for which there was no buffer or queue.
struct unsent_response {
  std::uint64_t request = 0;
  sip::message own;
  std::string to_tag;
};

/// When that for which there was no buffer or queue is tried again.
inline constexpr base::duration retry_time = std::chrono::milliseconds(100);

/// Addresses that may ask for credentials within calls, the latest ones.
inline constexpr std::size_t max_askers = 64;

/// The URI that leads to the first hop: that of the first Route, else the Request-URI (RFC 3261 8.1.2).
std::string_view first_uri(const sip::message& request) noexcept;
bool is_sips(std::string_view uri) noexcept;

}  // namespace detail

/// See `core`. What sessions want is done by `pump`, which every function that has touched one calls last; it
/// may end the call. What it sends may fail at once, and is then dealt with by `run_events`, which nothing
/// but the outermost functions call.
class core::implementation {
 public:
  implementation(core_options options, base::buffer_pool& pool, base::random_source& random,
                 base::time_point now);

  // core.cpp: commands, time.
  base::result<void> hang_up(base::time_point now, call_id call, int status);
  base::result<void> cancel(base::time_point now, detail::call_record& c);
  base::result<void> add_usage(call_id call);
  void end_usage(call_id call);
  template <class Command>
  auto command(base::time_point now, call_id call, Command&& run) -> decltype(run(std::declval<session&>()));
  void handle_timeout(base::time_point now);
  std::string make_token();
  void run_events(base::time_point now);

  // core_calls.cpp
  base::result<call_id> invite(base::time_point now, const invite_options& options);
  void pump(base::time_point now, detail::call_record& c);

  // core_requests.cpp: requests of ours.
  base::result<request_id> request(base::time_point now, sip::message message, const sip::hop& flow);
  void handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops);

  // core_receive.cpp: requests of others.
  void handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  base::result<void> respond(base::time_point now, detail::server_request& r, const sip::message& own,
                             std::string_view to_tag);
  const sip::message_view* view_of(const base::packet_buffer& data);
  /// Nobody asks for the message that came last any more.
  void forget_view() noexcept { viewed_.reset(); }

  /// When the first wait for an address, or for room, ends.
  base::time_point next_wait_end() noexcept;
  bool is_idle() const noexcept {
    return calls_.size() == 0 && requests_.size() == 0 && incoming_.size() == 0 && tags_.empty();
  }

  detail::call_record* find(call_id id) noexcept { return calls_.get(static_cast<std::uint64_t>(id)); }
  detail::leg* current_leg(call_id id) noexcept;
  call_id find(const dialog_id& id) noexcept;

  core_options options_;
  transaction::layer layer_;
  core_counters counters_;
  std::deque<core_event> events_;
  sip::digest_client accounts_;
  base::timer_wheel wheel_;
  base::slot_map<detail::call_record> calls_;
  base::slot_map<detail::server_request> incoming_;
  std::size_t active_ = 0;  // calls whose end was not reported

 private:
  using call_record = detail::call_record;
  using client_request = detail::client_request;
  using server_request = detail::server_request;

  // core.cpp
  core_event& report(core_event::kind what);

  // core_calls.cpp
  void handle_invite_response(base::time_point now, call_record& c, client_request& r,
                              const sip::message_view& response, const base::packet_buffer& data);
  void invite_failed(base::time_point now, call_record& c, int status);
  detail::leg* leg_for(call_record& c, const client_request& r, const sip::message_view& response);
  static bool is_over(const client_request& r, const sip::message_view& response);
  void handle_late_success(base::time_point now, client_request& r, const sip::message_view& response);
  detail::leg* leg_of(call_record& c, const dialog_id& id) noexcept;
  static std::uint32_t index_of(const call_record& c, const detail::leg& l) noexcept;
  void winner(base::time_point now, call_record& c, std::uint32_t leg);
  bool pump_leg(base::time_point now, call_record& c, std::uint32_t index);
  void transmit(base::time_point now, call_record& c, std::uint32_t index, session_transmit& wanted);
  void send_ack(base::time_point now, call_record& c, std::uint32_t index, sip::message&& ack);
  void send_found_ack(base::time_point now, client_request& r);
  bool send_ack_to(detail::leg& l, const sip::message& ack, sip::hop to);
  void maybe_destroy(base::time_point now, call_record& c);
  void release(call_record& c);

  // core_requests.cpp
  client_request* create_request(sip::message&& message, const sip::hop& flow);
  void start(base::time_point now, client_request& r);
  void look_up(base::time_point now, client_request& r, const sip::next_hop& where);
  bool try_next(base::time_point now, client_request& r);
  bool send_to(base::time_point now, client_request& r, sip::hop to);
  bool choose_listener(sip::hop& to) const noexcept;
  base::result<base::packet_buffer> write(const sip::message& message, const sip::hop& to,
                                          std::string_view branch, std::string_view contact);
  void handle_response(base::time_point now, const transaction::received& got,
                       const base::packet_buffer& data);
  bool is_asker(const sip::hop& hop) const noexcept;
  void authorize(client_request& r);
  bool answer_challenge(base::time_point now, client_request& r, const sip::message_view& response);
  bool renumber(client_request& r);
  bool repeat_overtaken(base::time_point now, client_request& r);
  bool repeat(base::time_point now, client_request& r);
  void finish(client_request& r);
  void drop(client_request& r);
  void fail_later(client_request& r, int status);
  void fail(base::time_point now, client_request& r, int status);
  void deliver(base::time_point now, client_request& r, const sip::message_view& response,
               const base::packet_buffer& data);
  void handle_event(base::time_point now, const transaction::event& e);

  // core_receive.cpp
  void handle_request(base::time_point now, const sip::hop& from, const transaction::received& got,
                      const base::packet_buffer& data);
  server_request* accept(base::time_point now, const sip::hop& from, const transaction::received& got,
                         const base::packet_buffer& data);
  void handle_cancel(base::time_point now, const sip::hop& from, const transaction::received& got,
                     const base::packet_buffer& data);
  void handle_ack(base::time_point now);
  void handle_stray(base::time_point now);
  void report_request(server_request& r);
  void handle_new_call(base::time_point now, server_request& r);
  int check(std::string& unsupported) const;
  void refuse(base::time_point now, server_request& r, int status,
              std::span<const session::field> fields = {});
  void send_unsent(base::time_point now);
  bool is_invite(const server_request& r);
  call_record* call_of(const dialog_id& id) noexcept;

  base::buffer_pool& pool_;
  base::random_source& random_;
  base::slot_map<client_request> requests_;
  std::unordered_map<std::string, std::uint64_t> tags_;  // our tags, and the calls that they stand for
  std::vector<std::uint64_t> lookups_;                   // requests that wait for an address
  std::vector<std::uint64_t> failed_;                    // requests that had nowhere to go
  std::vector<std::string> via_;                         // of each listener, up to the branch
  std::vector<std::string> contacts_;                    // of each listener
  std::vector<base::ip_address> askers_;
  std::vector<detail::unsent_response> unsent_;
  base::time_point retry_at_ = base::never;
  std::optional<info_packages> info_packages_;
  std::string allow_;
  std::string supported_;
  base::packet_buffer in_hand_;  // the message in hand
  base::packet_buffer viewed_;   // the one that came last
  sip::message_view view_;       // and its index
  base::packet_buffer kept_;     // an earlier one that `view_of` was asked for
  sip::message_view kept_view_;  // and its index
  std::uint64_t last_lookup_ = 0;
};

}  // namespace parley::ua
