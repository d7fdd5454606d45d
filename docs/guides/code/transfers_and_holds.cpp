// The program behind the guide "Transfers and holds": Alice, Bob and Carol call, hold and transfer one
// another over the loopback address.
#include <parley/parley.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <tuple>
#include <utility>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> take(parley::incoming_call in) {
  const parley::call call = co_await in.answer();
  // [peer-holds]
  call.on_event([](const parley::call_event& event) {
    using kind = parley::call_event::kind;
    if (event.what == kind::held && event.by_peer) std::cout << "held: music may stop\n";
    if (event.what == kind::resumed && event.by_peer) std::cout << "resumed\n";
    if (event.what == kind::transferred && event.by_peer) std::cout << "now with " << event.text << '\n';
  });
  // [/peer-holds]
  co_await call.ended();
}

// [hold]
asio::awaitable<void> hold_for_a_while(parley::call call) {
  const auto [error] = co_await call.hold(parley::as_values);
  if (error) co_return;  // nothing has changed: go on talking
  asio::steady_timer while_away(co_await asio::this_coro::executor, std::chrono::milliseconds(10));
  co_await while_away.async_wait(asio::use_awaitable);
  co_await call.resume();
}
// [/hold]

// [blind]
asio::awaitable<void> hand_over(parley::call call, std::string target) {
  const auto [error] = co_await call.transfer(target, parley::as_values);
  if (error) {
    std::cout << "still ours: " << error.message() << '\n';
    co_return;
  }
  call.hang_up();
}
// [/blind]

// [attended]
asio::awaitable<void> ask_and_hand_over(parley::endpoint& alice, parley::call bob, std::string target) {
  co_await bob.hold();
  const auto [refused, carol] = co_await alice.call(target, parley::as_values);
  if (refused) {
    co_await bob.resume();
    co_return;
  }
  // Here Alice asks Carol whether she wants to talk to Bob.
  const auto [error] = co_await bob.transfer(carol, parley::as_values);
  if (error) {
    carol.hang_up();
    co_await bob.resume();
    co_return;
  }
  bob.hang_up();
}
// [/attended]

// [transferee]
asio::awaitable<void> follow(parley::incoming_transfer request) {
  std::cout << request.transferred().peer().uri << " sends us to " << request.target() << '\n';
  const parley::call old = request.transferred();
  const auto placed = request.accept();
  if (!placed) co_return;  // the peer has been told
  const auto [error] = co_await placed->answered(parley::as_values);
  if (error) co_return;  // and the old call goes on
  old.hang_up();
  co_await placed->ended();
}
// [/transferee]

std::string address_of(const parley::endpoint& one) { return "sip:" + one.local_address().to_string(); }

asio::awaitable<void> tour(parley::endpoint& alice, parley::endpoint& bob, parley::endpoint& carol) {
  const parley::call first = co_await alice.call(address_of(bob));
  co_await hold_for_a_while(first);
  co_await hand_over(first, "sip:nobody@127.0.0.1:1;transport=tcp");
  co_await hand_over(first, address_of(carol));
  co_await first.ended();

  const parley::call second = co_await alice.call(address_of(bob));
  co_await ask_and_hand_over(alice, second, address_of(carol));
  co_await second.ended();
  co_await bob.close();
  co_await carol.close();
}

}  // namespace

int main() try {
  asio::io_context io;
  const auto make = [&io](const char* identity) {
    return parley::endpoint{io, {.listen = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"}, .identity = identity}};
  };
  parley::endpoint alice = make("sip:alice@example.com");
  parley::endpoint bob = make("sip:bob@example.com");
  parley::endpoint carol = make("sip:carol@example.com");
  bob.on_call(take);
  bob.on_transfer(follow);
  carol.on_call(take);

  std::exception_ptr failed;
  asio::co_spawn(io, tour(alice, bob, carol), [&](std::exception_ptr error) {
    failed = error;
    io.stop();
  });
  io.run();
  if (failed) std::rethrow_exception(failed);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
