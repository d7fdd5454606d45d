#include "ng_client.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace relay;
using namespace relay::test;

const std::string offered =
    "v=0\r\n"
    "o=alice 7 9 IN IP4 192.0.2.10\r\n"
    "s=A call\r\n"
    "i=what it is about\r\n"
    "c=IN IP4 192.0.2.10\r\n"
    "b=AS:80\r\n"
    "t=0 0\r\n"
    "a=X-session: stays  as it is\r\n"
    "m=audio 4000 RTP/AVP 8 0 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=unknown\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

const std::string audio = "m=audio 5000 RTP/AVP 8\r\n";
const std::string offered_short = description("192.0.2.10", audio);
const std::string answered = description("192.0.2.20", audio);

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string sdp_of(const value& answer) {
  INFO(ng_client::reason(answer));
  REQUIRE(ng_client::result(answer) == "ok");
  return ng_client::text_of(answer, "sdp");
}

TEST_CASE("A ping is answered with a pong", "[relay]") {
  ng_client client;
  CHECK(client.send({{"command", "ping"}}) == value::dictionary{{"result", "pong"}});
  CHECK(client.send({{"command", "PING"}}) == value::dictionary{{"result", "pong"}});
}

TEST_CASE("Of a plain call only addresses and ports change", "[relay]") {
  ng_client client;
  std::string expected = replaced(offered, "c=IN IP4 192.0.2.10", "c=IN IP4 198.51.100.1");
  expected = replaced(expected, "m=audio 4000", "m=audio 30002") + "a=rtcp:30003\r\n";
  CHECK(sdp_of(client.offer(offered)) == expected);

  std::string reply = replaced(offered, "192.0.2.10\r\ns=", "192.0.2.20\r\ns=");
  reply = replaced(reply, "c=IN IP4 192.0.2.10", "c=IN IP4 192.0.2.20");
  expected = replaced(reply, "c=IN IP4 192.0.2.20", "c=IN IP4 198.51.100.1");
  expected = replaced(expected, "m=audio 4000", "m=audio 30000") + "a=rtcp:30001\r\n";
  CHECK(sdp_of(client.answer(reply)) == expected);

  const fake_plane::medium& medium = client.medium();
  CHECK(medium.settings[0].rtp.to_string() == "192.0.2.10:4000");
  CHECK(medium.settings[0].rtcp.to_string() == "192.0.2.10:4001");
  CHECK(medium.settings[1].rtp.to_string() == "192.0.2.20:4000");
  CHECK(medium.settings[0].may_send);
  CHECK(medium.settings[0].receives_with.empty());

  CHECK(ng_client::result(client.remove()) == "ok");
  CHECK(client.plane.media.empty());
  CHECK(client.machine.calls().size() == 0);
}

TEST_CASE("What replace names is changed, too", "[relay]") {
  ng_client client;
  const std::string out = sdp_of(
      client.offer(offered, {{"replace", value::list{"origin", "session-name", "username", "sdp-version"}}}));
  CHECK(line_of(out, "o=") == "o=alice 7 9 IN IP4 198.51.100.1");
  // A new version only where something has changed.
  const auto again = [&](const std::string& sdp) {
    return line_of(sdp_of(client.offer(sdp, {{"replace", value::list{"origin", "username", "sdp-version"}}})),
                   "o=");
  };
  CHECK(again(replaced(offered, "alice 7 9", "other 7 99")) == "o=alice 7 9 IN IP4 198.51.100.1");
  CHECK(again(offered + "a=more\r\n") == "o=alice 7 10 IN IP4 198.51.100.1");
}

TEST_CASE("An offer in the call keeps the ports, from whichever side it comes", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered_short));
  sdp_of(client.answer(answered));
  CHECK(line_of(sdp_of(client.offer(offered_short, {{"to-tag", "b"}})), "m=") == "m=audio 30002 RTP/AVP 8");
  CHECK(line_of(sdp_of(client.answer(answered)), "m=") == "m=audio 30000 RTP/AVP 8");
  // The other side offers.
  const value back = client.command("offer", {{"from-tag", "b"}, {"to-tag", "a"}, {"sdp", answered}});
  CHECK(line_of(sdp_of(back), "m=") == "m=audio 30000 RTP/AVP 8");
  const value reply = client.command("answer", {{"from-tag", "b"}, {"to-tag", "a"}, {"sdp", offered_short}});
  CHECK(line_of(sdp_of(reply), "m=") == "m=audio 30002 RTP/AVP 8");
  CHECK(client.plane.media.size() == 1);
}

TEST_CASE("A new address in the call is learned anew, the old one isn't", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered_short));
  sdp_of(client.answer(answered));
  sdp_of(client.offer(offered_short, {{"to-tag", "b"}}));
  sdp_of(client.answer(answered));
  CHECK(!client.medium().settings[0].relearn);
  sdp_of(client.offer(description("192.0.2.11", audio), {{"to-tag", "b"}}));
  sdp_of(client.answer(answered));
  CHECK(client.medium().settings[0].relearn);
  CHECK(client.medium().settings[0].rtp.to_string() == "192.0.2.11:5000");
  CHECK(!client.medium().settings[1].relearn);
}

TEST_CASE("Media that are held stop one way, and go on", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered_short + "a=sendonly\r\n"));
  CHECK(line_of(sdp_of(client.answer(answered + "a=recvonly\r\n")), "a=recvonly") == "a=recvonly");
  CHECK(client.medium().settings[0].may_send);
  CHECK(!client.medium().settings[1].may_send);
  sdp_of(client.offer(offered_short, {{"to-tag", "b"}}));
  sdp_of(client.answer(answered));
  CHECK(client.medium().settings[0].may_send);
  CHECK(client.medium().settings[1].may_send);
}

TEST_CASE("A zero address stays, unless it is to be replaced", "[relay]") {
  ng_client client;
  const std::string held = description("0.0.0.0", audio);
  CHECK(line_of(sdp_of(client.offer(held)), "c=") == "c=IN IP4 0.0.0.0");
  CHECK(line_of(sdp_of(client.offer(held, {{"replace", value::list{"zero-address"}}})), "c=") ==
        "c=IN IP4 198.51.100.1");
}

TEST_CASE("A medium that is rejected has no ports, in an offer and in an answer", "[relay]") {
  ng_client client;
  const std::string out = sdp_of(
      client.offer(description("192.0.2.10", audio + "m=video 0 RTP/AVP 99\r\nm=audio 5002 RTP/AVP 0\r\n")));
  CHECK(line_of(out, "m=video") == "m=video 0 RTP/AVP 99");
  CHECK(client.plane.media.size() == 2);
  const std::string back = sdp_of(
      client.answer(description("192.0.2.20", audio + "m=video 0 RTP/AVP 99\r\nm=audio 0 RTP/AVP 0\r\n")));
  CHECK(line_of(back, "m=audio 0") == "m=audio 0 RTP/AVP 0");
  const fake_plane::medium& refused = client.plane.media.rbegin()->second;
  CHECK(refused.settings[0].rtp.port == 0);
  CHECK(refused.settings[1].rtp.port == 0);
}

TEST_CASE("An offer that fails leaves the media of a call in their places", "[relay]") {
  ng_client client;
  const std::string first = audio + "m=audio 0 RTP/AVP 0\r\nm=audio 5004 RTP/AVP 0\r\n";
  sdp_of(client.offer(description("192.0.2.10", first)));
  sdp_of(client.answer(description("192.0.2.20", first)));
  const std::string bad = audio + "m=audio 5002 RTP/AVP 0\r\nm=audio 5004 UDP/TLS/RTP/SAVP 0\r\n";
  CHECK(!ng_client::reason(client.offer(description("192.0.2.10", bad), {{"to-tag", "b"}})).empty());
  CHECK(client.plane.media.size() == 2);
  const std::string out = sdp_of(client.offer(description("192.0.2.10", first), {{"to-tag", "b"}}));
  CHECK(lines_of(out, "m=audio 30002 ") == 1);
  CHECK(lines_of(out, "m=audio 30006 ") == 1);
  CHECK(client.plane.media.size() == 2);
}

TEST_CASE("RTP becomes SRTP with keys for one side", "[relay]") {
  ng_client client;
  const std::string out = sdp_of(client.offer(offered_short, {{"transport-protocol", "RTP/SAVP"}}));
  CHECK(line_of(out, "m=") == "m=audio 30002 RTP/SAVP 8");
  const std::string key = line_of(out, "a=crypto:");
  REQUIRE(!key.empty());
  const std::string secure = description("192.0.2.20", "m=audio 5000 RTP/SAVP 8\r\n");
  CHECK(ng_client::reason(client.answer(secure)) ==
        "No a=crypto line of the answer accepts one that was offered");
  const std::string back = sdp_of(client.answer(secure + key + "\r\n"));
  CHECK(line_of(back, "m=") == "m=audio 30000 RTP/AVP 8");
  CHECK(lines_of(back, "a=crypto:") == 0);
  const fake_plane::medium& medium = client.medium();
  CHECK(medium.settings[0].receives_with.empty());
  CHECK(medium.settings[0].sends_with.empty());
  CHECK(medium.settings[1].receives_with.size() == 1);
  CHECK(medium.settings[1].sends_with.size() == 1);
  // The keys of the call stay.
  CHECK(line_of(sdp_of(client.offer(offered_short, {{"to-tag", "b"}, {"transport-protocol", "RTP/SAVP"}})),
                "a=crypto:") == key);
}

TEST_CASE("SRTP becomes RTP, and is answered with a key under the tag of the offer", "[relay]") {
  ng_client client;
  const std::string secure =
      description("192.0.2.10",
                  "m=audio 5000 RTP/SAVP 8\r\n"
                  "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n");
  const std::string out = sdp_of(client.offer(secure, {{"transport-protocol", "RTP/AVP"}}));
  CHECK(line_of(out, "m=") == "m=audio 30002 RTP/AVP 8");
  CHECK(lines_of(out, "a=crypto:") == 0);
  const std::string back = sdp_of(client.answer(answered));
  CHECK(line_of(back, "m=") == "m=audio 30000 RTP/SAVP 8");
  CHECK(line_of(back, "a=crypto:").starts_with("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:"));
  CHECK(line_of(back, "a=crypto:").find("WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz") == std::string::npos);
  CHECK(client.medium().settings[0].receives_with.size() == 1);
  CHECK(client.medium().settings[1].receives_with.empty());
}

TEST_CASE("ICE, DTLS and BUNDLE are taken out", "[relay]") {
  ng_client client;
  const std::string ice =
      "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\na=ice-lite\r\n"
      "a=group:BUNDLE 1\r\n" +
      audio +
      "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
      "a=candidate:1 1 UDP 2130706431 192.0.2.10 5000 typ host\r\na=mid:1\r\na=stays\r\n";
  const std::string out = sdp_of(client.offer(ice, {{"ICE", "remove"}}));
  for (const char* line : {"a=ice-lite", "a=group", "a=ice-ufrag", "a=ice-pwd", "a=candidate"}) {
    CAPTURE(line);
    CHECK(lines_of(out, line) == 0);
  }
  CHECK(lines_of(out, "a=mid:1") == 1);
  CHECK(lines_of(out, "a=stays") == 1);
}

TEST_CASE("RTP and RTCP at one port are taken apart for the other side", "[relay]") {
  ng_client client;
  const std::string out =
      sdp_of(client.offer(offered_short + "a=rtcp-mux\r\n", {{"rtcp-mux", value::list{"demux"}}}));
  CHECK(lines_of(out, "a=rtcp-mux") == 0);
  CHECK(line_of(out, "a=rtcp:") == "a=rtcp:30003");
  const std::string back = sdp_of(client.answer(answered));
  CHECK(lines_of(back, "a=rtcp-mux") == 1);
  CHECK(line_of(back, "a=rtcp:") == "a=rtcp:30000");
  CHECK(client.medium().settings[0].rtcp_mux);
  CHECK(client.medium().settings[0].rtcp == client.medium().settings[0].rtp);
  CHECK(!client.medium().settings[1].rtcp_mux);
  CHECK(client.medium().settings[1].rtcp.port == 5001);
}

TEST_CASE("The other side may have another family and another interface", "[relay]") {
  ng_client client;
  const std::string out = sdp_of(client.offer(
      offered_short, {{"address-family", "IP6"}, {"direction", value::list{"inside", "outside"}}}));
  CHECK(line_of(out, "c=") == "c=IN IP6 2001:db8::1");
  CHECK(client.medium().requests[0].interface == "inside");
  CHECK(!client.medium().requests[0].v6);
  CHECK(client.medium().requests[1].interface == "outside");
  CHECK(client.medium().requests[1].v6);
  const std::string back = sdp_of(client.answer(description("2001:db8::20", audio)));
  CHECK(line_of(back, "c=") == "c=IN IP4 198.51.100.1");

  client.call_id = "other";
  CHECK(ng_client::reason(client.offer(offered_short, {{"direction", value::list{"inside", "nowhere"}}}))
            .starts_with("No ports for a medium: "));
  CHECK(ng_client::reason(client.offer(offered_short, {{"direction", value::list{"inside"}}})) ==
        "direction must name two interfaces");
  CHECK(client.plane.media.size() == 1);
}

TEST_CASE("The media side is told which call a medium is of, and which sources its peers have named",
          "[relay]") {
  ng_client client;
  const std::string sources =
      "a=ssrc:11 cname:one\r\na=ssrc:11 msid:x y\r\na=ssrc:12 cname:one\r\na=ssrc:no\r\n";
  sdp_of(client.offer(description("192.0.2.10", audio + sources)));
  CHECK(client.medium().settings[0].ssrcs == std::vector<std::uint32_t>{11, 12});
  sdp_of(client.answer(description("192.0.2.20", audio)));
  CHECK(client.medium().settings[1].ssrcs.empty());
  const std::uint64_t first = client.medium().call;
  CHECK(first != 0);
  // A branch with ports of its own is of the same call.
  sdp_of(client.offer(offered_short, {{"via-branch", "other"}}));
  client.call_id = "other";
  sdp_of(client.offer(offered_short));
  std::vector<std::uint64_t> calls;
  for (const auto& [id, medium] : client.plane.media) calls.push_back(medium.call);
  CHECK(calls == std::vector<std::uint64_t>{first, first, calls.back()});
  CHECK(calls.back() != first);
}

TEST_CASE("Codecs are stripped and masked", "[relay]") {
  ng_client client;
  const std::string out =
      sdp_of(client.offer(offered, {{"codec", value::dictionary{{"strip", value::list{"PCMA"}}}}}));
  CHECK(line_of(out, "m=") == "m=audio 30002 RTP/AVP 0 101");
  CHECK(lines_of(out, "a=rtpmap:8 ") == 0);
  CHECK(lines_of(out, "a=fmtp:101 0-15") == 1);
  client.call_id = "other";
  CHECK(line_of(sdp_of(client.offer(offered, {{"flags", value::list{"codec-mask-PCMU"}}})), "m=") ==
        "m=audio 30006 RTP/AVP 8 101");
  CHECK(ng_client::reason(client.offer(offered, {{"codec", value::dictionary{{"strip", "all"}}}})) ==
        "The codec rules leave no codec to offer");
  CHECK(line_of(
            sdp_of(client.offer(
                offered, {{"codec", value::dictionary{{"strip", "all"}, {"except", value::list{"PCMU"}}}}})),
            "m=") == "m=audio 30006 RTP/AVP 0");
}

TEST_CASE("A codec that the other side lacks is offered to it, and translated", "[relay]") {
  ng_client client;
  const std::string out = sdp_of(
      client.offer(offered, {{"codec", value::dictionary{{"strip", "all"},
                                                         {"except", value::list{"PCMU", "telephone-event"}},
                                                         {"transcode", value::list{"L16/8000"}}}}}));
  CHECK(line_of(out, "m=") == "m=audio 30002 RTP/AVP 0 96 101");
  CHECK(line_of(out, "a=rtpmap:96 ") == "a=rtpmap:96 L16/8000");
  const std::string back = sdp_of(client.answer(description(
      "192.0.2.20",
      "m=audio 5000 RTP/AVP 96 101\r\na=rtpmap:96 L16/8000\r\na=rtpmap:101 telephone-event/8000\r\n")));
  CHECK(line_of(back, "m=") == "m=audio 30000 RTP/AVP 0 101");
  const auto rule = [&](side of, std::uint8_t received) {
    const auto& rules = client.medium().settings[index(of)].payloads;
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const payload_rule& r) { return r.received == received; });
    REQUIRE(found != rules.end());
    return *found;
  };
  const payload_rule there = rule(side::offerer, 0);
  REQUIRE(there.transcode.has_value());
  CHECK((there.sent == 96 && there.transcode->from.is("PCMU") && there.transcode->to.is("L16")));
  const payload_rule here = rule(side::answerer, 96);
  REQUIRE(here.transcode.has_value());
  CHECK((here.sent == 0 && here.transcode->from.is("L16") && here.transcode->to.is("PCMU")));
  CHECK((rule(side::offerer, 101).events && !rule(side::answerer, 101).transcode));
  CHECK(ng_client::reason(
            client.offer(offered, {{"codec", value::dictionary{{"transcode", value::list{"G729"}}}}})) ==
        "The codec G729 can't be translated to by this build");
}

TEST_CASE("Rules of payload types have the clock rate of what they are for", "[relay]") {
  ng_client client;
  const std::string wide =
      "m=audio 5000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\n";
  sdp_of(client.offer(description("192.0.2.10", wide)));
  sdp_of(client.answer(description("192.0.2.20", wide)));
  for (const end_settings& settings : client.medium().settings) {
    REQUIRE(settings.payloads.size() == 3);
    for (const payload_rule& rule : settings.payloads) {
      CAPTURE(rule.received);
      CHECK(rule.clock_rate == (rule.received == 13 ? 8000U : 48000U));
      CHECK(rule.events == (rule.received == 97));
    }
  }
}

TEST_CASE("The media side hears where signalling came from, whether or not addresses are replaced",
          "[relay]") {
  ng_client client;
  const auto seen = [](const end_settings& settings) {
    return settings.seen ? settings.seen->to_string() : std::string("none");
  };
  sdp_of(client.offer(offered_short, {{"received-from", value::list{"IP4", "203.0.113.1"}}}));
  CHECK(seen(client.medium().settings[0]) == "203.0.113.1");
  CHECK(client.medium().settings[0].rtp.to_string() == "192.0.2.10:5000");
  sdp_of(client.answer(answered, {{"received-from", value::list{"IP4", "203.0.113.2"}},
                                  {"flags", value::list{"SIP-source-address"}}}));
  CHECK(seen(client.medium().settings[0]) == "203.0.113.1");
  CHECK(seen(client.medium().settings[1]) == "203.0.113.2");
  CHECK(client.medium().settings[1].rtp.to_string() == "203.0.113.2:5000");
  sdp_of(client.offer(offered_short, {{"to-tag", "b"}}));
  sdp_of(client.answer(answered));
  CHECK(seen(client.medium().settings[0]) == "none");
}

TEST_CASE("Media are blocked and let through again", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered_short));
  sdp_of(client.answer(answered));
  CHECK(ng_client::result(client.command("block media", {{"from-tag", "a"}})) == "ok");
  CHECK(client.medium().settings[0].blocked);
  CHECK(!client.medium().settings[1].blocked);
  CHECK(ng_client::result(client.command("block DTMF")) == "ok");
  CHECK(client.medium().settings[0].dtmf_blocked);
  CHECK(client.medium().settings[1].dtmf_blocked);
  CHECK(ng_client::result(client.command("unblock media", {{"from-tag", "a"}})) == "ok");
  CHECK(!client.medium().settings[0].blocked);
  CHECK(client.medium().settings[0].dtmf_blocked);
}

TEST_CASE("Sounds and digits are played to who is named, and to the other side", "[relay]") {
  ng_client client;
  client.disk.held["/srv/tone.wav"] = "a sound";
  client.disk.held["/srv/broken.wav"] = "broken";
  CHECK(ng_client::reason(client.command("play media", {{"file", "/srv/tone.wav"}})) == "Unknown call-id");
  const std::string events =
      "m=audio 5000 RTP/AVP 96 100 101\r\na=rtpmap:96 opus/48000/2\r\n"
      "a=rtpmap:100 telephone-event/8000\r\na=rtpmap:101 telephone-event/48000\r\n";
  sdp_of(client.offer(description("192.0.2.10", events)));
  sdp_of(client.answer(description("192.0.2.20", events)));
  if (!media::make_encoder({"opus", 48000, 48000, 1, {}}).has_value()) return;

  const auto played =
      client.command("play media", {{"from-tag", "a"}, {"file", "/srv/tone.wav"}, {"repeat-times", 3}});
  CHECK(ng_client::result(played) == "ok");
  CHECK(ng_client::text_of(played, "duration") == "1500");
  REQUIRE(client.plane.sounds.size() == 1);
  const auto& sound = client.plane.sounds.front();
  CHECK((sound.to == side::offerer && sound.bytes == "a sound" && sound.repeat == 3));
  CHECK((sound.format == "opus" && sound.payload_type == 96));
  CHECK(ng_client::result(client.command("play media", {{"blob", "bytes"}, {"flags", value::list{"all"}}})) ==
        "ok");
  CHECK(client.plane.sounds.size() == 3);
  CHECK(ng_client::result(client.command("stop media", {{"from-tag", "b"}})) == "ok");
  REQUIRE(client.plane.stopped.size() == 1);
  CHECK(client.plane.stopped.front().second == side::answerer);

  CHECK(ng_client::result(
            client.command("play DTMF", {{"from-tag", "a"}, {"digit", "#"}, {"duration", 80}})) == "ok");
  REQUIRE(client.plane.digits.size() == 1);
  const auto& digit = client.plane.digits.front();
  // By the clock of the sound, not the first that is named.
  CHECK((digit.to == side::answerer && digit.pressed.event == 11));
  CHECK(digit.pressed.length == std::chrono::milliseconds(80));
  CHECK((digit.pressed.pause == std::chrono::milliseconds(100) && digit.pressed.volume == 8));
  CHECK((digit.payload_type == 101 && digit.clock_rate == 48000 && digit.format.empty()));

  CHECK(ng_client::reason(client.command("play media", {{"file", "/srv/none.wav"}})) ==
        "There is no file /srv/none.wav");
  CHECK(ng_client::reason(client.command("play media", {{"file", "/srv/broken.wav"}})) ==
        "The sound can't be played: Invalid argument");
  CHECK(ng_client::reason(client.command("play media")) == "One of file and blob must be given");
  CHECK(ng_client::reason(client.command("play DTMF", {{"digit", "x"}})) ==
        "code must be one of 0 to 9, *, #, A to D, or an event from 0 to 15");
}

TEST_CASE("Who takes no events gets a digit as its tone", "[relay]") {
  ng_client client;
  const value::dictionary injected{{"flags", value::list{"inject-DTMF"}}};
  sdp_of(client.offer(description("192.0.2.10", "m=audio 5000 RTP/AVP 18 8 0\r\n"), injected));
  sdp_of(client.answer(description("192.0.2.20", "m=audio 5000 RTP/AVP 18 8\r\n"), injected));
  for (const int volume : {-20, 20}) {
    CHECK(ng_client::result(client.command(
              "play DTMF",
              {{"from-tag", "b"}, {"code", "A"}, {"duration", 120}, {"pause", 60}, {"volume", volume}})) ==
          "ok");
  }
  REQUIRE(client.plane.digits.size() == 2);
  for (const auto& digit : client.plane.digits) {
    CHECK((digit.to == side::offerer && digit.pressed.event == 12 && digit.pressed.volume == 20));
    CHECK(digit.pressed.length == std::chrono::milliseconds(120));
    CHECK(digit.pressed.pause == std::chrono::milliseconds(60));
    CHECK((digit.format == "PCMA" && digit.payload_type == 8 && digit.clock_rate == 8000));
  }
  CHECK(ng_client::reason(client.command("play DTMF", {{"code", "1"}, {"volume", 64}})).find("volume") == 0);
  CHECK(ng_client::reason(client.command("play DTMF", {{"code", "1"}, {"pause", 20}})).find("pause") == 0);
}

TEST_CASE("Who takes neither sound that can be made nor events is not played to", "[relay]") {
  ng_client client;
  const std::string g729 = "m=audio 5000 RTP/AVP 18\r\n";
  sdp_of(client.offer(description("192.0.2.10", g729)));
  sdp_of(client.answer(description("192.0.2.20", g729)));
  CHECK(ng_client::reason(client.command("play media", {{"blob", "bytes"}})) ==
        "No participant has sound that can be played to");
  CHECK(ng_client::reason(client.command("play DTMF", {{"digit", "1"}})) ==
        "The other side takes neither telephone-events nor a codec that can be encoded");
}

TEST_CASE("Commands and keys that can't be done are refused with a reason", "[relay]") {
  ng_client client;
  CHECK(ng_client::reason(client.send({{"command", "dance"}})) == "Unrecognized command \"dance\"");
  CHECK(ng_client::reason(client.send({{"call-id", "x"}})) == "The message names no command");
  CHECK(ng_client::reason(client.send({{"command", 5}})) == "The message names no command");
  CHECK(ng_client::reason(client.send({{"command", "offer"}})) == "No SDP body in message");
  CHECK(ng_client::reason(client.send({{"command", "offer"}, {"sdp", offered}})) == "No call-id in message");
  CHECK(ng_client::reason(client.command("offer", {{"sdp", offered}})) == "No from-tag in message");
  CHECK(ng_client::reason(client.answer(answered)) == "Unknown call-id");
  CHECK(ng_client::reason(client.command("query")) == "Unknown call-id");
  CHECK(ng_client::reason(client.offer(offered, {{"ICE", "force"}})) ==
        "ICE=force is not supported: this build has no ICE/DTLS");
  CHECK(ng_client::reason(client.offer(offered, {{"flags", value::list{"ICE force"}}})) ==
        "The flag ICE force is not supported: this build has no ICE/DTLS");
  CHECK(ng_client::reason(client.offer(offered, {{"transport-protocol", "UDP/TLS/RTP/SAVPF"}})) ==
        "transport-protocol=UDP/TLS/RTP/SAVPF is not supported: this build has no ICE/DTLS");
  CHECK(ng_client::reason(client.offer(description("192.0.2.10", "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\n"))) ==
        "UDP/TLS/RTP/SAVPF is not supported: this build has no ICE/DTLS");
  CHECK(ng_client::reason(client.offer(offered, {{"DTLS", "passive"}})) ==
        "DTLS=passive is not supported: this build has no ICE/DTLS");
  CHECK(ng_client::reason(client.offer(offered, {{"flags", value::list{"SIP-source-address"}}})) ==
        "SIP-source-address needs received-from");
  CHECK(ng_client::reason(client.offer("v=0")).starts_with("Failed to parse SDP: "));
  CHECK(client.machine.calls().size() == 0);
  CHECK(client.plane.media.empty());

  sdp_of(client.offer(offered));
  CHECK(ng_client::reason(client.command("answer", {{"from-tag", "a"}, {"sdp", answered}})) ==
        "No to-tag in message");
  CHECK(ng_client::reason(client.answer(answered + audio)) == "The answer has more media than the offer");
  CHECK(ng_client::reason(client.command("start recording")) ==
        "Recording is not supported: there is no folder for it");
  CHECK(ng_client::reason(client.command("silence media")).starts_with("Silencing is not supported"));
}

TEST_CASE("A call is recorded into files of its own, whatever it is called", "[relay][attack]") {
  control_settings wanted;
  wanted.recording_folder = "/var/spool/calls";
  ng_client client(wanted);
  client.call_id = "../../etc/cron.d/x\n";
  sdp_of(client.offer(offered, {{"record-call", "yes"}, {"metadata", "desk 7"}}));
  const std::string first = client.medium().recording;
  CHECK(first.starts_with("/var/spool/calls/______etc_cron_d_x_-"));
  CHECK(first.ends_with("-0-0-1.pcap"));
  CHECK(first.find('/', wanted.recording_folder.size() + 1) == std::string::npos);
  REQUIRE(client.disk.held.size() == 1);
  CHECK(client.disk.held.begin()->second.find("metadata: desk 7") != std::string::npos);

  // Neither does an answer begin it anew, nor one to another offer.
  for (int i = 0; i < 2; ++i) {
    sdp_of(client.answer(answered));
    sdp_of(client.offer(offered));
  }
  CHECK(client.medium().recording == first);
  CHECK(client.plane.refused_recordings.empty());

  // Again changes nothing; after a pause there is another file.
  CHECK(ng_client::result(client.command("start recording")) == "ok");
  CHECK(client.medium().recording == first);
  CHECK(ng_client::result(client.command("pause recording")) == "ok");
  CHECK(client.medium().recording.empty());
  CHECK(ng_client::reason(client.command("pause recording")) == "The call isn't recorded");
  CHECK(ng_client::result(client.command("start recording")) == "ok");
  CHECK(client.medium().recording.ends_with("-0-0-2.pcap"));
  CHECK(ng_client::result(client.command("stop recording")) == "ok");
  CHECK(client.medium().recording.empty());
}

TEST_CASE("What nobody knows is left out, and the answer says so", "[relay]") {
  ng_client client;
  const value out =
      client.offer(offered, {{"colour", "red"}, {"flags", value::list{"loud", "trust-address"}}});
  CHECK(ng_client::text_of(out, "warning") == "Not known here, and left out: colour; loud");
  sdp_of(out);
}

TEST_CASE("Two warnings stand in one text", "[relay]") {
  ng_client client;
  const value out = client.offer(offered, {{"colour", "red"}, {"record-call", "yes"}});
  sdp_of(out);
  CHECK(ng_client::text_of(out, "warning") ==
        "Recording is not supported: there is no folder for it. Not known here, and left out: colour");
  CHECK(std::count_if(out.entries()->begin(), out.entries()->end(),
                      [](const auto& entry) { return entry.first == "warning"; }) == 1);
}

TEST_CASE("Of a key that stands twice the first counts", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered, {{"call-id", "other"}}));
  CHECK(client.machine.calls().list(10) == std::vector<std::string>{"call-1"});
}

TEST_CASE("A delete of what isn't there is an error only where that is asked for", "[relay]") {
  ng_client client;
  const value gentle = client.remove();
  CHECK(ng_client::result(gentle) == "ok");
  CHECK(ng_client::text_of(gentle, "warning") == "Call-ID not found or tags didn't match");
  CHECK(ng_client::reason(client.remove({{"flags", value::list{"fatal"}}})) ==
        "Call-ID not found or tags didn't match");
}

TEST_CASE("Another branch that answers the same offer takes the ports over", "[relay]") {
  ng_client client;
  sdp_of(client.offer(offered_short));
  sdp_of(client.answer(answered));
  sdp_of(client.command("answer",
                        {{"from-tag", "a"}, {"to-tag", "c"}, {"sdp", description("192.0.2.30", audio)}}));
  CHECK(client.plane.media.size() == 1);
  CHECK(client.medium().settings[1].rtp.to_string() == "192.0.2.30:5000");
  // A delete of the branch that lost names a tag that the call had.
  CHECK(ng_client::result(
            client.remove({{"from-tag", "a"}, {"to-tag", "x"}, {"flags", value::list{"fatal"}}})) == "error");
  CHECK(client.plane.media.size() == 1);
}

}  // namespace
