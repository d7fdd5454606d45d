#include "events.hpp"

#include "support/catch.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <string>

using namespace parley_phone;

namespace {

struct file_closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using file = std::unique_ptr<std::FILE, file_closer>;

std::string contents(std::FILE* of) {
  std::array<char, 4096> bytes{};
  std::rewind(of);
  return {bytes.data(), std::fread(bytes.data(), 1, bytes.size(), of)};
}

}  // namespace

TEST_CASE("an event is a line of JSON, valid UTF-8 whatever it holds", "[phone][events]") {
  const file out(std::tmpfile());
  journal events(out.get());
  events.tell("message", {{"from", "sip:a@b"}, {"body", "x\xff\n\x01"}});
  CHECK(events.is_good());
  const std::string text = contents(out.get());
  const json line = json::parse(text);
  CHECK(text.find('\n') == text.size() - 1);
  CHECK(line["event"] == "message");
  CHECK(line["time"].get<double>() > 1.7e9);
  CHECK(line["body"] == "x\xef\xbf\xbd\n\x01");
}

TEST_CASE("an event is found once, and those before it no more", "[phone][events]") {
  const file out(std::tmpfile());
  journal events(out.get());
  events.tell("ringing", {{"call", 1}, {"status", 180}, {"reason", "Ringing"}});
  events.tell("answered", {{"call", 1}});
  events.tell("answered", {{"call", 2}});
  CHECK_FALSE(events.find({"ringing", {{"status", "183"}}}));
  CHECK_FALSE(events.find({"ringing", {{"sttus", "180"}}}));
  CHECK(events.find({"answered", {{"call", "1"}}}));
  CHECK_FALSE(events.find({"ringing", {}}));
  CHECK(events.find({"answered", {}}));
  CHECK_FALSE(events.find({"answered", {}}));
}

TEST_CASE("conditions are compared with text, numbers and bytes that are no UTF-8", "[phone][events]") {
  const json event{{"event", "ended"}, {"status", 486}, {"reason", "Busy Here"}};
  CHECK(matches(event, {"ended", {{"status", "486"}, {"reason", "Busy Here"}}}));
  CHECK_FALSE(matches(event, {"ended", {{"reason", "Busy"}}}));
  CHECK_FALSE(matches(event, {"answered", {}}));
}

TEST_CASE("a journal that can't write says so", "[phone][events]") {
  const file full(std::fopen("/dev/full", "w"));
  if (full == nullptr) return;
  journal events(full.get());
  events.tell("answered");
  CHECK_FALSE(events.is_good());
}
