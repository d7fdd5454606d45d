#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/typed.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley::sip;
using parley::test::error_of;

namespace {

template <class Header>
std::vector<std::string> values(std::string_view text) {
  std::vector<std::string> out;
  const auto done = parse_list<Header>(text, [&](const Header& one) { out.emplace_back(one.value); });
  if (!done) out.assign(1, "error " + std::to_string(done.error().offset));
  return out;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("CSeq is a number and a method") {
  const auto cseq = parse<cseq_header>("4711 INVITE");
  REQUIRE(cseq);
  CHECK(cseq->number == 4711);
  CHECK(cseq->method == method::invite);
  CHECK(cseq->method_name == "INVITE");
  CHECK(parse<cseq_header>("0009\r\n  INVITE ")->number == 9);
  CHECK(parse<cseq_header>("1 invite")->method == method::unknown);
  CHECK(parse<cseq_header>("29344 RE%47IST%45R")->method_name == "RE%47IST%45R");
  CHECK(parse<cseq_header>("139122385 !interesting-Method0123456789_*+`.%indeed'~"));
  CHECK(parse<cseq_header>("2147483647 ACK")->number == 2147483647U);
  CHECK(error_of<cseq_header>("2147483648 ACK") == parse_error{errc::number_overflow, 0});
  CHECK(error_of<cseq_header>("36893488147419103232 REGISTER") == parse_error{errc::number_overflow, 0});
  CHECK(error_of<cseq_header>(" 9292394834772304023312 OPTIONS") == parse_error{errc::number_overflow, 1});
  CHECK(error_of<cseq_header>("") == parse_error{errc::expected_number, 0});
  CHECK(error_of<cseq_header>("INVITE") == parse_error{errc::expected_number, 0});
  CHECK(error_of<cseq_header>("-1 INVITE") == parse_error{errc::expected_number, 0});
  CHECK(error_of<cseq_header>("1INVITE") == parse_error{errc::expected_separator, 1});
  CHECK(error_of<cseq_header>("1") == parse_error{errc::expected_separator, 1});
  CHECK(error_of<cseq_header>("1 ") == parse_error{errc::expected_token, 2});
  CHECK(error_of<cseq_header>("1 INVITE x") == parse_error{errc::trailing_text, 9});
}

TEST_CASE("RAck names the response") {
  const auto rack = parse<rack_header>("776656 1 INVITE");
  REQUIRE(rack);
  CHECK(rack->rseq == 776656);
  CHECK(rack->cseq == 1);
  CHECK(rack->method == method::invite);
  CHECK(error_of<rack_header>("1 2147483648 INVITE") == parse_error{errc::number_overflow, 2});
  CHECK(error_of<rack_header>("1 2") == parse_error{errc::expected_separator, 3});
  CHECK(error_of<rack_header>("1 INVITE") == parse_error{errc::expected_number, 2});
}

TEST_CASE("Call-ID is a word, or two with an at sign") {
  CHECK(parse<call_id_header>("f81d4fae-7dec@biloxi.com")->value == "f81d4fae-7dec@biloxi.com");
  CHECK(parse<call_id_header>("  transports.kijh4akdnaqjkwendsasfdj ")->value ==
        "transports.kijh4akdnaqjkwendsasfdj");
  CHECK(parse<call_id_header>("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
  CHECK(error_of<call_id_header>("") == parse_error{errc::expected_word, 0});
  CHECK(error_of<call_id_header>("@b") == parse_error{errc::expected_word, 0});
  CHECK(error_of<call_id_header>("a@") == parse_error{errc::expected_word, 2});
  CHECK(error_of<call_id_header>("a@b@c") == parse_error{errc::trailing_text, 3});
  CHECK(error_of<call_id_header>("a b") == parse_error{errc::trailing_text, 2});
  CHECK(error_of<call_id_header>("a,b") == parse_error{errc::trailing_text, 1});
  CHECK(values<in_reply_to_header>("70710@saturn.bell-tel.com, 17320@saturn.bell-tel.com") ==
        strings{"70710@saturn.bell-tel.com", "17320@saturn.bell-tel.com"});
}

TEST_CASE("numbers keep to their ranges") {
  CHECK(parse<max_forwards_header>("0068")->value == 68);
  CHECK(parse<max_forwards_header>("0")->value == 0);
  CHECK(parse<max_forwards_header>("255")->value == 255);
  CHECK(error_of<max_forwards_header>("256") == parse_error{errc::number_out_of_range, 0});
  CHECK(error_of<max_forwards_header>(" 300") == parse_error{errc::number_out_of_range, 1});
  CHECK(error_of<max_forwards_header>("99999999999") == parse_error{errc::number_overflow, 0});
  CHECK(error_of<max_forwards_header>("-1") == parse_error{errc::expected_number, 0});
  CHECK(error_of<max_forwards_header>("7x") == parse_error{errc::trailing_text, 1});

  CHECK(parse<content_length_header>("346")->value == 346);
  CHECK(error_of<content_length_header>("") == parse_error{errc::bad_content_length, 0});
  CHECK(error_of<content_length_header>("-999") == parse_error{errc::bad_content_length, 0});
  CHECK(error_of<content_length_header>("+5") == parse_error{errc::bad_content_length, 0});
  CHECK(error_of<content_length_header>("4294967296") == parse_error{errc::content_length_overflow, 0});
  CHECK(error_of<content_length_header>("1, 2") == parse_error{errc::trailing_text, 1});

  CHECK(parse<expires_header>("4294967295")->value == 4294967295U);
  CHECK(error_of<expires_header>("10000000000000000000000000000000000000000000000000") ==
        parse_error{errc::number_overflow, 0});
  CHECK(error_of<expires_header>("Thu, 01 Dec 1994 16:00:00 GMT") == parse_error{errc::expected_number, 0});
  CHECK(parse<min_expires_header>("60")->value == 60);
  CHECK(parse<rseq_header>("988789")->value == 988789);
  CHECK(parse<flow_timer_header>("126")->value == 126);
}

TEST_CASE("Min-SE and Retry-After have parameters") {
  const auto min_se = parse<min_se_header>("90;x=y");
  REQUIRE(min_se);
  CHECK(min_se->seconds == 90);
  CHECK(min_se->parameters.contains("x"));

  const auto retry = parse<retry_after_header>("18000 (I'm in a (long) meeting);duration=3600");
  REQUIRE(retry);
  CHECK(retry->seconds == 18000);
  CHECK(retry->comment == "I'm in a (long) meeting");
  CHECK(retry->duration == 3600U);
  CHECK(parse<retry_after_header>("120")->comment.empty());
  CHECK(parse<retry_after_header>("120;duration=5")->duration == 5U);
  CHECK(parse<retry_after_header>("120(x)")->comment == "x");
  CHECK(parse<retry_after_header>("120 (a \\) b)")->comment == "a \\) b");
  CHECK(error_of<retry_after_header>("949302838503028349304023988") == parse_error{errc::number_overflow, 0});
  CHECK(error_of<retry_after_header>("120 (x") == parse_error{errc::unterminated_comment, 4});
  CHECK(error_of<retry_after_header>("120 (x\\)") == parse_error{errc::unterminated_comment, 4});
  CHECK(error_of<retry_after_header>("120 x") == parse_error{errc::trailing_text, 4});
  CHECK(error_of<retry_after_header>("120;duration=x") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<retry_after_header>("120;duration=4294967296") == parse_error{errc::number_overflow, 13});
}

TEST_CASE("Timestamp is kept as it stands") {
  const auto both = parse<timestamp_header>("54.210 0.5");
  REQUIRE(both);
  CHECK(both->value == "54.210");
  CHECK(both->delay == "0.5");
  CHECK(parse<timestamp_header>("54")->delay.empty());
  CHECK(parse<timestamp_header>("54. ")->value == "54.");
  CHECK(error_of<timestamp_header>("x") == parse_error{errc::expected_number, 0});
  CHECK(error_of<timestamp_header>("54 x") == parse_error{errc::trailing_text, 3});
}

TEST_CASE("MIME-Version is two numbers") {
  CHECK(parse<mime_version_header>("1.0")->major_number == 1);
  CHECK(parse<mime_version_header>("1.0")->minor_number == 0);
  CHECK(error_of<mime_version_header>("1") == parse_error{errc::expected_separator, 1});
  CHECK(error_of<mime_version_header>("1.") == parse_error{errc::expected_number, 2});
}

TEST_CASE("token lists hold tokens") {
  CHECK(values<supported_header>("replaces, 100rel,timer ,\r\n outbound") ==
        strings{"replaces", "100rel", "timer", "outbound"});
  CHECK(values<supported_header>("").empty());
  CHECK(values<supported_header>(" ").empty());
  CHECK(values<supported_header>("a,,b") == strings{"error 2"});
  CHECK(values<supported_header>("a,") == strings{"error 2"});
  CHECK(values<supported_header>(",a") == strings{"error 0"});
  CHECK(values<require_header>("") == strings{"error 0"});
  CHECK(values<require_header>("nothingSupportsThis, nothingSupportsThisEither").size() == 2);
  CHECK(values<proxy_require_header>("sec-agree") == strings{"sec-agree"});
  CHECK(values<unsupported_header>("foo") == strings{"foo"});
  CHECK(values<allow_events_header>("presence, presence.winfo") == strings{"presence", "presence.winfo"});
  CHECK(values<content_encoding_header>("gzip") == strings{"gzip"});
  CHECK(values<content_language_header>("fr, en-GB") == strings{"fr", "en-GB"});
  CHECK(parse<priority_header>("emergency")->value == "emergency");
  CHECK(parse<sip_etag_header>("dx200xyz")->value == "dx200xyz");
  CHECK(parse<sip_if_match_header>("dx200xyz")->value == "dx200xyz");
  CHECK(error_of<priority_header>("a b") == parse_error{errc::trailing_text, 2});
  CHECK(values<allow_header>("").empty());
  std::vector<method> methods;
  CHECK(parse_list<allow_header>("INVITE, ACK, X",
                                 [&](const allow_header& one) { methods.push_back(one.method()); }));
  CHECK(methods == std::vector<method>{method::invite, method::ack, method::unknown});
}

TEST_CASE("preferences have a quality") {
  std::vector<std::pair<std::string, int>> seen;
  const auto walk = [&](std::string_view text) {
    seen.clear();
    return parse_list<accept_language_header>(
        text, [&](const accept_language_header& one) { seen.emplace_back(one.value, one.q); });
  };
  CHECK(walk("da, en-gb;q=0.8, *;q=0"));
  CHECK(seen == std::vector<std::pair<std::string, int>>{{"da", 1000}, {"en-gb", 800}, {"*", 0}});
  CHECK(walk(""));
  CHECK(walk("en;q=7").error() == parse_error{errc::bad_qvalue, 3});
  CHECK(parse<accept_encoding_header>("gzip;q=0.5")->q == 500);
}

TEST_CASE("texts are taken whole") {
  CHECK(parse<subject_header>("Need more boxes, now")->value == "Need more boxes, now");
  CHECK(parse<subject_header>("")->value.empty());
  CHECK(parse<organization_header>("  Boxes by Bob \r\n ")->value == "Boxes by Bob");
  CHECK(parse<user_agent_header>("ExamplePhone/4.2.1 (build 20981)")->value ==
        "ExamplePhone/4.2.1 (build 20981)");

  std::vector<product> seen;
  cursor in("ExamplePhone/4.2.1 (build (x) 20981) Stack");
  while (!in.at_end()) {
    product one;
    REQUIRE(product::read(in, one));
    seen.push_back(one);
  }
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].name == "ExamplePhone");
  CHECK(seen[0].version == "4.2.1");
  CHECK(seen[1].comment == "build (x) 20981");
  CHECK(seen[1].name.empty());
  CHECK(seen[2].name == "Stack");
  CHECK(seen[2].version.empty());
  product bad;
  cursor slash("a/");
  CHECK_FALSE(product::read(slash, bad));
  CHECK(slash.error() == parse_error{errc::expected_token, 2});
}

TEST_CASE("every type that is visited reads the header it is visited for") {
  int types = 0;
  for (std::size_t i = 0; i < header_id_count; ++i) {
    const auto id = static_cast<header_id>(i);
    types +=
        visit_typed(id, [&]<class Header>(std::type_identity<Header>) { CHECK(Header::id == id); }) ? 1 : 0;
  }
  CHECK(types >= 49);
  CHECK_FALSE(visit_typed(header_id::unknown, [](auto) {}));
}
