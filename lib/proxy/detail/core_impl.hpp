#pragma once

#include <parley/base/ring_queue.hpp>
#include <parley/base/slot_map.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/proxy/core.hpp>
#include <parley/proxy/flow_token.hpp>
#include <parley/proxy/response_context.hpp>
#include <parley/proxy/route_seal.hpp>
#include <parley/proxy/routing.hpp>
#include <parley/proxy/validation.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::proxy {

namespace detail {

/// How long a decision or an address is waited for: as long as a client waits for any answer (timer B).
inline constexpr base::duration guard_time = std::chrono::seconds(32);

/// When that for which there was no buffer or queue is tried again.
inline constexpr base::duration retry_time = std::chrono::milliseconds(100);

/// Addresses of one name that are tried one after the other.
inline constexpr std::size_t max_addresses = 8;

/// A target whose turn has come.
struct branch_target : target {
  std::uint8_t breadth = 0;  ///< the Max-Breadth that it is sent with (RFC 5393 5.3.3)
};

/// A target that waits for its group's turn or for an address.
struct held_target {
  std::string uri;
  std::string next_hop;
  std::uint16_t q = 1000;
  std::uint8_t breadth = 0;
  bool by_address = false;
  std::uint64_t lookup = 0;  ///< 0 while it waits for its turn
  sip::hop flow{};
  std::string path{};
  std::vector<held_target> flows{};  ///< alternates, the next one first

  explicit held_target(const target& t)
      : uri(t.uri), next_hop(t.next_hop), q(t.q), by_address(t.by_address), flow(t.flow), path(t.path) {}
  explicit held_target(const branch_target& t, std::uint64_t for_lookup)
      : held_target(static_cast<const target&>(t)) {
    breadth = t.breadth;
    lookup = for_lookup;
  }
  branch_target view() const noexcept { return {{uri, next_hop, q, flow, path, by_address}, breadth}; }

  /// Makes the next alternate of this.
  void take_next_flow() {
    held_target next = std::move(flows.front());
    flows.erase(flows.begin());
    next.flows = std::move(flows);
    next.breadth = breadth;
    *this = std::move(next);
  }
};

inline bool is_sips(std::string_view uri) noexcept {
  return uri.size() > 5 && sip::iequals(uri.substr(0, 5), "sips:");
}

/// Where a branch to a name goes, and the hops that are left for it, the next one last.
struct alternates {
  transaction::client_id client = transaction::client_id::none;
  held_target to;
  sip::hop current{};
  std::vector<sip::hop> hops{};
  bool large_by_udp = false;  ///< the next hop is taken although the request is too large for UDP
};

/// One request and all that came of it: the response context of RFC 3261 16.
struct request_record {
  std::uint64_t id = 0;
  transaction::server_id server =
      transaction::server_id::none;  ///< none for what is forwarded without a transaction
  base::packet_buffer request;       ///< until it is answered
  sip::hop from;
  response_context responses;
  std::vector<held_target> held;
  std::vector<alternates> others;
  base::timer guard;  ///< bounds the wait for a decision or an address, or brings back what could not be sent
  base::packet_buffer unsent;       ///< a final response that could not be forwarded yet
  std::uint16_t unsent_status = 0;  ///< the status of one of ours that could not be sent yet
  std::size_t transactions = 0;     ///< of both sides, that have not ended
  sip::method method = sip::method::unknown;
  bool undecided = true;
  bool answered = false;
  bool cancelled = false;
  bool stateless = false;
  bool starts_call = false;
  bool overloaded = false;  ///< a branch failed because we had no room
  bool by_policy = false;   ///< its targets were ours to choose
  std::uint64_t call = 0;

  bool is_invite() const noexcept { return method == sip::method::invite; }
  bool has_unsent() const noexcept { return unsent || unsent_status != 0; }
  bool waits_for_lookup() const noexcept {
    for (const held_target& t : held) {
      if (t.lookup != 0) return true;
    }
    return false;
  }
  bool has_next_group() const noexcept {
    for (const held_target& t : held) {
      if (t.lookup == 0) return true;
    }
    return false;
  }
};

/// What a listener's messages bear, composed once.
struct listener_text {
  std::string via;               ///< up to and with `;branch=`
  std::string_view via_end;      ///< what follows the branch
  std::string route_uri;         ///< for Record-Route
  std::string secure_route_uri;  ///< the same for a request that is to go by TLS all the way; empty where
                                 ///< that can't be
};

}  // namespace detail

/// See `core`. Functions that are given a record and send may end it only through `run_events`, which nothing
/// but the outermost functions call.
class core::implementation {
 public:
  implementation(core_options options, base::buffer_pool& pool, base::random_source& random,
                 base::time_point now);

  // core.cpp: decisions of the user, time.
  base::result<void> respond(base::time_point now, request_id id, int status,
                             const transaction::response_options& options);
  const sip::message_view& view(request_id id) noexcept;
  void run_events(base::time_point now);
  void handle_timeout(base::time_point now);

  // core_receive.cpp: messages in.
  void handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  void handle_framing_error(const sip::hop& from, const sip::parse_error& error,
                            const base::packet_buffer& head);

  // core_targets.cpp: where a request goes.
  base::result<void> forward(base::time_point now, request_id id, std::span<const target> targets);
  void handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops);

  detail::request_record* find(request_id id) noexcept {
    return requests_.get(static_cast<std::uint64_t>(id));
  }

  core_options options_;
  transaction::layer layer_;
  core_counters counters_;
  base::ring_queue<event> events_;
  std::size_t under_way_ = 0;
  boost::unordered_flat_set<std::uint64_t> calls_;
  bool draining_ = false;
  overload_control overload_;
  base::timer_wheel wheel_;
  base::slot_map<detail::request_record> requests_;

 private:
  using record = detail::request_record;

  // core.cpp
  record* create(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  void answered(record& r) noexcept;
  void maybe_destroy(record& r);
  void drop_targets(record& r);
  void index(const record& r) noexcept;
  transaction::branch tag_for(const sip::message_view& request, std::string_view method) noexcept;
  void finish(base::time_point now, record& r, int status);
  void handle_guard(base::time_point now, record& r);

  // core_receive.cpp
  void handle_request(base::time_point now, const sip::hop& from, const transaction::received& got,
                      const base::packet_buffer& data);
  void handle_ack(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  void handle_cancel(base::time_point now, const sip::hop& from, const transaction::received& got);
  void route(base::time_point now, record& r, bool leads);
  bool is_sealed(const sip::message_view& request) const noexcept;
  void lead(base::time_point now, record& r, const target& to, const route_plan& plan);
  void refuse(const sip::hop& from, const refusal& why);
  void answer_stateless(const sip::hop& from, int status, const transaction::response_options& options);
  void overloaded(const sip::hop& from);
  void note_alias(const sip::hop& from);
  request_rank rank(base::time_point now, bool in_dialog) noexcept;
  bool turn_away(base::time_point now, const sip::hop& from, request_rank rank);
  bool has_room_for_all() const noexcept;
  std::string_view overload_text(const sip::message_view& message) noexcept;
  refusal check(const sip::message_view& request);
  bool is_loop(const sip::message_view& request);
  std::uint32_t loop_mark(const sip::message_view& request, bool by_address) const;
  std::uint64_t call_of(const sip::message_view& message) const noexcept;

  // core_targets.cpp
  void hold(record& r, std::span<const target> targets);
  void send_group(base::time_point now, record& r);
  std::uint8_t breadth() const noexcept;
  void try_target(base::time_point now, record& r, const detail::branch_target& to, const route_plan& plan);
  void try_flows(base::time_point now, record& r, detail::held_target to, const route_plan& plan);
  bool try_next_flow(base::time_point now, record& r, response_context::branch& failed);
  bool may_try_more(const record& r) const noexcept;
  int send_branch(base::time_point now, record& r, const detail::branch_target& to, const route_plan& plan);
  int look_up(base::time_point now, record& r, const detail::branch_target& to, event question);
  int send_to_next(base::time_point now, record& r, detail::alternates&& others, const route_plan& plan);
  void report_hop(const record& r, transaction::client_id failed, hop_failure why,
                  std::chrono::seconds retry_after = {});
  bool try_alternate(base::time_point now, record& r, response_context::branch& failed, hop_failure why);

  // core_forward.cpp: a request to one hop. These return 0, or the status that the branch counts as.
  int send_to(base::time_point now, record& r, const detail::branch_target& to, const sip::hop& next,
              const route_plan& plan, bool large_by_udp = false);
  bool send_by_tcp(base::time_point now, record& r, const detail::branch_target& to, const sip::hop& by_udp,
                   const route_plan& plan);
  base::result<base::packet_buffer> edit_request(const sip::hop& from, const sip::via_header& via,
                                                 const sip::hop& next, const route_plan& plan,
                                                 const detail::branch_target& to, std::string_view branch);
  void stay_on_path(sip::patch& edit, const sip::hop& from, const sip::hop& next, bool secure);
  sip::hop hop_of(const route_plan& plan, bool& forged) const noexcept;
  bool choose_listener(sip::hop& next, const sip::hop& from, std::string_view own_route) const noexcept;

  // core_stateless.cpp: RFC 3261 16.11.
  void handle_stateless(base::time_point now, const sip::hop& from, const base::packet_buffer& data);
  void forward_stateless(base::time_point now, record& r, const target& to, const route_plan& plan);
  void refuse_stateless(record& r, int status);
  transaction::branch stateless_branch(const sip::via_header& via, const sip::hop& from, bool by_address);
  std::uint64_t stateless_number(const sip::via_header& via, const base::ip_address& source) noexcept;
  void forward_stateless_response(const sip::hop& from);

  // core_responses.cpp
  void handle_response(base::time_point now, const transaction::received& got,
                       const base::packet_buffer& data);
  void send_upstream(base::time_point now, record& r, const sip::message_view& response,
                     const base::packet_buffer& data, const response_context::branch* best);
  void add_challenges(sip::patch& edit, const record& r, const response_context::branch& best);
  void add_overload(sip::patch& edit, const sip::message_view& response) noexcept;
  void hold_back(base::time_point now, record& r, int status, const base::packet_buffer& data);
  void note_final(record& r, int status);
  void end_call(const record& r);
  void settle(base::time_point now, record& r);
  void send_best(base::time_point now, record& r);
  void cancel_branch(base::time_point now, transaction::client_id client);
  void cancel_branches(base::time_point now, record& r);
  void arm_timer_c(base::time_point now, const record& r, transaction::client_id client);
  void handle_event(base::time_point now, const transaction::event& e);
  void branch_failed(base::time_point now, record& r, transaction::client_id client, int status);

  base::buffer_pool& pool_;
  base::siphash_key secret_;
  flow_tokens tokens_;
  route_seals seals_;
  source_limiter sources_;
  source_limiter dialog_sources_;
  neighbour_loads neighbours_;
  std::array<char, 96> overload_text_;
  std::array<std::uint64_t, 64> aliased_{};  // flows whose alias was reported lately
  std::vector<detail::listener_text> texts_;
  std::string retry_after_;
  const sip::message_view no_view_;
  sip::message_view view_;     // the message in hand, or the request of `indexed_`
  std::uint64_t indexed_ = 0;  // 0 while it is a message in hand
  std::uint64_t lookups_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> lookup_owner_;  // requests
};

}  // namespace parley::proxy
