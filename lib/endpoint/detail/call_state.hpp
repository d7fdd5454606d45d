#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/endpoint/call.hpp>
#include <parley/endpoint/incoming_call.hpp>
#include <parley/offer_answer/negotiator.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/core.hpp>
#include <parley/ua/refer.hpp>

#include "endpoint/detail/waiters.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::detail {

class endpoint_core;

/// The negotiation of one early dialog of a forked call.
struct early_leg {
  std::uint32_t leg = 0;
  offer_answer::negotiator session;
};

/// A transfer that we have asked for.
struct outgoing_transfer {
  ua::client_refer refer;
  waiter<> done;
  std::string target;
};

/// What a call's requests within it wait for.
struct call_request {
  std::uint32_t cseq = 0;
  enum class purpose : std::uint8_t { info, dtmf, refer, notify } what = purpose::info;
  waiter<> done;  // of `info`
};

/// All of a call that its handles share. The endpoint knows it by its id in the core until it is over.
class call_state : public std::enable_shared_from_this<call_state> {
 public:
  call_state(std::shared_ptr<endpoint_core> core, bool outgoing);
  ~call_state();
  call_state(const call_state&) = delete;
  call_state& operator=(const call_state&) = delete;

  // call_state.cpp
  void handle(base::time_point now, ua::core_event& event);
  void handle_one(base::time_point now, ua::core_event& event);
  void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept;
  void report(call_event event);
  void hang_up(base::time_point now, int status);
  void end(base::time_point now, const call_ending& how);
  void abort();
  /// What operations end with that the call does not live to see.
  base::error_code error_of_end() const noexcept;
  void arm();
  void handle_accepted(base::time_point now, std::uint32_t leg);
  void complete_answered(const base::error_code& error);
  void abandon(const base::error_code& why, bool is_end = true);

  // call_media.cpp
  /// Adds what the media can do to a new negotiation.
  base::result<void> begin_media(std::shared_ptr<call_media> chosen);
  base::result<std::string> make_offer(offer_answer::negotiator& session);
  base::result<std::string> make_answer(offer_answer::negotiator& session);
  static base::result<sdp::description> read_description(const std::string& text);
  base::result<void> take_offer(offer_answer::negotiator& session, sdp::description offer);
  base::result<void> open_media(offer_answer::negotiator& session);
  void handle_description(base::time_point now, const ua::core_event& event);
  void handle_answered_offer(base::time_point now, const ua::core_event& event);
  void handle_offer_failed(int status);
  void handle_offer_due(base::time_point now);
  void renegotiate(call::change what, completion<> done);
  /// Makes the offer that had to wait for the peer's.
  void try_change(base::time_point now);
  void apply(const offer_answer::negotiator& session, bool by_peer = false);
  void check_offer(base::time_point now, const std::string& text);
  void undo_change();
  static int refusal_of(const base::error_code& why) noexcept;
  /// Refuses the offer or the INVITE that waits, for what the negotiation says of it.
  void refuse_offer(base::time_point now, const base::error_code& why, bool must_end = false);
  early_leg* find_leg(std::uint32_t leg) noexcept;
  offer_answer::negotiator& leg_session(std::uint32_t leg);

  /// The INVITE that takes this call's place has brought its offer, or wants one (RFC 3891).
  void take_over(base::time_point now, const ua::core_event& event);
  /// An answer, or an offer where there is none.
  base::result<std::string> describe_to(std::optional<sdp::description> offer);
  base::result<void> describe(std::shared_ptr<call_media> chosen);
  base::result<void> ring(int status, bool with_media);
  void start_answer(std::shared_ptr<call_media> chosen, completion<call> done);
  void try_accept(base::time_point now);

  // call_requests.cpp
  void handle_request(base::time_point now, const ua::core_event& event);
  void handle_info(base::time_point now, ua::request_id request, const sip::message_view& info);
  void handle_refer(base::time_point now, const ua::core_event& event);
  void handle_subscribe(base::time_point now, ua::request_id request, const sip::message_view& subscribe);
  void handle_response(base::time_point now, const ua::core_event& event);
  void start_transfer(const std::string& target, const call_state* other, completion<> done);
  void start_dtmf(const std::string& keys, completion<> done);
  void start_info(const std::string& package, const std::string& content_type, const std::string& body,
                  completion<> done);
  void send_next_key(base::time_point now);
  void run_transfers(base::time_point now);
  void follow_transfer();
  /// Neither end of a transfer has anything to do in this dialog any more.
  void end_transfers();
  void report_referred(base::time_point now, int status, std::string_view reason);

  // Cancelled operations.
  void cancel_answered(std::uint64_t id);
  void cancel_answering(std::uint64_t id);
  void cancel_ended(std::uint64_t id);
  void cancel_event(std::uint64_t id);

  call handle_of() { return call(shared_from_this()); }
  bool is_over() const noexcept { return state == call::state::ended; }

  std::shared_ptr<endpoint_core> core;  // null once the endpoint is gone
  asio::any_io_executor executor;
  ua::call_id id = ua::call_id::none;
  enum call::state state = call::state::calling;
  bool outgoing = false;
  bool held_by_us = false;
  bool held_by_peer = false;
  bool answering = false;     // `answer` was called
  bool accepted = false;      // and its 2xx has gone out
  bool offered = false;       // the INVITE's offer, or that it has none, is known
  bool offer_wanted = false;  // the INVITE has none
  bool refused = false;       // its offer could not be met
  ua::caller_identity peer;
  std::string target;          // the Request-URI of a call that came in
  std::string local_identity;  // From or To of this end, for calls that follow from this one
  std::string dialog_call_id;
  base::packet_buffer invite;  // until it is answered
  base::ip_address local_address;
  std::shared_ptr<call_media> media;
  std::vector<offer_answer::medium_id> media_ids;
  std::optional<offer_answer::negotiator> session;
  std::vector<early_leg> legs;
  std::optional<sdp::description> pending_offer;  // of an INVITE that nobody has answered yet
  std::string early_answer;  // to it, or our offer, as a provisional response has said it
  std::vector<std::unique_ptr<offer_answer::local_transport>> opened;  // in the order of `media_ids`
  bool takes_over = false;  // an INVITE with Replaces has brought another peer, and waits for its ACK
  std::weak_ptr<call_state> referrer;  // the call whose peer has asked for this one
  int last_status = 0;                 // of the response that refused it
  std::string last_reason;
  std::optional<call_ending> ending;
  std::optional<call_ending> own_end;  // what ends it, where the core calls that something else
  base::time_point give_up_at = base::never;

  std::function<void(const call_event&)> on_event;
  std::vector<call_event> events;
  waiters<call_event> event_waiter;
  waiters<> answered_waiters;
  waiters<call> answering_waiters;
  waiters<call_ending> ended_waiters;

  call::change changing = call::change::none;
  bool change_due = false;  // and its offer is still to be made
  waiter<> change_done;
  std::vector<call_request> requests;
  std::string keys;               // that are still to be sent by INFO
  bool media_sends_keys = false;  // also when nobody waits for that any more
  waiter<> keys_done;
  std::unique_ptr<outgoing_transfer> transfer;
  std::unique_ptr<ua::server_refer> referred;  // what the peer has asked for
  std::weak_ptr<void> asked_to_transfer;       // and the application has not answered yet
  base::timer timer;
};

/// The URI of a name-addr; the text itself where it is none.
std::string uri_in(const std::string& name_addr);

}  // namespace parley::detail
