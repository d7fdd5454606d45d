// parley-phone: a SIP phone, which does the steps of its command line or of a script.
#include <parley/net/stderr_log.hpp>

#include "phone.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace {

namespace asio = boost::asio;
using parley::as_values;
using parley_phone::outcome;

constexpr int wrong_use = 1;
constexpr int out_of_time = 4;
/// How long peers may take to agree to our leave.
constexpr std::chrono::seconds patience{5};

asio::awaitable<outcome> timed_out(std::chrono::seconds after) {
  asio::steady_timer timer(co_await asio::this_coro::executor, after);
  co_await timer.async_wait(as_values);
  co_return outcome{out_of_time, 0, "the time of " + std::to_string(after.count()) + " s is over"};
}

asio::awaitable<outcome> interrupted(asio::signal_set& signals) {
  const auto [error, number] = co_await signals.async_wait(as_values);
  co_return outcome{128 + number, 0, "ended by a signal"};
}

/// The steps, and the end of all calls, whatever ends the steps. Returns the exit code.
asio::awaitable<int> live(parley_phone::phone& phone, const parley_phone::settings& settings,
                          asio::signal_set& signals) {
  using namespace asio::experimental::awaitable_operators;
  const auto first = co_await (phone.do_steps() || timed_out(settings.timeout) || interrupted(signals));
  const outcome how = std::visit([](const outcome& one) { return one; }, first);
  if (how.exit_code != 0) phone.tell_failure(how);
  co_await (phone.leave() || timed_out(patience) || interrupted(signals));
  co_return how.exit_code;
}

int run(parley_phone::settings settings) {
  parley::net::stderr_log log(settings.log_level);
  asio::io_context io(1);
  if (settings.has_sound) {
    if (const auto sound = parley::audio::make(io.get_executor(), settings.sound); !sound) {
      std::fprintf(stderr, "parley-phone: --codec: %s\n", sound.error().message().c_str());
      return wrong_use;
    }
    settings.endpoint.media = [executor = io.get_executor(), options = settings.sound] {
      return *parley::audio::make(executor, options);
    };
  }
  std::string what;
  auto endpoint = parley::endpoint::make(io.get_executor(), std::move(settings.endpoint), what, log);
  if (!endpoint) {
    std::fprintf(stderr, "parley-phone: %s: %s\n", what.c_str(), endpoint.error().message().c_str());
    return wrong_use;
  }
  parley_phone::journal events(stdout);
  for (std::size_t i = 0; i < endpoint->listener_count(); ++i) {
    events.tell("listening",
                {{"address", endpoint->local_address(i).to_string()}, {"transport", settings.transports[i]}});
  }
  parley_phone::phone phone(*endpoint, settings, events);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  int exit_code = 0;
  std::exception_ptr failed;
  asio::co_spawn(io, live(phone, settings, signals), [&](std::exception_ptr thrown, int code) {
    failed = std::move(thrown);
    exit_code = code;
    io.stop();
  });
  io.run();
  if (failed) std::rethrow_exception(failed);
  if (exit_code == 0) events.tell("done");
  if (events.is_good()) return exit_code;
  std::fprintf(stderr, "parley-phone: can't write to standard output\n");
  return exit_code == 0 ? wrong_use : exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away must not keep us from hanging up.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    auto read = parley_phone::read_command_line(argc, argv);
    if (!read.run) {
      std::fputs(read.message.c_str(), read.exit_code == 0 ? stdout : stderr);
      return read.exit_code;
    }
    return run(std::move(read.settings));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parley-phone: %s\n", error.what());
    return wrong_use;
  }
}
