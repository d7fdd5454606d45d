#include <parley/sip/chars.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>

#include "endpoint/detail/endpoint_core.hpp"
#include "endpoint/detail/names.hpp"

#include <string>
#include <tuple>
#include <utility>

// Requests outside calls, of both directions.

namespace parley::detail {
namespace {

constexpr std::string_view allowed =
    "INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, OPTIONS, INFO, REFER, NOTIFY, SUBSCRIBE";

}  // namespace

void endpoint_core::respond(base::time_point at, ua::request_id to, int status, std::string_view reason) {
  auto response = sip::message::response(status, reason);
  if (!response) return;
  if (status == 405) std::ignore = response->add(sip::header_id::allow, allowed);
  if (status == 489) std::ignore = response->add(sip::header_id::allow_events, "refer");
  std::ignore = machine().respond(at, to, *response);
}

void endpoint_core::handle_request(base::time_point at, const ua::core_event& event) {
  sip::message_view request;
  if (!request.parse(event.message.text())) return respond(at, event.request, 400);
  switch (request.method()) {
    case sip::method::options: return handle_options(at, event);
    case sip::method::message: return handle_message(at, event, nullptr);
    case sip::method::notify: {
      const auto to = request.get<sip::to_header>();
      const auto found = to ? subscriptions.find(std::string(to->tag)) : subscriptions.end();
      if (found == subscriptions.end()) return respond(at, event.request, 481);
      const auto one = found->second->shared_from_this();
      respond(at, event.request, found->second->handle_notify(at, request));
      return run(at, *one);
    }
    case sip::method::subscribe: {
      const auto to = request.get<sip::to_header>();
      return respond(at, event.request, to && !to->tag.empty() ? 481 : 489);
    }
    case sip::method::refer: return respond(at, event.request, 603);
    default: return respond(at, event.request, 481);
  }
}

// RFC 3261 11.2.
void endpoint_core::handle_options(base::time_point at, const ua::core_event& event) {
  auto response = sip::message::response(200);
  std::ignore = response->add(sip::header_id::accept, "application/sdp");
  std::ignore = machine().respond(at, event.request, *response);
}

void endpoint_core::handle_message(base::time_point at, const ua::core_event& event, call_state* within) {
  sip::message_view request;
  if (closed || !on_message || !request.parse(event.message.text())) {
    return respond(at, event.request, on_message ? 480 : 405);
  }
  // RFC 3261 8.2.3: no encoding is understood.
  bool plain = true;
  const auto walked = request.for_each<sip::content_encoding_header>(
      [&](const auto& one) { plain = plain && sip::iequals(one.value, "identity"); });
  if (!walked || !plain) {
    auto refusal = sip::message::response(415);
    std::ignore = refusal->add(sip::header_id::accept_encoding, "identity");
    std::ignore = machine().respond(at, event.request, *refusal);
    return;
  }
  incoming_message told;
  if (auto from = ua::caller_of(request, false)) told.sender = std::move(*from);
  told.target = std::string(request.request_uri());
  told.content_type = std::string(request.value_of(sip::header_id::content_type));
  told.text = std::string(request.body());
  if (within != nullptr) told.within = within->handle_of();
  respond(at, event.request, 200);
  post([this, told = std::move(told)]() mutable {
    if (const auto handler = on_message) handler(std::move(told));
  });
}

void endpoint_core::start_message(const std::string& target, const message& what, completion<int> done) {
  const auto uri = sip::parse_uri(target);
  if (closed || !agent || !uri || !uri->is_sip()) {
    const errc why = closed || !agent ? errc::closed : errc::bad_uri;
    return waiter<int>(shared_from_this(), executor, std::move(done)).complete(why, 0);
  }
  auto& known = pagers[target];
  auto pager = known.lock();
  if (!pager || !usages.contains(pager.get())) {
    ua::pager_options with;
    with.to = target;
    with.from = identity;
    with.routes = routes_for(nullptr);
    pager = std::make_shared<pager_state>(shared_from_this(), with);
    known = pager;
    add_usage(pager);
  }
  const auto number = pager->machine.send({what.content_type, what.text});
  waiter<int> one(pager, executor, std::move(done));
  const base::time_point at = now();
  if (!number) {
    one.complete(number.error(), 0);
  } else {
    pager->add(*number, std::move(one));
  }
  run(at, *pager);
  pump(at);
}

void endpoint_core::start_query(const std::string& target, completion<int> done) {
  auto request = sip::message::request("OPTIONS", target);
  const auto uri = sip::parse_uri(target);
  if (closed || !agent || !request || !uri || !uri->is_sip()) {
    const errc why = closed || !agent ? errc::closed : errc::bad_uri;
    return waiter<int>(shared_from_this(), executor, std::move(done)).complete(why, 0);
  }
  for (const std::string& route : routes_for(nullptr))
    std::ignore = request->add(sip::header_id::route, '<' + route + '>');
  std::ignore = request->add(sip::header_id::from, identity);
  std::ignore = request->add(sip::header_id::to, '<' + target + '>');
  std::ignore = request->add(sip::header_id::accept, "application/sdp");
  const auto one = std::make_shared<query_state>(shared_from_this(), std::move(*request));
  one->done.add(one, executor, std::move(done), &query_state::cancel);
  add_usage(one);
  const base::time_point at = now();
  run(at, *one);
  pump(at);
}

}  // namespace parley::detail
