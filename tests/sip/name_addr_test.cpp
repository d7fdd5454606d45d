#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/result.hpp"

#include <string>
#include <type_traits>
#include <vector>

using namespace parley::sip;
using parley::test::error_of;

static_assert(std::is_trivially_copyable_v<from_header>);
static_assert(std::is_trivially_copyable_v<contact_header>);
static_assert(std::is_trivially_copyable_v<history_info_header>);

TEST_CASE("From is taken apart") {
  const std::string_view text =
      R"("Alice \"A\" Example" <sip:+34600111222@example.net;lr>;tag=9fxced76sl;x="y")";
  const auto from = parse<from_header>(text);
  REQUIRE(from);
  CHECK(from->raw == text);
  CHECK(from->display_name == R"(Alice \"A\" Example)");
  CHECK(from->display_quoted);
  CHECK(from->in_angle);
  CHECK(from->uri.raw == "sip:+34600111222@example.net;lr");
  CHECK(from->uri.lr());
  CHECK(from->tag == "9fxced76sl");
  CHECK(from->parameters.raw() == R"(;tag=9fxced76sl;x="y")");
  CHECK(from->parameters.find("x")->value == "y");
}

TEST_CASE("the parameters behind a bare URI are those of the header") {
  const auto from = parse<from_header>("sip:caller@example.net;tag=134161461246");
  REQUIRE(from);
  CHECK_FALSE(from->in_angle);
  CHECK(from->display_name.empty());
  CHECK(from->uri.raw == "sip:caller@example.net");
  CHECK(from->uri.parameters.empty());
  CHECK(from->tag == "134161461246");
  const auto folded = parse<to_header>("\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n");
  REQUIRE(folded);
  CHECK(folded->tag == "1918181833n");
  CHECK(folded->uri.user == "vivekg");
  // RFC 4475 3.3.12 and 3.3.13.
  const auto bare = parse<contact_header>("sip:+19725552222@gw1.example.net;unknownparam");
  REQUIRE(bare);
  CHECK(bare->uri.parameters.empty());
  CHECK(bare->parameters.contains("unknownparam"));
  const auto bracketed = parse<contact_header>("<sip:+19725552222@gw1.example.net;unknownparam>");
  REQUIRE(bracketed);
  CHECK(bracketed->uri.parameters.contains("unknownparam"));
  CHECK(bracketed->parameters.empty());
}

TEST_CASE("display names are quoted strings, tokens or missing") {
  const auto name = [](std::string_view text) -> std::string {
    const auto from = parse<from_header>(text);
    REQUIRE(from);
    CHECK(from->in_angle);
    return (from->display_quoted ? "q:" : "t:") + std::string(from->display_name);
  };
  CHECK(name("caller<sip:caller@example.com>;tag=323") == "t:caller");
  CHECK(name("Mr. J. User  <sip:a@b>") == "t:Mr. J. User");
  CHECK(name("token1~` token2'+_ token3*%!.- <sip:mundane@example.com>") ==
        "t:token1~` token2'+_ token3*%!.-");
  CHECK(name("a\r\n\tb\r\n <sip:a@b>") == "t:a\r\n\tb");
  CHECK(name("J\xc3\xbcrgen M <sip:a@b>") == "t:J\xc3\xbcrgen M");
  CHECK(name("\xd0\xb0 \xd1\x80 <sip:a@b>") == "t:\xd0\xb0 \xd1\x80");
  CHECK(name("<sip:a@b>") == "t:");
  CHECK(name("\"\" <sip:a@b>") == "q:");
  CHECK(name("\"a\"<sip:a@b>") == "q:a");
  CHECK(name("\"a\"  \r\n <sip:a@b>") == "q:a");
  CHECK(name("\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8") ==
        "q:J Rosenberg \\\\\\\"");
  CHECK(name(std::string_view("\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:a@b>", 32)) ==
        "q:" + std::string("BEL:\\\x07 NUL:\\\0 DEL:\\\x7f", 20));
  CHECK(name("\"<sip:joe@big.org>;tag=x\" <sip:a@b>") == "q:<sip:joe@big.org>;tag=x");
  CHECK(name("* <sip:a@b>") == "t:*");
}

TEST_CASE("URIs of any scheme are named") {
  CHECK(parse<from_header>("<http://www.example.com>;tag=3234233")->uri.scheme == uri_scheme::other);
  CHECK(parse<to_header>("isbn:2983792873")->uri.raw == "isbn:2983792873");
  CHECK(parse<contact_header>("<name:John_Smith>")->uri.scheme_text == "name");
  CHECK(parse<p_asserted_identity_header>("<tel:+14085264000;ext=1>")->uri.user == "+14085264000");
  CHECK(parse<p_preferred_identity_header>("tel:+14085264000")->uri.user == "+14085264000");
}

TEST_CASE("what needs brackets and lacks them is refused") {
  CHECK(error_of<contact_header>("sip:user@example.com?Route=%3Csip:sip.example.com%3E") ==
        parse_error{errc::addr_spec_needs_angle, 20});
  CHECK(parse<contact_header>("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")
            ->uri.headers.contains("route"));
  CHECK(error_of<route_header>("sip:proxy.example.net;lr") == parse_error{errc::addr_spec_needs_angle, 0});
  CHECK(error_of<record_route_header>("  sip:proxy.example.net") ==
        parse_error{errc::addr_spec_needs_angle, 2});
  CHECK(error_of<path_header>("sip:a") == parse_error{errc::addr_spec_needs_angle, 0});
  CHECK(error_of<service_route_header>("sip:a") == parse_error{errc::addr_spec_needs_angle, 0});
  CHECK(error_of<call_info_header>("http://a/b") == parse_error{errc::addr_spec_needs_angle, 0});
}

TEST_CASE("unbalanced brackets and quotes are refused") {
  CHECK(error_of<to_header>("\"Mr. J. User <sip:j.user@example.com>") ==
        parse_error{errc::unterminated_quote, 0});
  CHECK(error_of<to_header>("\"Watson, Thomas\" < sip:t.watson@example.org >") ==
        parse_error{errc::expected_scheme, 18});
  CHECK(error_of<to_header>("\"Watson, Thomas\" <sip:t.watson@example.org >") ==
        parse_error{errc::bad_character, 42});
  CHECK(error_of<from_header>("Bell, Alexander <sip:a.g.bell@example.com>;tag=43") ==
        parse_error{errc::bad_character, 4});
  CHECK(error_of<to_header>("<sip:a@b") == parse_error{errc::unbalanced_angle, 8});
  CHECK(error_of<to_header>("<sip:a@b;tag=c") == parse_error{errc::unbalanced_angle, 14});
  CHECK(error_of<to_header>("sip:a@b>") == parse_error{errc::unbalanced_angle, 7});
  CHECK(error_of<to_header>("a sip:a@b>") == parse_error{errc::bad_character, 5});
  CHECK(error_of<to_header>("a>") == parse_error{errc::unbalanced_angle, 1});
  CHECK(error_of<to_header>("\"a\" sip:a@b") == parse_error{errc::unbalanced_angle, 4});
  CHECK(error_of<to_header>("<<sip:a@b>>") == parse_error{errc::expected_scheme, 1});
  CHECK(error_of<to_header>("<sip:a@b>>") == parse_error{errc::trailing_text, 9});
  CHECK(error_of<to_header>("<>") == parse_error{errc::expected_scheme, 1});
  CHECK(error_of<to_header>("") == parse_error{errc::expected_scheme, 0});
  CHECK(error_of<to_header>("bob") == parse_error{errc::expected_scheme, 0});
  CHECK(error_of<to_header>("<sip:>") == parse_error{errc::expected_host, 5});
  CHECK(error_of<to_header>("<sip:a@b> trailing") == parse_error{errc::trailing_text, 10});
  CHECK(error_of<to_header>("<sip:a@b>, <sip:c@d>") == parse_error{errc::trailing_text, 9});
}

TEST_CASE("a tag stands once and has a value") {
  CHECK(error_of<from_header>("<sip:a@b>;tag=1;tag=1") == parse_error{errc::duplicate_parameter, 16});
  CHECK(error_of<from_header>("<sip:a@b>;tag=1;TAG=2") == parse_error{errc::duplicate_parameter, 16});
  CHECK(error_of<from_header>("<sip:a@b>;tag") == parse_error{errc::bad_parameter, 10});
  CHECK(error_of<from_header>("<sip:a@b>;tag=\"x\"") == parse_error{errc::bad_parameter, 10});
  CHECK(error_of<from_header>("<sip:a@b>;tag=") == parse_error{errc::expected_token, 14});
  CHECK(parse<from_header>("<sip:a@b>;Tag=X")->tag == "X");
  CHECK(parse<to_header>("<sip:a@b>")->tag.empty());
}

TEST_CASE("Contact has its own parameters") {
  const std::string_view text =
      "\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n newvalue ;\r\n  secondparam ; q "
      "= 0.33";
  const auto contact = parse<contact_header>(text);
  REQUIRE(contact);
  CHECK(contact->q == 330);
  CHECK_FALSE(contact->expires);
  CHECK_FALSE(contact->star);
  CHECK(contact->raw == text);
  CHECK(parse<contact_header>("<sip:a@b>;expires=3600;Q=1")->expires == 3600U);
  CHECK(parse<contact_header>("<sip:a@b>;expires=4294967295")->expires == 4294967295U);
  CHECK(parse<contact_header>("<sip:a@b>;expires=0")->expires == 0U);
  // RFC 3261 20.10: a malformed value is 3600.
  CHECK(parse<contact_header>("<sip:a@b>;expires=\"Thu, 01 Dec 1994 16:00:00 GMT\"")->expires == 3600U);
  CHECK(parse<contact_header>("<sip:a@b>;expires")->expires == 3600U);
  CHECK(error_of<contact_header>("<sip:a@b>;expires=4294967296") == parse_error{errc::number_overflow, 18});
  CHECK(error_of<contact_header>("<sip:user@host129.example.com>\r\n  ;expires=280297596632815") ==
        parse_error{errc::number_overflow, 43});
  CHECK(error_of<contact_header>("<sip:a@b>;expires=1;expires=2") ==
        parse_error{errc::duplicate_parameter, 20});
  CHECK(error_of<contact_header>("<sip:a@b>;q=2") == parse_error{errc::bad_qvalue, 10});
  CHECK(error_of<contact_header>("<sip:a@b>;q=\"1\"") == parse_error{errc::bad_qvalue, 10});
  CHECK(error_of<contact_header>("<sip:a@b>;q") == parse_error{errc::bad_qvalue, 10});
  CHECK(error_of<contact_header>("<sip:a@b>;q=1;q=1") == parse_error{errc::duplicate_parameter, 14});
  CHECK(error_of<contact_header>("\"Joe\" <sip:joe@example.org>;;;;") ==
        parse_error{errc::expected_token, 28});
  const auto instance =
      parse<contact_header>(R"(<sip:alice@192.0.2.10:5060;transport=udp;ob>;+sip.instance="<urn:uuid:f8>")");
  REQUIRE(instance);
  CHECK(instance->parameters.find("+sip.instance")->value == "<urn:uuid:f8>");
  CHECK(instance->uri.port == 5060);
}

TEST_CASE("the star of Contact stands alone") {
  const auto star = parse<contact_header>(" * ");
  REQUIRE(star);
  CHECK(star->star);
  CHECK(star->raw == "*");
  CHECK(star->uri.raw.empty());
  CHECK_FALSE(parse<contact_header>("* <sip:a@b>")->star);
  CHECK_FALSE(parse<contact_header>("*a* <sip:a@b>")->star);
  CHECK(error_of<contact_header>("*;q=1") == parse_error{errc::bad_star_contact, 0});
  const auto walk = [](std::string_view text) {
    return parse_list<contact_header>(text, [](const contact_header&) {});
  };
  CHECK(walk("*"));
  CHECK(walk("*, <sip:a@b>").error() == parse_error{errc::bad_star_contact, 0});
  CHECK(walk("<sip:a@b>, *").error() == parse_error{errc::bad_star_contact, 11});
}

TEST_CASE("lists hold elements and nothing between") {
  std::vector<std::string> users;
  const auto walk = [&](std::string_view text, std::size_t max = limits{}.values) {
    users.clear();
    return parse_list<contact_header>(
        text, [&](const contact_header& one) { users.emplace_back(one.uri.user); }, max);
  };
  CHECK(walk("<sip:a@h>;q=1 , \"x, y\" <sip:b@h>,sip:c@h;expires=1,\r\n sip:d@h"));
  CHECK(users == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(walk("<sip:a@h>,,<sip:b@h>").error() == parse_error{errc::expected_scheme, 10});
  CHECK(walk("<sip:a@h>,").error() == parse_error{errc::expected_scheme, 10});
  CHECK(walk(",<sip:a@h>").error().code != errc{});
  CHECK(walk("").error() == parse_error{errc::expected_scheme, 0});
  CHECK(walk("<sip:a@h> <sip:b@h>").error() == parse_error{errc::trailing_text, 10});
  CHECK(walk("sip:a@h,sip:b@h,sip:c@h", 2).error() == parse_error{errc::too_many_values, 16});
  int seen = 0;
  CHECK(parse_list<contact_header>("<sip:a@h>, <sip:b@h>, broken",
                                   [&](const contact_header&) { return ++seen < 2; }));
  CHECK(seen == 2);
}

TEST_CASE("headers of other RFCs have what they need") {
  const auto history =
      parse<history_info_header>("<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1");
  REQUIRE(history);
  CHECK(history->index == "1.1");
  CHECK(history->rc == "1");
  CHECK(history->mp.empty());
  CHECK(history->uri.headers.contains("reason"));
  CHECK(parse<history_info_header>("<sip:bob@example.com>")->index.empty());
  CHECK(parse<history_info_header>("<sip:b@c>;index=1;mp=1.2;np=1.3.4")->np == "1.3.4");
  CHECK(error_of<history_info_header>("<sip:b@c>;index=1.") == parse_error{errc::bad_parameter, 10});
  CHECK(error_of<history_info_header>("<sip:b@c>;index=x") == parse_error{errc::bad_parameter, 10});
  CHECK(error_of<history_info_header>("sip:b@c;index=1") == parse_error{errc::addr_spec_needs_angle, 0});

  const auto diversion =
      parse<diversion_header>("<sip:bob@example.com>;reason=\"user-busy\";counter=2;limit=5;privacy=off");
  REQUIRE(diversion);
  CHECK(diversion->reason == "user-busy");
  CHECK(diversion->counter == 2U);
  CHECK(diversion->limit == 5U);
  CHECK(diversion->privacy == "off");
  CHECK(error_of<diversion_header>("<sip:a@b>;counter=x") == parse_error{errc::bad_parameter, 10});
  CHECK(error_of<diversion_header>("<sip:a@b>;counter=1;counter=1") ==
        parse_error{errc::duplicate_parameter, 20});

  const auto referred = parse<referred_by_header>("sip:r@ref.example;cid=\"2UWQFN309shb3@ref.example\"");
  REQUIRE(referred);
  CHECK(referred->cid == "2UWQFN309shb3@ref.example");

  const auto refer =
      parse<refer_to_header>("<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345>");
  REQUIRE(refer);
  CHECK(refer->uri.headers.contains("Replaces"));
  CHECK(parse<refer_to_header>("sip:dave@denver.example.org")->uri.user == "dave");

  const auto info = parse<call_info_header>("<http://wwww.example.com/alice/photo.jpg> ;purpose=icon");
  REQUIRE(info);
  CHECK(info->purpose == "icon");
  CHECK(parse<alert_info_header>("<http://www.example.com/sounds/moo.wav>;appearance=2"));
  CHECK(parse<error_info_header>("<sip:not-in-service-recording@atlanta.com>"));
  CHECK(parse<reply_to_header>("Bob <sip:bob@biloxi.com>")->display_name == "Bob");
  CHECK(parse<record_route_header>("<sip:edge1.example.net;transport=tcp;lr;ftag=9fxced76sl>")->uri.lr());
}
