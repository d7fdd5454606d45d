#include <parley/net/clock.hpp>
#include <parley/net/deadline_timer.hpp>
#include <parley/net/system_random.hpp>
#include <parley/net/user_agent.hpp>

#include "net/detail/interfaces.hpp"
#include "net/detail/next_hops.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace parley::net {
namespace {

base::buffer_pool_limits pool_limits(std::size_t bytes) {
  base::buffer_pool_limits limits;
  limits.max_bytes = bytes;
  return limits;
}

}  // namespace

struct user_agent::implementation final : transport_handler {
  implementation(asio::any_io_executor e, user_agent_options o, user_agent_handler& h, base::log_sink& l)
      : options(std::move(o)),
        handler(h),
        log(l),
        pool(pool_limits(options.memory_bytes)),
        transports(e, pool, *this, options.limits, l),
        executor(std::move(e)),
        timer(executor, [this](base::time_point now) { return handle_timeout(now); }) {}

  base::result<void> open(std::size_t& failed) {
    for (failed = 0; failed < options.listeners.size(); ++failed) {
      const listener_options& wanted = options.listeners[failed];
      const auto index = transports.listen(wanted);
      if (!index) return index.error();
      listeners.push_back(detail::named_listener(wanted, transports.local_address(*index)));
    }
    options.core.listeners = listeners;
    core.emplace(options.core, pool, random, steady_clock_source::now());
    names = options.make_names ? options.make_names(executor)
                               : std::make_unique<dns_client>(executor, random, options.dns);
    next_hops.emplace(executor, transports, *names, random, options.locator, options.blacklist);
    return {};
  }

  void handle_message(base::time_point now, const sip::hop& from, base::packet_buffer message) override {
    log_message("received", from, message);
    core->handle_message(now, from, message);
    // While the core has the message's index.
    pump(now);
  }
  // The connection ends: whoever sends what can't be cut into messages can't be answered for sure.
  void handle_framing_error(base::time_point, const sip::hop&, sip::parse_error,
                            base::packet_buffer) override {}
  void handle_send_failure(base::time_point now, const sip::outgoing& lost, base::error_code error) override {
    log_failure("a message could not be sent", lost.to, error);
    core->handle_send_failure(now, lost.ticket);
    update(now);
  }
  void handle_moved(base::time_point, const sip::outgoing& sent) override {
    core->handle_sent(sent.ticket, sent.to.flow);
  }
  void handle_closed(base::time_point now, const sip::hop& gone, base::error_code error) override {
    log_failure("a connection has ended", gone, error);
    core->handle_flow_closed(now, gone.flow);
    handler.handle_flow_failed(now, gone);
    update(now);
  }
  void handle_flow_failed(base::time_point now, const sip::hop& flow, base::error_code error) override {
    log_failure("a flow over UDP is dead", flow, error);
    handler.handle_flow_failed(now, flow);
    update(now);
  }
  void handle_batch_end(base::time_point now) override { update(now); }

  // What the handler does is done before this returns, so that it need not pump itself.
  void pump(base::time_point now) {
    if (std::exchange(pumping, true)) return;
    // Whatever leaves the handler, the next message is dealt with.
    const std::unique_ptr<bool, void (*)(bool*)> pumped(&pumping, [](bool* flag) { *flag = false; });
    ua::core_event event;
    sip::outgoing out;
    for (bool more = true; more;) {
      more = false;
      while (core->poll_event(event)) {
        more = true;
        if (event.what == ua::core_event::kind::resolve) {
          resolve(event);
        } else {
          handler.handle_event(now, event);
        }
      }
      while (core->poll_transmit(out)) {
        more = true;
        log_message("sent", out.to, out.data);
        const std::uint64_t ticket = out.ticket;
        const std::uint64_t flow = transports.send(std::move(out));
        if (flow != 0 && ticket != 0) core->handle_sent(ticket, flow);
      }
    }
  }

  void update(base::time_point now) {
    pump(now);
    timer.update(poll_timeout());
  }

  void resolve(const ua::core_event& asked) {
    next_hops->find({asked.host, asked.port, asked.transport, asked.secure, {}}, 0,
                    [this, lookup = asked.lookup, host = asked.host](const base::error_code& error,
                                                                     const std::vector<sip::hop>& hops) {
                      if (error) warn_unresolved(host, error);
                      const base::time_point now = steady_clock_source::now();
                      core->handle_resolved(now, lookup, hops);
                      update(now);
                      transports.flush();
                    });
  }

  void log_message(std::string_view what, const sip::hop& hop, const base::packet_buffer& message) {
    if (!log.enabled(base::log_level::trace)) return;
    const std::string remote = hop.remote.to_string();
    const std::array fields{base::log_field{"transport", sip::name_of(hop.transport)},
                            base::log_field{"remote", remote}, base::log_field{"message", message.text()}};
    log.write({base::log_level::trace, "net", what, fields});
  }

  void log_failure(std::string_view what, const sip::hop& hop, const base::error_code& error) {
    if (!log.enabled(base::log_level::info)) return;
    const std::string remote = hop.remote.to_string();
    const std::string why = error.message();
    const std::array fields{base::log_field{"transport", sip::name_of(hop.transport)},
                            base::log_field{"remote", remote}, base::log_field{"error", why}};
    log.write({base::log_level::info, "net", what, fields});
  }

  void warn_unresolved(const std::string& host, const base::error_code& error) {
    if (!log.enabled(base::log_level::warning)) return;
    const std::string why = error.message();
    const std::array fields{base::log_field{"host", host}, base::log_field{"error", why}};
    log.write({base::log_level::warning, "net", "no server can be found for a host name", fields});
  }

  base::time_point poll_timeout() const noexcept {
    return std::min(core->poll_timeout(), handler.poll_timeout());
  }

  base::time_point handle_timeout(base::time_point now) {
    // Each round does as much as the queues hold.
    do {
      core->handle_timeout(now);
      handler.handle_timeout(now);
      pump(now);
    } while (poll_timeout() <= now);
    transports.flush();
    return poll_timeout();
  }

  user_agent_options options;
  user_agent_handler& handler;
  base::log_sink& log;
  base::buffer_pool pool;
  system_random random;
  std::optional<ua::core> core;
  transport_set transports;
  asio::any_io_executor executor;
  std::unique_ptr<name_source> names;
  std::optional<detail::next_hops> next_hops;
  std::vector<sip::listener> listeners;
  deadline_timer timer;
  bool pumping = false;
};

user_agent::user_agent(asio::any_io_executor executor, user_agent_options options,
                       user_agent_handler& handler, base::log_sink& log)
    : impl_(std::make_unique<implementation>(std::move(executor), std::move(options), handler, log)) {}

user_agent::~user_agent() = default;

base::result<void> user_agent::open(std::size_t& failed) { return impl_->open(failed); }
ua::core& user_agent::core() noexcept { return *impl_->core; }
const ua::core& user_agent::core() const noexcept { return *impl_->core; }
transport_set& user_agent::transports() noexcept { return impl_->transports; }
base::random_source& user_agent::random() noexcept { return impl_->random; }
const std::vector<sip::listener>& user_agent::listeners() const noexcept { return impl_->listeners; }

void user_agent::pump(base::time_point now) { impl_->update(now); }

}  // namespace parley::net
