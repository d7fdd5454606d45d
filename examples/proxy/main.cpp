#include <parley/net/proxy_server.hpp>
#include <parley/net/stderr_log.hpp>
#include <parley/sip/chars.hpp>

#include "configuration.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

namespace {

namespace asio = boost::asio;
namespace base = parley::base;
namespace net = parley::net;

using std::chrono::steady_clock;

void log(base::log_sink& sink, base::log_level level, std::string_view message,
         std::span<const base::log_field> fields = {}) {
  if (sink.enabled(level)) sink.write({level, "parley-proxy", message, fields});
}

std::string listener_text(const net::listener_options& listener, const base::socket_address& local) {
  std::string text(parley::sip::name_of(listener.transport));
  std::transform(text.begin(), text.end(), text.begin(), parley::sip::lower);
  return text + ":" + local.to_string();
}

/// Waits for signals: SIGHUP reads keys and certificates again; the first of the others drains, the second,
/// or the end of the drain's time, stops.
class life {
 public:
  life(net::proxy_server& server, base::log_sink& log, const parley_proxy::configuration& config)
      : server_(server),
        log_(log),
        drain_timeout_(config.drain_timeout),
        tls_(config.tls),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        timer_(io_) {}

  void run() {
    wait_for_signal();
    io_.run();
  }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
        return wait_for_signal();
      }
      if (draining_) {
        log(log_, base::log_level::warning, "a second signal: ended at once");
        return io_.stop();
      }
      draining_ = true;
      deadline_ = steady_clock::now() + drain_timeout_;
      const auto status = server_.status();
      const std::array fields{base::log_field{"calls", std::uint64_t{status.calls}},
                              base::log_field{"requests", std::uint64_t{status.requests_under_way}}};
      log(log_, base::log_level::info, "draining: new calls get 503, what is under way is finished", fields);
      server_.drain();
      wait_for_drain();
      wait_for_signal();
    });
  }

  void reload() {
    if (tls_.certificates.empty()) return;
    if (const auto made = net::tls_context::make(tls_)) {
      server_.set_tls(*made);
      log(log_, base::log_level::info, "keys and certificates were read again");
    } else {
      const std::string why = made.error().what;
      const std::array fields{base::log_field{"error", why}};
      log(log_, base::log_level::error, "keys and certificates stay as they were: they can't be read again",
          fields);
    }
  }

  void wait_for_drain() {
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      if (server_.is_drained()) {
        log(log_, base::log_level::info, "drained");
        return io_.stop();
      }
      if (steady_clock::now() >= deadline_) {
        const auto status = server_.status();
        const std::array fields{base::log_field{"calls", std::uint64_t{status.calls}},
                                base::log_field{"requests", std::uint64_t{status.requests_under_way}}};
        log(log_, base::log_level::warning, "the time to drain is over: ended with work left", fields);
        return io_.stop();
      }
      wait_for_drain();
    });
  }

  net::proxy_server& server_;
  base::log_sink& log_;
  std::chrono::seconds drain_timeout_;
  net::tls_options tls_;
  asio::io_context io_;
  asio::signal_set signals_;
  asio::steady_timer timer_;
  steady_clock::time_point deadline_;
  bool draining_ = false;
};

int run(parley_proxy::configuration& config) {
  net::stderr_log sink(config.log_level);
  const auto listeners = config.server.listeners;
  const std::size_t workers = config.server.workers;
  net::proxy_server server(std::move(config.server), sink);
  std::size_t failed = 0;
  if (const auto opened = server.open(failed); !opened) {
    std::fprintf(stderr, "parley-proxy: can't listen on %s: %s\n",
                 listener_text(listeners[failed], listeners[failed].bind).c_str(),
                 opened.error().message().c_str());
    return 1;
  }
  life until_signal(server, sink, config);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const std::string where = listener_text(listeners[i], server.local_address(i));
    const std::array fields{base::log_field{"address", where},
                            base::log_field{"workers", std::uint64_t{workers}}};
    log(sink, base::log_level::info, "listening", fields);
  }
  server.start();
  until_signal.run();
  const auto status = server.status();
  server.stop();
  const std::array fields{
      base::log_field{"received", status.core.received},
      base::log_field{"requests_forwarded", status.core.requests_forwarded},
      base::log_field{"responses_forwarded", status.core.responses_forwarded},
      base::log_field{"refused", status.core.refused},
      base::log_field{"overload", status.core.overload},
      base::log_field{"shed", status.core.shed},
      base::log_field{"shed_unanswered", status.core.shed_unanswered},
      base::log_field{"spared", status.core.spared},
      base::log_field{"rate_limited", status.core.rate_limited},
      base::log_field{"moved_to_tcp", status.core.moved_to_tcp},
      base::log_field{"dropped_malformed", status.core.dropped_malformed},
      base::log_field{"dropped_stray", status.core.dropped_stray},
      base::log_field{"dropped_no_room", status.core.dropped_no_room},
      base::log_field{"too_large", status.transport.datagrams_too_large},
      base::log_field{"no_buffer", status.transport.datagrams_no_buffer + status.transport.stream_no_buffer},
      base::log_field{"connections_accepted", status.transport.connections_accepted},
      base::log_field{"connections_refused", status.transport.connections_refused},
      base::log_field{"sources_refused", status.transport.sources_refused},
      base::log_field{"accept_back_offs", status.transport.accept_back_offs},
      base::log_field{"proxy_senders_refused", status.transport.proxy_senders_refused},
      base::log_field{"proxy_headers_refused", status.transport.proxy_headers_refused},
      base::log_field{"handshakes_refused", status.transport.handshakes_refused},
      base::log_field{"source_handshakes_refused", status.transport.source_handshakes_refused},
      base::log_field{"handshakes_failed", status.transport.handshakes_failed},
      base::log_field{"connections_timed_out", status.transport.connections_timed_out},
      base::log_field{"handshake_timeouts", status.transport.handshake_timeouts},
      base::log_field{"http_timeouts", status.transport.http_timeouts},
      base::log_field{"first_message_timeouts", status.transport.first_message_timeouts},
      base::log_field{"message_timeouts", status.transport.message_timeouts},
      base::log_field{"write_timeouts", status.transport.write_timeouts},
      base::log_field{"idle_timeouts", status.transport.idle_timeouts},
      base::log_field{"connections_failed", status.transport.connections_failed},
      base::log_field{"connect_timeouts", status.transport.connect_timeouts},
      base::log_field{"races_refused", status.transport.races_refused},
      base::log_field{"keep_alives_refused", status.transport.keep_alives_refused},
      base::log_field{"flows_dead", status.transport.flows_dead},
      base::log_field{"datagram_queue_drops", status.transport.datagram_queue_drops},
      base::log_field{"reports_dropped", status.transport.reports_dropped},
      base::log_field{"stream_queue_full", status.transport.stream_queue_full},
      base::log_field{"stream_budget_full", status.transport.stream_budget_full},
      base::log_field{"connections_shed", status.transport.connections_shed},
      base::log_field{"stream_messages_too_large", status.transport.stream_messages_too_large},
      base::log_field{"framing_errors", status.transport.framing_errors},
      base::log_field{"dns_queries", status.dns.queries},
      base::log_field{"dns_cache_hits", status.dns.cache_hits},
      base::log_field{"dns_timed_out", status.dns.timed_out},
      base::log_field{"dns_failed", status.dns.failed + status.dns.refused},
      base::log_field{"dns_stale", status.dns.stale},
      base::log_field{"dns_zone_full", status.dns.zone_full},
      base::log_field{"dns_rejected", status.dns.rejected},
      base::log_field{"hops_failed", status.hops_failed}};
  log(sink, base::log_level::info, "ended", fields);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto read = parley_proxy::read_command_line(argc, argv);
    if (!read.run) {
      std::fputs(read.message.c_str(), read.exit_code == 0 ? stdout : stderr);
      return read.exit_code;
    }
    return run(read.config);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parley-proxy: %s\n", error.what());
    return 1;
  }
}
