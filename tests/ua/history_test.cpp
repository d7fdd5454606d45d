#include <parley/ua/history.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

using namespace parley;
using test::parsed_text;
using texts = test::dialog_texts;
using ua::history;
using ua::retargeting;

namespace {

base::result<history> read(std::string_view lines) {
  return history::read(*parsed_text(texts::invite(lines)));
}

}  // namespace

TEST_CASE("RFC 7044: the targets of a request are read, with why it left them") {
  const auto read_one = read(
      "History-Info: <sip:bob@example.com?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22>;index=1,\r\n"
      " <sip:office@example.com?Privacy=history&x=y>;index=1.1;mp=1\r\n"
      "History-Info: <sip:office@192.0.2.3>;index=1.1.1;rc=1.1, "
      "<sip:office@192.0.2.3>;index=1.1.1.1;np=1.1.1\r\n");
  REQUIRE(read_one);
  const auto& entries = read_one->entries();
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].uri == "sip:bob@example.com");
  REQUIRE(entries[0].why);
  CHECK((*entries[0].why == ua::reason{.protocol = "SIP", .cause = 302, .text = "Moved"}));
  CHECK(entries[1].uri == "sip:office@example.com");
  CHECK(entries[1].is_private);
  CHECK(entries[1].kind == retargeting::other_user);
  CHECK(entries[1].from == "1");
  CHECK(entries[2].kind == retargeting::contact);
  CHECK(entries[3].kind == retargeting::unchanged);
  REQUIRE(read_one->original_target() != nullptr);
  CHECK(read_one->original_target()->uri == "sip:bob@example.com");
  CHECK_FALSE(read("History-Info: <sip:a@b?Privacy=none>;index=1\r\n")->entries()[0].is_private);
  REQUIRE(read(""));
  CHECK(read("")->entries().empty());
  CHECK(read("")->original_target() == nullptr);
}

TEST_CASE("a History-Info that is broken or endless is refused as a whole") {
  CHECK(read("History-Info: <sip:bob@example.com>\r\n").error() == ua::errc::bad_message);
  CHECK(read("History-Info: <sip:bob@example.com>;index=x\r\n").error() == ua::errc::bad_message);
  CHECK(read("History-Info: <sip:bob@example.com>;index=" + std::string(65, '1') + "\r\n").error() ==
        ua::errc::bad_message);
  std::string many;
  for (int i = 0; i < 33; ++i) many += "History-Info: <sip:bob@example.com>;index=1\r\n";
  CHECK(read(many).error() == ua::errc::too_large);
}

TEST_CASE("a history goes on one level below, and what is written is read again") {
  history calls;
  REQUIRE(calls.add("sip:bob@example.com;user=phone", retargeting::none));
  REQUIRE(calls.add("sip:office@example.com", retargeting::other_user,
                    ua::reason{.protocol = "SIP", .cause = 302, .text = "a \"b\""}));
  REQUIRE(calls.add("sip:office@192.0.2.3", retargeting::contact));
  CHECK_FALSE(calls.add("no uri", retargeting::none));
  REQUIRE(calls.add("sip:office@192.0.2.3", retargeting::unchanged));
  CHECK(calls.entries()[2].index == "1.1.1");
  REQUIRE(calls.entries()[0].why);
  CHECK(calls.entries()[0].why->cause == 302U);
  CHECK_FALSE(calls.entries()[1].why);
  auto request = sip::message::request("INVITE", "sip:office@192.0.2.3").value();
  calls.write(request, true);
  CHECK(request.value_of(sip::header_id::supported) == "histinfo");
  const auto again = history::read(*parsed_text(request));
  REQUIRE(again);
  CHECK((again->entries() == calls.entries()));
  // Written again, it is not there twice; a response has no Supported for it.
  auto response = sip::message::response(181).value();
  calls.write(response, true);
  calls.write(response, true);
  CHECK(response.header_count() == 4);
}

TEST_CASE("private entries leave the domain without their URI") {
  auto calls = *read("History-Info: <sip:bob@example.com?Privacy=history>;index=1\r\n");
  REQUIRE(calls.add("sip:office@example.com", retargeting::other_user));
  auto inside = sip::message::request("INVITE", "sip:office@example.com").value();
  calls.write(inside, true);
  CHECK(inside.value_of(sip::header_id::history_info) == "<sip:bob@example.com?Privacy=history>;index=1");
  auto outside = sip::message::request("INVITE", "sip:office@example.com").value();
  calls.write(outside, false);
  CHECK(outside.value_of(sip::header_id::history_info) == "<sip:anonymous@anonymous.invalid>;index=1");
}

TEST_CASE("a history has an end") {
  history calls;
  std::size_t added = 0;
  while (added < 100 && calls.add("sip:a@b", retargeting::unchanged)) ++added;
  CHECK(added == history::max_entries);
}
