#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <parley/base/ring_queue.hpp>
#include <parley/base/slot_map.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/proxy/core.hpp>
#include <parley/proxy/error.hpp>
#include <parley/proxy/response_context.hpp>
#include <parley/proxy/routing.hpp>
#include <parley/proxy/validation.hpp>
#include <parley/sip/uri.hpp>

namespace parley::proxy {

namespace detail {

/// How long a decision or an address is waited for: as long as a client waits for any answer (timer B).
inline constexpr base::duration guard_time = std::chrono::seconds(32);

/// A target that waits for its group's turn or for an address.
struct held_target {
  std::string uri;
  std::string next_hop;
  std::uint16_t q = 1000;
  std::uint64_t lookup = 0;  ///< 0 while it waits for its turn
};

/// One request and all that came of it: the response context of RFC 3261 16.
struct request_record {
  std::uint64_t id = 0;
  transaction::server_id server = transaction::server_id::none;  ///< none for what is forwarded without a transaction
  base::packet_buffer request;  ///< until it is answered
  sip::hop from;
  response_context responses;
  std::vector<held_target> held;
  base::timer guard;  ///< bounds the wait for a decision or an address
  std::size_t transactions = 0;  ///< of both sides, that have not ended
  sip::method method = sip::method::unknown;
  bool undecided = true;
  bool answered = false;
  bool cancelled = false;
  bool stateless = false;
  bool starts_call = false;
  std::uint64_t call = 0;

  bool is_invite() const noexcept { return method == sip::method::invite; }
  bool waits_for_lookup() const noexcept {
    for (const held_target& t : held) {
      if (t.lookup != 0) return true;
    }
    return false;
  }
};

/// What a listener's messages bear, composed once.
struct listener_text {
  std::string via;           ///< up to and with `;branch=`
  std::string record_route;
};

}  // namespace detail

class core::implementation {
 public:
  implementation(core_options options, base::buffer_pool& pool, base::random_source& random, base::time_point now);

  // core.cpp: messages in, decisions of the user.
  void handle_message(base::time_point now, const sip::hop& from, base::packet_buffer data);
  void handle_framing_error(const sip::hop& from, const sip::parse_error& error, const base::packet_buffer& head);
  base::result<void> respond(base::time_point now, request_id id, int status, const transaction::response_options& options);
  const sip::message_view& view(request_id id) noexcept;
  void run_events(base::time_point now);
  void handle_timeout(base::time_point now);

  // core_forward.cpp: requests out.
  base::result<void> forward(base::time_point now, request_id id, std::span<const target> targets);
  void handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const base::ip_address> addresses);

  detail::request_record* find(request_id id) noexcept { return requests_.get(static_cast<std::uint64_t>(id)); }

  core_options options_;
  transaction::layer layer_;
  core_counters counters_;
  base::ring_queue<event> events_;
  std::size_t under_way_ = 0;
  boost::unordered_flat_set<std::uint64_t> calls_;
  bool draining_ = false;
  base::timer_wheel wheel_;
  base::slot_map<detail::request_record> requests_;

 private:
  using record = detail::request_record;

  // core.cpp
  void handle_request(base::time_point now, const sip::hop& from, const transaction::received& got,
                      const base::packet_buffer& data);
  void handle_ack(base::time_point now, const sip::hop& from, const transaction::received& got,
                  const base::packet_buffer& data);
  void handle_cancel(base::time_point now, const sip::hop& from, const transaction::received& got);
  void refuse(const sip::hop& from, const transaction::received& got, const refusal& why);
  void answer_stateless(const sip::hop& from, const transaction::received& got, int status,
                        const transaction::response_options& options);
  void overloaded(const sip::hop& from, const transaction::received& got);
  bool is_loop(const sip::message_view& request) noexcept;
  std::uint32_t loop_mark(const sip::message_view& request) noexcept;
  record* create(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  void ask(record& r);
  void maybe_destroy(record& r);
  void answered(record& r) noexcept;
  void forget_lookups(record& r);
  std::uint64_t call_of(const sip::message_view& message) const noexcept;
  void index(const record& r) noexcept;

  // core_forward.cpp
  void forward_direct(base::time_point now, record& r);
  bool send_branch(base::time_point now, record& r, const target& to);
  bool send_to(base::time_point now, record& r, const target& to, const sip::hop& next);
  void send_group(base::time_point now, record& r);
  base::packet_buffer edit_request(const sip::hop& from, const sip::via_header& via, const sip::hop& next,
                                   const route_plan& plan, std::string_view uri, std::string_view branch);
  const detail::listener_text* choose_listener(sip::hop& next, const sip::hop& from) const noexcept;
  std::optional<sip::hop> numeric_hop(const sip::uri_view& uri) const noexcept;
  transaction::branch stateless_branch(const sip::via_header& via) noexcept;
  bool look_up(base::time_point now, record& r, const target& to, const sip::uri_view& uri);
  void stateless_forward(base::time_point now, const sip::hop& from, const sip::via_header& via,
                         const base::packet_buffer& data);

  // core_responses.cpp
  void handle_response(base::time_point now, const transaction::received& got, const base::packet_buffer& data);
  void forward_stateless_response(const sip::hop& from, const transaction::received& got);
  void send_upstream(base::time_point now, record& r, const sip::message_view& response, const response_context::branch* best);
  void settle(base::time_point now, record& r);
  void send_best(base::time_point now, record& r);
  void cancel_branches(base::time_point now, record& r);
  void arm_timer_c(base::time_point now, const record& r, transaction::client_id client);
  void handle_event(base::time_point now, const transaction::event& e);
  void branch_failed(base::time_point now, record& r, transaction::client_id client, int status);

  base::buffer_pool& pool_;
  base::siphash_key secret_;
  std::vector<detail::listener_text> texts_;
  std::string retry_after_;
  sip::message_view view_;       // the message in hand, or the request of `indexed_`
  std::uint64_t indexed_ = 0;
  struct lookup {
    std::uint64_t request;
    std::uint16_t port;
    sip::transport transport;
  };
  std::uint64_t lookups_ = 0;
  std::unordered_map<std::uint64_t, lookup> lookup_owner_;
};

}  // namespace parley::proxy
