#include "endpoint/detail/usages.hpp"

#include <parley/endpoint/registration.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/next_hop.hpp>
#include <parley/sip/uri.hpp>

#include "endpoint/detail/endpoint_core.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

// What is the same for all that lives by requests outside calls; instant messages and OPTIONS.

namespace parley::detail {

usage::usage(std::shared_ptr<endpoint_core> its_core)
    : core(std::move(its_core)), executor(core->executor), timer(this, 1) {}
usage::~usage() = default;

void release(const std::shared_ptr<usage>& one) {
  if (!one->core || !one->core->agent) return;
  const auto core = one->core;
  const base::time_point at = endpoint_core::now();
  one->release(at);
  core->run(at, *one);
  core->pump(at);
}

void endpoint_core::add_usage(const std::shared_ptr<usage>& one) { usages[one.get()] = one; }

void endpoint_core::run(base::time_point at, usage& one) {
  const auto keep = one.shared_from_this();
  if (!agent || !usages.contains(&one)) return;
  auto out = sip::message::request("NONE", "sip:none");
  while (one.poll_request(at, *out)) {
    const auto id = machine().request(at, std::move(*out));
    out = sip::message::request("NONE", "sip:none");
    if (id) {
      requests[*id] = keep;
    } else {
      one.handle_failure(at, 503);
      break;
    }
  }
  one.report_events(at);
  // Whatever can't be done now is not tried again within the same moment.
  if (!one.is_over())
    return wheel().arm(one.timer, std::max(one.poll_timeout(), at + std::chrono::milliseconds(1)));
  one.timer.disarm();
  usages.erase(&one);
  check_closed();
}

std::uint16_t endpoint_core::listener_towards(std::string_view uri) const noexcept {
  const auto& all = agent->listeners();
  const auto read = sip::parse_uri(uri);
  if (!read || !read->is_sip()) return 0;
  const sip::next_hop hop = sip::next_hop::of(*read);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool fits = hop.ip      ? all[i].transport == hop.over && all[i].local.ip.is_v6() == hop.ip->is_v6()
                      : hop.asked ? all[i].transport == *hop.asked
                                  : hop.secure && sip::is_secure(all[i].transport);
    if (fits) return static_cast<std::uint16_t>(i);
  }
  return 0;
}

std::string endpoint_core::contact_for(std::string_view of, std::string_view towards) const {
  const auto& all = agent->listeners();
  if (all.empty()) return {};
  const sip::listener& l = all[listener_towards(towards)];
  std::string out = "sip:" + std::string(of) + '@' + l.host;
  if (l.port != 0) out += ':' + std::to_string(l.port);
  if (l.transport == sip::transport::udp) return out;
  std::string name(sip::name_of(l.transport));
  std::transform(name.begin(), name.end(), name.begin(), sip::lower);
  return out + ";transport=" + name;
}

std::vector<std::string> endpoint_core::routes_for(const registration* by) const {
  std::vector<std::string> out = options.routes;
  auto state = by != nullptr ? by->state_ : first_registration.lock();
  if (!state || !state->machine.is_bound()) return out;
  const auto& service = state->machine.service_route();
  out.insert(out.end(), service.begin(), service.end());
  return out;
}

pager_state::pager_state(std::shared_ptr<endpoint_core> its_core, const ua::pager_options& options)
    : usage(std::move(its_core)), machine(options, core->agent->random()), target(options.to) {}

pager_state::~pager_state() {
  if (!core) return;
  const auto found = core->pagers.find(target);
  if (found != core->pagers.end() && found->second.expired()) core->pagers.erase(found);
}

void pager_state::add(std::uint64_t number, waiter<int> one) {
  one.on_cancel([weak = std::weak_ptr(std::static_pointer_cast<pager_state>(shared_from_this())), number] {
    if (const auto self = weak.lock()) self->finish(number, asio::error::operation_aborted, 0);
  });
  sent.emplace_back(number, std::move(one));
}

void pager_state::finish(std::uint64_t number, const base::error_code& error, int status) {
  const auto found =
      std::find_if(sent.begin(), sent.end(), [number](const auto& one) { return one.first == number; });
  if (found == sent.end()) return;
  waiter<int> one = std::move(found->second);
  sent.erase(found);
  one.complete(error, status);
}

void pager_state::report_events(base::time_point) {
  const auto happened = machine.poll_event();
  if (happened.kind == ua::pager::event_kind::none) return;
  const bool good = happened.kind == ua::pager::event_kind::delivered;
  finish(happened.number, good ? base::error_code() : make_status_error(happened.status), happened.status);
  // The next one goes out once this event was fetched.
  if (machine.waiting() != 0)
    core->post([core = core.get(), self = shared_from_this()] {
      const base::time_point at = endpoint_core::now();
      core->run(at, *self);
      core->pump(at);
    });
}

void pager_state::abort() {
  for (auto& [number, one] : std::exchange(sent, {})) one.complete(asio::error::operation_aborted, 0);
}

query_state::query_state(std::shared_ptr<endpoint_core> its_core, sip::message its_request)
    : usage(std::move(its_core)), request(std::move(its_request)) {}

bool query_state::poll_request(base::time_point, sip::message& out) {
  if (!request) return false;
  out = std::move(*request);
  request.reset();
  return true;
}

void query_state::handle_response(base::time_point, const sip::message_view& response) {
  over = true;
  done.complete({}, response.status());
}

void query_state::handle_failure(base::time_point, int status) {
  over = true;
  done.complete(make_status_error(status), status);
}

void query_state::abort() { done.complete(asio::error::operation_aborted, 0); }

void query_state::cancel(std::uint64_t id) {
  if (auto one = done.take(id)) one.complete(asio::error::operation_aborted, 0);
}

}  // namespace parley::detail
