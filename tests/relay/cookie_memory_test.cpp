#include "cookie_memory.hpp"

#include "ng_client.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace {

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;

const base::ip_address host = *base::ip_address::from_string("192.0.2.5");
const base::ip_address other_host = *base::ip_address::from_string("192.0.2.6");
const base::time_point start{1000s};

TEST_CASE("An answer is kept for its message, host and time", "[relay]") {
  cookie_memory memory({});
  CHECK(memory.find(start, host, "1 de") == nullptr);
  memory.put(start, host, "1 de", "answer");
  REQUIRE(memory.find(start + 9s, host, "1 de") != nullptr);
  CHECK(*memory.find(start + 9s, host, "1 de") == "answer");
  CHECK(memory.find(start + 9s, *base::ip_address::from_string("::ffff:192.0.2.5"), "1 de") != nullptr);
  CHECK(memory.find(start + 9s, other_host, "1 de") == nullptr);
  CHECK(memory.find(start + 9s, host, "1 {}") == nullptr);
  CHECK(memory.find(start + 10s, host, "1 de") == nullptr);
  CHECK(memory.count() == 0);
  CHECK(memory.bytes() == 0);
}

TEST_CASE("The first answer of a message stays", "[relay]") {
  cookie_memory memory({});
  memory.put(start, host, "1 de", "first");
  memory.put(start, host, "1 de", "second");
  CHECK(*memory.find(start, host, "1 de") == "first");
  CHECK(memory.count() == 1);
  CHECK(memory.bytes() == 5);
}

TEST_CASE("The oldest answers are forgotten where there are too many", "[relay]") {
  cookie_memory memory({}, {.kept = 10s, .count = 3, .bytes = 10});
  for (const char* message : {"1 de", "2 de", "3 de", "4 de"}) memory.put(start, host, message, "x");
  CHECK(memory.count() == 3);
  CHECK(memory.find(start, host, "1 de") == nullptr);
  CHECK(memory.find(start, host, "2 de") != nullptr);
  memory.put(start, host, "5 de", "123456789");
  CHECK(memory.count() == 2);
  CHECK(memory.bytes() == 10);
  CHECK(memory.find(start, host, "4 de") != nullptr);
  memory.put(start, host, "6 de", "12345678901");
  CHECK(memory.find(start, host, "6 de") == nullptr);
  CHECK(memory.count() == 2);
}

const std::string sdp = description("192.0.2.10", "m=audio 5000 RTP/AVP 8\r\n");

std::string offer_message(const std::string& cookie, const std::string& call) {
  return write_message(
      cookie, body_form::bencode,
      value::dictionary{{"command", "offer"}, {"call-id", call}, {"from-tag", "a"}, {"sdp", sdp}});
}

TEST_CASE("A command that comes again is answered from memory, and not done again", "[relay]") {
  ng_client client;
  const std::string offer = offer_message("c1", "1");
  const std::string answer = client.raw(offer);
  CHECK(answer.starts_with("c1 d3:sdp"));
  const std::string remove = "c2 d7:command6:delete7:call-id1:112:delete-delayi0ee";
  const std::string removed = client.raw(remove);
  CHECK(removed.find("6:result2:ok") != std::string::npos);
  CHECK(client.plane.media.empty());
  // Late repetitions of both: the call doesn't come back, and the delete doesn't complain.
  CHECK(client.raw(offer) == answer);
  CHECK(client.raw(remove) == removed);
  CHECK(client.plane.media.empty());
  CHECK(client.machine.repetitions() == 2);
  CHECK(client.machine.commands()[1].done == 1);
}

TEST_CASE("Another command under the same cookie, or from another host, is done", "[relay]") {
  ng_client client;
  client.raw(offer_message("c", "1"));
  client.raw(offer_message("c", "2"));
  CHECK(client.machine.calls().size() == 2);
  client.from = other_host;
  client.raw(offer_message("c", "1"));
  CHECK(client.machine.repetitions() == 0);
  CHECK(client.machine.commands()[1].done == 3);
}

TEST_CASE("What changes nothing isn't kept", "[relay]") {
  ng_client client;
  client.raw("1 d7:command4:pinge");
  client.raw("1 d7:command4:pinge");
  client.raw("2 d7:command4:liste");
  client.raw("3 d7:commande");
  CHECK(client.machine.cookies().count() == 0);
  CHECK(client.machine.commands()[0].done == 2);
}

}  // namespace
