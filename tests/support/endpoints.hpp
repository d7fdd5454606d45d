#pragma once

#include <parley/parley.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace parley::test {

namespace asio = boost::asio;

/// Runs a coroutine to its end, and throws what leaves it, or that it took longer than `most`.
inline void run(asio::io_context& io, asio::awaitable<void> what,
                std::chrono::steady_clock::duration most = std::chrono::seconds(20)) {
  std::optional<std::exception_ptr> ended;
  asio::co_spawn(io, std::move(what), [&](std::exception_ptr error) { ended = std::move(error); });
  const auto last = std::chrono::steady_clock::now() + most;
  while (!ended && std::chrono::steady_clock::now() < last) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
  if (!ended) throw std::runtime_error("it has not come to its end in time");
  if (*ended) std::rethrow_exception(*ended);
}

/// Waits for a while, for what is not to happen.
inline asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

/// An endpoint on loopback that keeps the calls, messages and transfers that come in.
struct agent {
  explicit agent(asio::io_context& io, std::string name, std::string transport = "udp",
                 endpoint_options options = {})
      : ep(io, with(std::move(options), name, transport)), user(std::move(name)), over(std::move(transport)) {
    ep.on_call([this](incoming_call in) { calls.push_back(std::move(in)); });
    ep.on_message([this](incoming_message m) { messages.push_back(std::move(m)); });
    ep.on_transfer([this](incoming_transfer t) { transfers.push_back(std::move(t)); });
  }

  static endpoint_options with(endpoint_options options, const std::string& name,
                               const std::string& transport) {
    options.listen = {transport + ":127.0.0.1:0"};
    if (options.identity.empty()) options.identity = "\"" + name + "\" <sip:" + name + "@example.com>";
    return options;
  }

  std::string uri() const {
    return "sip:" + user + '@' + ep.local_address().to_string() + ";transport=" + over;
  }

  /// Takes the next call that comes in.
  asio::awaitable<incoming_call> take_call() { return next(calls); }
  asio::awaitable<incoming_message> take_message() { return next(messages); }
  asio::awaitable<incoming_transfer> take_transfer() { return next(transfers); }

  endpoint ep;
  std::string user;
  std::string over;
  std::vector<incoming_call> calls;
  std::vector<incoming_message> messages;
  std::vector<incoming_transfer> transfers;

 private:
  template <class T>
  static asio::awaitable<T> next(std::vector<T>& from) {
    while (from.empty()) co_await pause(std::chrono::milliseconds(1));
    T out = std::move(from.front());
    from.erase(from.begin());
    co_return out;
  }
};

/// The next event of that kind; others on the way are dropped.
inline asio::awaitable<call_event> next_event(call of, call_event::kind what) {
  for (;;) {
    call_event event = co_await of.next_event();
    if (event.what == what) co_return event;
  }
}

/// Both handles of a call that is established.
struct pair_of_calls {
  call caller;
  call callee;
};
inline asio::awaitable<pair_of_calls> connect(agent& from, agent& to) {
  auto made = from.ep.dial(to.uri());
  const auto in = co_await to.take_call();
  call callee = co_await in.answer();
  call caller = std::move(*made);
  co_await caller.answered();
  co_return pair_of_calls{caller, callee};
}

}  // namespace parley::test
