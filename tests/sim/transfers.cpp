#include "sim/transfers.hpp"

#include <parley/sip/simple.hpp>

#include <algorithm>
#include <chrono>
#include <type_traits>

namespace parley::test {
namespace {

std::uint32_t cseq_of(const sip::message_view& message) {
  const auto cseq = message.get<sip::cseq_header>();
  return cseq ? cseq->number : 0;
}

std::string call_id_of(const sip::message_view& message) {
  return std::string(message.value_of(sip::header_id::call_id));
}

ua::referral somewhere() {
  ua::referral out;
  out.target = "sip:c@192.0.2.3";
  out.method = "INVITE";
  return out;
}

}  // namespace

transfers::transfers(ua_network& net, plan at, complaint complain)
    : net_(net), at_(std::move(at)), complain_(std::move(complain)) {}

void transfers::ask(std::size_t agent, ua::call_id call) {
  const ua::session* const session = core(agent).find(call);
  if (session == nullptr || !core(agent).add_usage(call)) return;
  asking& one = asking_.emplace_back(asking{
      agent, call, ua::client_refer(timers_, somewhere()), {session->dialog().call_id(), agent, 0}, {}});
  drive(one);
}

bool transfers::handle_request(std::size_t agent, const ua::core_event& event) {
  sip::message_view request;
  if (!request.parse(event.message.text())) return false;
  const bool is_refer = request.method() == sip::method::refer;
  if (!is_refer && request.method() != sip::method::notify) return false;
  doing* made = nullptr;
  int status = 481;
  if (!is_refer) {
    status = answer(agent, event, request);
  } else if (auto accepted = ua::server_refer::accept(net_.now(), request);
             accepted && core(agent).add_usage(event.call)) {
    status = 202;
    made = &doing_.emplace_back(doing{
        agent, event.call, std::move(*accepted), {call_id_of(request), 1 - agent, cseq_of(request)}, {}});
  }
  std::ignore = core(agent).respond(net_.now(), event.request, sip::message::response(status).value());
  if (made == nullptr) return true;
  drive(*made);
  const auto soon = [this](std::uint64_t most) {
    return net_.at() + static_cast<std::int64_t>(net_.random().uniform(most));
  };
  if (net_.chance(500)) at_(soon(5'000), [this, made] { report(*made, 180); });
  at_(soon(30'000), [this, made, outcome = net_.chance(700) ? 200 : 603] { report(*made, outcome); });
  return true;
}

// What is answered to a NOTIFY.
int transfers::answer(std::size_t agent, const ua::core_event& event, const sip::message_view& request) {
  for (asking& one : asking_) {
    if (one.over || one.agent != agent || one.call != event.call) continue;
    if (one.refer.match_notify(request) != ua::subscription::match::yes) continue;
    const int status = one.refer.handle_notify(net_.now(), request);
    if (status == 200 && one.refer.last() && one.refer.last()->status >= 200) {
      heard_[one.named] = one.refer.last()->status;
      ++told_;
      const ua::session* const session = core(agent).find(one.call);
      if (session != nullptr && session->state() == ua::session::state::ended) ++told_late_;
    }
    drive(one);
    return status;
  }
  return 481;
}

void transfers::handle_response(std::size_t agent, const ua::core_event& event) {
  if (!take_response(asking_, agent, event)) take_response(doing_, agent, event);
}

template <class Refer>
bool transfers::take_response(std::list<end<Refer>>& ends, std::size_t agent, const ua::core_event& event) {
  for (end<Refer>& one : ends) {
    if (one.agent != agent || one.call != event.call) continue;
    const auto request = one.requests.extract(event.session.cseq);
    if (!request) continue;
    sip::message_view response;
    if (event.message && response.parse(event.message.text()) && response.is_response()) {
      one.refer.handle_response(net_.now(), response);
    } else {
      one.refer.handle_failure(net_.now(), event.session.status);
    }
    one.delivered = request.mapped() && event.session.status == 200;
    drive(one);
    return true;
  }
  return false;
}

void transfers::report(doing& one, int status) {
  if (one.over) return;
  one.refer.report(net_.now(), status);
  if (status >= 200) reported_[one.named] = status;
  drive(one);
}

template <class Refer>
void transfers::drive(end<Refer>& one) {
  if (one.over) return;
  bool last = false;
  const auto write = [&](ua::dialog& in, sip::message& out) {
    if (!one.refer.poll_request(net_.now(), in, out)) return false;
    last = out.value_of(sip::header_id::subscription_state).starts_with("terminated");
    return true;
  };
  if (const auto sent = core(one.agent).request(net_.now(), one.call, write)) {
    one.requests[*sent] = last;
    if constexpr (std::is_same_v<Refer, ua::client_refer>) std::get<2>(one.named) = *sent;
  } else if (core(one.agent).find(one.call) == nullptr) {
    one.refer.abandon();
  }
  if (one.refer.poll_event() == Refer::event::ended) {
    one.over = true;
    core(one.agent).end_usage(one.call);
    return;
  }
  if (one.refer.poll_timeout() == base::never) return;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(one.refer.poll_timeout() - net_.now());
  const std::int64_t due = net_.at() + std::max<std::int64_t>(wait.count(), 0);
  if (one.planned == due) return;
  one.planned = due;
  at_(due, [this, &one] {
    if (one.over) return;
    one.refer.handle_timeout(net_.now());
    one.planned = -1;
    drive(one);
  });
}

bool transfers::uses(std::size_t agent, ua::call_id call) const {
  const auto used = [&](const auto& one) { return !one.over && one.agent == agent && one.call == call; };
  return std::any_of(asking_.begin(), asking_.end(), used) || std::any_of(doing_.begin(), doing_.end(), used);
}

void transfers::check_all_over() {
  for (const asking& one : asking_) {
    if (!one.over) complain_("whoever asked for a transfer waits still");
  }
  for (const doing& one : doing_) {
    if (!one.over) complain_("whoever was asked for a transfer reports still");
    const auto heard = heard_.find(one.named);
    if (one.delivered && heard == heard_.end()) complain_("what was reported of a transfer was not heard");
  }
  for (const auto& [which, status] : heard_) {
    const auto reported = reported_.find(which);
    if (reported == reported_.end() || reported->second != status) {
      complain_("the ends of a transfer do not know the same of it");
    }
  }
}

}  // namespace parley::test
