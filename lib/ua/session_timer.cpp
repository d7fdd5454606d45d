#include <parley/sip/chars.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/session_timer.hpp>

#include "ua/detail/option_tag.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>

namespace parley::ua {
namespace {

using sip::header_id;
using sip::session_refresher;

constexpr std::string_view timer_option = "timer";
constexpr std::uint32_t default_min_se = 90;  // RFC 4028 5
constexpr std::chrono::seconds longest_margin{32};

bool refreshes_session(sip::method m) noexcept {
  return m == sip::method::invite || m == sip::method::update;
}

}  // namespace

void session_timer::write_request(sip::message& request) {
  const sip::method method = sip::method_of(request.method_name());
  // RFC 4028 7.1: in each request but ACK.
  if (method == sip::method::ack) return;
  std::ignore = request.add(header_id::supported, timer_option);
  if (!refreshes_session(method)) return;
  // RFC 4028 7.4: once a 422 or a request of the peer's has named one, each request does.
  const std::uint32_t min = std::max(peer_min_se_, options_.min_se);
  if (peer_min_se_ != 0 || min > default_min_se) {
    std::ignore = request.add(header_id::min_se, std::to_string(min));
  }
  if (wanted() == 0) return;
  std::string value = std::to_string(wanted());
  refresh_by who = options_.refresher;
  // RFC 4028 7.4: a running timer keeps its refresher.
  if (refresher_ != refresh_by::any) who = refresher_;
  if (who == refresh_by::local) value += ";refresher=uac";
  if (who == refresh_by::remote) value += ";refresher=uas";
  std::ignore = request.add(header_id::session_expires, value);
}

std::uint32_t session_timer::wanted() const noexcept {
  // RFC 4028 7.4: the current interval, and never less than Min-SE.
  const std::uint32_t interval = interval_ != 0 ? interval_ : options_.session_expires;
  return interval == 0 ? 0 : std::max({interval, peer_min_se_, options_.min_se});
}

base::result<session_timer::outcome> session_timer::handle_response(base::time_point now,
                                                                    const sip::message_view& response) {
  const auto cseq = response.get<sip::cseq_header>();
  const int status = response.status();
  if (!cseq || !refreshes_session(cseq->method) || status < 200 || state_ == state::expired) {
    return outcome::none;
  }
  bool malformed = false;
  if (status == 422) {
    const outcome out = handle_too_small(response, malformed);
    if (out != outcome::retry) handle_failure(now, status);
    if (malformed) return errc::bad_message;
    return out;
  }
  if (status >= 300) {
    handle_failure(now, status);
    return outcome::none;
  }

  retries_ = 0;
  // RFC 4028 7.4: what proxies wanted before the dialog counts no more, since they may have left the path.
  if (!established_) peer_min_se_ = 0;
  established_ = true;
  if (!response.has(header_id::session_expires)) {
    // RFC 4028 7.2: the session has no expiration.
    turn_off();
    return outcome::none;
  }
  const auto granted = response.get<sip::session_expires_header>();
  if (!granted) {
    turn_off();
    return errc::bad_message;
  }
  // RFC 4028 9: the server says who refreshes; where it forgets to, the one who asked does.
  const bool remote = granted->refresher == session_refresher::uas;
  start(now, granted->seconds, remote ? refresh_by::remote : refresh_by::local);
  return outcome::none;
}

session_timer::outcome session_timer::handle_too_small(const sip::message_view& response, bool& malformed) {
  // RFC 4028 6: a 422 names what would do.
  const auto min = response.get<sip::min_se_header>();
  malformed = !min.has_value();
  if (malformed || wanted() == 0 || min->seconds > options_.max_min_se || min->seconds <= wanted() ||
      retries_ == max_retries) {
    return outcome::refused;
  }
  ++retries_;
  peer_min_se_ = min->seconds;
  return outcome::retry;
}

void session_timer::handle_failure(base::time_point now, int status) {
  if (state_ != state::refreshing) return;
  // RFC 4028 7.4: the peer has lost the session, or is gone.
  if (status == 408 || status == 481) return expire();
  state_ = state::running;
  // Any other refusal leaves the session as it was (RFC 3261 14.1); each further attempt takes half of the
  // time that is left, so that they come to an end.
  const base::duration rest = end_at_ - now;
  refresh_at_ = rest >= std::chrono::seconds(2) ? now + rest / 2 : base::never;
}

base::result<session_timer::question> session_timer::handle_request(const sip::message_view& request) {
  question out;
  out.refreshes = refreshes_session(request.method());
  if (!out.refreshes) return out;
  const auto asked = request.get<sip::session_expires_header>();
  const auto min = request.get<sip::min_se_header>();
  const bool has_asked = request.has(header_id::session_expires);
  const bool has_min = request.has(header_id::min_se);
  if ((has_asked && !asked) || (has_min && !min)) return errc::bad_message;
  out.understood = detail::has_option(request, timer_option);
  // RFC 4028 9: a client that does not know the extension could do nothing with a 422.
  if (has_asked && asked->seconds < options_.min_se && out.understood) return errc::interval_too_small;
  if (has_asked) {
    out.seconds = asked->seconds;
    out.refresher = asked->refresher;
  }
  if (has_min) {
    out.min_se = min->seconds;
    peer_min_se_ = std::max(peer_min_se_, std::min(min->seconds, options_.max_min_se));
  }
  return out;
}

void session_timer::write_response(base::time_point now, const question& asked, sip::message& response) {
  if (!asked.refreshes || state_ == state::expired) return;
  established_ = true;
  const std::uint32_t least = std::max(asked.min_se.value_or(default_min_se), options_.min_se);
  std::uint32_t seconds = 0;
  if (asked.seconds) {
    // RFC 4028 9: at most what was asked for, at least Min-SE. What a proxy asks for in the name of a client
    // that does not know the extension, and that is too small, is not granted at all.
    const std::uint32_t most = options_.session_expires != 0 ? options_.session_expires : *asked.seconds;
    seconds = *asked.seconds < options_.min_se ? 0 : std::min(*asked.seconds, std::max(most, least));
  } else if (options_.session_expires != 0) {
    seconds = std::max(options_.session_expires, least);
  }
  if (seconds == 0) return turn_off();

  // RFC 4028 9, table 2.
  refresh_by who = options_.refresher == refresh_by::local ? refresh_by::local : refresh_by::remote;
  if (asked.refresher == session_refresher::uac) who = refresh_by::remote;
  if (asked.refresher == session_refresher::uas) who = refresh_by::local;
  if (!asked.understood) who = refresh_by::local;
  const bool by_client = who == refresh_by::remote;
  std::ignore = response.add(header_id::session_expires,
                             std::to_string(seconds).append(by_client ? ";refresher=uac" : ";refresher=uas"));
  // RFC 4028 9: it must where the client has to refresh, and should where the client knows how.
  if (asked.understood) std::ignore = response.add(header_id::require, timer_option);
  start(now, seconds, who);
}

void session_timer::write_refusal(sip::message& response) const {
  std::ignore = response.set(header_id::min_se, std::to_string(options_.min_se));
}

void session_timer::stop() noexcept {
  turn_off();
  event_ = event::none;
}

void session_timer::handle_timeout(base::time_point now) noexcept {
  if (now >= end_at_) return expire();
  if (now < refresh_at_) return;
  refresh_at_ = base::never;
  state_ = state::refreshing;
  event_ = event::refresh;
}

void session_timer::start(base::time_point now, std::uint32_t seconds, refresh_by who) noexcept {
  // RFC 4028 5: no interval is shorter. A peer that grants less anyway does not make us send more often.
  seconds = std::max(seconds, options_.min_se);
  interval_ = seconds;
  refresher_ = who;
  state_ = state::running;
  event_ = event::none;
  const base::duration whole = std::chrono::seconds(seconds);
  // RFC 4028 10: refresh at half; give up a little before the end.
  refresh_at_ = who == refresh_by::local ? base::add_saturated(now, whole / 2) : base::never;
  end_at_ = base::add_saturated(now, whole - std::min<base::duration>(longest_margin, whole / 3));
}

void session_timer::turn_off() noexcept {
  if (state_ != state::expired) state_ = state::off;
  refresh_at_ = end_at_ = base::never;
  interval_ = 0;
  refresher_ = refresh_by::any;
  event_ = event::none;
}

void session_timer::expire() noexcept {
  turn_off();
  state_ = state::expired;
  event_ = event::expired;
}

}  // namespace parley::ua
