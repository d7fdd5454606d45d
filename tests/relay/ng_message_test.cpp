#include "ng_message.hpp"

#include "ng_client.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace relay;
using namespace relay::test;

/// All messages of a stream that comes in pieces of that size.
std::vector<std::string> framed(std::string_view stream, std::size_t piece, message_framer& framer) {
  std::vector<std::string> out;
  while (!stream.empty()) {
    framer.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    while (auto message = framer.next()) out.push_back(*std::move(message));
  }
  return out;
}

std::string_view failure_of(std::string_view stream, const body_limits& limits = {}) {
  message_framer framer(limits);
  framer.feed(stream);
  while (framer.next()) {
  }
  return framer.failure();
}

TEST_CASE("A message is a cookie, a space and a body", "[relay]") {
  const auto parts = split_message("5323_1 d7:command4:pinge");
  REQUIRE(parts);
  CHECK(parts->cookie == "5323_1");
  CHECK(parts->body == "d7:command4:pinge");
  CHECK(!split_message(""));
  CHECK(!split_message("cookie"));
  CHECK(!split_message(" d7:command4:pinge"));
  CHECK(split_message(std::string(max_cookie, 'c') + " de"));
  CHECK(!split_message(std::string(max_cookie + 1, 'c') + " de"));
}

TEST_CASE("An answer has the form of its command", "[relay]") {
  ng_client client;
  CHECK(client.raw("1 d7:command4:pinge") == "1 d6:result4:ponge");
  CHECK(client.raw("2 d7:command4:pinge\r\n") == "2 d6:result4:ponge");
  CHECK(client.raw("3 {\"command\":\"ping\"}") == "3 {\"result\":\"pong\"}");
  CHECK(client.raw("4 {\"command\":\"ping\"} \n") == "4 {\"result\":\"pong\"}");
}

TEST_CASE("What can't be read is answered with the place of the error, if there is a cookie", "[relay]") {
  ng_client client;
  CHECK(client.raw("1 d7:commande") ==
        "1 d6:result5:error12:error-reason71:The body can't be read: a key of a dictionary has no value "
        "(at byte 10)e");
  CHECK(client.raw("1 {\"command\":")
            .find("1 {\"error-reason\":\"The body can't be read: the body is not JSON") == 0);
  CHECK(client.raw("1 ping").find("a command is a dictionary in bencode or an object in JSON") !=
        std::string::npos);
  CHECK(client.raw("1 ").find("error-reason") != std::string::npos);
  CHECK(client.raw("ping").empty());
  CHECK(client.raw("").empty());
}

TEST_CASE("Messages are found in a stream however it is cut", "[relay]") {
  const std::vector<std::string> all = {
      "1 d7:command4:pinge",
      "2 {\"command\":\"ping\",\"x\":\"}\\\"]{\"}",
      "3 d1:ali1ei-2e3:eeed1:b0:eee",
      "4 {\"a\":[{\"b\":[]}]}",
      "5 de",
  };
  std::string stream = "\r\n ";
  for (const std::string& one : all) stream += one + "\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    message_framer framer;
    REQUIRE(framed(stream, piece, framer) == all);
    REQUIRE(framer.failure().empty());
  }
}

TEST_CASE("Messages stand one behind the other without anything between", "[relay]") {
  message_framer framer;
  CHECK(framed("1 de2 {}3 de", 100, framer) == std::vector<std::string>{"1 de", "2 {}", "3 de"});
  CHECK(framer.waiting_bytes() == 0);
}

TEST_CASE("A stream that can't be followed fails for good", "[relay]") {
  CHECK(failure_of("1 ping") == "a command is a dictionary in bencode or an object in JSON");
  CHECK(failure_of("1 dxe") == "an element begins with i, l, d or a length");
  CHECK(failure_of(std::string(300, 'c')) == "a cookie is too long");
  CHECK(failure_of(std::string(256, 'c') + " de") == "a cookie is too long");
  CHECK(failure_of("1 d9999999:") == "a text is too long");
  CHECK(failure_of("1 d" + std::string(30, '1')) == "the length of a text is too long");
  CHECK(failure_of("1 d1:ai" + std::string(30, '1')) == "an integer is too long");
  CHECK(failure_of("1 d" + std::string(100, 'l')) == "lists and dictionaries are too deep within each other");
  CHECK(failure_of("1 {" + std::string(100, '[')) == "lists and dictionaries are too deep within each other");
  CHECK(failure_of("1 {\"" + std::string(2U << 20U, 'x')) == "a message is too large");

  message_framer framer;
  framer.feed("1 x");
  CHECK(!framer.next());
  framer.feed("2 de");
  CHECK(!framer.next());
  CHECK(framer.waiting_bytes() == 0);
}

}  // namespace
