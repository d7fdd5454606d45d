#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/registration.hpp>

#include "ua/detail/request_series.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

std::string_view registrant_of(const registration_options& options) {
  return options.from.empty() ? std::string_view(options.aor) : std::string_view(options.from);
}

/// RFC 3261 10.2: the domain of the location service, without a user.
std::string registrar_of(const registration_options& options) {
  if (!options.registrar.empty()) return options.registrar;
  std::string value = options.aor;
  if (value.find('<') == std::string::npos) value = '<' + value + '>';
  const auto aor = sip::parse<sip::to_header>(value);
  if (!aor || !aor->uri.is_sip()) return {};
  std::string out = aor->uri.scheme == sip::uri_scheme::sips ? "sips:" : "sip:";
  out += aor->uri.host;
  if (aor->uri.port != 0) out += ':' + std::to_string(aor->uri.port);
  return out;
}

std::string qvalue(std::uint16_t thousandths) {
  if (thousandths >= 1000) return "1";
  std::string digits = std::to_string(1000 + thousandths).substr(1);
  return "0." + digits;
}

bool same_uri(std::string_view a, std::string_view b) {
  const auto first = sip::parse_uri(a);
  const auto second = sip::parse_uri(b);
  return first && second && sip::equivalent(*first, *second);
}

}  // namespace

registration::registration(registration_options options, base::random_source& random, flow_set* flows)
    : options_(std::move(options)),
      random_(&random),
      requests_(std::make_unique<detail::request_series>(random, options_.first_cseq)),
      mark_(flows),
      expires_(options_.expires) {}

registration::~registration() = default;

const std::string& registration::call_id() const noexcept { return requests_->call_id(); }
std::uint32_t registration::cseq() const noexcept { return requests_->cseq(); }

base::result<void> registration::check(const registration_options& options) {
  const std::string registrar = registrar_of(options);
  const registration_contact& contact = options.contact;
  const std::size_t size = options.aor.size() + options.from.size() + registrar.size() + contact.uri.size() +
                           contact.parameters.size() + options.instance.size() +
                           detail::text_size(options.routes);
  if (size > max_text || options.routes.size() > sip::limits{}.values) return errc::too_large;
  if (!detail::is_sound({registrar, options.aor, registrant_of(options), &options.routes})) {
    return errc::bad_message;
  }
  const bool has_instance = !options.instance.empty();
  if (has_instance && !sip::parse_uri(options.instance)) return errc::bad_message;
  // RFC 5626 4.2.1: a flow has an instance. Numbers are below 2^31 (RFC 5626 10).
  if (options.reg_id != 0 && (!has_instance || options.reg_id > 0x7fffffff)) return errc::bad_message;
  const std::string value = "<" + contact.uri + ">" + contact.parameters;
  const auto read = sip::parse<sip::contact_header>(value);
  if (!read || read->star || read->uri.raw != contact.uri || options.expires == 0) return errc::bad_message;
  if (!contact.parameters.empty() && contact.parameters.front() != ';') return errc::bad_message;
  return {};
}

bool registration::uses_flow() const noexcept {
  // RFC 5626 4.2.1: whoever registers for somebody else is not at the end of the flow.
  const bool own = options_.from.empty() || options_.from == options_.aor;
  return options_.reg_id != 0 && own && with_outbound_ && with_path_;
}

std::string registration::contact_value(std::string_view uri, std::uint32_t expires) const {
  std::string out = "<";
  out.append(uri).append(">").append(options_.contact.parameters);
  if (options_.contact.q) out.append(";q=").append(qvalue(*options_.contact.q));
  if (!options_.instance.empty()) out.append(";+sip.instance=\"<").append(options_.instance).append(">\"");
  if (uses_flow()) out.append(";reg-id=").append(std::to_string(options_.reg_id));
  return out.append(";expires=").append(std::to_string(expires));
}

void registration::begin(operation what) {
  due_ = what;
  request_at_ = base::never;
}

base::result<void> registration::start() {
  if (const auto good = check(options_); !good) return good;
  switch (state_) {
    case state::idle:
    case state::failed:
      with_outbound_ = with_gruu_ = with_path_ = true;
      failures_ = 0;
      [[fallthrough]];
    case state::waiting:
      begin(operation::add);
      state_ = is_bound() ? state::refreshing : state::registering;
      break;
    case state::unregistering:
      // What is under way is answered first.
      begin(under_way_ == operation::add ? operation::none : operation::add);
      if (under_way_ == operation::remove || under_way_ == operation::remove_all) break;
      state_ = is_bound() ? state::refreshing : state::registering;
      break;
    case state::registering:
    case state::registered:
    case state::refreshing: break;
  }
  return {};
}

base::result<void> registration::update(registration_contact contact, std::uint32_t expires) {
  registration_options changed = options_;
  changed.contact = std::move(contact);
  changed.expires = expires;
  if (const auto good = check(changed); !good) return good;
  options_ = std::move(changed);
  expires_ = expires;
  switch (state_) {
    case state::registered:
    case state::waiting: state_ = is_bound() ? state::refreshing : state::registering; [[fallthrough]];
    case state::registering:
    case state::refreshing: begin(operation::add); break;
    case state::idle:
    case state::failed:
    case state::unregistering: break;
  }
  return {};
}

void registration::stop() {
  if (state_ == state::idle) return;
  // A removal of all bindings removes this one, too.
  if (due_ == operation::remove_all) return;
  if (under_way_ == operation::remove || under_way_ == operation::remove_all) return begin(operation::none);
  if (under_way_ != operation::add && !is_bound()) {
    begin(operation::none);
    return handle_removed(0, {});
  }
  begin(operation::remove);
  state_ = state::unregistering;
}

base::result<void> registration::stop_all() {
  if (const auto good = check(options_); !good) return good;
  begin(operation::remove_all);
  state_ = state::unregistering;
  return {};
}

base::result<void> registration::query() {
  if (const auto good = check(options_); !good) return good;
  query_due_ = true;
  return {};
}

bool registration::poll_request(base::time_point /*now*/, sip::message& out) {
  if (under_way_ != operation::none || (due_ == operation::none && !query_due_)) return false;
  const operation next = due_ != operation::none ? due_ : operation::query;
  // A redirection lasts until a request succeeds, or fails by what can't be met.
  if (redirects_ == 0) target_ = registrar_of(options_);
  auto request =
      requests_->write("REGISTER", {target_, options_.aor, registrant_of(options_), &options_.routes});
  // `check` has seen all of these texts.
  if (!request) return false;

  const std::string& contact = options_.contact.uri;
  switch (next) {
    case operation::add:
      std::ignore = request->add(header_id::contact, contact_value(contact, expires_));
      // A flow's new contact takes the place of the old one by itself (RFC 5626 6).
      if (!bound_contact_.empty() && !uses_flow() && !same_uri(bound_contact_, contact)) {
        std::ignore = request->add(header_id::contact, "<" + bound_contact_ + ">;expires=0");
      }
      sent_contact_ = contact;
      break;
    case operation::remove:
      std::ignore = request->add(header_id::contact,
                                 contact_value(bound_contact_.empty() ? contact : bound_contact_, 0));
      break;
    case operation::remove_all:
      // RFC 3261 10.2.2: `*` only together with Expires: 0.
      std::ignore = request->add(header_id::contact, "*");
      std::ignore = request->add(header_id::expires, "0");
      break;
    case operation::query:
    case operation::none: break;
  }
  std::string supported;
  const auto name = [&](bool wanted, std::string_view option) {
    if (wanted) supported.append(supported.empty() ? "" : ", ").append(option);
  };
  name(with_path_, "path");
  name(uses_flow(), "outbound");
  name(options_.gruu && with_gruu_ && !options_.instance.empty(), "gruu");
  if (!supported.empty()) std::ignore = request->add(header_id::supported, supported);

  under_way_ = next;
  if (next == operation::query) {
    query_due_ = false;
  } else {
    due_ = operation::none;
  }
  out = std::move(*request);
  return true;
}

void registration::handle_flow_failed(base::time_point now) {
  if (state_ != state::registered) return;
  const std::string reason(sip::default_reason(430));
  // RFC 5626 4.5: a flow that has worked is replaced at once, one that has never worked after a while.
  if (!flow_is_good_) return back_off(now, 430, reason, 0);
  flow_is_good_ = false;
  mark_.set_works(false);
  begin(operation::add);
  state_ = state::refreshing;
  report(event_kind::failed, 430, reason, now);
}

void registration::handle_flow_alive() noexcept {
  if (!mark_.works()) return;
  flow_is_good_ = true;
  failures_ = 0;
}

void registration::handle_timeout(base::time_point now) {
  if (now >= request_at_) {
    begin(operation::add);
    state_ = is_bound() ? state::refreshing : state::registering;
  }
  if (now < end_at_) return;
  forget_binding();
  if (state_ == state::unregistering) return;
  if (state_ == state::registered) state_ = state::waiting;
  if (state_ == state::refreshing) state_ = state::registering;
  base::time_point retry_at = request_at_;
  if (state_ == state::registering) retry_at = now;
  report(event_kind::expired, 0, {}, retry_at);
}

registration::event registration::poll_event() {
  event& next = query_event_.kind != event_kind::none ? query_event_ : event_;
  return std::exchange(next, {});
}

void registration::report(event_kind kind, int status, std::string reason, base::time_point retry_at) {
  event& place = kind == event_kind::fetched ? query_event_ : event_;
  place = {kind, status, std::move(reason), retry_at};
}

}  // namespace parley::ua
