// parley-hello [LISTENER]: answers calls, and says who calls and how that ended. Signalling only: nobody is
// heard.
#include <parley/parley.hpp>

#include <exception>
#include <iostream>

namespace asio = boost::asio;

asio::awaitable<void> talk(parley::incoming_call in) {
  std::cout << in.caller().uri << " calls" << std::endl;
  const parley::call call = co_await in.answer();
  const parley::call_ending how = co_await call.ended();
  std::cout << call.peer().uri << ": " << to_string(how.why) << std::endl;
}

int main(int argc, char** argv) try {
  asio::io_context io;
  parley::endpoint phone{io, {.listen = {argc > 1 ? argv[1] : "udp:0.0.0.0:5060"}}};
  phone.on_call(talk);
  std::cout << "call me at " << phone.local_address().to_string() << std::endl;
  io.run();
} catch (const std::exception& error) {
  std::cerr << "parley-hello: " << error.what() << std::endl;
  return 1;
}
