#include <parley/sip/simple.hpp>
#include <parley/ua/session.hpp>
#include <parley/ua/session_description.hpp>

#include "ua/detail/session_messages.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

// Responses to our requests.

namespace parley::ua {

void session::handle_response(base::time_point now, const sip::message_view& response) {
  const auto cseq = response.get<sip::cseq_header>();
  if (!cseq) return;
  if (cseq->method == sip::method::invite) return handle_invite_response(now, response);
  const auto found = std::find_if(sent_.begin(), sent_.end(),
                                  [&](const sent_request& sent) { return sent.cseq == cseq->number; });
  if (found == sent_.end() || response.status() < 200) return;
  const sent_request sent = *found;
  sent_.erase(found);
  const int status = response.status();
  if (!has_dialog()) return;
  if (sent.purpose == sent_for::other) {
    session_event& event = report(session_event::kind::response);
    event.cseq = sent.asked;
    event.status = status;
  }
  // What is said of our BYE is of no use to anybody else.
  if (is_over() && sent.purpose != sent_for::other) return;
  std::ignore = dialog_.handle_response(response);
  if (is_over()) return;
  if (status >= 300) {
    const bool retry = [&] {
      const auto outcome = timer_.handle_response(now, response);
      return outcome && *outcome == session_timer::outcome::retry;
    }();
    if (retry && sent.purpose == sent_for::refresh) return refresh(now);
    return handle_refusal(now, sent, status);
  }
  std::ignore = timer_.handle_response(now, response);
  note_allowed(response);
  if (sent.method == sip::method::update) take_description(response, carrier::update_success);
  if (sent.method == sip::method::prack) take_description(response, carrier::prack_success);
  const bool owed = exchange_.is_offered_by(side::local) && sent.purpose == sent_for::offer;
  if (owed) handle_refusal(now, sent, status);  // an answer is missing: nothing was agreed
}

void session::handle_failure(base::time_point now, std::uint32_t cseq, int status) {
  if (cseq == invite_out_) {
    if (is_over()) return;
    timer_.handle_failure(now, status);
    return handle_refusal(now, {cseq, sip::method::invite, sent_for::offer, cseq}, status);
  }
  const auto found =
      std::find_if(sent_.begin(), sent_.end(), [&](const sent_request& sent) { return sent.cseq == cseq; });
  if (found == sent_.end()) return;
  const sent_request sent = *found;
  sent_.erase(found);
  if (!has_dialog()) return;
  if (sent.purpose == sent_for::other) {
    session_event& event = report(session_event::kind::response);
    event.cseq = sent.asked;
    event.status = status;
  }
  if (is_over()) return;
  if (sent.method == sip::method::update) timer_.handle_failure(now, status);
  handle_refusal(now, sent, status);
}

void session::handle_invite_response(base::time_point now, const sip::message_view& response) {
  const std::uint32_t number = response.get<sip::cseq_header>()->number;
  const int status = response.status();
  if (number == acked_ && status / 100 == 2) {
    // RFC 3261 13.2.2.4: each copy of the 2xx gets the ACK.
    transmits_.push_back({session_transmit::kind::repeat_ack, 0, {}});
    return;
  }
  if (is_over() || number != invite_out_) return;
  if (status == 100) return;
  if (status < 200) return handle_provisional(now, response);
  if (status < 300) return handle_success(now, response);
  const auto outcome = timer_.handle_response(now, response);
  const bool retry = outcome && *outcome == session_timer::outcome::retry;
  if (state_ == state::early) return finish(session_end::refused, status);
  std::ignore = dialog_.handle_response(response);
  handle_refusal(now, {number, sip::method::invite, sent_for::offer, number}, status);
  if (retry && !is_over()) report(session_event::kind::offer_due);
}

void session::handle_provisional(base::time_point, const sip::message_view& response) {
  using verdict = client_reliable_provisional::verdict;
  // One whose offer is not answered yet has to have its PRACK before the next.
  if (prack_waits_) return;
  const verdict found = reliable_client_->handle_response(response);
  if (found == verdict::duplicate || found == verdict::out_of_order || found == verdict::too_late) return;
  if (!dialog_.handle_response(response)) return;
  note_allowed(response);
  session_event& event = report(session_event::kind::progress);
  event.status = response.status();
  if (found == verdict::unreliable) return take_description(response, carrier::provisional);
  take_description(response, carrier::reliable_provisional);
  prack_waits_ =
      exchange_.is_offered_by(side::remote) && exchange_.offered_in() == carrier::reliable_provisional;
  if (!prack_waits_) send_prack({});
}

void session::handle_success(base::time_point now, const sip::message_view& response) {
  // A copy while its offer waits for our answer.
  if (ack_waits_) return;
  const auto taken = dialog_.handle_response(response);
  if (!taken && taken.error() == make_error_code(errc::other_dialog)) return;
  std::ignore = reliable_client_->handle_response(response);
  std::ignore = timer_.handle_response(now, response);
  note_allowed(response);
  const bool wanted = exchange_.is_offer_wanted_from(side::remote) ||
                      (exchange_.is_offered_by(side::local) && exchange_.offered_in() == carrier::invite);
  const std::size_t before = events_.size();
  take_description(response, carrier::success);
  bool owed = wanted && events_.size() == before;
  if (owed && previewed_ && exchange_.is_offered_by(side::local)) {
    // RFC 3261 13.2.1 wants the answer in the 2xx, too; some peers send it in the 18x only.
    std::ignore = exchange_.handle(side::remote, carrier::success);
    owed = false;
  }
  ack_waits_ = exchange_.is_offered_by(side::remote) && exchange_.offered_in() == carrier::success;
  const bool first = state_ == state::early;
  state_ = state::confirmed;
  if (first) report(session_event::kind::accepted);
  if (ack_waits_) return;
  send_ack({});
  if (!owed) return;
  if (first) return send_bye(session_end::no_answer);
  session_event& event = report(session_event::kind::offer_failed);
  event.status = response.status();
}

void session::handle_refusal(base::time_point now, const sent_request& sent, int status) {
  if (sent.method == sip::method::invite) {
    invite_out_ = 0;
    exchange_.end_invite();
  }
  const bool ours = sent.purpose == sent_for::offer;
  if (ours && exchange_.is_offered_by(side::local)) exchange_.roll_back();
  const bool in_session = sent.method == sip::method::invite || sent.method == sip::method::update ||
                          sent.method == sip::method::prack || sent.method == sip::method::info;
  // RFC 3261 12.2.1.2: the peer has lost the dialog, or is gone.
  if (effect_of(status) == response_effect::dialog_ended ||
      (in_session && (status == 481 || status == 408))) {
    if (status == 481 || state_ == state::early) return finish(session_end::lost, status);
    send_bye(session_end::lost);
    events_.back().status = status;
    return;
  }
  if (!ours) return;
  if (status == 491) return await_retry(now);
  session_event& event = report(session_event::kind::offer_failed);
  event.status = status;
}

void session::send_ack(std::string_view description) {
  ack_waits_ = false;
  acked_ = invite_out_;
  invite_out_ = 0;
  exchange_.end_invite();
  auto ack = dialog_.write_ack(acked_);
  if (!ack) return;
  if (!description.empty()) std::ignore = ack->set_body(std::string(description), session_description_type);
  transmits_.push_back({session_transmit::kind::ack, 0, std::move(*ack)});
}

void session::send_prack(std::string_view description) {
  prack_waits_ = false;
  auto prack = dialog_.write_request("PRACK");
  if (!prack || !reliable_client_->write_prack(*prack)) return;
  timer_.write_request(*prack);
  if (!description.empty()) std::ignore = prack->set_body(std::string(description), session_description_type);
  send(std::move(*prack), sent_for::prack);
}

void session::await_retry(base::time_point now) {
  // RFC 3261 14.1: in steps of 10 ms, and whoever made the Call-ID waits longer.
  const std::uint64_t steps = is_caller() ? 210 + random_->uniform(191) : random_->uniform(201);
  retry_at_ = now + std::chrono::milliseconds(10) * static_cast<std::int64_t>(steps);
}

}  // namespace parley::ua
