#include <parley/ua/dialog_info.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using ua::dialog_info;
using ua::dialog_info_direction;
using ua::dialog_info_event;
using ua::dialog_info_state;
using ua::errc;

std::string report(std::string_view inside, std::string_view attributes = "version=\"1\" state=\"full\"") {
  return std::string("<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" ")
      .append(attributes)
      .append(" entity=\"sip:alice@example.com\">")
      .append(inside)
      .append("</dialog-info>");
}

}  // namespace

TEST_CASE("a report of dialogs is read") {
  const auto read = dialog_info::read(
      "<?xml version=\"1.0\"?>\n"
      "<d:dialog-info xmlns:d=\"urn:ietf:params:xml:ns:dialog-info\" version=\"2\" state=\"partial\"\n"
      "  entity=\"sip:alice@example.com\">\n"
      "  <d:dialog id=\"as7d900as8\" call-id=\"a84b4c76e66710\" local-tag=\"1928301774\"\n"
      "    remote-tag=\"456887766\" direction=\"initiator\">\n"
      "    <d:state event=\"rejected\" code=\"486\">terminated</d:state>\n"
      "    <d:duration>145</d:duration>\n"
      "    <d:local><d:identity display=\"Alice\">sip:alice@example.com</d:identity>\n"
      "      <d:target uri=\"sip:alice@pc33.example.com\"><d:param pname=\"+sip.rendering\" pval=\"no\"/>"
      "</d:target></d:local>\n"
      "    <d:remote><d:identity display-name=\"Bob\">sip:bob@example.org</d:identity></d:remote>\n"
      "    <d:replaces call-id=\"x\" local-tag=\"y\" remote-tag=\"z\"/>\n"
      "  </d:dialog>\n"
      "  <d:dialog id=\"2\"><d:state>confirmed</d:state></d:dialog>\n"
      "</d:dialog-info>");
  REQUIRE(read);
  CHECK(read->version == 2);
  CHECK_FALSE(read->full);
  CHECK(read->entity == "sip:alice@example.com");
  REQUIRE(read->dialogs.size() == 2);
  const auto& one = read->dialogs[0];
  CHECK(one.id == "as7d900as8");
  CHECK(one.call_id == "a84b4c76e66710");
  CHECK(one.local_tag == "1928301774");
  CHECK(one.remote_tag == "456887766");
  CHECK(one.direction == dialog_info_direction::initiator);
  CHECK(one.state == dialog_info_state::terminated);
  CHECK(one.event == dialog_info_event::rejected);
  CHECK(one.code == 486);
  CHECK(one.duration == 145U);
  CHECK(one.local == ua::dialog_info_party{"sip:alice@example.com", "Alice", "sip:alice@pc33.example.com"});
  CHECK(one.remote == ua::dialog_info_party{"sip:bob@example.org", "Bob", ""});
  CHECK(read->dialogs[1].state == dialog_info_state::confirmed);
  CHECK(read->dialogs[1].direction == dialog_info_direction::none);
}

TEST_CASE("each state and each event is written as it is read") {
  dialog_info out;
  out.version = 4294967295;
  out.entity = "sip:a&b@example.com";
  for (unsigned state = 0; state < 5; ++state) {
    for (unsigned event = 0; event < 8; ++event) {
      ua::dialog_info_dialog one;
      one.id = std::to_string(state * 8 + event);
      one.state = static_cast<dialog_info_state>(state);
      one.event = static_cast<dialog_info_event>(event);
      one.direction = static_cast<dialog_info_direction>(event % 3);
      one.call_id = "<" + one.id + ">";
      one.local_tag = event % 2 == 0 ? "a" : "";
      one.remote_tag = "\"b\"";
      if (event != 0) one.code = static_cast<std::uint16_t>(100 + event);
      if (event > 2) one.duration = event;
      if (event > 3) one.local = {"sip:a@example.com", "A & B", ""};
      if (event > 4) one.remote = {"", "", "sip:b@example.com"};
      out.dialogs.push_back(one);
    }
  }
  const auto back = dialog_info::read(out.write());
  REQUIRE(back);
  CHECK(*back == out);
  out.full = false;
  out.dialogs.clear();
  CHECK(dialog_info::read(out.write()).value() == out);
}

TEST_CASE("a report without a version, or with a dialog without a state, is none") {
  CHECK(dialog_info::read(report("")));
  CHECK(dialog_info::read(report("", "state=\"full\"")).error() == errc::bad_body);
  CHECK(dialog_info::read(report("", "version=\"x\"")).error() == errc::bad_body);
  CHECK(dialog_info::read(report("", "version=\"-1\"")).error() == errc::bad_body);
  CHECK(dialog_info::read(report("<dialog id=\"1\"/>")).error() == errc::bad_body);
  CHECK(dialog_info::read(report("<dialog id=\"1\"><state>busy</state></dialog>")).error() == errc::bad_body);
  CHECK(dialog_info::read("<presence/>").error() == errc::bad_body);
  // What is beside the point is not looked at.
  const auto odd =
      dialog_info::read(report("<dialog id=\"1\" direction=\"up\"><state event=\"x\" "
                               "code=\"99\">early</state><duration>y</duration></dialog>"));
  REQUIRE(odd);
  CHECK(odd->dialogs.at(0).event == dialog_info_event::none);
  CHECK_FALSE(odd->dialogs.at(0).code);
  CHECK_FALSE(odd->dialogs.at(0).duration);
  CHECK(odd->dialogs.at(0).direction == dialog_info_direction::none);
}
