#include <parley/ua/publication.hpp>

#include "support/catch.hpp"
#include "support/outside_driver.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace parley;
using sip::header_id;
using ua::publication;
using ua::publication_options;
using state = enum publication::state;
using kind = publication::event_kind;

publication_options presence() {
  publication_options out;
  out.aor = "sip:alice@example.com";
  out.event = "presence";
  return out;
}

struct driver : test::outside_driver<publication> {
  explicit driver(const publication_options& options = presence()) : outside_driver(options) {}

  void publish(std::string text) { REQUIRE(usage.publish({"application/pidf+xml", std::move(text)})); }
  static std::string granted(std::string_view tag, int seconds = 3600) {
    return "SIP-ETag: " + std::string(tag) + "\r\nExpires: " + std::to_string(seconds) + "\r\n";
  }
};

/// One body published as `e1` for an hour, and the event taken.
struct published : driver {
  explicit published(std::string_view lines = granted("e1")) {
    publish("<one/>");
    REQUIRE(exchange(200, lines));
    REQUIRE(event_kind() == kind::published);
  }
};

}  // namespace

TEST_CASE("an initial publication has a body, Event and Expires, and no tag") {
  auto options = presence();
  options.from = "\"Alice\" <sip:alice@example.com>";
  options.routes = {"sip:edge.example.com;lr"};
  driver d(options);
  d.publish("<one/>");
  CHECK(d.usage.state() == state::publishing);
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->method_name() == "PUBLISH");
  CHECK(sent->request_uri() == "sip:alice@example.com");
  CHECK(sent->value_of(header_id::to) == "<sip:alice@example.com>");
  CHECK(std::string(sent->value_of(header_id::from)).rfind("\"Alice\" <sip:alice@example.com>;tag=", 0) == 0);
  CHECK(sent->value_of(header_id::route) == "<sip:edge.example.com;lr>");
  CHECK(sent->value_of(header_id::event) == "presence");
  CHECK(sent->value_of(header_id::expires) == "3600");
  CHECK(sent->value_of(header_id::content_type) == "application/pidf+xml");
  CHECK(sent->value_of(header_id::sip_if_match).empty());
  CHECK(sent->value_of(header_id::contact).empty());
  CHECK(sent->body() == "<one/>");
  CHECK_FALSE(d.request());
  d.answer(200, driver::granted("e1"));
  CHECK(d.event_kind() == kind::published);
  CHECK(d.usage.etag() == "e1");
}

TEST_CASE("a refresh has the tag and no body, and takes the new tag") {
  published d;
  CHECK(d.wakes_at() == 3'000'000);
  d.go_on();
  const auto sent = d.exchange(200, driver::granted("e2", 60));
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::sip_if_match) == "e1");
  CHECK(sent->value_of(header_id::cseq) == "2 PUBLISH");
  CHECK(sent->body().empty());
  CHECK(sent->value_of(header_id::content_type).empty());
  CHECK(d.event_kind() == kind::refreshed);
  CHECK(d.usage.etag() == "e2");
  CHECK(d.wakes_at() == 3'030'000);
  CHECK(d.since_start(d.usage.published_until()) == 3'060'000);
}

TEST_CASE("a changed body has the tag, too") {
  published d;
  d.publish("<two/>");
  const auto sent = d.exchange(200, driver::granted("e2"));
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::sip_if_match) == "e1");
  CHECK(sent->body() == "<two/>");
  CHECK(d.event_kind() == kind::published);
}

TEST_CASE("of bodies that come during a request the last one follows it") {
  driver d;
  d.publish("<one/>");
  REQUIRE(d.request());
  d.publish("<two/>");
  d.publish("<three/>");
  CHECK_FALSE(d.request());
  d.answer(200, driver::granted("e1"));
  CHECK(d.usage.state() == state::publishing);
  const auto sent = d.exchange(200, driver::granted("e2"));
  REQUIRE(sent);
  CHECK(sent->body() == "<three/>");
  CHECK(sent->value_of(header_id::sip_if_match) == "e1");
  CHECK_FALSE(d.request());
  CHECK(d.usage.state() == state::published);
}

TEST_CASE("a removal has Expires: 0, the tag and no body") {
  published d;
  d.usage.stop();
  CHECK(d.usage.state() == state::removing);
  const auto sent = d.exchange(200, "SIP-ETag: e2\r\nExpires: 0\r\n");
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::expires) == "0");
  CHECK(sent->value_of(header_id::sip_if_match) == "e1");
  CHECK(sent->body().empty());
  const auto removed = d.event();
  CHECK(removed.kind == kind::removed);
  CHECK(removed.status == 200);
  CHECK(d.usage.state() == state::idle);
  CHECK(d.usage.etag().empty());
  CHECK(d.wakes_at() == -1);
  d.usage.stop();
  CHECK(d.event_kind() == kind::none);
}

TEST_CASE("what has no tag can't be removed") {
  driver d;
  d.publish("<one/>");
  SECTION("nothing was sent") { d.usage.stop(); }
  SECTION("the first request fails") {
    REQUIRE(d.request());
    d.usage.stop();
    CHECK(d.event_kind() == kind::none);
    d.fail(408);
  }
  SECTION("the server gives no tag") {
    REQUIRE(d.request());
    d.usage.stop();
    d.answer(200, "Expires: 60\r\n");
  }
  SECTION("the server has lost it") {
    d.exchange(200, driver::granted("e1"));
    d.publish("<two/>");
    REQUIRE(d.request());
    d.usage.stop();
    d.event();
    d.answer(412);
  }
  CHECK_FALSE(d.request());
  CHECK(d.event_kind() == kind::removed);
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("stop during a request removes what that made") {
  driver d;
  d.publish("<one/>");
  REQUIRE(d.request());
  d.usage.stop();
  CHECK_FALSE(d.request());
  d.answer(200, driver::granted("e1"));
  CHECK(d.event_kind() == kind::none);
  const auto removal = d.request();
  REQUIRE(removal);
  CHECK(removal->value_of(header_id::sip_if_match) == "e1");
  CHECK(removal->value_of(header_id::expires) == "0");
  // A body that comes now waits for it, and is a new publication.
  d.publish("<two/>");
  CHECK_FALSE(d.request());
  d.answer(200);
  CHECK(d.event_kind() == kind::none);
  const auto again = d.request();
  REQUIRE(again);
  CHECK(again->value_of(header_id::sip_if_match).empty());
  CHECK(again->body() == "<two/>");
}

TEST_CASE("a body before the removal has gone out takes that back") {
  published d;
  d.usage.stop();
  d.publish("<two/>");
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::expires) == "3600");
  CHECK(sent->body() == "<two/>");
  d.usage.stop();
  d.answer(200, driver::granted("e2"));
  CHECK(d.exchange(500)->value_of(header_id::expires) == "0");
  CHECK(d.event().status == 500);
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("stop during a removal takes a body back that waited for it") {
  published d;
  d.usage.stop();
  REQUIRE(d.request());
  d.publish("<two/>");
  d.usage.stop();
  d.answer(200);
  CHECK(d.event_kind() == kind::removed);
  CHECK_FALSE(d.request());
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("a state that ends before its removal goes out needs none") {
  published d;
  d.usage.stop();
  d.go_to(3'600'000);
  CHECK_FALSE(d.request());
  const auto removed = d.event();
  CHECK(removed.kind == kind::removed);
  CHECK(removed.status == 0);
  // One that is under way is waited for.
  published late;
  late.usage.stop();
  REQUIRE(late.request());
  late.go_to(3'600'000);
  CHECK(late.event_kind() == kind::none);
  late.answer(412);
  CHECK(late.event().status == 412);
}

TEST_CASE("RFC 3903 4.1: after 412 the whole state is published anew") {
  published d;
  SECTION("a refresh") { d.go_on(); }
  SECTION("a change") { d.publish("<one/>"); }
  d.exchange(412);
  CHECK(d.event_kind() == kind::none);
  const auto again = d.request();
  REQUIRE(again);
  CHECK(again->value_of(header_id::sip_if_match).empty());
  CHECK(again->body() == "<one/>");
  d.answer(412);
  CHECK(d.event().status == 412);
  CHECK(d.usage.state() == state::failed);
}

TEST_CASE("a 423 is met, within bounds") {
  driver d;
  d.publish("<one/>");
  for (int i = 1; i <= publication::max_retries; ++i) {
    d.exchange(423, "Min-Expires: " + std::to_string(4000 + i) + "\r\n");
    CHECK(d.usage.state() == state::publishing);
  }
  const auto last = d.exchange(423, "Min-Expires: 5000\r\n");
  REQUIRE(last);
  CHECK(last->value_of(header_id::expires) == "4004");
  CHECK(last->body() == "<one/>");
  CHECK(d.usage.state() == state::failed);

  published changed;
  changed.publish("<two/>");
  changed.exchange(423, "Min-Expires: 4000\r\n");
  CHECK(changed.request()->body() == "<two/>");
  for (const char* const lines : {"", "Min-Expires: 100\r\n", "Min-Expires: 86401\r\n"}) {
    driver other;
    other.publish("<one/>");
    other.exchange(423, lines);
    CHECK(other.usage.state() == state::failed);
  }
}

TEST_CASE("refusals are final, 408 and 5xx are tried again with back-off and Retry-After") {
  for (const int status : {400, 403, 404, 413, 415, 489, 501, 603}) {
    CAPTURE(status);
    driver d;
    d.publish("<one/>");
    d.exchange(status);
    const auto failed = d.event();
    CHECK(failed.kind == kind::failed);
    CHECK(failed.status == status);
    CHECK(failed.retry_at == base::never);
    CHECK(d.wakes_at() == -1);
    d.publish("<two/>");
    CHECK(d.exchange(200, driver::granted("e1"))->body() == "<two/>");
  }
  driver d;
  d.publish("<one/>");
  d.exchange(503, "Retry-After: 200\r\n");
  CHECK(d.since_start(d.event().retry_at) == 200'000);
  CHECK(d.usage.state() == state::waiting);
  d.go_on();
  REQUIRE(d.request());
  d.fail(408);
  const auto second = d.event();
  CHECK(d.since_start(second.retry_at) >= 260'000);
  CHECK(d.since_start(second.retry_at) <= 320'000);
  // A new body does not wait.
  d.publish("<two/>");
  CHECK(d.exchange(200, driver::granted("e1"))->body() == "<two/>");
}

TEST_CASE("a change that failed is not taken for published") {
  published d;
  d.publish("<two/>");
  d.exchange(500);
  d.go_on();
  const auto again = d.request();
  REQUIRE(again);
  CHECK(again->value_of(header_id::sip_if_match) == "e1");
  CHECK(again->body() == "<two/>");
  // The newer body may do where this one does not.
  d.publish("<three/>");
  d.answer(415);
  CHECK(d.usage.state() == state::publishing);
  CHECK(d.exchange(200, driver::granted("e2"))->body() == "<three/>");
}

TEST_CASE("a change that had no response is published again") {
  published d;
  d.publish("<two/>");
  REQUIRE(d.request());
  d.fail(408);
  d.go_on();
  CHECK(d.request()->body() == "<two/>");
}

TEST_CASE("a body that came during a request which failed waits with it") {
  driver d;
  d.publish("<one/>");
  REQUIRE(d.request());
  d.publish("<two/>");
  d.answer(503);
  CHECK(d.usage.state() == state::waiting);
  CHECK_FALSE(d.request());
  d.go_on();
  CHECK(d.request()->body() == "<two/>");
}

TEST_CASE("a success, and a body after a refusal, make the back-off short again") {
  driver d;
  d.publish("<one/>");
  d.exchange(503);
  d.go_on();
  d.exchange(503);
  d.go_on();
  SECTION("a success") {
    d.exchange(200, driver::granted("e1"));
    d.publish("<two/>");
  }
  SECTION("a body after a refusal") {
    d.exchange(403);
    d.publish("<two/>");
  }
  d.exchange(503);
  CHECK(d.wakes_at() - d.at <= 60'000);
}

TEST_CASE("after a success a 423 is met as often as before") {
  driver d;
  d.publish("<one/>");
  for (int i = 1; i <= publication::max_retries; ++i) {
    d.exchange(423, "Min-Expires: " + std::to_string(4000 + i) + "\r\n");
  }
  d.exchange(200, driver::granted("e1"));
  d.publish("<two/>");
  d.exchange(423, "Min-Expires: 5000\r\n");
  CHECK(d.usage.state() == state::publishing);
}

TEST_CASE("the end of the published state is told, and it begins anew") {
  published d(driver::granted("e1", 60));
  d.go_to(30'000);
  d.exchange(503, "Retry-After: 100\r\n");
  d.event();
  d.go_to(60'000);
  const auto ended = d.event();
  CHECK(ended.kind == kind::expired);
  CHECK(d.since_start(ended.retry_at) == 130'000);
  CHECK(d.usage.etag().empty());
  d.go_to(130'000);
  const auto again = d.exchange(200, driver::granted("e2"));
  REQUIRE(again);
  CHECK(again->body() == "<one/>");
  CHECK(again->value_of(header_id::sip_if_match).empty());
}

TEST_CASE("a server that grants little, nothing, or no tag does not make us flood it") {
  published little(driver::granted("e1", 2));
  little.go_to(2000);
  CHECK(little.event_kind() == kind::expired);
  CHECK_FALSE(little.request());
  little.go_to(10'000);
  CHECK(little.request());

  driver nothing;
  nothing.publish("<one/>");
  nothing.exchange(200, driver::granted("e1", 0));
  CHECK(nothing.event_kind() == kind::failed);
  CHECK(nothing.usage.state() == state::waiting);
  CHECK(nothing.wakes_at() >= 30'000);

  published untagged("Expires: 60\r\n");
  untagged.go_to(30'000);
  CHECK(untagged.request()->body() == "<one/>");
  published large("Expires: 60\r\nSIP-ETag: " + std::string(257, 'e') + "\r\n");
  CHECK(large.usage.etag().empty());
}

TEST_CASE("a body or options that make no request are refused") {
  driver d;
  CHECK_FALSE(d.usage.publish({"application/pidf+xml", ""}));
  CHECK_FALSE(d.usage.publish({"nothing", "x"}));
  CHECK_FALSE(d.usage.publish({"a/b\r\nX: y", "x"}));
  const auto large = d.usage.publish({"a/b", std::string(publication::max_body + 1, 'x')});
  REQUIRE_FALSE(large);
  CHECK(large.error() == ua::errc::too_large);
  CHECK(d.usage.state() == state::idle);
  auto options = presence();
  options.event = "";
  CHECK_FALSE(driver(options).usage.publish({"a/b", "x"}));
  options = presence();
  options.aor = "alice";
  CHECK_FALSE(driver(options).usage.publish({"a/b", "x"}));
}

TEST_CASE("answers to nothing, and provisional ones, change nothing for a publication") {
  published d;
  d.answer(404);
  d.fail(408);
  CHECK(d.usage.state() == state::published);
  d.go_on();
  REQUIRE(d.request());
  d.answer(100);
  CHECK(d.usage.state() == state::publishing);
  CHECK(d.event_kind() == kind::none);
}
