#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/subscription.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;
using sip::subscription_reason;

std::optional<std::uint32_t> retry_after_of(const sip::message_view& response) {
  const auto read = response.get<sip::retry_after_header>();
  return read ? std::optional(read->seconds) : std::nullopt;
}

}  // namespace

resubscription resubscription_after(subscription_reason reason) noexcept {
  switch (reason) {
    case subscription_reason::deactivated:
    case subscription_reason::timeout: return resubscription::now;
    case subscription_reason::rejected:
    case subscription_reason::noresource:
    case subscription_reason::invariant: return resubscription::never;
    case subscription_reason::none:
    case subscription_reason::probation:
    case subscription_reason::giveup:
    case subscription_reason::other: break;
  }
  return resubscription::later;
}

subscription::subscription(const transaction::timers& timers, subscription_options options,
                           outside_request ends)
    : subscription(timers, std::move(options)) {
  ends_ = std::move(ends);
}

subscription::subscription(const transaction::timers& timers, subscription_options options)
    : timers_(&timers), options_(std::move(options)), asked_(options_.expires) {}

subscription subscription::by_refer(const transaction::timers& timers, subscription_options options,
                                    std::optional<outside_request> ends) {
  subscription out(timers, std::move(options));
  out.ends_ = std::move(ends);
  out.by_refer_ = true;
  return out;
}

void subscription::unsubscribe() {
  if (state_ == state::terminated || state_ == state::ending) return;
  if (state_ == state::init) return finish({.why = cause::unsubscribed});
  state_ = state::ending;
  wants_end_ = true;
  wants_refresh_ = false;
  refresh_at_ = base::never;
}

void subscription::refresh() noexcept {
  if (state_ != state::pending && state_ != state::active) return;
  wants_refresh_ = true;
  refresh_at_ = base::never;
}

void subscription::abandon() noexcept { finish({.why = cause::unsubscribed}); }

bool subscription::poll(base::time_point now, dialog* in, sip::message& out) {
  if (under_way_ != request::none || state_ == state::terminated) return false;
  request kind = request::none;
  if (state_ == state::init) {
    kind = request::first;
  } else if (in != nullptr && wants_end_) {
    kind = request::end;
  } else if (in != nullptr && wants_refresh_) {
    kind = request::refresh;
  }
  if (kind == request::none) return false;

  const std::string_view method = kind == request::first ? first_method() : "SUBSCRIBE";
  auto made = in != nullptr ? in->write_request(method)
              : ends_       ? ends_->write(method, cseq_ + 1)
                            : base::result<sip::message>(errc::no_dialog);
  if (!made || !write_fields(kind, *made)) {
    // The dialog has ended, or the texts that were given can't stand in a request.
    finish({.why = cause::refused, .status = made ? 400 : status_for(made.error())});
    return false;
  }
  cseq_ = in != nullptr ? *in->local_cseq() : cseq_ + 1;
  if (kind == request::first) first_cseq_ = cseq_;
  under_way_ = kind;
  const base::time_point until = base::add_saturated(now, 64 * timers_->t1);
  if (kind == request::first) {
    // RFC 6665 4.1.2.4: timer N runs from the request. A poll ends with its first NOTIFY (4.4.3).
    state_ = asked_ == 0 && !by_refer_ ? state::ending : state::notify_wait;
    timer_n_at_ = forks_until_ = until;
    if (ends_) first_ = *made;
    // RFC 3515 2.4.6: until a NOTIFY names the event otherwise.
    if (by_refer_) options_.event_id = std::to_string(first_cseq_);
  } else {
    // RFC 6665 4.1.2.2: it runs from a refresh, too, and from what ends the subscription (4.1.2.3).
    (kind == request::end ? wants_end_ : wants_refresh_) = false;
    timer_n_at_ = until;
  }
  out = std::move(*made);
  return true;
}

bool subscription::write_fields(request kind, sip::message& out) const {
  if (kind == request::first && by_refer_) return true;
  std::string named = options_.package;
  if (!options_.event_id.empty()) named += ";id=" + options_.event_id;
  return sip::parse<sip::event_header>(named) && out.add(header_id::event, named) &&
         out.add(header_id::expires, std::to_string(kind == request::end ? 0 : asked_)) &&
         (options_.accept.empty() || out.add(header_id::accept, options_.accept));
}

void subscription::note_sent_cseq(const sip::message_view& response) {
  // RFC 3261 22.2: what was sent again with credentials has a number of its own.
  const auto cseq = response.get<sip::cseq_header>();
  if (!cseq || cseq->number <= cseq_) return;
  cseq_ = cseq->number;
  if (under_way_ == request::first) first_cseq_ = cseq_;
  if (dialog_) dialog_->note_local_cseq(cseq_);
}

void subscription::handle_response(base::time_point now, const sip::message_view& response) {
  const int status = response.status();
  if (under_way_ == request::none || status < 200) return;
  note_sent_cseq(response);
  const request kind = std::exchange(under_way_, request::none);
  // What another branch of a forked request says tells this dialog nothing; neither does a refusal of what a
  // NOTIFY has established.
  if (dialog_ && (kind != request::first || status < 300)) std::ignore = dialog_->handle_response(response);
  if (state_ == state::terminated) return;
  if (status == 423 && ask_longer(response, kind)) return;
  if (status >= 300) return refuse(now, kind, status, retry_after_of(response));
  retries_ = 0;
  if (kind == request::end || asked_ == 0) return;
  // RFC 6665 4.1.2.2: a 204 says that no NOTIFY comes.
  if (kind == request::refresh && status == 204 && state_ != state::ending) timer_n_at_ = base::never;
  // RFC 6665 4.1.2.1: the 2xx may shorten the time. A REFER has no Expires.
  const auto granted = response.get<sip::expires_header>();
  const bool before_notify = end_at_ == base::never;
  if (!(kind == request::first && by_refer_) && (before_notify || granted)) {
    grant(now, granted ? std::min(granted->value, asked_) : asked_);
  }
}

void subscription::handle_failure(base::time_point now, int status) {
  if (under_way_ == request::none) return;
  const request kind = std::exchange(under_way_, request::none);
  if (state_ != state::terminated) refuse(now, kind, status, std::nullopt);
}

void subscription::refuse(base::time_point now, request kind, int status,
                          std::optional<std::uint32_t> retry_after) {
  const outcome refused{.why = cause::refused, .status = status, .retry_after = retry_after};
  const bool established = end_at_ != base::never && (state_ == state::pending || state_ == state::active);
  // RFC 6665 4.1.2.4: a NOTIFY establishes the subscription, whatever becomes of the response.
  if (kind == request::first) return established ? void() : finish(refused);
  // Whoever has asked for the end has it: the notifier learns by the 481 to its next NOTIFY.
  if (kind == request::end) return finish(refused);
  // RFC 6665 4.1.2.2: other refusals of a refresh leave the subscription as it was.
  if (effect_of(status) != response_effect::none) return finish(refused);
  if (state_ == state::ending) return;
  timer_n_at_ = base::never;
  if (end_at_ == base::never || !options_.refresh) return;
  const base::duration rest = end_at_ - now;
  const base::duration wait =
      std::max<base::duration>(rest / 2, std::chrono::seconds(retry_after.value_or(0)));
  if (wait >= std::chrono::seconds(1) && wait < rest) refresh_at_ = now + wait;
}

bool subscription::ask_longer(const sip::message_view& response, request kind) {
  // RFC 6665 4.1.2.1: a 423 names what would do.
  const auto least = response.get<sip::min_expires_header>();
  if (!least || kind == request::end || asked_ == 0 || least->value <= asked_ ||
      least->value > options_.max_expires || retries_ == max_retries) {
    return false;
  }
  ++retries_;
  asked_ = least->value;
  if (kind == request::refresh) {
    if (state_ == state::ending) return true;
    wants_refresh_ = true;
    timer_n_at_ = base::never;
  } else if (state_ == state::ending) {
    finish({.why = cause::unsubscribed});
  } else if (state_ == state::notify_wait) {
    state_ = state::init;
    timer_n_at_ = base::never;
  }
  return true;
}

bool subscription::names_event(const sip::message_view& notify) const {
  const auto named = notify.get<sip::event_header>();
  if (!named || named->package != options_.package) return false;
  if (!by_refer_) return named->event_id == options_.event_id;
  // RFC 3515 2.4.6: the id may be left out for the first REFER of a dialog. One that was sent again with
  // credentials has the next number, and its NOTIFY may be here before the response is.
  if (named->event_id.empty() || named->event_id == std::to_string(first_cseq_)) return true;
  return under_way_ == request::first && named->event_id == std::to_string(first_cseq_ + 1);
}

subscription::match subscription::match_notify(const sip::message_view& notify) const {
  if (state_ == state::init || state_ == state::terminated || !names_event(notify)) return match::no;
  if (!ends_) return match::yes;
  const auto id = dialog_id::of_request(notify);
  if (!id || id->call_id != ends_->call_id || id->local_tag != ends_->tag) return match::no;
  if (!dialog_ || id->remote_tag == dialog_->remote_tag()) return match::yes;
  return options_.allow_forking ? match::fork : match::no;
}

int subscription::handle_notify(base::time_point now, const sip::message_view& notify) {
  const auto named = notify.get<sip::event_header>();
  const auto said = notify.get<sip::subscription_state_header>();
  if (notify.method() != sip::method::notify || !named || !said) return 400;
  // RFC 6665 4.1.3.
  if (named->package != options_.package) return 489;
  if (state_ == state::init || state_ == state::terminated || !names_event(notify)) return 481;
  if (ends_) {
    if (const auto taken = take(notify); !taken) return status_for(taken.error());
  }
  if (by_refer_) options_.event_id = named->event_id;
  apply(now, *said);
  return 200;
}

base::result<void> subscription::take(const sip::message_view& notify) {
  if (!dialog_) {
    const std::string text = first_->to_string();
    sip::message_view sent;
    if (!sent.parse(text)) return errc::bad_message;
    // A SIPS Request-URI goes over TLS only (RFC 3261 26.2.2).
    auto made = dialog::from_notify(sent, notify, true);
    if (!made) return made.error();
    dialog_ = std::move(*made);
    dialog_->note_local_cseq(cseq_);
    return {};
  }
  // A fork that comes too late for `allow_forking`, or without it, belongs to another dialog: 481.
  const auto taken = dialog_->handle_request(notify);
  if (taken) dialog_->respond(notify, 200);
  return taken;
}

base::result<subscription> subscription::fork(base::time_point now, const sip::message_view& notify) const {
  if (match_notify(notify) != match::fork || now > forks_until_) return errc::other_dialog;
  subscription out = *this;
  out.dialog_.reset();
  out.state_ = state::notify_wait;
  out.event_ = event::none;
  out.under_way_ = request::none;
  out.wants_refresh_ = out.wants_end_ = false;
  out.timer_n_at_ = out.refresh_at_ = out.end_at_ = base::never;
  out.cseq_ = out.first_cseq_;
  if (const auto taken = out.take(notify); !taken) return taken.error();
  const auto said = notify.get<sip::subscription_state_header>();
  if (!said) return errc::bad_message;
  out.apply(now, *said);
  // The forks of one request are counted by the first: this one makes no others.
  out.options_.allow_forking = false;
  return out;
}

void subscription::apply(base::time_point now, const sip::subscription_state_header& said) {
  if (said.state == sip::subscription_state::terminated) {
    return finish({.why = cause::notify, .reason = said.reason, .retry_after = said.retry_after});
  }
  if (state_ == state::ending) return;
  timer_n_at_ = base::never;
  const bool active = said.state == sip::subscription_state::active;
  // RFC 6665 4.1.3: what the NOTIFY says is the time that is left, never more than was asked for.
  if (said.expires || end_at_ == base::never) {
    grant(now, said.expires && !by_refer_ ? std::min(*said.expires, asked_) : said.expires.value_or(asked_));
  }
  const enum state next = active ? state::active : state::pending;
  if (state_ == next) return;
  state_ = next;
  event_ = active ? event::active : event::pending;
}

void subscription::grant(base::time_point now, std::uint32_t seconds) noexcept {
  const base::duration whole = std::chrono::seconds(seconds);
  end_at_ = base::add_saturated(now, whole);
  if (state_ == state::ending) return;
  // Time for two attempts that are left without a response.
  const base::duration margin = std::min<base::duration>(2 * timers_->timer_f, whole / 2);
  const bool refreshed = options_.refresh && seconds >= least_refreshed;
  refresh_at_ = refreshed ? base::add_saturated(now, whole - margin) : base::never;
}

void subscription::handle_timeout(base::time_point now) noexcept {
  if (state_ == state::terminated) return;
  if (now >= timer_n_at_) {
    return finish({.why = state_ == state::ending ? cause::unsubscribed : cause::no_notify});
  }
  if (now >= end_at_) return finish({.why = cause::expired});
  if (now < refresh_at_) return;
  refresh_at_ = base::never;
  wants_refresh_ = true;
}

void subscription::finish(const outcome& how) noexcept {
  if (state_ == state::terminated) return;
  state_ = state::terminated;
  event_ = event::terminated;
  ended_ = how;
  wants_end_ = wants_refresh_ = false;
  timer_n_at_ = refresh_at_ = end_at_ = base::never;
  if (dialog_) dialog_->terminate();
}

}  // namespace parley::ua
