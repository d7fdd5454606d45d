#include <parley/ua/binding.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using test::parsed_text;

namespace {

std::vector<ua::binding> read(std::string_view lines) {
  return ua::read_bindings(*parsed_text(test::dialog_texts::response(200, 1, "REGISTER", "a", "b", lines)),
                           3600);
}

}  // namespace

TEST_CASE("bindings are read with all that a registrar says of them") {
  const auto bindings = read(
      "Expires: 90\r\nContact: \"A\" <sip:a@192.0.2.1;x=y>;q=0.25;expires=30;"
      "+sip.instance=\"<urn:uuid:1>\";reg-id=3;pub-gruu=\"sip:a@example.com;gr=urn:uuid:1\";"
      "temp-gruu=\"sip:t@example.com;gr\", <sip:b@192.0.2.2>\r\n");
  REQUIRE(bindings.size() == 2);
  const ua::binding full{.contact = "sip:a@192.0.2.1;x=y",
                         .expires = 30,
                         .q = 250,
                         .instance = "urn:uuid:1",
                         .reg_id = 3,
                         .public_gruu = "sip:a@example.com;gr=urn:uuid:1",
                         .temporary_gruu = "sip:t@example.com;gr"};
  CHECK((bindings[0] == full));
  CHECK(bindings[1].expires == 90);
  CHECK(bindings[1].instance.empty());
}

TEST_CASE("what can't be read ends the list, or counts as not there") {
  CHECK(read("").empty());
  CHECK(read("Contact: *\r\n").empty());
  CHECK(read("Contact: <sip:a@b>\r\nContact: <broken\r\nContact: <sip:c@d>\r\n").size() == 1);
  const auto odd =
      read("Contact: <sip:a@b>;reg-id=many;pub-gruu=\"tel:+49\";temp-gruu=\"nothing at all\"\r\n");
  REQUIRE(odd.size() == 1);
  CHECK(odd[0].reg_id == 0);
  CHECK(read("Contact: <sip:a@b>;reg-id=2x\r\n").front().reg_id == 0);
  CHECK(odd[0].public_gruu.empty());
  CHECK(odd[0].temporary_gruu.empty());
  const auto long_one = [](std::size_t length) {
    return read("Contact: <sip:a@b>;pub-gruu=\"sip:a@b;gr=" + std::string(length - 11, 'x') + "\"\r\n")
        .front()
        .public_gruu.size();
  };
  CHECK(long_one(1024) == 1024);
  CHECK(long_one(1025) == 0);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "Contact: <sip:a@b>\r\n";
  CHECK(read(many).size() == 64);
}

TEST_CASE("RFC 3261 10.2.4: the own binding is found by its URI, that of a flow by instance and reg-id") {
  const auto bindings = read(
      "Contact: <sip:a@192.0.2.1>;+sip.instance=\"<urn:x>\";reg-id=1\r\n"
      "Contact: <sip:a@192.0.2.1>;+sip.instance=\"<urn:x>\";reg-id=2\r\n"
      "Contact: <sip:a@192.0.2.1;transport=tcp>\r\n");
  CHECK(ua::find_own(bindings, {"sip:z@192.0.2.1", "urn:x", 2}) == 1U);
  CHECK(ua::find_own(bindings, {"sip:a@192.0.2.1", "urn:x", 1}) == 0U);
  CHECK(ua::find_own(bindings, {"SIP:%61@192.0.2.1;transport=TCP", "urn:x", 3}) == 2U);
  CHECK(ua::find_own(bindings, {"SIP:%61@192.0.2.1", {}, 0}) == 0U);
  CHECK(ua::find_own(bindings, {"sip:a@192.0.2.1", "urn:other", 0}) == 0U);
  CHECK_FALSE(ua::find_own(bindings, {"sip:b@192.0.2.1", "urn:x", 3}));
  CHECK_FALSE(ua::find_own(bindings, {"nothing", {}, 0}));
}
