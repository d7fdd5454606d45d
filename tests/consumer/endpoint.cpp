// Makes an endpoint with the installed library, and calls it.
#include <parley/parley.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <string>

int main() {
  boost::asio::io_context io;
  parley::endpoint alice(io, {.listen = {"udp:127.0.0.1:0"}});
  parley::endpoint bob(io, {.listen = {"udp:127.0.0.1:0"}});
  bool answered = false;
  bob.on_call([](const parley::incoming_call& in) {
    in.answer([](parley::base::error_code, const parley::call& call) {
      if (call) call.ended([](parley::base::error_code, const parley::call_ending&) {});
    });
  });
  alice.call("sip:bob@" + bob.local_address().to_string(),
             [&](parley::base::error_code error, const parley::call&) {
               answered = !error;
               io.stop();
             });
  io.run_for(std::chrono::seconds(10));
  if (!answered) std::fputs("the installed library does not call\n", stderr);
  return answered ? 0 : 1;
}
