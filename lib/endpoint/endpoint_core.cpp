#include "endpoint/detail/endpoint_core.hpp"

#include <parley/net/error.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/uri.hpp>
#include <parley/transaction/branch.hpp>
#include <parley/ua/replaces.hpp>

#include "endpoint/detail/names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>

// Set-up and end of an endpoint, and its calls.

namespace parley::detail {
namespace {

/// `udp:192.0.2.1:5060`.
base::result<net::listener_options> read_listener(const std::string& text) {
  const auto colon = text.find(':');
  net::listener_options out;
  out.transport = sip::transport_of(std::string_view(text).substr(0, colon));
  if (colon == std::string::npos || out.transport == sip::transport::other ||
      out.transport == sip::transport::sctp) {
    return errc::bad_listener;
  }
  const auto address = base::socket_address::from_string(std::string_view(text).substr(colon + 1));
  if (!address) return errc::bad_listener;
  out.bind = *address;
  return out;
}

ua::core_options core_options_of(const endpoint_options& from, std::string user) {
  ua::core_options out;
  out.user_agent = from.user_agent;
  out.contact_user = std::move(user);
  out.extensions = {"replaces"};
  out.info_packages = from.info_packages;
  out.session = from.session;
  out.max_calls = from.max_calls;
  out.max_requests = from.max_requests;
  return out;
}

}  // namespace

endpoint_core::endpoint_core(asio::any_io_executor its_executor, endpoint_options its_options,
                             base::log_sink& its_log)
    : executor(std::move(its_executor)),
      options(std::move(its_options)),
      log(its_log),
      wheel_(std::make_unique<base::timer_wheel>(now())) {}

base::result<void> endpoint_core::open(std::string& what) {
  user = "parley";
  if (!options.identity.empty()) {
    const auto read = read_address(options.identity);
    what = "identity " + options.identity;
    if (!read) return errc::bad_uri;
    if (!read->user.empty()) user = read->user;
  }
  net::user_agent_options with;
  with.core = core_options_of(options, user);
  with.limits = options.limits;
  with.dns = options.dns;
  with.memory_bytes = options.memory_bytes;
  for (const std::string& text : options.listen) {
    what = "listener " + text;
    auto listener = read_listener(text);
    if (!listener) return listener.error();
    listener->advertised_host = options.advertised_host;
    listener->advertised_port = options.advertised_port;
    if (sip::is_secure(listener->transport)) {
      if (!options.tls) return net::make_error_code(net::errc::no_certificate);
      listener->tls = options.tls;
      listener->accepts = !options.tls->options().certificates.empty();
    }
    with.listeners.push_back(std::move(*listener));
  }
  agent.emplace(executor, std::move(with), *this, log);
  std::size_t failed = 0;
  if (const auto opened = agent->open(failed); !opened) {
    what = "listener " + options.listen[failed];
    return opened;
  }
  what = "account";
  for (const account& one : options.accounts) {
    if (!machine().accounts().set_account({one.realm, one.username, one.password, {}})) return errc::bad_uri;
  }
  identity = options.identity;
  if (identity.empty() && !agent->listeners().empty())
    identity = "<sip:" + user + '@' + agent->listeners().front().host + '>';
  identity = name_addr_of(identity);
  default_media = options.media ? options.media : signalling_only();
  return {};
}

void endpoint_core::post(std::function<void()> task) {
  asio::post(executor, [weak = weak_from_this(), task = std::move(task)] {
    // What is kept by the task may be the last to refer to this.
    if (const auto self = weak.lock(); self && self->agent) task();
  });
}

// What is done to them may end others.
std::vector<std::shared_ptr<call_state>> endpoint_core::living_calls() const {
  std::vector<std::shared_ptr<call_state>> out;
  for (const auto& [id, c] : calls) {
    if (auto one = c->weak_from_this().lock()) out.push_back(std::move(one));
  }
  return out;
}

std::vector<std::shared_ptr<usage>> endpoint_core::living_usages() const {
  std::vector<std::shared_ptr<usage>> out;
  out.reserve(usages.size());
  for (const auto& [key, one] : usages) out.push_back(one);
  return out;
}

// The endpoint is gone: nothing of it may run any more.
void endpoint_core::shut_down() {
  closed = true;
  on_call = nullptr;
  on_message = nullptr;
  on_transfer = nullptr;
  const auto living = living_calls();
  calls.clear();
  outlived.clear();
  arriving.clear();
  for (const auto& c : living) c->abort();
  for (const auto& [key, one] : std::exchange(usages, {})) {
    one->abort();
    one->timer.disarm();
    one->core.reset();
  }
  subscriptions.clear();
  requests.clear();
  close_waiters.complete(asio::error::operation_aborted);
  agent.reset();
}

void endpoint_core::start_close(completion<> done) {
  const auto self = shared_from_this();
  close_waiters.add(self, executor, std::move(done), &endpoint_core::cancel_close);
  closed = true;
  const base::time_point at = now();
  for (const auto& c : living_calls()) {
    if (!c->is_over()) c->hang_up(at, 480);
  }
  for (const auto& one : living_usages()) {
    one->release(at);
    run(at, *one);
  }
  pump(at);
  check_closed();
}

void endpoint_core::forget_outlived(ua::call_id id) {
  const auto found = outlived.find(id);
  if (found == outlived.end()) return;
  // The caller is one of its functions.
  post([one = std::move(found->second)] {});
  outlived.erase(found);
  calls.erase(id);
}

void endpoint_core::check_closed() {
  if (closed && agent && calls.size() == outlived.size() && usages.empty() && machine().calls() == 0)
    close_waiters.complete({});
}

void endpoint_core::cancel_close(std::uint64_t id) {
  if (auto one = close_waiters.take(id)) one.complete(asio::error::operation_aborted);
}

void endpoint_core::handle_event(base::time_point at, ua::core_event& event) {
  using kind = ua::core_event::kind;
  if (event.what == kind::response) {
    const auto found = requests.find(event.request);
    const auto one = found != requests.end() ? found->second.lock() : nullptr;
    if (found != requests.end()) requests.erase(found);
    if (!one) return;
    one->by = event.from;
    if (const sip::message_view* const response = machine().view_of(event.message)) {
      one->handle_response(at, *response);
    } else {
      one->handle_failure(at, event.status);
    }
    return run(at, *one);
  }
  if (event.what == kind::incoming) return take_call(at, event);
  const auto found = calls.find(event.call);
  if (found == calls.end()) {
    if (event.what == kind::request) handle_request(at, event);
    if (event.what == kind::ended) check_closed();
    return;
  }
  const auto c = found->second->weak_from_this().lock();
  if (!c) return;
  if (event.call != c->id) return c->take_over(at, event);
  c->handle(at, event);
  if (event.what == kind::session || event.what == kind::ended) introduce(*c);
}

void endpoint_core::handle_flow_failed(base::time_point at, const sip::hop& flow) {
  for (const auto& one : living_usages()) {
    one->handle_flow_failed(at, flow);
    run(at, *one);
  }
}

void endpoint_core::handle_timeout(base::time_point at) {
  while (base::timer* const due = wheel_->poll_expired(at)) {
    if (due->tag() == 0) {
      if (const auto c = static_cast<call_state*>(due->context())->weak_from_this().lock())
        c->handle_timeout(at);
    } else if (const auto one = static_cast<usage*>(due->context())->weak_from_this().lock()) {
      one->handle_timeout(at);
      run(at, *one);
    }
  }
}

void endpoint_core::log_line(base::log_level level, std::string_view message, std::string_view about,
                             const base::error_code& error) {
  if (!log.enabled(level)) return;
  const std::string why = error.message();
  const std::array fields{base::log_field{"peer", about}, base::log_field{"error", why}};
  log.write({level, "endpoint", message, fields});
}

base::ip_address endpoint_core::address_of(std::uint16_t listener) const noexcept {
  const auto& all = agent->listeners();
  if (listener >= all.size()) return base::ip_address::loopback_v4();
  std::string_view host = all[listener].host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (const auto ip = base::ip_address::from_string(host)) return *ip;
  return all[listener].local.ip;
}

base::result<call> endpoint_core::dial(const std::string& target, const call_options& with,
                                       const ua::referral* referred, const std::weak_ptr<call_state>& by) {
  if (closed || !agent) return errc::closed;
  const auto uri = sip::parse_uri(target);
  if (!uri || !uri->is_sip()) return errc::bad_uri;
  const auto c = std::make_shared<call_state>(shared_from_this(), true);
  std::string from = with.identity;
  if (from.empty() && with.registered != nullptr) from = with.registered->address();
  if (from.empty()) from = identity;
  if (!read_address(from)) return errc::bad_uri;
  if (!with.display_name.empty()) {
    from = quoted(with.display_name) + " <" + uri_in(from) + '>';
  }
  c->local_identity = name_addr_of(from);
  const auto routes = routes_for(with.registered);
  c->peer.uri = target;
  c->local_address = address_of(listener_towards(routes.empty() ? target : routes.front()));
  if (const auto begun = c->begin_media(with.media); !begun) return begun.error();
  std::string offer;
  if (!with.late_offer) {
    auto made = c->make_offer(*c->session);
    if (!made) return made.error();
    offer = std::move(*made);
  }
  ua::invite_options wanted;
  wanted.uri = target;
  const std::string to = '<' + bare_uri(target) + '>';
  wanted.to = to;
  wanted.from = c->local_identity;
  wanted.routes = routes;
  wanted.description = offer;
  wanted.named_fields = with.headers;
  std::optional<sip::message> asked;
  std::vector<ua::session::field> fields;
  if (referred != nullptr) {
    asked.emplace(*sip::message::request("INVITE", target));
    if (const auto added = referred->add_to_referred(*asked); !added) return added.error();
    for (std::size_t i = 0; i < asked->header_count(); ++i)
      fields.emplace_back(asked->header(i).id, asked->header(i).value);
  }
  wanted.fields = fields;
  const base::time_point at = now();
  const auto id = machine().invite(at, wanted);
  if (!id) return id.error();
  c->id = *id;
  c->referrer = by;
  add_call(*c);
  if (options.answer_timeout > base::duration::zero()) {
    c->give_up_at = at + options.answer_timeout;
    c->arm();
  }
  pump(at);
  return c->handle_of();
}

void endpoint_core::wait_answered(const call& c, completion<call> done) {
  const auto& state = c.state_;
  if (state->state == call::state::calling) {
    return state->answering_waiters.add(state, executor, std::move(done), &call_state::cancel_answering);
  }
  waiter<call>(state, executor, std::move(done)).complete(state->error_of_end(), {});
}

// Media mostly say what those of the call before have said, which need not be checked again.
base::result<const described_media*> endpoint_core::check_media(std::vector<offer_answer::medium> media) {
  if (described_ && described_->media == media) return &*described_;
  if (media.empty()) return errc::no_media;
  described_media fresh{{}, {}, offer_answer::negotiator({}, agent->random())};
  for (const offer_answer::medium& one : media) {
    const auto added = fresh.session.add_medium(one);
    if (!added) return added.error();
    fresh.ids.push_back(*added);
  }
  fresh.media = std::move(media);
  described_ = std::move(fresh);
  return &*described_;
}

void endpoint_core::add_call(call_state& c) { calls[c.id] = &c; }

void endpoint_core::take_call(base::time_point at, ua::core_event& event) {
  const sip::message_view* const invite = machine().view_of(event.message);
  if (invite == nullptr) return;
  if (const auto named = ua::call_reference::of_request(*invite); !named) {
    std::ignore = machine().refuse(at, event.call, 400);
    return;
  } else if (*named && (*named)->kind == ua::call_reference::kind::replaces) {
    return take_replacing(at, event.call, **named);
  }
  if (closed || !on_call) {
    std::ignore = machine().refuse(at, event.call, 480);
    return;
  }
  const auto c = std::make_shared<call_state>(shared_from_this(), false);
  c->id = event.call;
  if (auto from = ua::caller_of(*invite, false)) c->peer = std::move(*from);
  c->target = std::string(invite->request_uri());
  if (const auto to = invite->get<sip::to_header>()) c->local_identity = '<' + bare_uri(to->uri.raw) + '>';
  c->local_address = address_of(event.from.listener);
  c->invite = event.message;
  add_call(*c);
  // The next event has its offer, or says that it has none.
  arriving[c->id] = c;
}

// A call whose offer has been looked at is shown to the application.
void endpoint_core::introduce(call_state& c) {
  const auto found = arriving.find(c.id);
  if (found == arriving.end()) return;
  const auto self = std::move(found->second);
  arriving.erase(found);
  if (self->is_over() || self->refused) return;
  post([core = this, in = incoming_call(self->handle_of())]() mutable {
    if (const auto handler = core->on_call) handler(std::move(in));
  });
}

// RFC 3891 3.
void endpoint_core::take_replacing(base::time_point at, ua::call_id fresh, const ua::call_reference& named) {
  const ua::call_id replaced = machine().find({named.call_id, named.to_tag, named.from_tag});
  const ua::session* const s = machine().find(replaced);
  const auto found = calls.find(replaced);
  int status = s == nullptr || found == calls.end() ? 481 : named.refusal_for(s->dialog());
  if (status == 0 && !options.accept_replaces) status = 603;
  if (status != 0) {
    std::ignore = machine().refuse(at, fresh, status);
    return;
  }
  // Its next event has the offer: `call_state::take_over`.
  calls[fresh] = found->second;
}

}  // namespace parley::detail
