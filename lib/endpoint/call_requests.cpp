#include <parley/sip/chars.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/dtmf_info.hpp>
#include <parley/ua/info_package.hpp>
#include <parley/ua/replaces.hpp>

#include "endpoint/detail/call_state.hpp"
#include "endpoint/detail/endpoint_core.hpp"
#include "endpoint/detail/names.hpp"
#include "endpoint/detail/transfer_request.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

// Requests within a call that are no offers: INFO, REFER and its NOTIFYs, MESSAGE, OPTIONS.

namespace parley::detail {
namespace {

constexpr std::string_view dtmf_keys = "0123456789*#ABCD!";

std::string content_type_of(const sip::message_view& message) {
  return std::string(message.value_of(sip::header_id::content_type));
}

}  // namespace

void call_state::handle_request(base::time_point now, const ua::core_event& event) {
  sip::message_view request;
  if (!request.parse(event.message.text())) return core->respond(now, event.request, 400);
  switch (request.method()) {
    case sip::method::info: return handle_info(now, event.request, request);
    case sip::method::message: return core->handle_message(now, event, this);
    case sip::method::options: return core->handle_options(now, event);
    case sip::method::refer: return handle_refer(now, event);
    case sip::method::notify: {
      if (!transfer) return core->respond(now, event.request, 481);
      core->respond(now, event.request, transfer->refer.handle_notify(now, request));
      return run_transfers(now);
    }
    case sip::method::subscribe: return handle_subscribe(now, event.request, request);
    default: return core->respond(now, event.request, 481);
  }
}

void call_state::handle_info(base::time_point now, ua::request_id id_of_it, const sip::message_view& info) {
  call_event told;
  if (ua::is_dtmf_info(info)) {
    const auto key = ua::read_dtmf_info(info);
    if (!key) return core->respond(now, id_of_it, 400);
    told.what = call_event::kind::dtmf;
    told.key = key->key;
    told.duration = std::chrono::milliseconds(key->milliseconds);
  } else {
    const std::size_t named = info.find("Info-Package");
    if (named != sip::message_view::npos) {
      const std::string_view value = info.value(named);
      told.text = std::string(value.substr(0, value.find_first_of("; \t")));
      const auto& taken = core->options.info_packages;
      if (std::none_of(taken.begin(), taken.end(),
                       [&](const std::string& own) { return sip::iequals(own, told.text); })) {
        auto refusal = sip::message::response(469);
        if (!refusal) return;
        ua::info_packages(taken).write_refusal(*refusal);
        std::ignore = core->machine().respond(now, id_of_it, *refusal);
        return;
      }
    }
    told.what = call_event::kind::info;
    told.content_type = content_type_of(info);
    told.body = std::string(info.body());
  }
  core->respond(now, id_of_it, 200);
  told.by_peer = true;
  report(std::move(told));
}

void call_state::handle_refer(base::time_point now, const ua::core_event& event) {
  sip::message_view request;
  if (!request.parse(event.message.text())) return core->respond(now, event.request, 400);
  auto what = ua::referral::read(request);
  if (!what) return core->respond(now, event.request, 400, "Bad Refer-To");
  // RFC 3515 2.4.2 leaves it to us what is carried out; a call is.
  if (!core->on_transfer || (!what->method.empty() && what->method != "INVITE"))
    return core->respond(now, event.request, 603);
  if (referred || !asked_to_transfer.expired()) return core->respond(now, event.request, 491);
  auto asked = std::make_shared<incoming_transfer::state>(shared_from_this(), event.request, event.message,
                                                          std::move(*what));
  asked_to_transfer = asked;
  core->post([core = core.get(), request = incoming_transfer(std::move(asked))]() mutable {
    if (const auto handler = core->on_transfer) handler(std::move(request));
  });
}

void call_state::handle_subscribe(base::time_point now, ua::request_id id_of_it,
                                  const sip::message_view& request) {
  if (!referred || !referred->matches(request)) return core->respond(now, id_of_it, 481);
  if (const auto taken = referred->handle_subscribe(now, request); !taken)
    return core->respond(now, id_of_it, ua::status_for(taken.error()));
  auto response = sip::message::response(200);
  referred->write_subscribe_response(now, *response);
  std::ignore = core->machine().respond(now, id_of_it, *response);
  run_transfers(now);
}

void call_state::handle_response(base::time_point now, const ua::core_event& event) {
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const call_request& one) { return one.cseq == event.session.cseq; });
  if (found == requests.end()) return;
  call_request answered = std::move(*found);
  requests.erase(found);
  const int status = event.session.status;
  const base::error_code error = status / 100 == 2 ? base::error_code() : make_status_error(status);
  sip::message_view response;
  const bool has_response = event.message && response.parse(event.message.text()) && !response.is_request();
  const auto tell = [&](auto& usage) {
    if (has_response) {
      usage.handle_response(now, response);
    } else {
      usage.handle_failure(now, status);
    }
    run_transfers(now);
  };
  switch (answered.what) {
    case call_request::purpose::info:
      if (answered.done) answered.done.complete(error);
      return;
    case call_request::purpose::dtmf:
      if (error) {
        keys.clear();
        if (keys_done) keys_done.complete(error);
        return;
      }
      return send_next_key(now);
    case call_request::purpose::refer:
      if (transfer) tell(transfer->refer);
      return;
    case call_request::purpose::notify:
      if (referred) tell(*referred);
      return;
  }
}

void call_state::start_transfer(const std::string& to, const call_state* other, completion<> done) {
  waiter<> one(shared_from_this(), executor, std::move(done));
  if (state != call::state::established) return one.complete(is_over() ? errc::call_over : errc::not_now);
  if (transfer && transfer->done) return one.complete(errc::in_progress);
  ua::referral what;
  what.target = to;
  if (other != nullptr) {
    if (other->state != call::state::established) return one.complete(errc::not_now);
    const ua::session* const s = other->core->machine().find(other->id);
    if (s == nullptr) return one.complete(errc::not_now);
    what.target = s->dialog().remote_target();
    what.call = ua::call_reference::of(s->dialog());
  }
  what.referred_by = '<' + bare_uri(local_identity) + '>';
  const auto uri = sip::parse_uri(what.target);
  if (!uri || !uri->is_sip() || !what.refer_to()) return one.complete(errc::bad_uri);
  // The one before has its result, and only waits for the end of its subscription.
  if (transfer) core->machine().end_usage(id);
  std::erase_if(requests, [](const call_request& r) { return r.what == call_request::purpose::refer; });
  transfer =
      std::make_unique<outgoing_transfer>(ua::client_refer(core->timers, what), std::move(one), what.target);
  transfer->done.on_cancel([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->transfer && self->transfer->done)
      self->transfer->done.complete(asio::error::operation_aborted);
  });
  const base::time_point now = endpoint_core::now();
  std::ignore = core->machine().add_usage(id);
  run_transfers(now);
  core->pump(now);
}

// Sends what the two ends of a transfer want sent, and tells the application.
void call_state::run_transfers(base::time_point now) {
  if (!core) return;
  const auto self = shared_from_this();
  const auto send = [&](auto& usage, call_request::purpose what) {
    for (;;) {
      bool asked = false;
      const auto sent = core->machine().request(now, id, [&](ua::dialog& in, sip::message& out) {
        asked = true;
        return usage.poll_request(now, in, out);
      });
      // There is no dialog any more: what it wants said can't be.
      if (!asked) usage.abandon();
      if (!sent) return;
      requests.push_back({*sent, what, {}});
    }
  };
  if (referred) {
    send(*referred, call_request::purpose::notify);
    if (referred->poll_event() == ua::server_refer::event::ended) {
      referred.reset();
      core->machine().end_usage(id);
    }
  }
  if (transfer) {
    send(transfer->refer, call_request::purpose::refer);
    follow_transfer();
  }
  arm();
  if (is_over() && !transfer && !referred) core->forget_outlived(id);
}

void call_state::follow_transfer() {
  using happened = ua::client_refer::event;
  const happened what = transfer->refer.poll_event();
  if (what == happened::none || what == happened::accepted) return;
  const auto& last = transfer->refer.last();
  const int status = transfer->refer.refused() != 0 ? transfer->refer.refused() : last ? last->status : 0;
  if (what == happened::progress) {
    call_event told;
    told.what = call_event::kind::transfer_progress;
    told.status = status;
    if (last) told.reason = last->reason_phrase;
    return report(std::move(told));
  }
  if (transfer->done) {
    if (status / 100 == 2 && transfer->refer.refused() == 0) {
      call_event told;
      told.what = call_event::kind::transferred;
      told.status = status;
      told.text = transfer->target;
      report(std::move(told));
      transfer->done.complete({});
    } else {
      // Whoever ends the reports without a result has given up.
      transfer->done.complete(make_status_error(status >= 300 ? status : 408));
    }
  }
  if (what != happened::ended) return;
  transfer.reset();
  core->machine().end_usage(id);
}

void call_state::end_transfers() {
  for (const bool there : {transfer != nullptr, referred != nullptr}) {
    if (there) core->machine().end_usage(id);
  }
  if (transfer && transfer->done) transfer->done.complete(errc::call_over);
  transfer.reset();
  referred.reset();
  requests.clear();
}

// What has become of the call that the peer of another one has asked for.
void call_state::report_referred(base::time_point now, int status, std::string_view reason) {
  const auto asked_in = referrer.lock();
  if (!asked_in || !asked_in->referred) return;
  asked_in->referred->report(now, status, reason);
  asked_in->run_transfers(now);
  if (status >= 200) referrer.reset();
}

void call_state::start_dtmf(const std::string& wanted, completion<> done) {
  waiter<> one(shared_from_this(), executor, std::move(done));
  if (state != call::state::established) return one.complete(is_over() ? errc::call_over : errc::not_now);
  if (keys_done || media_sends_keys) return one.complete(errc::in_progress);
  if (wanted.empty() || wanted.find_first_not_of(dtmf_keys) != std::string::npos)
    return one.complete(errc::bad_key);
  keys_done = std::move(one);
  keys_done.on_cancel([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->keys_done) return;
    self->keys.clear();
    self->keys_done.complete(asio::error::operation_aborted);
  });
  if (media && media->can_send_keys()) {
    media_sends_keys = true;
    return media->send_keys(wanted, [weak = weak_from_this()](const base::error_code& error) {
      const auto self = weak.lock();
      if (!self) return;
      self->media_sends_keys = false;
      if (self->keys_done) self->keys_done.complete(error);
    });
  }
  keys = wanted;
  const base::time_point now = endpoint_core::now();
  send_next_key(now);
  core->pump(now);
}

void call_state::send_next_key(base::time_point now) {
  if (keys.empty()) {
    if (keys_done) keys_done.complete({});
    return;
  }
  const ua::dtmf_key key{keys.front()};
  keys.erase(keys.begin());
  const auto sent = core->machine().request(now, id, [&](ua::dialog& in, sip::message& out) {
    auto info = in.write_request("INFO");
    if (!info || !ua::write_dtmf_info(*info, key, ua::dtmf_body::relay)) return false;
    out = std::move(*info);
    return true;
  });
  if (sent) return requests.push_back({*sent, call_request::purpose::dtmf, {}});
  keys.clear();
  if (keys_done) keys_done.complete(sent.error());
}

void call_state::start_info(const std::string& package, const std::string& content_type,
                            const std::string& body, completion<> done) {
  waiter<> one(shared_from_this(), executor, std::move(done));
  if (state != call::state::established) return one.complete(is_over() ? errc::call_over : errc::not_now);
  const base::time_point now = endpoint_core::now();
  const auto sent = core->machine().request(now, id, [&](ua::dialog& in, sip::message& out) {
    auto info = in.write_request("INFO");
    if (!info) return false;
    if (!package.empty() && !info->add("Info-Package", package)) return false;
    if (!body.empty() && !info->set_body(body, content_type)) return false;
    out = std::move(*info);
    return true;
  });
  if (!sent) return one.complete(sent.error());
  requests.push_back({*sent, call_request::purpose::info, std::move(one)});
  requests.back().done.on_cancel([weak = weak_from_this(), cseq = *sent] {
    const auto self = weak.lock();
    if (!self) return;
    for (call_request& asked : self->requests) {
      if (asked.cseq == cseq && asked.done) asked.done.complete(asio::error::operation_aborted);
    }
  });
  core->pump(now);
}

}  // namespace parley::detail

namespace parley {

incoming_transfer::state::~state() {
  if (answered || !of->core) return;
  of->core->respond(detail::endpoint_core::now(), request, 603);
  of->core->pump(detail::endpoint_core::now());
}

const call& incoming_transfer::transferred() const noexcept { return state_->handle; }
const std::string& incoming_transfer::target() const noexcept { return state_->what.target; }
const std::string& incoming_transfer::referred_by() const noexcept { return state_->what.referred_by; }

base::result<call> incoming_transfer::accept(call_options options) const {
  detail::call_state& of = *state_->of;
  if (of.is_over() || !of.core) return errc::call_over;
  if (state_->answered) return errc::not_now;
  if (of.referred) return errc::in_progress;
  const base::time_point now = detail::endpoint_core::now();
  sip::message_view refer;
  if (!refer.parse(state_->message.text())) return errc::not_now;
  auto reports = ua::server_refer::accept(now, refer);
  if (!reports) return reports.error();
  state_->answered = true;
  if (!of.core->machine().add_usage(of.id)) {
    of.core->respond(now, state_->request, 491);
    of.core->pump(now);
    return errc::not_now;
  }
  auto accepted = sip::message::response(202);
  reports->write_response(*accepted);
  std::ignore = of.core->machine().respond(now, state_->request, *accepted);
  of.referred = std::make_unique<ua::server_refer>(std::move(*reports));
  if (options.identity.empty()) options.identity = of.local_identity;
  auto made = of.core->dial(state_->what.target, options, &state_->what, state_->of);
  if (!made) of.referred->report(now, 503);
  of.run_transfers(now);
  of.core->pump(now);
  return made;
}

base::result<void> incoming_transfer::refuse(int status) const {
  detail::call_state& of = *state_->of;
  if (state_->answered || !of.core || status < 400 || status > 699) return errc::not_now;
  state_->answered = true;
  of.core->respond(detail::endpoint_core::now(), state_->request, status);
  of.core->pump(detail::endpoint_core::now());
  return {};
}

}  // namespace parley
