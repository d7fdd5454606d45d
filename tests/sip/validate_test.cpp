#include <parley/sip/validate.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley::sip;
using parley::test::offset_in;
using parley::test::plain_lines;
using parley::test::request_with;

namespace {

std::vector<finding> all(std::string_view text, const limits& limits = {}) {
  message_view view;
  (void)view.parse(text, limits);
  std::array<finding, 32> found;
  const std::size_t count = find_violations(view, found);
  const auto first = validate(view);
  CHECK(first.has_error() == (count != 0));
  if (count != 0) CHECK(first.error() == found[0].error);
  // With less room the first ones come.
  std::array<finding, 1> one;
  CHECK(find_violations(view, one) == std::min<std::size_t>(count, 1));
  if (count != 0) CHECK(one[0] == found[0]);
  CHECK(find_violations(view, {}) == 0);
  return {found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// `text` has one fault.
void one(std::string_view text, errc code, std::size_t offset, header_id id,
         std::size_t header = message_view::npos) {
  CAPTURE(text);
  const auto found = all(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].error == parse_error{code, static_cast<std::uint32_t>(offset)});
  CHECK(found[0].id == id);
  CHECK(found[0].header == header);
}

}  // namespace

TEST_CASE("a sound message has no fault", "[validate]") {
  CHECK(all(request_with("")).empty());
  CHECK(all(request_with("Supported:\r\nAllow:\r\nAccept:\r\nSubject:\r\nFoo:\r\n")).empty());
  CHECK(all("SIP/2.0 200 OK\r\n" + std::string(plain_lines) + "\r\n").empty());
  // RFC 3261 8.1.1.5 speaks of requests; a response has the method that it answers.
  CHECK(all("SIP/2.0 481 No\r\n" + std::string(plain_lines) + "\r\n").empty());
}

TEST_CASE("every value of every list is read", "[validate]") {
  const std::string text =
      request_with("Route: <sip:a>, sip:b\r\nVia: SIP/2.0/UDP c, SIP/2.0\r\nWarning: 1\r\nX-Own: \"\r\n");
  const auto found = all(text);
  REQUIRE(found.size() == 3);
  CHECK(found[0].id == header_id::route);
  CHECK(found[0].header == 6);
  CHECK(found[0].error.offset == offset_in(text, "sip:b\r\nVia"));
  CHECK(found[1].id == header_id::via);
  CHECK(found[1].error == parse_error{errc::expected_slash, offset_in(text, "SIP/2.0\r\nWarning") + 7});
  CHECK(found[2].id == header_id::warning);
}

TEST_CASE("required headers are missed", "[validate]") {
  struct line {
    std::string_view name;
    header_id id;
  };
  for (const line& required :
       {line{"Via", header_id::via}, line{"From", header_id::from}, line{"To", header_id::to},
        line{"Call-ID", header_id::call_id}, line{"CSeq", header_id::cseq}}) {
    std::string text = request_with("");
    const std::size_t start = offset_in(text, "\r\n" + std::string(required.name) + ":") + 2;
    text.erase(start, text.find('\n', start) + 1 - start);
    one(text, errc::missing_header, 0, required.id);
  }
  // A peer of RFC 2543 has no Max-Forwards, and RFC 3261 16.3 lets that pass.
  std::string text = request_with("");
  text.erase(offset_in(text, "Max-Forwards"), 18);
  CHECK(all(text).empty());
}

TEST_CASE("CSeq has the method of the request", "[validate]") {
  const auto with = [](std::string_view method, std::string_view cseq) {
    std::string text = request_with("");
    text.replace(0, 7, method);
    text.replace(text.find("7 OPTIONS"), 9, cseq);
    return text;
  };
  CHECK(all(with("ACK", "1 ACK")).empty());
  CHECK(all(with("NEW", "1 NEW")).empty());
  const std::string text = with("INVITE", "8 OPTIONS");
  one(text, errc::method_mismatch, offset_in(text, "OPTIONS"), header_id::cseq, 5);
  one(with("NEW", "8 New"), errc::method_mismatch, offset_in(with("NEW", "8 New"), "New"), header_id::cseq,
      5);
  // CSeq that can't be read is one fault, not two.
  const std::string broken = with("INVITE", "x INVITE");
  one(broken, errc::expected_number, offset_in(broken, "x INVITE"), header_id::cseq, 5);
}

TEST_CASE("the Request-URI is a URI without headers", "[validate]") {
  const auto with = [](std::string_view uri) {
    return "OPTIONS " + std::string(uri) + " SIP/2.0\r\n" + std::string(plain_lines) + "\r\n";
  };
  CHECK(all(with("sips:a@b;transport=tcp;method=x")).empty());
  CHECK(all(with("tel:+1-201-555-0123")).empty());
  CHECK(all(with("nobodyKnowsThisScheme:totallyopaquecontent")).empty());
  one(with("sip:a@b?Route=%3Csip:c%3E"), errc::bad_request_uri, 15, header_id::unknown);
}

TEST_CASE("single headers stand once, lists have their limit over all lines", "[validate]") {
  const std::string twice = request_with("t: <sip:b>\r\n");
  one(twice, errc::duplicate_header, offset_in(twice, "t: <sip:b>"), header_id::to, 6);
  limits limits;
  limits.values = 2;
  const std::string list = request_with("Route: <sip:a>\r\nRoute: <sip:b>, <sip:c>\r\n");
  CHECK(all(list).empty());
  const auto found = all(list, limits);
  REQUIRE(found.size() == 1);
  CHECK(found[0].error == parse_error{errc::too_many_values, offset_in(list, "<sip:c>")});
}

TEST_CASE("Contact: * stands alone, in whichever lines", "[validate]") {
  CHECK(all(request_with("Contact: *\r\n")).empty());
  const std::string lines = request_with("Contact: <sip:a>\r\nContact: *\r\n");
  one(lines, errc::bad_star_contact, offset_in(lines, "*"), header_id::contact, 7);
  const std::string stars = request_with("Contact: *\r\nm: *\r\n");
  one(stars, errc::bad_star_contact, offset_in(stars, "m: *") + 3, header_id::contact, 7);
}

TEST_CASE("the lines of a refused message are looked at too", "[validate]") {
  const std::string text =
      "OPTIONS sip:a  SIP/2.0\r\nFoo bar: x\r\n" + std::string(plain_lines) + "Expires: x\r\n\r\n";
  const auto found = all(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].error == parse_error{errc::expected_number, offset_in(text, "x\r\n\r\n")});
}
