#include "support/proxy_harness.hpp"

#include <parley/proxy/route_seal.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::test {

strings proxy_message::values(std::string_view name) const {
  strings out;
  std::string_view rest = text;
  while (true) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos || end == 0) return out;
    const std::string_view line = rest.substr(0, end);
    if (line.size() > name.size() + 1 && line.starts_with(name) && line[name.size()] == ':') {
      out.emplace_back(line.substr(std::min(line.size(), name.size() + 2)));
    }
    rest.remove_prefix(end + 2);
  }
}

std::string proxy_message::value(std::string_view name) const {
  const strings all = values(name);
  return all.empty() ? std::string{} : all.front();
}

std::string proxy_message::summary() const {
  std::string out;
  if (to.transport != sip::transport::udp) out = std::string(sip::name_of(to.transport)) + ' ';
  return out + to.remote.to_string() + ' ' + std::string(start_line());
}

strings summaries(const std::vector<proxy_message>& messages) {
  strings out;
  for (const proxy_message& m : messages) out.push_back(m.summary());
  return out;
}

int count(const std::vector<proxy_message>& messages, std::string_view start) {
  return static_cast<int>(std::count_if(messages.begin(), messages.end(), [start](const proxy_message& m) {
    return m.start_line().starts_with(start);
  }));
}

sip::hop peer_at(std::string_view address, std::uint16_t listener, sip::transport transport,
                 std::uint64_t flow) {
  sip::hop out;
  out.transport = transport;
  out.listener = listener;
  out.remote = base::socket_address::from_string(address).value();
  out.flow = flow;
  return out;
}

std::string caller_routes(const proxy_message& forwarded) {
  strings routes = forwarded.values("Record-Route");
  std::reverse(routes.begin(), routes.end());
  std::string out;
  for (const std::string& r : routes) out += "Route: " + r + "\r\n";
  return out;
}

namespace {

constexpr base::siphash_key route_secret{7, 9};

}  // namespace

strings recorded(const proxy_message& forwarded) {
  strings routes = forwarded.values("Record-Route");
  for (std::string& r : routes) {
    const auto at = r.find(proxy::route_seals::parameter);
    if (at != std::string::npos) r.erase(at, proxy::route_seals::parameter.size() + 16);
  }
  return routes;
}

std::string sealed_route(std::string_view call_id) {
  const auto seal = proxy::route_seals(route_secret).write(call_id);
  return "Route: <sip:192.0.2.10:5060;lr;seal=" + std::string(seal.data(), seal.size()) + ">\r\n";
}

proxy::core_options proxy_harness::default_options() {
  const auto at = [](const char* text) { return base::socket_address::from_string(text).value(); };
  proxy::core_options options;
  options.listeners = {{sip::transport::udp, at("192.0.2.10:5060"), "192.0.2.10", 5060},
                       {sip::transport::tcp, at("192.0.2.10:5060"), "192.0.2.10", 5060},
                       {sip::transport::udp, at("[2001:db8::10]:5060"), "[2001:db8::10]", 5060}};
  options.own.add("example.com", 0);
  options.route_secret = route_secret;
  return options;
}

proxy_harness::proxy_harness(proxy::core_options options, const base::buffer_pool_limits& limits)
    : pool(limits), core(std::move(options), pool, random_, start_) {}

void proxy_harness::receive(std::string_view text, const sip::hop& from) {
  auto data = pool.copy(text);
  if (!data) return;
  core.handle_message(now(), from, std::move(*data));
  collect();
}

void proxy_harness::reply(const proxy_message& request, int status, std::string_view to_tag,
                          std::string_view lines) {
  std::string text = response_text(request.text, status, to_tag);
  text.insert(text.find("Content-Length"), lines);
  sip::hop from = request.to;
  from.flow = 0;
  receive(text, from);
}

void proxy_harness::fail(const proxy_message& message) {
  core.handle_send_failure(now(), message.ticket);
  collect();
}

void proxy_harness::resolve(std::uint64_t lookup, const strings& addresses) {
  const auto asked = std::find_if(events.begin(), events.end(), [lookup](const proxy::event& e) {
    return e.what == proxy::event::kind::resolve && e.lookup == lookup;
  });
  std::vector<sip::hop> hops;
  for (const std::string& a : addresses) {
    const auto ip = base::ip_address::from_string(a).value();
    hops.push_back(asked == events.end()
                       ? sip::hop{.remote = {ip, 5060}}
                       : sip::hop{asked->transport.value_or(sip::transport::udp),
                                  0,
                                  {ip, asked->port != 0 ? asked->port : std::uint16_t{5060}}});
  }
  core.handle_resolved(now(), lookup, hops);
  collect();
}

proxy::request_id proxy_harness::waiting() const {
  for (const proxy::event& e : events) {
    if (e.what == proxy::event::kind::request) return e.request;
  }
  return proxy::request_id::none;
}

base::result<void> proxy_harness::forward(const std::vector<proxy::target>& to) {
  const auto id = waiting();
  std::erase_if(events,
                [id](const auto& e) { return e.what == proxy::event::kind::request && e.request == id; });
  auto done = core.forward(now(), id, to);
  collect();
  return done;
}

base::result<void> proxy_harness::respond(int status, const transaction::response_options& options) {
  const auto id = waiting();
  auto done = core.respond(now(), id, status, options);
  if (done && status >= 200) {
    std::erase_if(events,
                  [id](const auto& e) { return e.what == proxy::event::kind::request && e.request == id; });
  }
  collect();
  return done;
}

void proxy_harness::run_until(std::int64_t at) {
  const auto target = start_ + std::chrono::milliseconds(at);
  while (core.poll_timeout() <= target) {
    const auto wake = std::chrono::ceil<std::chrono::milliseconds>(core.poll_timeout() - start_).count();
    if (!collecting && wake <= at_) break;
    at_ = std::max(at_, wake);
    core.handle_timeout(now());
    collect();
  }
  at_ = at;
  core.handle_timeout(now());
  collect();
}

void proxy_harness::collect() {
  if (!collecting) return;
  bool again = true;
  while (again) {
    again = false;
    sip::outgoing out;
    while (core.poll_transmit(out)) sent.push_back({at_, out.to, std::string(out.data.text()), out.ticket});
    proxy::event e;
    while (core.poll_event(e)) {
      if (e.what == proxy::event::kind::request && targets) {
        static_cast<void>(core.forward(now(), e.request, *targets));
        again = true;
      } else {
        events.push_back(std::move(e));
      }
    }
  }
}

std::vector<proxy_message> proxy_harness::take() { return std::exchange(sent, {}); }

proxy_message proxy_harness::take_one() {
  auto all = take();
  return all.size() == 1 ? std::move(all.front()) : proxy_message{};
}

}  // namespace parley::test
