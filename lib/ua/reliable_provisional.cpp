#include <parley/sip/simple.hpp>
#include <parley/ua/reliable_provisional.hpp>

#include "ua/detail/option_tag.hpp"

#include <limits>
#include <string>
#include <tuple>

namespace parley::ua {
namespace {

using sip::header_id;

constexpr std::string_view reliable_option = "100rel";
constexpr std::uint32_t last_number = std::numeric_limits<std::uint32_t>::max();

}  // namespace

reliability reliability_of(const sip::message_view& request) {
  if (request.method() != sip::method::invite) return reliability::unsupported;
  if (detail::names_option<sip::require_header>(request, reliable_option)) return reliability::required;
  return detail::names_option<sip::supported_header>(request, reliable_option) ? reliability::supported
                                                                               : reliability::unsupported;
}

server_reliable_provisional::server_reliable_provisional(const transaction::timers& timers, reliability asked,
                                                         std::uint32_t invite_cseq,
                                                         base::random_source& random) noexcept
    : timers_(&timers),
      invite_cseq_(invite_cseq),
      // RFC 3262 3: the first one is between 1 and 2^31 - 1.
      rseq_(static_cast<std::uint32_t>(random.uniform(0x7fffffff))),
      asked_(asked) {}

base::result<void> server_reliable_provisional::write_response(base::time_point now, sip::message& response,
                                                               bool has_description) {
  // RFC 3262 3: 100 is never reliable, it goes hop by hop.
  if (response.status() <= 100 || response.status() > 199) return errc::wrong_method;
  if (asked_ == reliability::unsupported) return errc::not_reliable;
  if (state_ == state::unacknowledged) return errc::unacknowledged;
  if (state_ != state::ready) return errc::already_final;
  if (rseq_ == last_number) return errc::numbers_used_up;
  ++rseq_;
  std::ignore = response.add(header_id::require, reliable_option);
  std::ignore = response.set(header_id::rseq, std::to_string(rseq_));
  state_ = state::unacknowledged;
  waits_ = true;
  has_description_ = has_description;
  interval_ = timers_->t1;
  send_at_ = now + interval_;
  end_at_ = now + 64 * timers_->t1;
  return {};
}

base::result<void> server_reliable_provisional::respond(int status) noexcept {
  if (state_ == state::ended) return errc::already_final;
  if (status < 200) {
    // RFC 3262 3: all but 100 are reliable where the client requires it.
    if (status > 100 && asked_ == reliability::required) return errc::reliable_required;
    return {};
  }
  // RFC 3262 3 and 5: the 2xx must not come before the description that the client has to answer.
  if (status < 300 && waits_ && has_description_) return errc::unacknowledged;
  disarm();
  state_ = state::ended;
  return {};
}

base::result<void> server_reliable_provisional::handle_prack(const sip::message_view& prack) noexcept {
  const auto rack = prack.get<sip::rack_header>();
  if (prack.method() != sip::method::prack || !rack) return errc::bad_message;
  if (!waits_ || rack->rseq != rseq_ || rack->cseq != invite_cseq_ || rack->method != sip::method::invite) {
    return errc::no_such_response;
  }
  waits_ = false;
  if (state_ == state::unacknowledged) {
    disarm();
    state_ = state::ready;
    event_ = event::acknowledged;
  }
  return {};
}

void server_reliable_provisional::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) {
    disarm();
    state_ = state::timed_out;
    event_ = event::timed_out;
    return;
  }
  if (now < send_at_) return;
  // RFC 3262 3: doubled each time, without the bound of T2.
  interval_ *= 2;
  send_at_ = now + interval_;
  transmit_ = transmit::response;
}

void server_reliable_provisional::disarm() noexcept {
  send_at_ = end_at_ = base::never;
  transmit_ = transmit::nothing;
}

client_reliable_provisional::verdict client_reliable_provisional::handle_response(
    const sip::message_view& response) {
  const auto cseq = response.get<sip::cseq_header>();
  if (!cseq || cseq->number != invite_cseq_ || cseq->method != sip::method::invite) {
    return verdict::unreliable;
  }
  if (response.status() >= 200) {
    state_ = state::ended;
    return verdict::unreliable;
  }
  if (response.status() == 100) return verdict::unreliable;
  // RFC 3262 4: the numbers are kept until the final response.
  if (state_ == state::ended) return verdict::too_late;
  const auto rseq = response.get<sip::rseq_header>();
  if (!offered_ || !rseq || !detail::names_option<sip::require_header>(response, reliable_option)) {
    return verdict::unreliable;
  }
  if (has_rseq_) {
    if (rseq->value <= rseq_) return verdict::duplicate;
    if (rseq->value - rseq_ != 1) return verdict::out_of_order;
  }
  has_rseq_ = true;
  rseq_ = rseq->value;
  return verdict::acknowledge;
}

base::result<void> client_reliable_provisional::write_prack(sip::message& prack) const {
  if (!has_rseq_) return errc::no_such_response;
  // RFC 3262 7.2: the number of the response, and CSeq and method of the INVITE.
  if (!prack.set(header_id::rack, std::to_string(rseq_) + ' ' + std::to_string(invite_cseq_) + " INVITE")) {
    return errc::bad_message;
  }
  return {};
}

}  // namespace parley::ua
