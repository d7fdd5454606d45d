#include "script.hpp"

#include "support/catch.hpp"

#include <string>

using namespace parley_phone;

namespace {

/// The error of a script of one line, without its place.
std::string error_of(const std::string& line) {
  const std::string error = read_script(line, "f").error;
  return error.rfind("f:1: ", 0) == 0 ? error.substr(5) : error;
}

step only_step(const std::string& line) {
  const script read = read_script(line, "f");
  INFO(line);
  INFO(read.error);
  REQUIRE(read.error.empty());
  REQUIRE(read.steps.size() == 1);
  return read.steps.front();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a script is read line by line, with its comments and blanks", "[phone][script]") {
  const script read = read_script(
      "# calls Bob\n"
      "\n"
      "call sip:bob@192.0.2.7\r\n"
      "  wait 500   # half a second\n"
      "\thangup",
      "f");
  REQUIRE(read.error.empty());
  REQUIRE(read.steps.size() == 3);
  CHECK(read.steps[0].what == action::call);
  CHECK(read.steps[0].uri == "sip:bob@192.0.2.7");
  CHECK(read.steps[0].line == 3);
  CHECK(read.steps[1].number == 500);
  CHECK(read.steps[2].what == action::hangup);
  CHECK(read.steps[2].name == "hangup");
  CHECK(read.steps[2].line == 5);
  CHECK(read_script("", "f").steps.empty());
}

TEST_CASE("each step has its arguments", "[phone][script]") {
  CHECK(only_step("register").what == action::enroll);
  CHECK(only_step("ring").number == 0);
  CHECK(only_step("ring 183").number == 183);
  CHECK(only_step("refuse 486").number == 486);
  CHECK(only_step("transfer sips:carol@example.com").uri == "sips:carol@example.com");
  CHECK(only_step("tone").number == 440);
  CHECK(only_step("tone 0").number == 0);
  CHECK(only_step("play \"my voice.wav\"").text == "my voice.wav");
  CHECK(only_step("record -").text == "-");
  CHECK(only_step("dtmf 12*A!").text == "12*A!");
  CHECK(only_step("dtmf 12#").text == "12#");
  CHECK(only_step("dtmf \"#1\"").text == "#1");
  CHECK(only_step("publish closed").word == "closed");
  CHECK(only_step("wait 0").number == 0);
  const step subscribe = only_step("subscribe message-summary sip:me@example.com");
  CHECK(subscribe.word == "message-summary");
  CHECK(subscribe.uri == "sip:me@example.com");
  CHECK(only_step("over").what == action::over);
}

TEST_CASE("a text is the rest of the line, as it is", "[phone][script]") {
  const step message = only_step("message sip:bob@example.com   say \"hi\"  # now \t");
  CHECK(message.uri == "sip:bob@example.com");
  CHECK(message.text == "say \"hi\"  # now");
  const step info = only_step("info my-package a = 1");
  CHECK(info.word == "my-package");
  CHECK(info.text == "a = 1");
  CHECK(only_step("info - x").word.empty());
  CHECK(error_of("message sip:bob@example.com") == "message: TEXT is missing");
}

TEST_CASE("expect has an event and what its keys must be", "[phone][script]") {
  const step one = only_step("expect ended cause=refused status=486 reason=\"Busy Here\"");
  CHECK(one.expected.event == "ended");
  REQUIRE(one.expected.conditions.size() == 3);
  CHECK(one.expected.conditions[2].key == "reason");
  CHECK(one.expected.conditions[2].value == "Busy Here");
  CHECK(only_step("expect notify event=presence").expected.conditions[0].key == "package");
  CHECK(
      contains(error_of("expect rining"), "expect: \"rining\" is no event; there are listening registered"));
  CHECK(error_of("expect ringing state=180") ==
        "expect: ringing has no \"state\"; it has call status reason");
  CHECK(error_of("expect unregistered call=1") == "expect: unregistered has no \"call\"; it has no keys");
  CHECK(error_of("expect ended local") == "expect: \"local\" is no KEY=VALUE");
  CHECK(error_of("expect") == "expect: EVENT is missing");
}

TEST_CASE("an error names the line and the rule", "[phone][script]") {
  CHECK(read_script("hangup\ncall\nhold", "steps.txt").error == "steps.txt:2: call: URI is missing");
  CHECK(contains(error_of("calll sip:bob@example.com"),
                 "\"calll\" is no step; there are register unregister call"));
  CHECK(contains(error_of("call sip:bob@"), "call: \"sip:bob@\" is no SIP URI: at offset 8: RFC 3261 "));
  CHECK(error_of("call tel:+15551234") ==
        "call: \"tel:+15551234\" is no SIP URI: those begin with sip: or sips:");
  CHECK(error_of("refuse 200") == "refuse: \"200\" is no status of a refusal, a number from 300 to 699");
  CHECK(error_of("refuse 48x") == "refuse: \"48x\" is no status of a refusal, a number from 300 to 699");
  CHECK(error_of("ring 200") == "ring: \"200\" is no status of a call that rings, a number from 101 to 199");
  CHECK(error_of("wait -1") == "wait: \"-1\" is no time in milliseconds, a number from 0 to 86400000");
  CHECK(error_of("wait 99999999999") ==
        "wait: \"99999999999\" is no time in milliseconds, a number from 0 to 86400000");
  CHECK(error_of("tone 4001") == "tone: \"4001\" is no frequency in Hz, a number from 0 to 4000");
  CHECK(error_of("play") == "play: FILE is missing");
  CHECK(error_of("dtmf 12x") == "dtmf: \"x\" is no key: 0 to 9, *, #, A to D and ! are");
  CHECK(contains(error_of("dtmf #"), "dtmf: KEYS is missing; a # that begins a word begins a comment"));
  CHECK(error_of("publish away") == "publish: \"away\" is neither open nor closed");
  CHECK(error_of("hold now") == "hold: \"now\" is one word too many");
  CHECK(error_of("call \"sip:bob@example.com") == "a quote is not closed");
  CHECK(error_of("dtmf \"1\\") == "a quote is not closed");
}

TEST_CASE("whether a step takes calls", "[phone][script]") {
  for (const char* line : {"await", "ring", "answer", "refuse 603", "expect incoming"})
    CHECK(takes_calls(only_step(line)));
  for (const char* line : {"over", "expect ended", "wait 1"}) CHECK_FALSE(takes_calls(only_step(line)));
}

TEST_CASE("the help has every step", "[phone][script]") {
  const std::string help = describe_steps();
  CHECK(contains(help, "  info PACKAGE TEXT"));
  CHECK(contains(help, "  expect EVENT [KEY=VALUE]…"));
}
