#include <parley/sip/content.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/status.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/ua/publication.hpp>

#include "ua/detail/request_series.hpp"
#include "ua/detail/soft_state.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;
using std::chrono::seconds;

std::string_view publisher_of(const publication_options& options) {
  return options.from.empty() ? std::string_view(options.aor) : std::string_view(options.from);
}

}  // namespace

publication::publication(publication_options options, base::random_source& random)
    : options_(std::move(options)),
      random_(&random),
      requests_(std::make_unique<detail::request_series>(random, options_.first_cseq)),
      expires_(options_.expires) {}

publication::~publication() = default;

base::result<void> publication::check(const publication_body& body) const {
  const std::size_t size = options_.aor.size() + options_.from.size() + options_.event.size() +
                           detail::text_size(options_.routes) + body.type.size();
  if (size > max_text || options_.routes.size() > sip::limits{}.values || body.text.size() > max_body) {
    return errc::too_large;
  }
  if (!detail::is_sound({options_.aor, options_.aor, publisher_of(options_), &options_.routes}) ||
      !sip::parse<sip::event_header>(options_.event) || !sip::parse<sip::content_type_header>(body.type) ||
      body.text.empty() || options_.expires == 0) {
    return errc::bad_message;
  }
  return {};
}

base::result<void> publication::publish(publication_body body) {
  if (const auto good = check(body); !good) return good;
  body_ = std::move(body);
  body_due_ = due_ = wanted_ = true;
  request_at_ = base::never;
  if (state_ == state::idle || state_ == state::failed) failures_ = 0;
  // A removal that is under way is answered first.
  if (under_way_ != operation::remove) state_ = state::publishing;
  return {};
}

void publication::stop() {
  if (state_ == state::idle) return;
  wanted_ = false;
  request_at_ = base::never;
  if (under_way_ == operation::remove) {
    due_ = false;
    return;
  }
  due_ = true;
  state_ = state::removing;
  // RFC 3903 4.5: what has no entity tag can't be removed.
  if (under_way_ == operation::none && etag_.empty()) handle_removed(0, {});
}

publication::operation publication::next_operation() const noexcept {
  if (!due_ || under_way_ != operation::none) return operation::none;
  if (!wanted_) return operation::remove;
  if (etag_.empty()) return operation::initial;
  return body_due_ ? operation::modify : operation::refresh;
}

bool publication::poll_request(base::time_point /*now*/, sip::message& out) {
  const operation next = next_operation();
  if (next == operation::none) return false;
  auto request =
      requests_->write("PUBLISH", {options_.aor, options_.aor, publisher_of(options_), &options_.routes});
  // `check` has seen all of these texts.
  if (!request) return false;
  std::ignore = request->add(header_id::event, options_.event);
  std::ignore = request->add(header_id::expires, next == operation::remove ? "0" : std::to_string(expires_));
  if (next != operation::initial) std::ignore = request->add(header_id::sip_if_match, etag_);
  // RFC 3903 4.3 and 4.5: a refresh and a removal have no body.
  if (next == operation::initial || next == operation::modify) {
    std::ignore = request->set_body(body_.text, body_.type);
    body_due_ = false;
  }
  due_ = false;
  under_way_ = next;
  out = std::move(*request);
  return true;
}

void publication::handle_response(base::time_point now, const sip::message_view& response) {
  const int status = response.status();
  if (under_way_ == operation::none || !sip::is_final(status)) return;
  requests_->handle_response(response);
  const operation what = std::exchange(under_way_, operation::none);
  if (what == operation::remove) return handle_removed(status, detail::reason_of(response));
  if (sip::is_success(status)) return handle_published(now, response, what);
  // The server does not have the change.
  if (what == operation::modify) body_due_ = true;
  if (can_meet(response, what)) {
    due_ = true;
    // `stop` came meanwhile, and there is nothing left.
    if (!wanted_ && etag_.empty()) handle_removed(status, detail::reason_of(response));
    return;
  }
  handle_refused(now, status, detail::reason_of(response), detail::retry_after_of(response));
}

void publication::handle_failure(base::time_point now, int status) {
  if (under_way_ == operation::none) return;
  requests_->handle_failure();
  const operation what = std::exchange(under_way_, operation::none);
  std::string reason(sip::default_reason(status));
  if (what == operation::remove) return handle_removed(status, std::move(reason));
  if (what == operation::modify) body_due_ = true;
  handle_refused(now, status, std::move(reason), std::nullopt);
}

void publication::handle_published(base::time_point now, const sip::message_view& response, operation what) {
  const auto tag = response.get<sip::sip_etag_header>();
  etag_ = tag && tag->value.size() <= max_etag ? std::string(tag->value) : std::string();
  const auto expires = response.get<sip::expires_header>();
  const std::uint32_t granted = expires ? expires->value : expires_;
  too_brief_ = 0;
  if (granted == 0 || (!wanted_ && etag_.empty())) {
    forget_state();
    return handle_refused(now, response.status(), detail::reason_of(response), 0);
  }
  end_at_ = base::add_saturated(now, seconds(granted));
  failures_ = 0;
  if (!wanted_) return;
  report(what == operation::refresh ? event_kind::refreshed : event_kind::published, response.status(),
         detail::reason_of(response));
  // `publish` came meanwhile.
  if (due_) return;
  state_ = state::published;
  request_at_ = base::add_saturated(now, detail::refresh_delay(granted));
}

void publication::handle_refused(base::time_point now, int status, std::string reason,
                                 std::optional<std::uint32_t> retry_after) {
  too_brief_ = 0;
  if (!wanted_) {
    if (etag_.empty()) handle_removed(status, std::move(reason));
    return;
  }
  const bool granted_nothing = sip::is_success(status);
  if (granted_nothing || detail::is_temporary(status, retry_after.has_value())) {
    const base::duration delay = std::max<base::duration>(
        recovery_delay(options_.recovery, ++failures_, false, *random_), seconds(retry_after.value_or(0)));
    request_at_ = base::add_saturated(now, delay);
    due_ = false;
    state_ = state::waiting;
    return report(event_kind::failed, status, std::move(reason), request_at_);
  }
  // A newer body may do where this one did not.
  if (due_) return;
  state_ = state::failed;
  report(event_kind::failed, status, std::move(reason));
}

void publication::handle_removed(int status, std::string reason) {
  forget_state();
  due_ = wanted_;
  if (wanted_) {
    state_ = state::publishing;
    return;
  }
  state_ = state::idle;
  report(event_kind::removed, status, std::move(reason));
}

bool publication::can_meet(const sip::message_view& response, operation what) {
  if (response.status() == 412 && what != operation::initial) {
    // RFC 3903 4.1: the server knows no such state, so it gets the whole.
    forget_state();
    return true;
  }
  if (response.status() != 423) return false;
  // RFC 3903 4.6: as RFC 3261 10.2.8 has it for REGISTER.
  const auto min = response.get<sip::min_expires_header>();
  if (!min || min->value <= expires_ || min->value > options_.max_expires || too_brief_ == max_retries) {
    return false;
  }
  ++too_brief_;
  expires_ = min->value;
  return true;
}

void publication::handle_timeout(base::time_point now) {
  if (now >= request_at_) {
    request_at_ = base::never;
    due_ = true;
    state_ = state::publishing;
  }
  if (now < end_at_) return;
  forget_state();
  if (state_ == state::removing) {
    if (under_way_ == operation::none) handle_removed(0, {});
    return;
  }
  if (state_ == state::published) state_ = state::waiting;
  report(event_kind::expired, 0, {}, state_ == state::publishing ? now : request_at_);
}

publication::event publication::poll_event() { return std::exchange(event_, {}); }

void publication::forget_state() {
  etag_.clear();
  end_at_ = base::never;
}

void publication::report(event_kind kind, int status, std::string reason, base::time_point retry_at) {
  event_ = {kind, status, std::move(reason), retry_at};
}

}  // namespace parley::ua
