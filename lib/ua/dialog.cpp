#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/dialog.hpp>

#include <algorithm>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;
using sip::method;

bool makes_dialog(method m) noexcept {
  return m == method::invite || m == method::subscribe || m == method::refer;
}

/// The URI of Contact, empty where there is none. *Errors:* `bad_message` for one that no request can be sent
/// to (RFC 3261 8.1.1.8).
base::result<std::string_view> read_target(const sip::message_view& message) noexcept {
  if (!message.has(header_id::contact)) return std::string_view{};
  const auto contact = message.get<sip::contact_header>();
  if (!contact || contact->star || !contact->uri.is_sip()) return errc::bad_message;
  return contact->uri.raw;
}

base::result<std::vector<std::string>> read_routes(const sip::message_view& message) {
  std::vector<std::string> out;
  const auto read = message.for_each<sip::record_route_header>(
      [&](const sip::record_route_header& route) { out.emplace_back(route.uri.raw); });
  if (!read) return errc::bad_message;
  return out;
}

/// On one line: what folds it, and other controls, become spaces.
std::string unfold(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

std::string display_name_of(const sip::name_addr& header) {
  std::string out = unfold(header.display_name);
  return header.display_quoted ? '"' + out + '"' : out;
}

}  // namespace

base::result<dialog_id> dialog_id::of_request(const sip::message_view& request) noexcept {
  const auto call_id = request.get<sip::call_id_header>();
  const auto from_tag = request.from_tag();
  const auto to_tag = request.to_tag();
  if (!call_id || !from_tag || !to_tag) return errc::bad_message;
  return dialog_id{call_id->value, *to_tag, *from_tag};
}

base::result<dialog_id> dialog_id::of_response(const sip::message_view& response) noexcept {
  const auto mirrored = of_request(response);
  if (!mirrored) return mirrored;
  return dialog_id{mirrored->call_id, mirrored->remote_tag, mirrored->local_tag};
}

response_effect effect_of(int status) noexcept {
  switch (status) {
    case 405:
    case 408:
    case 480:
    case 481:
    case 489:
    case 501: return response_effect::usage_ended;
    case 404:
    case 410:
    case 416:
    case 482:
    case 483:
    case 484:
    case 485:
    case 502:
    case 604: return response_effect::dialog_ended;
    default: return response_effect::none;
  }
}

bool is_target_refresh(method m) noexcept {
  return m == method::invite || m == method::update || m == method::subscribe || m == method::notify ||
         m == method::refer;
}

base::result<dialog_request> dialog_request::of(const sip::message_view& request) {
  const auto cseq = request.get<sip::cseq_header>();
  const auto to_tag = request.to_tag();
  if (!cseq || !to_tag) return errc::bad_message;
  dialog_request out{cseq->number, request.method(), !to_tag->empty(), {}};
  if (!out.in_dialog || !is_target_refresh(out.method)) return out;
  const auto target = read_target(request);
  if (!target) return target.error();
  out.remote_target = *target;
  return out;
}

base::result<dialog> dialog::from_response(const sip::message_view& request,
                                           const sip::message_view& response, bool over_tls) {
  const int status = response.status();
  if (!request.is_request() || !makes_dialog(request.method()) || status <= 100 || status > 299) {
    return errc::no_dialog;
  }
  const auto from = request.get<sip::from_header>();
  const auto to = request.get<sip::to_header>();
  const auto cseq = request.get<sip::cseq_header>();
  const auto id = dialog_id::of_response(response);
  const auto call_id = request.get<sip::call_id_header>();
  const auto target = read_target(response);
  if (!from || !to || !cseq || !id || !call_id || !target || from->tag.empty()) {
    return errc::bad_message;
  }
  // RFC 3261 12.1: a provisional response without a tag makes none; in a 2xx of a peer of RFC 2543 the tag is
  // null (12.1.2).
  if (status < 200 && id->remote_tag.empty()) return errc::no_dialog;
  if (id->call_id != call_id->value || id->local_tag != from->tag) return errc::other_dialog;

  dialog out;
  out.role_ = role::uac;
  out.state_ = status < 200 ? state::early : state::confirmed;
  const auto request_uri = request.get_request_uri();
  out.secure_ = over_tls && request_uri && request_uri->scheme == sip::uri_scheme::sips;
  // RFC 3261 12.1.2: the client meets the proxies in the reverse order of Record-Route.
  auto routes = read_routes(response);
  if (!routes) return routes.error();
  out.routes_ = std::move(*routes);
  std::reverse(out.routes_.begin(), out.routes_.end());
  out.remote_target_ = target->empty() ? request.request_uri() : *target;
  out.call_id_ = id->call_id;
  out.local_ = {display_name_of(*from), std::string(from->uri.raw), std::string(from->tag)};
  out.remote_ = {display_name_of(*to), std::string(to->uri.raw), std::string(id->remote_tag)};
  out.local_cseq_ = out.first_cseq_ = out.local_target_cseq_ = cseq->number;
  if (request.has(header_id::contact)) {
    if (const auto set = out.set_local_target(request.value_of(header_id::contact)); !set) return set.error();
  }
  if (const auto good = target->empty() ? out.check() : out.check_read(); !good) return good.error();
  return out;
}

base::result<dialog> dialog::from_request(const sip::message_view& request, std::string_view local_tag,
                                          bool over_tls) {
  if (!request.is_request() || !makes_dialog(request.method())) return errc::no_dialog;
  const auto from = request.get<sip::from_header>();
  const auto to = request.get<sip::to_header>();
  const auto cseq = request.get<sip::cseq_header>();
  const auto id = dialog_id::of_request(request);
  const auto target = read_target(request);
  // RFC 3261 8.1.1.8: a request that can make a dialog has a Contact.
  if (!from || !to || !cseq || !id || !target || target->empty() || local_tag.empty()) {
    return errc::bad_message;
  }
  if (!to->tag.empty()) return errc::no_dialog;

  dialog out;
  out.role_ = role::uas;
  const auto request_uri = request.get_request_uri();
  out.secure_ = over_tls && request_uri && request_uri->scheme == sip::uri_scheme::sips;
  // RFC 3261 12.1.1: the server meets the proxies in the order of Record-Route.
  auto routes = read_routes(request);
  if (!routes) return routes.error();
  out.routes_ = std::move(*routes);
  out.remote_target_ = *target;
  out.call_id_ = id->call_id;
  out.local_ = {display_name_of(*to), std::string(to->uri.raw), std::string(local_tag)};
  out.remote_ = {display_name_of(*from), std::string(from->uri.raw), std::string(from->tag)};
  out.remote_cseq_ = out.first_cseq_ = out.remote_target_cseq_ = cseq->number;
  if (const auto good = out.check_read(); !good) return good.error();
  return out;
}

base::result<dialog> dialog::from_notify(const sip::message_view& request, const sip::message_view& notify,
                                         bool over_tls) {
  const bool subscribes = request.method() == method::subscribe || request.method() == method::refer;
  if (!subscribes || notify.method() != method::notify) return errc::no_dialog;
  const auto local = request.get<sip::from_header>();
  const auto cseq = request.get<sip::cseq_header>();
  const auto remote = notify.get<sip::from_header>();
  const auto remote_cseq = notify.get<sip::cseq_header>();
  const auto id = dialog_id::of_request(notify);
  const auto asked = dialog_id::of_request(request);
  const auto target = read_target(notify);
  if (!local || !cseq || !remote || !remote_cseq || !id || !asked || !target || target->empty() ||
      remote->tag.empty()) {
    return errc::bad_message;
  }
  if (!asked->local_tag.empty()) return errc::no_dialog;
  if (id->call_id != asked->call_id || id->local_tag != asked->remote_tag) return errc::other_dialog;

  dialog out;
  out.role_ = role::uac;
  out.state_ = state::confirmed;
  const auto request_uri = request.get_request_uri();
  out.secure_ = over_tls && request_uri && request_uri->scheme == sip::uri_scheme::sips;
  // RFC 6665 4.4.1: as the server of the NOTIFY, the subscriber meets the proxies in the order of
  // Record-Route.
  auto routes = read_routes(notify);
  if (!routes) return routes.error();
  out.routes_ = std::move(*routes);
  out.remote_target_ = *target;
  out.call_id_ = id->call_id;
  out.local_ = {display_name_of(*local), std::string(local->uri.raw), std::string(local->tag)};
  out.remote_ = {display_name_of(*remote), std::string(remote->uri.raw), std::string(remote->tag)};
  out.local_cseq_ = out.first_cseq_ = out.local_target_cseq_ = cseq->number;
  out.remote_cseq_ = out.remote_target_cseq_ = remote_cseq->number;
  if (request.has(header_id::contact)) {
    if (const auto set = out.set_local_target(request.value_of(header_id::contact)); !set) return set.error();
  }
  if (const auto good = out.check_read(); !good) return good.error();
  return out;
}

base::result<void> dialog::set_local_target(std::string_view contact) {
  const auto read = sip::parse<sip::contact_header>(contact);
  if (!read || read->star || !read->uri.is_sip()) return errc::bad_message;
  std::string value = unfold(contact);
  if (text_size() - local_target_.size() + value.size() > max_text) return errc::too_large;
  local_target_ = std::move(value);
  return {};
}

base::result<void> dialog::add_usage() noexcept {
  if (state_ == state::terminated) return errc::terminated;
  if (usages_ == 0xffff) return errc::too_large;
  ++usages_;
  return {};
}

void dialog::end_usage() noexcept {
  if (usages_ > 0) --usages_;
  if (usages_ == 0) terminate();
}

void dialog::note_local_cseq(std::uint32_t cseq) noexcept {
  if (cseq <= max_cseq && (!local_cseq_ || cseq > *local_cseq_)) local_cseq_ = cseq;
}

base::result<void> dialog::handle_request(const sip::message_view& request) {
  const auto id = dialog_id::of_request(request);
  const auto cseq = request.get<sip::cseq_header>();
  if (!request.is_request() || !id || !cseq) return errc::bad_message;
  if (*id != this->id()) return errc::other_dialog;
  if (state_ == state::terminated) return errc::terminated;
  if (request.method() == method::ack || request.method() == method::cancel) return {};
  // RFC 3261 12.2.2: a lower number is out of order; a gap is none, since a proxy may have asked for
  // credentials in between.
  if (remote_cseq_ && cseq->number <= *remote_cseq_) return errc::cseq_out_of_order;
  remote_cseq_ = cseq->number;
  if (is_target_refresh(request.method())) {
    const auto target = read_target(request);
    if (!target) return target.error();
    if (text_size() - remote_target_.size() + target->size() > max_text) return errc::too_large;
  }
  return {};
}

void dialog::respond(const sip::message_view& request, int status, bool reliable) {
  const auto id = dialog_id::of_request(request);
  if (state_ == state::terminated || !id || id->call_id != call_id_ || id->remote_tag != remote_.tag ||
      (!id->local_tag.empty() && id->local_tag != local_.tag)) {
    return;
  }
  if (const auto read = dialog_request::of(request)) respond(*read, status, reliable);
}

void dialog::respond(const dialog_request& request, int status, bool reliable) {
  if (state_ == state::terminated) return;
  const bool success = status >= 200 && status <= 299;
  // A CANCEL has the number of its INVITE as well.
  if (role_ == role::uas && state_ == state::early && request.cseq == first_cseq_ &&
      makes_dialog(request.method)) {
    if (success) state_ = state::confirmed;
    // RFC 3261 12.3: a refusal of the request ends the early dialogs that it made.
    if (status >= 300) terminate();
    return;
  }
  if (!request.in_dialog || request.remote_target.empty()) return;
  if (!success && !(reliable && status > 100 && status < 200)) return;
  if (request.cseq <= remote_target_cseq_ || !remote_cseq_ || request.cseq > *remote_cseq_) return;
  if (text_size() - remote_target_.size() + request.remote_target.size() > max_text) return;
  remote_target_ = request.remote_target;
  remote_target_cseq_ = request.cseq;
}

base::result<response_effect> dialog::handle_response(const sip::message_view& response) {
  const auto id = dialog_id::of_response(response);
  const auto cseq = response.get<sip::cseq_header>();
  if (!response.is_response() || !id || !cseq) return errc::bad_message;
  if (*id != this->id()) return errc::other_dialog;
  const int status = response.status();
  if (state_ == state::terminated || status < 200) return response_effect::none;
  const bool is_first = role_ == role::uac && cseq->number == first_cseq_;
  if (status >= 300) {
    // RFC 3261 12.3, as above.
    if (is_first && state_ == state::early) {
      terminate();
      return response_effect::dialog_ended;
    }
    const response_effect effect = effect_of(status);
    if (effect == response_effect::dialog_ended) terminate();
    return effect;
  }

  const bool confirms = is_first && state_ == state::early;
  const bool refreshes = is_target_refresh(cseq->method) && cseq->number > local_target_cseq_ &&
                         local_cseq_ && cseq->number <= *local_cseq_;
  if (!confirms && !refreshes) return response_effect::none;
  const auto target = read_target(response);
  if (!target) return target.error();
  std::vector<std::string> routes = routes_;
  if (confirms) {
    // RFC 3261 13.2.2.4: the route set is computed anew, all else stays.
    auto read = read_routes(response);
    if (!read) return read.error();
    routes = std::move(*read);
    std::reverse(routes.begin(), routes.end());
  }
  // A response as the one that made the dialog brings nothing that was not checked then.
  if ((!target->empty() && *target != remote_target_) || routes != routes_) {
    dialog next = *this;
    if (!target->empty()) next.remote_target_ = *target;
    next.routes_ = std::move(routes);
    if (const auto good = next.check_read(); !good) return good.error();
    *this = std::move(next);
  }
  if (!target->empty()) local_target_cseq_ = std::max(local_target_cseq_, cseq->number);
  if (confirms) state_ = state::confirmed;
  return response_effect::none;
}

}  // namespace parley::ua
