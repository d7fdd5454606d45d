#include "ng_client.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

// What comes from somebody who wants to harm: each test says what stays bounded.

namespace {

using namespace relay;
using namespace relay::test;

const std::string audio = "m=audio 5000 RTP/AVP 8\r\n";
const std::string offered = description("192.0.2.10", audio);

std::string repeated(std::string_view what, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}

TEST_CASE("A flood of offers fills the table and no more, and its end is the end of it", "[relay][attack]") {
  control_settings few;
  few.max_calls = 100;
  ng_client client(few);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    client.call_id = "flood-" + std::to_string(i);
    if (ng_client::result(client.offer(offered)) != "ok") ++refused;
  }
  CHECK(refused == 900);
  CHECK(client.machine.calls().size() == 100);
  CHECK(client.plane.media.size() == 100);
  client.run(few.unanswered);
  CHECK(client.machine.calls().size() == 0);
  CHECK(client.plane.free_pairs() == 500);
}

TEST_CASE("A flood of branches and offers in one call stays within the call's bounds", "[relay][attack]") {
  ng_client client;
  for (int i = 0; i < 500; ++i) client.offer(offered, {{"via-branch", "z" + std::to_string(i)}});
  CHECK(client.plane.media.size() == client.settings.max_dialogues);
  client.call_id = "2";
  for (int i = 0; i < 500; ++i) client.offer(offered);
  CHECK(client.plane.media.size() == client.settings.max_dialogues + 1);
}

TEST_CASE("A flood of answers with ever new tags keeps a bounded memory of them", "[relay][attack]") {
  ng_client client;
  client.offer(offered);
  for (int i = 0; i < 500; ++i) {
    const value done =
        client.command("answer", {{"from-tag", "a"}, {"to-tag", "t" + std::to_string(i)}, {"sdp", offered}});
    REQUIRE(ng_client::result(done) == "ok");
  }
  std::size_t tags = 0;
  client.machine.calls().for_each([&](const call& one) {
    REQUIRE(one.dialogues().size() == 1);
    tags = one.dialogues().front()->ends[1].former_tags.size();
  });
  CHECK(tags == 16);
}

TEST_CASE("Answers in memory are bounded under a flood of cookies", "[relay][attack]") {
  ng_client client;
  client.offer(offered);
  for (int i = 0; i < 70'000; ++i) client.raw(std::to_string(i) + " d7:command6:delete7:call-id4:nonee");
  CHECK(client.machine.cookies().count() == 65536);
  client.wait(std::chrono::seconds(11));
  client.raw("1 d7:command4:pinge");
  CHECK(client.machine.cookies().count() == 0);
}

TEST_CASE("Bodies that would grow are refused before they do", "[relay][attack]") {
  ng_client client;
  for (const std::string& bomb : std::initializer_list<std::string>{
           "1 " + repeated("d1:a", 200'000),
           "1 d1:a" + repeated("l", 900'000) + repeated("e", 900'000) + "e",
           "1 d1:al" + repeated("0:", 400'000) + "ee",
           "1 d1:a9999999999:x",
           "1 d1:ai" + repeated("9", 900'000) + "ee",
           "1 {\"a\":" + repeated("[", 900'000),
           "1 {\"a\":[" + repeated("1,", 400'000) + "1]}",
           "1 d" + repeated("1:ai1e", 100'000) + "e",
           "1 d1:a" + std::to_string(2U << 20U) + ":" + std::string(2U << 20U, 'x') + "e",
       }) {
    CAPTURE(bomb.substr(0, 20));
    const std::string answer = client.raw(bomb);
    CHECK(answer.find("The body can't be read") != std::string::npos);
    CHECK(answer.size() < 300);
  }
}

TEST_CASE("Descriptions that would grow are refused, and open nothing", "[relay][attack]") {
  ng_client client;
  CHECK(!ng_client::reason(client.offer(description("192.0.2.10", repeated(audio, 17)))).empty());
  CHECK(!ng_client::reason(client.offer(offered + repeated("a=x\r\n", 2000))).empty());
  CHECK(!ng_client::reason(client.offer(offered + "a=" + std::string(100'000, 'x') + "\r\n")).empty());
  CHECK(
      !ng_client::reason(client.offer(description("192.0.2.10", "m=audio 5000/200 RTP/AVP 8\r\n"))).empty());
  CHECK(!ng_client::reason(client.offer(description("224.1.2.3", audio))).empty());
  CHECK(!ng_client::reason(client.offer(description("name.example", audio))).empty());
  CHECK(client.machine.calls().size() == 0);
  CHECK(client.plane.media.empty());
}

TEST_CASE("Names that are too long are refused", "[relay][attack]") {
  ng_client client;
  client.call_id = std::string(1025, 'x');
  CHECK(ng_client::reason(client.offer(offered)) == "A call-id, tag, branch or label is too long");
  client.call_id = "1";
  CHECK(ng_client::reason(client.offer(offered, {{"via-branch", std::string(1025, 'x')}})) ==
        "A call-id, tag, branch or label is too long");
  CHECK(client.machine.calls().size() == 0);
}

TEST_CASE("Messages without a cookie, and with one that is too long, get no answer", "[relay][attack]") {
  ng_client client;
  CHECK(client.raw("d7:command4:pinge").empty());
  CHECK(client.raw(" d7:command4:pinge").empty());
  CHECK(client.raw(std::string(256, 'c') + " d7:command4:pinge").empty());
  CHECK(client.raw(std::string(60'000, 'c')).empty());
}

TEST_CASE("Flags, codecs and unknown names without end don't come back in the answer", "[relay][attack]") {
  ng_client client;
  value::list names;
  for (int i = 0; i < 5000; ++i) names.emplace_back("unknown-" + std::to_string(i) + std::string(100, 'x'));
  const value out = client.offer(offered, {{"flags", names}});
  CHECK(ng_client::result(out) == "ok");
  CHECK(ng_client::text_of(out, "warning").size() < 1000);
  value::list codecs;
  for (int i = 0; i < 65; ++i) codecs.emplace_back("codec" + std::to_string(i));
  CHECK(ng_client::reason(client.offer(offered, {{"codec", value::dictionary{{"strip", codecs}}}})) ==
        "codec names too many codecs");
}

}  // namespace
