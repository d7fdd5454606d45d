#include <parley/ua/caller_identity.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

using namespace parley;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;

namespace {

ua::caller_identity caller(std::string_view lines, bool trusted) {
  const auto read = ua::caller_of(*parsed_text(texts::invite(lines)), trusted);
  REQUIRE(read);
  return *read;
}

sip::message invite() { return sip::message::request("INVITE", "sip:bob@example.com").value(); }

}  // namespace

TEST_CASE("without an assertion the caller is who From says") {
  for (const bool trusted : {false, true}) {
    const auto from = caller("", trusted);
    CHECK(from.uri == "sip:alice@example.com");
    CHECK(from.display_name == "Alice");
    CHECK_FALSE(from.asserted);
    CHECK_FALSE(from.anonymous);
  }
}

TEST_CASE("RFC 3325 5: P-Asserted-Identity counts only from inside the trust domain") {
  constexpr std::string_view lines =
      "P-Asserted-Identity: tel:+4930123, \"Al \\\"A\\\"\" <sip:+4930123@example.com>\r\n"
      "P-Asserted-Identity: <sip:second@example.com>, <mailto:x@y>\r\n";
  const auto asserted = caller(lines, true);
  CHECK(asserted.asserted);
  CHECK(asserted.uri == "sip:+4930123@example.com");
  CHECK(asserted.telephone == "tel:+4930123");
  CHECK(asserted.display_name == "Al \"A\"");
  CHECK_FALSE(caller(lines, false).asserted);
  CHECK(caller(lines, false).uri == "sip:alice@example.com");
  const auto number = caller("P-Asserted-Identity: \"Al\" <tel:+4930123>\r\n", true);
  CHECK(number.uri == "tel:+4930123");
  CHECK(number.telephone.empty());
  CHECK(number.display_name == "Al");
}

TEST_CASE("RFC 3325 7: whoever asks not to be known is not shown") {
  constexpr std::string_view identity = "P-Asserted-Identity: <sip:a@example.com>\r\n";
  for (const char* const privacy : {"id", "user", "header;critical", "session;id"}) {
    CAPTURE(privacy);
    const auto hidden = caller(std::string(identity) + "Privacy: " + privacy + "\r\n", true);
    CHECK(hidden.anonymous);
    CHECK(hidden.uri.empty());
    CHECK(hidden.display_name.empty());
    CHECK(hidden.asserted);
  }
  CHECK_FALSE(caller(std::string(identity) + "Privacy: none\r\n", true).anonymous);
  for (const std::string& from : {std::string(ua::anonymous_from), std::string("<sip:x@Anonymous.Invalid>"),
                                  std::string("<sip:anonymous@example.com>")}) {
    CAPTURE(from);
    const auto nobody =
        ua::caller_of(*parsed_text("INVITE sip:b@c SIP/2.0\r\nFrom: " + from + ";tag=1\r\n\r\n"), false);
    REQUIRE(nobody);
    CHECK(nobody->anonymous);
    CHECK(nobody->uri.empty());
  }
  CHECK_FALSE(ua::caller_of(*parsed_text("INVITE sip:b@c SIP/2.0\r\nFrom: <\r\n\r\n"), false));
}

TEST_CASE("RFC 3323 4.2: Privacy has what is asked for") {
  auto request = invite();
  ua::write_privacy({.header = true, .id = true, .critical = true}, request);
  CHECK(request.value_of(header_id::privacy) == "header;id;critical");
  CHECK(request.value_of(header_id::proxy_require) == "privacy");
  auto none = invite();
  ua::write_privacy({.none = true, .id = true, .critical = true}, none);
  CHECK(none.value_of(header_id::privacy) == "none");
  CHECK(none.header_count() == 1);
  ua::write_privacy({.critical = true}, none);
  CHECK(none.header_count() == 0);
  ua::write_privacy({.session = true, .user = true, .history = true}, none);
  CHECK(none.value_of(header_id::privacy) == "session;user;history");
}

TEST_CASE("RFC 3325 9: an identity is a URI, at most one of a kind") {
  auto request = invite();
  REQUIRE(ua::write_preferred_identity("sip:alice@example.com;x=y", request));
  CHECK(request.value_of(header_id::p_preferred_identity) == "<sip:alice@example.com;x=y>");
  CHECK_FALSE(ua::write_preferred_identity("sip:other@example.com", request));
  REQUIRE(ua::write_preferred_identity("\"A\" <tel:+4930123>", request));
  CHECK_FALSE(ua::write_preferred_identity("tel:+49", request));
  CHECK_FALSE(ua::write_preferred_identity("mailto:a@b", request));
  CHECK(request.header_count() == 2);
  REQUIRE(ua::write_asserted_identity("sips:alice@example.com", request));
  CHECK(request.value_of(header_id::p_asserted_identity) == "<sips:alice@example.com>");
  CHECK_FALSE(ua::write_asserted_identity("sip:a@b>\r\nX: <y", request));
}
