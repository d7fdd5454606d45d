#include <parley/ua/reginfo.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using ua::errc;
using ua::reginfo;
using ua::reginfo_event;
using ua::reginfo_state;

std::string report(std::string_view inside, std::string_view attributes = "version=\"0\" state=\"full\"") {
  return std::string("<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" ")
      .append(attributes)
      .append(">")
      .append(inside)
      .append("</reginfo>");
}

}  // namespace

TEST_CASE("a report of registrations is read") {
  const auto read = reginfo::read(
      "<?xml version=\"1.0\"?>\n"
      "<g:reginfo xmlns:g=\"urn:ietf:params:xml:ns:reginfo\" version=\"7\" state=\"partial\">\n"
      "  <g:registration aor=\"sip:joe@example.com\" id=\"a7\" state=\"active\">\n"
      "    <g:contact id=\"76\" state=\"active\" event=\"shortened\" duration-registered=\"7322\" q=\"0.8\"\n"
      "      expires=\"60\" callid=\"1@x\" cseq=\"4\">\n"
      "      <g:uri>sip:joe@pc887.example.com</g:uri><g:display-name>Joe</g:display-name>\n"
      "      <g:unknown-param name=\"x\">\"y\"</g:unknown-param>\n"
      "    </g:contact>\n"
      "    <g:contact id=\"77\" state=\"terminated\" event=\"probation\" retry-after=\"30\">"
      "<g:uri>sip:joe@university.edu</g:uri></g:contact>\n"
      "  </g:registration>\n"
      "</g:reginfo>");
  REQUIRE(read);
  CHECK(read->version == 7);
  CHECK_FALSE(read->full);
  REQUIRE(read->registrations.size() == 1);
  const auto& joe = read->registrations[0];
  CHECK(joe.aor == "sip:joe@example.com");
  CHECK(joe.id == "a7");
  CHECK(joe.state == reginfo_state::active);
  REQUIRE(joe.contacts.size() == 2);
  CHECK(joe.contacts[0] == ua::reginfo_contact{"76",
                                               reginfo_state::active,
                                               reginfo_event::shortened,
                                               "sip:joe@pc887.example.com",
                                               "Joe",
                                               60,
                                               {},
                                               7322,
                                               800,
                                               "1@x",
                                               4});
  CHECK(joe.contacts[1].state == reginfo_state::terminated);
  CHECK(joe.contacts[1].event == reginfo_event::probation);
  CHECK(joe.contacts[1].retry_after == 30U);
}

TEST_CASE("each event is written as it is read") {
  reginfo out;
  out.version = 3;
  for (unsigned event = 0; event < 9; ++event) {
    ua::reginfo_registration one;
    one.aor = "sip:a&" + std::to_string(event) + "@example.com";
    one.id = "<" + std::to_string(event) + ">";
    one.state = static_cast<reginfo_state>(event % 3);
    one.contacts.push_back({"c",
                            event % 2 == 0 ? reginfo_state::active : reginfo_state::terminated,
                            static_cast<reginfo_event>(event),
                            "sip:c@192.0.2.1",
                            event > 4 ? "C \"c\"" : "",
                            event,
                            {},
                            5,
                            static_cast<std::uint16_t>(event * 125),
                            "",
                            {}});
    out.registrations.push_back(one);
  }
  const auto back = reginfo::read(out.write());
  REQUIRE(back);
  CHECK(*back == out);
}

TEST_CASE("a report without a version, or with a state that is none, is none") {
  CHECK(reginfo::read(report("")));
  CHECK(reginfo::read(report("", "state=\"full\"")).error() == errc::bad_body);
  CHECK(reginfo::read(report("<registration aor=\"x\" id=\"1\"/>")).error() == errc::bad_body);
  const auto contact = [](std::string_view attributes) {
    return report(std::string("<registration aor=\"x\" id=\"1\" state=\"active\"><contact id=\"2\" ")
                      .append(attributes)
                      .append("><uri>sip:c@example.com</uri></contact></registration>"));
  };
  CHECK(reginfo::read(contact("state=\"init\"")).error() == errc::bad_body);
  CHECK(reginfo::read(contact("")).error() == errc::bad_body);
  const auto other = reginfo::read(contact("state=\"active\" event=\"moved\" expires=\"x\""));
  REQUIRE(other);
  CHECK(other->registrations.at(0).contacts.at(0).event == reginfo_event::other);
  CHECK_FALSE(other->registrations.at(0).contacts.at(0).expires);
}
