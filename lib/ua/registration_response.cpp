#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/status.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/registration.hpp>

#include "ua/detail/option_tag.hpp"
#include "ua/detail/request_series.hpp"
#include "ua/detail/soft_state.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::ua {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t default_expires = 3600;

/// The URIs of a list of routes, in order. Nothing where one can't be used, or all are too much: a part of a
/// route leads elsewhere.
template <class Header>
std::vector<std::string> read_routes(const sip::message_view& response) {
  std::vector<std::string> out;
  std::size_t room = registration::max_text;
  const auto read = response.for_each<Header>([&](const Header& route) {
    const bool fits = route.uri.is_sip() && route.uri.raw.size() <= room;
    if (fits) {
      room -= route.uri.raw.size();
      out.emplace_back(route.uri.raw);
    } else {
      out.clear();
    }
    return fits;
  });
  if (!read) out.clear();
  return out;
}

}  // namespace

void registration::handle_response(base::time_point now, const sip::message_view& response) {
  const int status = response.status();
  if (under_way_ == operation::none || !sip::is_final(status)) return;
  requests_->handle_response(response);
  const operation what = std::exchange(under_way_, operation::none);
  std::string reason = detail::reason_of(response);
  if (what == operation::query) {
    if (sip::is_success(status)) bindings_ = read_bindings(response, std::min(expires_, default_expires));
    return report(event_kind::fetched, status, std::move(reason));
  }
  if (sip::is_success(status)) {
    if (what == operation::add) return handle_added(now, response);
    bindings_ = read_bindings(response, std::min(expires_, default_expires));
    return handle_removed(status, std::move(reason));
  }
  // A command that was given meanwhile comes first, unless it asks for the same.
  if ((due_ == operation::none || due_ == what) && can_meet(response, what)) return begin(what);
  if (what != operation::add) return handle_removed(status, std::move(reason));
  handle_refused(now, status, std::move(reason), detail::retry_after_of(response));
}

void registration::handle_failure(base::time_point now, int status) {
  if (under_way_ == operation::none) return;
  requests_->handle_failure();
  const operation what = std::exchange(under_way_, operation::none);
  std::string reason(sip::default_reason(status));
  if (what == operation::query) return report(event_kind::fetched, status, std::move(reason));
  if (what != operation::add) return handle_removed(status, std::move(reason));
  handle_refused(now, status, std::move(reason), std::nullopt);
}

void registration::handle_added(base::time_point now, const sip::message_view& response) {
  const std::uint32_t granted = read_success(response);
  if (granted == 0) {
    forget_binding();
    if (state_ == state::unregistering) return handle_refused(now, response.status(), {}, std::nullopt);
    return back_off(now, response.status(), detail::reason_of(response), 0);
  }
  bound_contact_ = sent_contact_;
  end_at_ = base::add_saturated(now, seconds(granted));
  too_brief_ = redirects_ = 0;
  mark_.set_works(true);
  if (!options_.keep_alive) flow_is_good_ = true;
  if (flow_is_good_) failures_ = 0;
  // `stop` came meanwhile.
  if (state_ == state::unregistering) return;
  report(state_ == state::registering ? event_kind::registered : event_kind::refreshed, response.status(),
         detail::reason_of(response));
  // `update` came meanwhile.
  if (due_ == operation::add) {
    state_ = state::refreshing;
    return;
  }
  state_ = state::registered;
  request_at_ = base::add_saturated(now, detail::refresh_delay(granted));
}

void registration::handle_refused(base::time_point now, int status, std::string reason,
                                  std::optional<std::uint32_t> retry_after) {
  if (state_ == state::unregistering) {
    // The removal goes out where there may be something to remove.
    if (due_ == operation::remove && !is_bound() && status != 408) handle_removed(status, std::move(reason));
    return;
  }
  if (detail::is_temporary(status, retry_after.has_value())) {
    return back_off(now, status, std::move(reason), retry_after.value_or(0));
  }
  begin(operation::none);
  too_brief_ = redirects_ = 0;
  flow_is_good_ = false;
  mark_.set_works(false);
  state_ = state::failed;
  report(event_kind::failed, status, std::move(reason));
}

void registration::handle_removed(int status, std::string reason) {
  too_brief_ = redirects_ = 0;
  flow_is_good_ = false;
  mark_.set_works(false);
  if (due_ == operation::remove_all) return;
  forget_binding();
  if (due_ == operation::add) {
    state_ = state::registering;
    return;
  }
  begin(operation::none);
  state_ = state::idle;
  report(event_kind::unregistered, status, std::move(reason));
}

void registration::back_off(base::time_point now, int status, std::string reason, std::uint32_t retry_after) {
  ++failures_;
  too_brief_ = redirects_ = 0;
  flow_is_good_ = false;
  mark_.set_works(false);
  begin(operation::none);
  state_ = state::waiting;
  // RFC 5626 4.5: a Retry-After may make it longer, and nothing makes it shorter.
  const base::duration delay = std::max<base::duration>(
      recovery_delay(options_.recovery, failures_, mark_.any_works(), *random_), seconds(retry_after));
  request_at_ = base::add_saturated(now, delay);
  report(event_kind::failed, status, std::move(reason), request_at_);
}

bool registration::can_meet(const sip::message_view& response, operation what) {
  switch (response.status()) {
    case 300:
    case 301:
    case 302: return can_redirect(response);
    case 420: return can_drop(response);
    case 423: return what == operation::add && can_lengthen(response);
    case 439: {
      // RFC 5626 4.2.1: the first hop keeps no flows, so there is none.
      const bool used = uses_flow();
      with_outbound_ = false;
      return used;
    }
    default: return false;
  }
}

bool registration::can_lengthen(const sip::message_view& response) {
  // RFC 3261 10.2.8: as long as Min-Expires says, or longer.
  const auto min = response.get<sip::min_expires_header>();
  if (!min || min->value > options_.max_expires || too_brief_ == max_retries) return false;
  // `update` may have raised it meanwhile; else the registrar contradicts itself.
  if (min->value <= expires_) return due_ == operation::add;
  ++too_brief_;
  expires_ = min->value;
  return true;
}

bool registration::can_drop(const sip::message_view& response) {
  // RFC 3261 8.1.3.5: again without what the server does not know.
  bool dropped = false;
  const auto drop = [&](bool in_use, bool& flag, std::string_view option) {
    if (!in_use || !detail::names_option<sip::unsupported_header>(response, option)) return;
    flag = false;
    dropped = true;
  };
  drop(uses_flow(), with_outbound_, "outbound");
  drop(with_path_, with_path_, "path");
  drop(with_gruu_ && options_.gruu, with_gruu_, "gruu");
  return dropped;
}

bool registration::can_redirect(const sip::message_view& response) {
  if (!options_.follow_redirects || redirects_ == max_retries) return false;
  const auto current = sip::parse_uri(target_);
  std::string chosen;
  int best = -1;
  const auto read = response.for_each<sip::contact_header>([&](const sip::contact_header& contact) {
    const int q = contact.q.value_or(1000);
    if (contact.star || !contact.uri.is_sip() || q <= best) return;
    // RFC 3261 8.1.3.4: a SIPS URI is left for no other.
    const bool secure = contact.uri.scheme == sip::uri_scheme::sips;
    if (!current || (current->scheme == sip::uri_scheme::sips && !secure)) return;
    if (sip::equivalent(*current, contact.uri) || contact.uri.raw.size() > max_text) return;
    best = q;
    chosen = contact.uri.raw;
  });
  auto target = sip::uri::from_string(std::move(chosen));
  if (!read || !target) return false;
  // RFC 3261 10.2 and 19.1.1: what no Request-URI of a REGISTER has.
  if (!target->set_user("")) return false;
  target->remove_headers();
  target->remove_parameter("method");
  ++redirects_;
  target_ = target->string();
  return true;
}

std::uint32_t registration::read_success(const sip::message_view& response) {
  const std::uint32_t otherwise = std::min(expires_, default_expires);
  bindings_ = read_bindings(response, otherwise);
  auto own = find_own(bindings_, {sent_contact_, options_.instance, uses_flow() ? options_.reg_id : 0});
  // Border elements write contacts anew. Where there is but one, it is ours.
  if (!own && bindings_.size() == 1) own = 0;
  const auto expires = response.get<sip::expires_header>();
  std::uint32_t granted = expires ? expires->value : otherwise;
  public_gruu_.clear();
  temporary_gruu_.clear();
  if (own) {
    const binding& found = bindings_[*own];
    granted = found.expires;
    public_gruu_ = found.public_gruu;
    temporary_gruu_ = found.temporary_gruu;
  }
  // RFC 3608 6.1: the last 2xx counts, also where it has none.
  service_route_ = read_routes<sip::service_route_header>(response);
  path_ = read_routes<sip::path_header>(response);
  // RFC 5626 4.2.1: the registrar has done so where it says so in Require.
  outbound_ = uses_flow() && detail::names_option<sip::require_header>(response, "outbound");
  const auto timer = response.get<sip::flow_timer_header>();
  flow_timer_ = timer ? std::optional(timer->value) : std::nullopt;
  return granted;
}

void registration::forget_binding() {
  end_at_ = base::never;
  bound_contact_.clear();
  service_route_.clear();
  path_.clear();
  public_gruu_.clear();
  temporary_gruu_.clear();
  flow_timer_.reset();
  outbound_ = false;
}

}  // namespace parley::ua
