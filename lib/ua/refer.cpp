#include <parley/sip/content.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/refer.hpp>

#include <string>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;
using sip::subscription_reason;

constexpr std::string_view refer_sub = "Refer-Sub";
constexpr std::string_view package = "refer";

/// RFC 4488 4: `Refer-Sub: false`, perhaps with parameters.
bool refuses_subscription(const sip::message_view& message) noexcept {
  const std::size_t at = message.find(refer_sub);
  if (at == sip::message_view::npos) return false;
  sip::cursor in(message.value(at));
  std::string_view value;
  return in.read_token(value) && sip::iequals(value, "false");
}

bool is_repeated(const sip::message_view& message, header_id id) noexcept {
  const std::size_t first = message.find(id);
  return first != sip::message_view::npos && message.find_after(id, first) != sip::message_view::npos;
}

subscription_options implied_options() {
  subscription_options out;
  out.package = package;
  out.expires = client_refer::default_expires;
  out.refresh = false;
  return out;
}

notifier_options reporting_options() {
  notifier_options out;
  out.package = package;
  out.default_expires = server_refer::default_expires;
  return out;
}

}  // namespace

base::result<referral> referral::read(const sip::message_view& refer) {
  const auto to = refer.get<sip::refer_to_header>();
  const auto by = refer.get<sip::referred_by_header>();
  // RFC 3515 2.4.2: none, or more than one, gets 400.
  if (refer.method() != sip::method::refer || !to || is_repeated(refer, header_id::refer_to) ||
      (refer.has(header_id::referred_by) && !by) || is_repeated(refer, header_id::referred_by)) {
    return errc::bad_message;
  }
  referral out;
  if (to->uri.is_sip()) {
    auto call = call_reference::of_uri(to->uri);
    if (!call) return call.error();
    out.call = std::move(*call);
    out.method = sip::unescape(to->uri.method());
    sip::uri target(to->uri);
    target.remove_headers();
    target.remove_parameter("method");
    out.target = target.string();
  } else {
    out.target = to->uri.raw;
  }
  if (by) out.referred_by = refer.value_of(header_id::referred_by);
  out.no_subscription = refuses_subscription(refer);
  return out;
}

base::result<std::string> referral::refer_to() const {
  auto uri = sip::uri::from_string(target);
  if (!uri) return errc::bad_message;
  if (!method.empty() && !uri->set_parameter("method", method)) return errc::bad_message;
  if (call) {
    if (const auto added = call->add_to(*uri); !added) return added.error();
  }
  return '<' + uri->string() + '>';
}

base::result<void> referral::add_to(sip::message& refer) const {
  const auto to = refer_to();
  if (!to) return to.error();
  bool good = sip::parse<sip::refer_to_header>(*to) && refer.set(header_id::refer_to, *to);
  if (!referred_by.empty()) good = refer.set(header_id::referred_by, referred_by) && good;
  if (no_subscription) {
    // RFC 4488 4: whoever asks for none knows what that is.
    good = refer.add(refer_sub, "false") && refer.add(header_id::supported, "norefersub") && good;
  }
  if (!good) return errc::bad_message;
  return {};
}

base::result<void> referral::add_to_referred(sip::message& request) const {
  if (call) {
    if (const auto added = call->add_to(request); !added) return added;
  }
  if (!referred_by.empty() && !request.set(header_id::referred_by, referred_by)) return errc::bad_message;
  return {};
}

client_refer::client_refer(const transaction::timers& timers, referral what,
                           std::optional<outside_request> ends)
    : what_(std::move(what)),
      subscription_(subscription::by_refer(timers, implied_options(), std::move(ends))) {}

void client_refer::unsubscribe() {
  subscription_.unsubscribe();
  follow();
}

void client_refer::abandon() noexcept {
  subscription_.abandon();
  follow();
}

bool client_refer::poll_request(base::time_point now, sip::message& out) {
  if (subscription_.poll_request(now, out)) return complete(out);
  follow();
  return false;
}

bool client_refer::poll_request(base::time_point now, dialog& in, sip::message& out) {
  if (subscription_.poll_request(now, in, out)) return complete(out);
  follow();
  return false;
}

bool client_refer::complete(sip::message& out) {
  if (state_ != state::idle) return true;
  state_ = state::asking;
  if (what_.add_to(out)) return true;
  abandon();
  refused_ = 400;
  return false;
}

void client_refer::handle_response(base::time_point now, const sip::message_view& response) {
  subscription_.handle_response(now, response);
  const int status = response.status();
  if (state_ == state::asking && status >= 200 && status < 300) {
    state_ = state::accepted;
    event_ = event::accepted;
    // RFC 4488 4: then no NOTIFY comes.
    if (refuses_subscription(response)) subscription_.abandon();
  }
  follow();
}

void client_refer::handle_failure(base::time_point now, int status) {
  subscription_.handle_failure(now, status);
  follow();
}

int client_refer::handle_notify(base::time_point now, const sip::message_view& notify) {
  const int answer = subscription_.handle_notify(now, notify);
  if (answer != 200) return answer;
  if (state_ == state::asking) state_ = state::accepted;
  const auto type = notify.get<sip::content_type_header>();
  if (type && type->matches("message", "sipfrag")) {
    if (auto said = status_fragment::read(notify.body())) {
      event_ = said->status < 200 ? event::progress : event::finished;
      last_ = std::move(*said);
    }
  }
  follow();
  return answer;
}

void client_refer::handle_timeout(base::time_point now) noexcept {
  subscription_.handle_timeout(now);
  follow();
}

void client_refer::follow() noexcept {
  if (state_ == state::ended || subscription_.state() != subscription::state::terminated) return;
  if (state_ != state::accepted) refused_ = subscription_.ended().status;
  state_ = state::ended;
  event_ = event::ended;
}

base::result<server_refer> server_refer::accept(base::time_point now, const sip::message_view& refer,
                                                std::optional<dialog> own) {
  auto what = referral::read(refer);
  const auto cseq = refer.get<sip::cseq_header>();
  if (!what) return what.error();
  if (!cseq) return errc::bad_message;
  server_refer out;
  out.what_ = std::move(*what);
  if (own) out.contact_ = own->local_target();
  // RFC 4488 4: the wish is granted, and there is no dialog then.
  if (out.what_.no_subscription) return out;
  // RFC 3515 2.4.6: in a dialog that may see more of them, each REFER has its number.
  const std::string id = own ? std::string() : std::to_string(cseq->number);
  if (own) own->respond(refer, 202);
  out.notifier_ = notifier::implied(now, reporting_options(), id, default_expires, std::move(own));
  // RFC 3515 2.4.5: the first NOTIFY tells what is known.
  out.report(now, 100);
  return out;
}

void server_refer::write_response(sip::message& response) const {
  if (what_.no_subscription) std::ignore = response.add(refer_sub, "false");
  if (!contact_.empty()) std::ignore = response.set(header_id::contact, contact_);
}

void server_refer::report(base::time_point now, int status, std::string_view reason_phrase) {
  if (final_) return;
  final_ = status >= 200;
  if (!notifier_) {
    if (final_) event_ = event::ended;
    return;
  }
  const status_fragment fragment{status, std::string(reason_phrase)};
  std::ignore = notifier_->set_state(now, status_fragment::content_type, fragment.write());
  if (final_) notifier_->terminate(now, subscription_reason::noresource);
}

void server_refer::abandon() noexcept {
  if (notifier_) notifier_->abandon();
}

base::result<void> server_refer::handle_subscribe(base::time_point now, const sip::message_view& request) {
  if (!notifier_) return errc::terminated;
  return notifier_->handle_subscribe(now, request);
}

void server_refer::write_subscribe_response(base::time_point now, sip::message& response) const {
  if (notifier_) notifier_->write_response(now, response);
}

void server_refer::handle_response(base::time_point now, const sip::message_view& response) {
  if (notifier_) notifier_->handle_response(now, response);
}

void server_refer::handle_failure(base::time_point now, int status) {
  if (notifier_) notifier_->handle_failure(now, status);
}

void server_refer::handle_timeout(base::time_point now) {
  if (notifier_) notifier_->handle_timeout(now);
}

server_refer::event server_refer::poll_event() noexcept {
  if (notifier_ && notifier_->poll_event() == notifier::event::terminated) event_ = event::ended;
  return std::exchange(event_, event::none);
}

}  // namespace parley::ua
