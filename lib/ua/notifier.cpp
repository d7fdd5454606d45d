#include <parley/sip/content.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/notifier.hpp>

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;
using sip::subscription_reason;

constexpr std::uint32_t one_hour = 3600;

std::string_view name_of(subscription_reason reason) noexcept {
  switch (reason) {
    case subscription_reason::deactivated: return "deactivated";
    case subscription_reason::probation: return "probation";
    case subscription_reason::rejected: return "rejected";
    case subscription_reason::timeout: return "timeout";
    case subscription_reason::giveup: return "giveup";
    case subscription_reason::noresource: return "noresource";
    case subscription_reason::invariant: return "invariant";
    case subscription_reason::none:
    case subscription_reason::other: break;
  }
  return {};
}

}  // namespace

base::result<subscribe_request> subscribe_request::read(const sip::message_view& request,
                                                        const notifier_options& options) {
  const auto named = request.get<sip::event_header>();
  if (request.method() != sip::method::subscribe) return errc::bad_message;
  // RFC 6665 4.2.1.1: a SUBSCRIBE without Event, as one with an unknown package, gets 489.
  if (!request.has(header_id::event)) return errc::unknown_event;
  if (!named) return errc::bad_message;
  if (named->package != options.package) return errc::unknown_event;
  subscribe_request out{named->event_id, options.default_expires};
  if (request.has(header_id::expires)) {
    const auto asked = request.get<sip::expires_header>();
    if (!asked) return errc::bad_message;
    // RFC 6665 4.2.1.1: an hour or more is never too brief, and neither is 0.
    if (asked->value != 0 && asked->value < one_hour && asked->value < options.min_expires) {
      return errc::interval_too_brief;
    }
    out.expires = asked->value;
  }
  out.expires = std::min(out.expires, options.max_expires);
  return out;
}

void write_refusal(const notifier_options& options, sip::message& response) {
  if (response.status() == 423) {
    std::ignore = response.set(header_id::min_expires, std::to_string(options.min_expires));
  } else if (response.status() == 489) {
    std::ignore = response.add(header_id::allow_events, options.package);
  }
}

notifier::notifier(const notifier_options& options, std::string_view event_id, std::optional<dialog> own)
    : options_(options), event_id_(event_id), dialog_(std::move(own)) {}

base::result<notifier> notifier::accept(base::time_point now, const notifier_options& options,
                                        const sip::message_view& request, decision decided,
                                        std::optional<dialog> own) {
  const auto asked = subscribe_request::read(request, options);
  if (!asked) return asked.error();
  notifier out(options, asked->event_id, std::move(own));
  if (out.dialog_) out.dialog_->respond(request, 200);
  if (decided == decision::pending) {
    out.state_ = state::pending;
    out.seen_ = false;
  }
  out.end_at_ = base::add_saturated(now, std::chrono::seconds(asked->expires));
  // RFC 6665 4.2.1.2: a NOTIFY follows at once, whether there is a state to tell or not.
  out.notify_at_once(now);
  if (asked->expires == 0) out.end(now, subscription_reason::timeout, {});
  return out;
}

notifier notifier::implied(base::time_point now, const notifier_options& options, std::string_view event_id,
                           std::uint32_t expires, std::optional<dialog> own) {
  notifier out(options, event_id, std::move(own));
  out.end_at_ = base::add_saturated(now, std::chrono::seconds(expires));
  out.notify_at_once(now);
  return out;
}

std::uint32_t notifier::expires(base::time_point now) const noexcept {
  if (state_ == state::ending || state_ == state::terminated || now >= end_at_) return 0;
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(end_at_ - now).count());
}

void notifier::write_response(base::time_point now, sip::message& response) const {
  // RFC 6665 4.2.1.1: each 2xx has Expires.
  std::ignore = response.set(header_id::expires, std::to_string(expires(now)));
  if (dialog_ && !dialog_->local_target().empty()) {
    std::ignore = response.set(header_id::contact, dialog_->local_target());
  }
}

base::result<void> notifier::set_state(base::time_point now, std::string_view content_type,
                                       std::string body) {
  if (state_ == state::terminated || last_under_way_) return errc::terminated;
  if (!sip::parse<sip::content_type_header>(content_type)) return errc::bad_message;
  if (body.size() > max_body) return errc::too_large;
  content_type_ = content_type;
  body_ = std::move(body);
  if (state_ == state::active) {
    due_ = true;
    not_before_ = std::max(not_before_, now);
  }
  return {};
}

void notifier::activate(base::time_point now) {
  if (state_ != state::pending) return;
  state_ = state::active;
  seen_ = true;
  notify_at_once(now);
}

void notifier::terminate(base::time_point now, subscription_reason reason,
                         std::optional<std::uint32_t> retry_after) {
  if (state_ == state::pending || state_ == state::active) end(now, reason, retry_after);
}

void notifier::abandon() noexcept { finish(); }

bool notifier::matches(const sip::message_view& subscribe) const {
  if (state_ == state::terminated) return false;
  const auto named = subscribe.get<sip::event_header>();
  if (!named || named->package != options_.package || named->event_id != event_id_) return false;
  if (!dialog_) return true;
  const auto id = dialog_id::of_request(subscribe);
  return id && *id == dialog_->id();
}

base::result<void> notifier::handle_subscribe(base::time_point now, const sip::message_view& request) {
  if (state_ == state::ending || state_ == state::terminated) return errc::terminated;
  if (dialog_) {
    if (const auto taken = dialog_->handle_request(request); !taken) return taken;
  }
  const auto asked = subscribe_request::read(request, options_);
  if (!asked) return asked.error();
  if (asked->event_id != event_id_) return errc::other_dialog;
  if (dialog_) dialog_->respond(request, 200);
  if (asked->expires == 0) {
    // RFC 6665 4.2.1.4: it ends as if its time were over.
    end(now, subscription_reason::timeout, {});
    event_ = event::unsubscribed;
    return {};
  }
  end_at_ = base::add_saturated(now, std::chrono::seconds(asked->expires));
  notify_at_once(now);
  event_ = event::refreshed;
  return {};
}

bool notifier::poll(base::time_point now, dialog& in, sip::message& out) {
  if (!due_ || under_way_ || state_ == state::terminated || now < not_before_) return false;
  auto made = in.write_request("NOTIFY");
  if (!made) {
    finish();
    return false;
  }
  std::string named = options_.package;
  if (!event_id_.empty()) named += ";id=" + event_id_;
  std::ignore = made->add(header_id::event, named);
  std::ignore = made->add(header_id::subscription_state, state_header(now));
  // RFC 6665 4.2.1.3: who waits for a decision sees nothing.
  if (seen_ && !content_type_.empty()) std::ignore = made->set_body(body_, content_type_);
  due_ = false;
  under_way_ = true;
  last_under_way_ = state_ == state::ending;
  not_before_ = base::add_saturated(now, options_.min_interval);
  out = std::move(*made);
  return true;
}

std::string notifier::state_header(base::time_point now) const {
  if (state_ != state::ending) {
    return (state_ == state::active ? "active;expires=" : "pending;expires=") + std::to_string(expires(now));
  }
  std::string out = "terminated";
  if (const auto name = name_of(reason_); !name.empty()) out.append(";reason=").append(name);
  if (retry_after_) out += ";retry-after=" + std::to_string(*retry_after_);
  return out;
}

void notifier::handle_response(base::time_point now, const sip::message_view& response) {
  if (!under_way_ || response.status() < 200) return;
  if (dialog_) {
    std::ignore = dialog_->handle_response(response);
    // RFC 3261 22.2: what was sent again with credentials has a number of its own.
    if (const auto cseq = response.get<sip::cseq_header>()) dialog_->note_local_cseq(cseq->number);
  }
  if (response.status() < 300 && !last_under_way_) {
    under_way_ = false;
    return;
  }
  const auto wait = response.get<sip::retry_after_header>();
  refuse(now, response.status(), wait ? std::optional(wait->seconds) : std::nullopt);
}

void notifier::handle_failure(base::time_point now, int status) {
  if (under_way_) refuse(now, status, {});
}

void notifier::refuse(base::time_point now, int status, std::optional<std::uint32_t> retry_after) {
  under_way_ = false;
  // RFC 6665 4.2.2: the subscriber has lost the subscription, or is gone.
  if (last_under_way_ || effect_of(status) != response_effect::none) return finish();
  if (!retry_after || state_ == state::ending) return;
  due_ = true;
  not_before_ = std::max(not_before_, base::add_saturated(now, std::chrono::seconds(*retry_after)));
}

void notifier::handle_timeout(base::time_point now) {
  if (now >= end_at_) end(now, subscription_reason::timeout, {});
}

void notifier::notify_at_once(base::time_point now) noexcept {
  due_ = true;
  not_before_ = now;
}

void notifier::end(base::time_point now, subscription_reason reason,
                   std::optional<std::uint32_t> retry_after) {
  state_ = state::ending;
  reason_ = reason;
  retry_after_ = retry_after;
  end_at_ = base::never;
  notify_at_once(now);
}

void notifier::finish() noexcept {
  if (state_ == state::terminated) return;
  state_ = state::terminated;
  event_ = event::terminated;
  end_at_ = base::never;
  due_ = under_way_ = last_under_way_ = false;
  if (dialog_) dialog_->terminate();
}

}  // namespace parley::ua
