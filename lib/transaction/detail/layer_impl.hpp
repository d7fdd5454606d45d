#pragma once

#include <parley/base/ring_queue.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/slot_map.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/transaction/layer.hpp>

#include "transaction/detail/records.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace parley::transaction {

class layer::implementation {
 public:
  using server_record = detail::server_record;
  using client_record = detail::client_record;

  implementation(const layer_options& options, base::buffer_pool& pool, base::random_source& random,
                 base::time_point now);

  received handle_message(base::time_point now, const sip::message_view& view);
  base::result<server_id> accept(base::time_point now, const sip::hop& from, const sip::message_view& view,
                                 const base::packet_buffer& data, const received& what, std::uint64_t user);
  base::result<void> respond(base::time_point now, server_id id, int status, base::packet_buffer response);
  base::result<void> answer(base::time_point now, server_id id, int status, const response_options& options);
  base::result<client_id> request(base::time_point now, const sip::hop& to, base::packet_buffer data,
                                  std::string_view method, std::string_view branch, std::uint64_t user);
  base::result<void> cancel(base::time_point now, client_id id);
  void set_deadline(client_id id, base::time_point at);
  base::result<void> send(const sip::hop& to, base::packet_buffer data);
  void handle_send_failure(base::time_point now, std::uint64_t ticket);
  void handle_sent(std::uint64_t ticket, std::uint64_t flow);
  void handle_flow_closed(base::time_point now, std::uint64_t flow);
  void handle_timeout(base::time_point now);

  server_record* server(server_id id) noexcept { return servers_.get(static_cast<std::uint64_t>(id)); }
  client_record* client(client_id id) noexcept { return clients_.get(static_cast<std::uint64_t>(id)); }

  branch make_branch(std::uint32_t mark) noexcept;
  branch make_tag(const received& request, const sip::message_view& view) noexcept;

 private:
  friend class layer;

  enum timer_tag : std::uint32_t { server_timer, client_timer };
  /// Whether what a machine sends has been sent before.
  enum class sending : bool { first, again };

  /// What settling one transaction can add to a queue at most: a request and a CANCEL; two events and the
  /// end.
  static constexpr std::size_t queue_reserve = 4;

  static std::uint64_t ticket_of(const server_record& r) noexcept { return r.id << 1U; }
  static std::uint64_t ticket_of(const client_record& r) noexcept { return r.id << 1U | 1U; }

  received handle_request(base::time_point now, const sip::message_view& view, received what);
  received handle_response(base::time_point now, const sip::message_view& view, received what);
  base::result<client_record*> start_client(base::time_point now, const sip::hop& to,
                                            base::packet_buffer data, std::string_view method,
                                            std::string_view branch);
  base::result<void> send_cancel(base::time_point now, client_record& r);

  bool queues_have_room() const noexcept {
    return transmits_.capacity() - transmits_.size() >= queue_reserve &&
           events_.capacity() - events_.size() >= queue_reserve;
  }
  // These three are only called with room in the queues.
  void transmit(const sip::hop& to, const base::packet_buffer& data, std::uint64_t ticket);
  void report(event::kind what, const server_record& r);
  void report(event::kind what, const client_record& r);

  /// Carries out what the machine wants and arms its timer; ends the transaction where that is over. Without
  /// room in the queues all of that stays in the machine, and the timer brings it back.
  void settle(base::time_point now, server_record& r, sending how = sending::first);
  void settle(base::time_point now, client_record& r, sending how = sending::first);
  void transmit_response(server_record& r, sending how);
  void transmit_trying(server_record& r);
  void report_event(server_record& r);
  void report_event(client_record& r);
  void defer(base::time_point now, base::timer& timer);
  void arm(base::timer& timer, base::time_point at);
  void end(server_record& r);
  void end(client_record& r);
  void run_timer(base::time_point now, server_record& r);
  void run_timer(base::time_point now, client_record& r);

  layer_options options_;
  base::buffer_pool& pool_;
  layer_counters counters_;
  base::siphash_key secret_;
  base::siphash_key branch_secret_;
  std::uint64_t branches_made_ = 0;
  std::size_t pending_invites_ = 0;
  std::size_t own_cancels_ = 0;
  // Destroyed in reverse: records leave their tables and the wheel, so these go last.
  base::timer_wheel wheel_;
  detail::key_table<server_record> server_table_;
  detail::key_table<client_record> client_table_;
  detail::flow_table flow_table_;
  detail::key_table<detail::merge_entry> merge_table_;  // used only where twins are to be found
  base::slot_map<server_record> servers_;
  base::slot_map<client_record> clients_;
  base::ring_queue<sip::outgoing> transmits_;
  base::ring_queue<event> events_;
};

}  // namespace parley::transaction
