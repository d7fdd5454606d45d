#include "ng_client.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace relay;
using namespace relay::test;

const std::string plain_sound = "m=audio 5000 RTP/AVP 8\r\n";
const std::string plain_offer = description("192.0.2.10", plain_sound);
const std::string plain_answer = description("192.0.2.20", plain_sound);

std::string told_sdp(const value& answer) {
  INFO(ng_client::reason(answer));
  REQUIRE(ng_client::result(answer) == "ok");
  return ng_client::text_of(answer, "sdp");
}

TEST_CASE("Telephone-events that one side lacks become sound, and digits in its sound events", "[relay]") {
  const std::string with =
      description("192.0.2.10", "m=audio 5000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n");
  const auto find = [](ng_client& client, side of, std::uint8_t received) {
    const auto& rules = client.medium().settings[index(of)].payloads;
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const payload_rule& r) { return r.received == received; });
    REQUIRE(found != rules.end());
    return *found;
  };
  {
    INFO("always transcode");
    ng_client client;
    CHECK(line_of(told_sdp(client.offer(with, {{"flags", value::list{"always transcode"}}})), "m=") ==
          "m=audio 30002 RTP/AVP 8 101");
    CHECK(line_of(told_sdp(client.answer(plain_answer)), "m=") == "m=audio 30000 RTP/AVP 8 101");
    const payload_rule events = find(client, side::offerer, 101);
    CHECK((events.events && events.into_sound));
    const payload_rule there = find(client, side::offerer, 8);
    REQUIRE(there.transcode.has_value());
    CHECK((there.sent == 8 && there.transcode->from == there.transcode->to && !there.listens));
    const payload_rule back = find(client, side::answerer, 8);
    REQUIRE(back.transcode.has_value());
    REQUIRE(back.digits.has_value());
    CHECK((back.listens && back.digits->payload_type == 101 && back.digits->clock_rate == 8000));
    // Who has been answered so may be dialled to, too.
    CHECK(ng_client::result(client.command("play DTMF", {{"from-tag", "b"}, {"code", "5"}})) == "ok");
  }
  {
    INFO("events are added to the offer, and taken");
    ng_client client;
    const std::string out = told_sdp(client.offer(
        plain_offer, {{"codec", value::dictionary{{"transcode", value::list{"telephone-event"}}}}}));
    CHECK(line_of(out, "m=") == "m=audio 30002 RTP/AVP 8 101");
    CHECK(line_of(out, "a=rtpmap:101 ") == "a=rtpmap:101 telephone-event/8000");
    CHECK(line_of(out, "a=fmtp:101 ") == "a=fmtp:101 0-15");
    CHECK(line_of(told_sdp(client.answer(with)), "m=") == "m=audio 30000 RTP/AVP 8");
    CHECK(find(client, side::offerer, 8).digits.has_value());
    CHECK(find(client, side::answerer, 101).into_sound);
  }
  {
    INFO("events are added to the offer, and not taken");
    ng_client client;
    told_sdp(client.offer(plain_offer,
                          {{"codec", value::dictionary{{"transcode", value::list{"telephone-event"}}}}}));
    CHECK(line_of(told_sdp(client.answer(plain_answer)), "m=") == "m=audio 30000 RTP/AVP 8");
    for (const side of : {side::offerer, side::answerer}) {
      CHECK_FALSE(find(client, of, 8).transcode.has_value());
      CHECK_FALSE(find(client, of, 8).listens);
    }
  }
  {
    INFO("sound is translated anyway");
    ng_client client;
    told_sdp(client.offer(with, {{"codec", value::dictionary{{"transcode", value::list{"PCMU"}}}}}));
    CHECK(line_of(told_sdp(client.answer(description("192.0.2.20", "m=audio 5000 RTP/AVP 0\r\n"))), "m=") ==
          "m=audio 30000 RTP/AVP 8 101");
    CHECK(find(client, side::offerer, 101).into_sound);
    // To listen costs something: nobody has asked for it.
    CHECK_FALSE(find(client, side::answerer, 0).listens);
  }
  {
    INFO("nothing is translated");
    ng_client client;
    told_sdp(client.offer(with));
    CHECK(line_of(told_sdp(client.answer(plain_answer)), "m=") == "m=audio 30000 RTP/AVP 8");
    CHECK_FALSE(find(client, side::offerer, 8).transcode.has_value());
  }
}

TEST_CASE("Digits are looked for in sound where that is asked for", "[relay]") {
  for (const bool in_answer : {false, true}) {
    CAPTURE(in_answer);
    ng_client client;
    const value::dictionary asked{{"flags", value::list{"detect-DTMF"}}};
    told_sdp(client.offer(plain_offer, in_answer ? value::dictionary{} : asked));
    CHECK(line_of(told_sdp(client.answer(plain_answer, in_answer ? asked : value::dictionary{})), "m=") ==
          "m=audio 30000 RTP/AVP 8");
    for (const end_settings& settings : client.medium().settings) {
      const auto rule = std::find_if(settings.payloads.begin(), settings.payloads.end(),
                                     [](const payload_rule& r) { return r.received == 8; });
      REQUIRE(rule != settings.payloads.end());
      CHECK((rule->listens && rule->transcode && rule->sent == 8 && !rule->digits));
    }
  }
}

}  // namespace
