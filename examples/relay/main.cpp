// parley-relay: a media relay that SIP proxies drive by rtpengine's NG protocol.
#include <parley/net/stderr_log.hpp>
#include <parley/net/system_random.hpp>

#include "control_service.hpp"
#include "local_files.hpp"
#include "make_media_plane.hpp"
#include "ng_listeners.hpp"
#include "settings.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace relay;

constexpr int failed_start = 1;

int fail(const std::string& why) {
  std::fprintf(stderr, "parley-relay: %s\n", why.c_str());
  return failed_start;
}

/// What the last line says.
void tell_statistics(const control& machine) {
  const auto& counted = machine.calls().counted();
  const media_totals totals = machine.calls().totals();
  std::printf("parley-relay: %llu calls, %llu of them timed out, %llu packets, %llu bytes, %llu errors\n",
              static_cast<unsigned long long>(counted.begun),
              static_cast<unsigned long long>(counted.timed_out),
              static_cast<unsigned long long>(totals.rtp_packets + totals.rtcp_packets),
              static_cast<unsigned long long>(totals.rtp_bytes + totals.rtcp_bytes),
              static_cast<unsigned long long>(totals.rtp_errors));
  std::fflush(stdout);
}

/// The first signal asks calls to end by themselves, the second doesn't wait for them.
class shutdown {
 public:
  shutdown(asio::io_context& io, control_service& service, std::chrono::seconds patience)
      : io_(io), service_(service), patience_(patience), signals_(io, SIGINT, SIGTERM), timer_(io) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (std::exchange(asked_, true)) return io_.stop();
      service_.drain([this] { io_.stop(); });
      timer_.expires_after(patience_);
      timer_.async_wait([this](const boost::system::error_code& gone) {
        if (!gone) io_.stop();
      });
      wait();
    });
  }

  asio::io_context& io_;
  control_service& service_;
  std::chrono::seconds patience_;
  asio::signal_set signals_;
  asio::steady_timer timer_;
  bool asked_ = false;
};

int run(const relay_settings& settings) {
  parley::net::stderr_log log(settings.log_level);
  parley::net::system_random random;
  asio::io_context io(1);
  auto plane = make_media_plane(settings.media, io.get_executor(), log);
  if (!plane) return fail(plane.error().why);
  local_files disk;
  control machine(**plane, disk, random, settings.control, log);
  control_service service(io.get_executor(), machine);

  using opening = listener_result (*)(asio::io_context&, control_service&, const base::socket_address&);
  std::vector<std::unique_ptr<listener>> listeners;
  const auto open_all = [&](opening open, const std::vector<base::socket_address>& addresses,
                            const char* what) -> outcome<void> {
    for (const base::socket_address& at : addresses) {
      auto opened = open(io, service, at);
      if (!opened) return opened.error();
      std::printf("parley-relay: %s %s\n", what, (*opened)->local_address().to_string().c_str());
      listeners.push_back(*std::move(opened));
    }
    return {};
  };
  const std::vector<base::socket_address> metrics = settings.metrics
                                                        ? std::vector<base::socket_address>{*settings.metrics}
                                                        : std::vector<base::socket_address>{};
  if (const auto done = open_all(listen_ng_udp, settings.ng_udp, "NG over UDP at"); !done)
    return fail(done.error().why);
  if (const auto done = open_all(listen_ng_tcp, settings.ng_tcp, "NG over TCP at"); !done)
    return fail(done.error().why);
  if (const auto done = open_all(listen_ng_websocket, settings.ng_websocket, "NG over WebSocket at"); !done)
    return fail(done.error().why);
  if (const auto done = open_all(listen_metrics, metrics, "metrics at"); !done) return fail(done.error().why);
  std::fflush(stdout);

  const shutdown signals(io, service, settings.drain_timeout);
  io.run();
  machine.close();
  tell_statistics(machine);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const relay::reading read = relay::read_command_line(argc, argv);
    if (!read.run) {
      std::fputs(read.message.c_str(), read.exit_code == 0 ? stdout : stderr);
      return read.exit_code;
    }
    return run(read.settings);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
