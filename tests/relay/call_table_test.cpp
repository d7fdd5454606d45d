#include "call_table.hpp"

#include "ng_client.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace {

using namespace relay;
using namespace relay::test;
using namespace std::chrono_literals;

const std::string audio = "m=audio 5000 RTP/AVP 8\r\n";
const std::string offered = description("192.0.2.10", audio);
const std::string answered = description("192.0.2.20", audio);

void begin(ng_client& client, const std::string& media = audio) {
  REQUIRE(ng_client::result(client.offer(description("192.0.2.10", media))) == "ok");
  REQUIRE(ng_client::result(client.answer(description("192.0.2.20", media))) == "ok");
}

std::size_t calls(const ng_client& client) { return client.machine.calls().size(); }

TEST_CASE("A call that nobody answers ends, even if something is heard", "[relay]") {
  ng_client client;
  client.offer(offered);
  client.run(299s);
  client.medium().counters[0].last_packet = client.at.now;
  CHECK(calls(client) == 1);
  client.run(1s);
  CHECK(calls(client) == 0);
  CHECK(client.plane.media.empty());
  CHECK(client.machine.calls().counted().timed_out == 1);
  CHECK(client.machine.poll_timeout() == base::never);
}

TEST_CASE("A call ends when nothing was heard for too long", "[relay]") {
  ng_client client;
  begin(client);
  client.run(50s);
  client.medium().counters[1].last_packet = client.at.now;
  client.run(59s);
  CHECK(calls(client) == 1);
  client.run(1s);
  CHECK(calls(client) == 0);
}

TEST_CASE("A call that is held may be silent for longer", "[relay]") {
  ng_client client;
  begin(client, audio + "a=sendonly\r\n");
  client.run(3599s);
  CHECK(calls(client) == 1);
  client.run(1s);
  CHECK(calls(client) == 0);
}

TEST_CASE("Signalling keeps a call, too", "[relay]") {
  ng_client client;
  begin(client);
  client.run(59s);
  client.offer(offered, {{"to-tag", "b"}});
  client.run(59s);
  CHECK(calls(client) == 1);
}

TEST_CASE("Trouble is looked at, and ends a call only where its patience is over", "[relay]") {
  ng_client client;
  begin(client);
  client.plane.on_trouble(client.plane.media.begin()->first, trouble::silent);
  CHECK(client.machine.poll_timeout() <= client.at.now);
  client.run(0s);
  CHECK(calls(client) == 1);
  CHECK(client.machine.poll_timeout() == client.at.now + 60s);
  client.plane.on_trouble(4711, trouble::silent);
  CHECK(client.machine.poll_timeout() == client.at.now + 60s);
}

TEST_CASE("A deleted call's media pass until its delay is over", "[relay]") {
  ng_client client;
  begin(client);
  SECTION("which the settings say") {
    client.remove({});
    client.run(29s);
    CHECK(client.plane.media.size() == 1);
    client.run(1s);
    CHECK(client.plane.media.empty());
  }
  SECTION("or the command") {
    client.remove({{"delete-delay", 5}});
    CHECK(client.medium().gives_way);
    client.run(4s);
    CHECK(client.plane.media.size() == 1);
    client.run(1s);
    CHECK(client.plane.media.empty());
  }
  SECTION("or there is none") {
    client.remove();
    CHECK(client.plane.media.empty());
  }
  SECTION("however old the call is") {
    for (int i = 0; i < 60; ++i) {
      client.medium().counters[0].last_packet = client.at.now;
      client.run(30s);
    }
    REQUIRE(calls(client) == 1);
    client.remove({});
    client.run(29s);
    CHECK(client.plane.media.size() == 1);
    client.run(1s);
    CHECK(client.plane.media.empty());
  }
  CHECK(calls(client) == 0);
  CHECK(client.machine.calls().counted().timed_out == 0);
  CHECK(client.machine.calls().counted().ended == 1);
}

TEST_CASE("A refused medium gives its peers away, and an answered one is preferred", "[relay]") {
  ng_client client;
  begin(client);
  const auto medium = client.plane.media.begin()->first;
  CHECK(client.plane.preferred == std::vector<medium_id>{medium});
  CHECK(!client.medium().gives_way);
  CHECK(ng_client::result(client.offer(offered, {{"to-tag", "b"}})) == "ok");
  CHECK(ng_client::result(client.answer(description("192.0.2.20", "m=audio 0 RTP/AVP 8\r\n"))) == "ok");
  CHECK(client.medium().gives_way);
}

TEST_CASE("An offer takes back a delete whose delay goes on", "[relay]") {
  ng_client client;
  begin(client);
  client.remove({});
  CHECK(client.medium().gives_way);
  CHECK(ng_client::result(client.offer(offered, {{"to-tag", "b"}})) == "ok");
  CHECK(!client.medium().gives_way);
  CHECK(ng_client::result(client.answer(answered)) == "ok");
  client.run(31s);
  CHECK(client.plane.media.size() == 1);
}

TEST_CASE("Branches have ports of their own, and end alone", "[relay]") {
  ng_client client;
  client.offer(offered, {{"via-branch", "z1"}});
  client.offer(offered, {{"via-branch", "z2"}});
  CHECK(calls(client) == 1);
  CHECK(client.plane.media.size() == 2);
  client.remove({{"via-branch", "z1"}, {"from-tag", "a"}, {"delete-delay", 0}});
  CHECK(calls(client) == 1);
  CHECK(client.plane.media.size() == 1);
  client.answer(answered, {{"via-branch", "z2"}});
  CHECK(client.medium().settings[1].rtp.to_string() == "192.0.2.20:5000");
  client.remove({{"from-tag", "a"}, {"to-tag", "b"}, {"delete-delay", 0}});
  CHECK(calls(client) == 0);
}

TEST_CASE("There are no more calls than the settings allow", "[relay]") {
  control_settings few;
  few.max_calls = 2;
  ng_client client(few);
  for (const char* id : {"1", "2"}) {
    client.call_id = id;
    REQUIRE(ng_client::result(client.offer(offered)) == "ok");
  }
  client.call_id = "3";
  CHECK(ng_client::reason(client.offer(offered)) == "Parley-relay has as many calls as it may have");
  const value limited = client.offer(offered, {{"supports", value::list{"load limit"}}});
  CHECK(ng_client::result(limited) == "load limit");
  // A call that is there goes on, and one that ends makes place.
  client.call_id = "2";
  CHECK(ng_client::result(client.answer(answered)) == "ok");
  client.remove();
  client.call_id = "3";
  CHECK(ng_client::result(client.offer(offered)) == "ok");
}

TEST_CASE("A call has bounds in media and branches", "[relay]") {
  control_settings few;
  few.max_media = 3;
  few.max_dialogues = 2;
  ng_client client(few);
  CHECK(ng_client::reason(client.offer(description("192.0.2.10", audio + audio + audio + audio))) ==
        "The call has too many media");
  CHECK(calls(client) == 0);
  client.offer(offered, {{"via-branch", "z1"}});
  CHECK(ng_client::reason(client.offer(description("192.0.2.10", audio + audio + audio),
                                       {{"via-branch", "z2"}})) == "The call has too many media");
  client.offer(offered, {{"via-branch", "z2"}});
  CHECK(ng_client::reason(client.offer(offered, {{"via-branch", "z3"}})) == "The call has too many branches");
  CHECK(client.plane.media.size() == 2);
}

TEST_CASE("Where no port is free an offer fails and leaves nothing, and the next one may find some",
          "[relay]") {
  ng_client client({}, 30000, 30009);  // five pairs
  REQUIRE(client.plane.free_pairs() == 5);
  for (const char* id : {"1", "2"}) {
    client.call_id = id;
    REQUIRE(ng_client::result(client.offer(offered)) == "ok");
  }
  client.call_id = "3";
  CHECK(ng_client::reason(client.offer(offered)).starts_with("No ports for a medium: "));
  CHECK(calls(client) == 2);
  CHECK(client.plane.free_pairs() == 1);
  client.call_id = "1";
  client.remove();
  // Two media where there is place for one and a half.
  client.call_id = "3";
  CHECK(!ng_client::reason(client.offer(description("192.0.2.10", audio + audio))).empty());
  CHECK(client.plane.free_pairs() == 3);
  CHECK(ng_client::result(client.offer(offered)) == "ok");
}

TEST_CASE("While it drains calls go on, and new ones are refused", "[relay]") {
  ng_client client;
  begin(client);
  client.machine.drain();
  CHECK(ng_client::result(client.offer(offered, {{"to-tag", "b"}})) == "ok");
  client.call_id = "new";
  CHECK(ng_client::reason(client.offer(offered)) == "Parley-relay is draining: it takes no new calls");
  CHECK(calls(client) == 1);
}

TEST_CASE("Close ends all calls, and what was counted of them stays", "[relay]") {
  ng_client client;
  begin(client);
  client.medium().counters[0].packets = 100;
  client.medium().counters[1].bytes = 500;
  client.call_id = "other";
  begin(client);
  client.machine.close();
  CHECK(calls(client) == 0);
  CHECK(client.plane.media.empty());
  CHECK(client.plane.free_pairs() == 500);
  CHECK(client.machine.calls().totals().rtp_packets == 100);
  CHECK(client.machine.calls().totals().rtp_bytes == 500);
  CHECK(client.machine.poll_timeout() == base::never);
}

}  // namespace
