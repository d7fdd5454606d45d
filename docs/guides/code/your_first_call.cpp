// The program behind the guide "Your first call": Alice calls Bob over the loopback address, in each way that
// the guide shows. Given an address, a registrar and a password, it registers first.
#include <parley/parley.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace oa = parley::offer_answer;
using namespace std::chrono_literals;

namespace {

// [take]
asio::awaitable<void> take(parley::incoming_call in) {
  std::cout << in.caller().uri << " calls " << in.target() << '\n';
  if (in.header("Subject") == "advertising") {
    std::ignore = in.refuse(603);
    co_return;
  }
  if (!in.ring()) co_return;  // the caller has given up
  const parley::call call = co_await in.answer();
  const parley::call_ending how = co_await call.ended();
  std::cout << "the call is over: " << to_string(how.why) << '\n';
}
// [/take]

// [place]
asio::awaitable<void> place(parley::endpoint& alice, std::string bob) {
  const parley::call call = co_await alice.call(bob);
  std::cout << "talking to " << call.peer().uri << '\n';
  call.hang_up();
  co_await call.ended();
}
// [/place]

// [errors]
asio::awaitable<void> place_politely(parley::endpoint& alice, std::string bob) {
  parley::call_options options;
  options.display_name = "Alice, by a program";
  options.headers = {{"Subject", "advertising"}};
  const auto [error, call] = co_await alice.call(bob, options, parley::as_values);
  if (const int status = parley::status_of(error); status != 0) {
    std::cout << "refused with " << status << '\n';
  } else if (error) {
    std::cout << "not placed: " << error.message() << '\n';
  }
}
// [/errors]

// [callbacks]
class caller {
 public:
  void start(parley::endpoint& alice, const std::string& bob) {
    alice.call(bob, [this](parley::base::error_code error, parley::call placed) {
      if (error) return;
      call_ = std::move(placed);
      call_.on_event([this](const parley::call_event& event) {
        if (event.what == parley::call_event::kind::ended) ended = true;
      });
      call_.send_dtmf("42#", [this](parley::base::error_code) { call_.hang_up(); });
    });
  }

  bool ended = false;

 private:
  parley::call call_;
};
// [/callbacks]

// [cancel]
asio::awaitable<void> place_impatiently(parley::endpoint& alice, std::string bob) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer patience(alice.get_executor(), 100ms);
  const auto first = co_await (alice.call(bob) || patience.async_wait(asio::use_awaitable));
  if (first.index() == 1) std::cout << "not answered in time, and given up\n";
}
// [/cancel]

// [events]
asio::awaitable<void> follow(parley::call call) {
  using kind = parley::call_event::kind;
  for (;;) {
    const auto [error, event] = co_await call.next_event(parley::as_values);
    if (error) co_return;  // the last was `ended`
    if (event.what == kind::ringing) std::cout << "ringing: " << event.status << ' ' << event.reason << '\n';
    if (event.what == kind::early_media) std::cout << "what comes now may be heard\n";
    if (event.what == kind::answered) std::cout << "answered\n";
    if (event.what == kind::dtmf) std::cout << "key " << event.key << '\n';
    if (event.what == kind::ended) std::cout << "over: " << to_string(event.ending.why) << '\n';
  }
}
// [/events]

// [dial]
asio::awaitable<void> place_and_follow(parley::endpoint& alice, std::string bob) {
  const auto placed = alice.dial(bob, {.display_name = "Alice"});
  if (!placed) throw boost::system::system_error(placed.error(), bob);
  asio::co_spawn(alice.get_executor(), follow(*placed), asio::detached);
  co_await placed->answered();
  placed->hang_up();
  co_await placed->ended();
}
// [/dial]

// [register]
asio::awaitable<parley::registration> enroll(parley::endpoint& alice, parley::registration_options options) {
  const auto made = alice.register_address(std::move(options));
  if (!made) throw boost::system::system_error(made.error(), "registration");
  made->on_event([](const parley::registration_event& event) {
    if (event.what != parley::registration_event::kind::failed) return;
    std::cout << "not registered: " << event.status << ' ' << event.reason << '\n';
  });
  co_await made->registered();
  co_return *made;
}
// [/register]

// [media]
class sound final : public parley::call_media {
 public:
  explicit sound(const asio::any_io_executor& executor) : socket_(executor) {}

  std::vector<oa::medium> describe() override {
    oa::medium audio;
    audio.formats = {{.codec = {111, "opus", 48000, 2}, .parameters = "useinbandfec=1", .feedback = {}},
                     {.codec = {0, "PCMU", 8000, 1}, .parameters = {}, .feedback = {}}};
    return {audio};
  }

  parley::base::result<oa::local_transport> open(std::size_t /*place*/,
                                                 const parley::base::ip_address& local) override {
    using asio::ip::udp;
    boost::system::error_code error;
    const udp::endpoint at(asio::ip::make_address(local.to_string(), error), 0);
    if (!error) socket_.open(at.protocol(), error);
    if (!error) socket_.bind(at, error);
    if (error) return error;
    return oa::local_transport{.rtp = {local, socket_.local_endpoint().port()}};
  }

  void apply(std::span<const oa::negotiated_medium> agreed) override {
    for (const oa::negotiated_medium& medium : agreed) {
      if (!medium.active) continue;
      std::cout << "to send: " << medium.formats.front().send.codec.encoding << " to " << medium.rtp.host << ':'
                << medium.rtp.port << '\n';
    }
  }

  void close() override { socket_.close(); }

 private:
  asio::ip::udp::socket socket_;
};
// [/media]

// [media-in-use]
asio::awaitable<void> place_with_sound(parley::endpoint& alice, std::string bob) {
  parley::call_options options;
  options.media = std::make_shared<sound>(alice.get_executor());
  const parley::call call = co_await alice.call(bob, options);
  call.hang_up();
  co_await call.ended();
}
// [/media-in-use]

asio::awaitable<void> ring_only(parley::incoming_call in) {
  std::ignore = in.ring();
  co_await in.handle().ended();
}

asio::awaitable<void> tour(parley::endpoint& alice, parley::endpoint& bob, std::string to) {
  bob.on_call(take);
  co_await place(alice, to);
  co_await place_politely(alice, to);
  co_await place_and_follow(alice, to);
  co_await place_with_sound(alice, to);
  caller by_callbacks;
  by_callbacks.start(alice, to);
  while (!by_callbacks.ended) {
    asio::steady_timer soon(alice.get_executor(), 1ms);
    co_await soon.async_wait(asio::use_awaitable);
  }
  bob.on_call(ring_only);
  co_await place_impatiently(alice, to);
  // [close]
  co_await alice.close();
  // [/close]
  co_await bob.close();
}

}  // namespace

int main(int argc, char** argv) try {
  // [endpoint]
  asio::io_context io;
  parley::endpoint alice{io,
                         {.listen = {"udp:127.0.0.1:0"}, .identity = "\"Alice\" <sip:alice@example.com>"}};
  // [/endpoint]
  parley::endpoint bob{io, {.listen = {"udp:127.0.0.1:0"}}};
  const std::string to = "sip:bob@" + bob.local_address().to_string();
  std::exception_ptr failed;
  parley::registration registration;
  const auto all = [&]() -> asio::awaitable<void> {
    if (argc == 4) {
      // [account]
      std::ignore = alice.set_account({.realm = "example.com", .username = "alice", .password = argv[3]});
      parley::registration_options options;
      options.address = argv[1];
      options.registrar = argv[2];
      registration = co_await enroll(alice, std::move(options));
      // [/account]
    }
    co_await tour(alice, bob, to);
  };
  asio::co_spawn(io, all(), [&](std::exception_ptr error) {
    failed = error;
    io.stop();
  });
  io.run();
  if (failed) std::rethrow_exception(failed);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
