#include <parley/ua/registration.hpp>

#include "support/catch.hpp"
#include "support/outside_driver.hpp"
#include "support/registration_texts.hpp"
#include "support/result.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using texts = test::registration_texts;
using sip::header_id;
using ua::registration;
using ua::registration_options;
using state = enum registration::state;
using kind = registration::event_kind;
using driver = test::outside_driver<registration>;

const std::string hour = texts::bound(";expires=3600");

struct started : driver {
  template <class... Rest>
  explicit started(const registration_options& options = texts::options(), Rest... rest)
      : driver(options, rest...) {
    REQUIRE(usage.start());
  }
  /// Fails, and says after how many seconds it is tried again.
  double wait_after(int status, std::string_view lines = {}) {
    REQUIRE(exchange(status, lines));
    const auto failed = event();
    REQUIRE(failed.kind == kind::failed);
    CHECK(failed.status == status);
    CHECK(failed.retry_at == usage.poll_timeout());
    return static_cast<double>(wakes_at() - at) / 1000;
  }
};

bool is_between(double value, double least, double most) { return value >= least && value <= most + 0.001; }

}  // namespace

TEST_CASE("RFC 5626 4.5: each failure doubles the wait, of which 50 to 100 percent is drawn, up to 1800 s") {
  started d;
  double least = 30;
  for (int i = 0; i < 6; ++i) {
    const double most = std::min(2 * least, 1800.0);
    CHECK(is_between(d.wait_after(503), most / 2, most));
    CHECK(d.usage.failures() == static_cast<std::uint32_t>(i + 1));
    REQUIRE(d.go_on());
    least *= 2;
  }
  for (int i = 0; i < 40; ++i) {
    CHECK(is_between(d.wait_after(500), 900, 1800));
    REQUIRE(d.go_on());
  }
  d.exchange(200, hour);
  CHECK(d.usage.failures() == 0);
}

TEST_CASE("RFC 5626 4.5: where another flow works, the wait is three times as long") {
  ua::flow_set flows;
  started first(texts::flow(1), &flows);
  started second(texts::flow(2), &flows);
  first.exchange(200, hour);
  CHECK(flows.any_works());
  CHECK(is_between(second.wait_after(503), 90, 180));
  // Then that one fails, too.
  first.event();
  first.usage.handle_flow_failed(first.now());
  CHECK_FALSE(flows.any_works());
  CHECK(is_between(first.wait_after(503), 30, 60));
  REQUIRE(second.go_on());
  CHECK(is_between(second.wait_after(503), 60, 120));
}

TEST_CASE("a registration that is destroyed leaves the set of working flows") {
  ua::flow_set flows;
  {
    started d(texts::flow(), &flows);
    d.exchange(200, hour);
    CHECK(flows.any_works());
  }
  CHECK_FALSE(flows.any_works());
}

TEST_CASE("no response, 430, 480 and 5xx are tried again, other refusals are not") {
  for (const int status : {408, 430, 480, 500, 502, 503, 504, 580}) {
    CAPTURE(status);
    started d;
    CHECK(d.wait_after(status) >= 30);
    CHECK(d.usage.state() == state::waiting);
  }
  for (const int status :
       {300, 380, 400, 401, 403, 404, 407, 413, 420, 423, 439, 486, 501, 505, 513, 600, 603}) {
    CAPTURE(status);
    started d;
    d.exchange(status);
    const auto failed = d.event();
    CHECK(failed.kind == kind::failed);
    CHECK(failed.status == status);
    CHECK(failed.reason == "Words");
    CHECK(failed.retry_at == base::never);
    CHECK(d.usage.state() == state::failed);
    CHECK(d.wakes_at() == -1);
    CHECK_FALSE(d.request());
    // Only when it is told to.
    REQUIRE(d.usage.start());
    CHECK(d.exchange(200, hour));
    CHECK(d.usage.state() == state::registered);
  }
  for (const int status : {408, 503}) {
    started d;
    REQUIRE(d.request());
    d.fail(status);
    const auto failed = d.event();
    CHECK(failed.status == status);
    CHECK_FALSE(failed.reason.empty());
    CHECK(d.usage.state() == state::waiting);
  }
}

TEST_CASE("Retry-After makes the wait longer, never shorter, and is a day at most") {
  started d;
  CHECK(d.wait_after(503, "Retry-After: 700 (busy);duration=60\r\n") == 700);
  d.go_on();
  CHECK(d.wait_after(503, "Retry-After: 1\r\n") >= 60);
  d.go_on();
  CHECK(d.wait_after(503, "Retry-After: 4000000000\r\n") == 86400);
  for (const int status : {413, 486, 600, 603}) {
    started busy;
    CHECK(busy.wait_after(status, "Retry-After: 100\r\n") == 100);
  }
}

TEST_CASE("start and update do not wait for the end of the back-off") {
  started d;
  d.wait_after(503);
  REQUIRE(d.usage.start());
  CHECK(d.wait_after(503) >= 60);
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 600));
  CHECK(d.exchange(200, texts::bound(";expires=600", "sip:alice@192.0.2.77")));
  CHECK(d.usage.state() == state::registered);
}

TEST_CASE("the end of a binding is told, once") {
  started d;
  d.exchange(200, texts::bound(";expires=60;pub-gruu=\"sip:x@y;gr\"") + "Service-Route: <sip:s;lr>\r\n");
  d.event();
  SECTION("while it waits") {
    d.go_to(30'000);
    d.exchange(503, "Retry-After: 100\r\n");
    CHECK(d.since_start(d.event().retry_at) == 130'000);
    CHECK(d.usage.is_bound());
    CHECK(d.wakes_at() == 60'000);
    d.go_on();
    const auto ended = d.event();
    CHECK(ended.kind == kind::expired);
    CHECK(d.since_start(ended.retry_at) == 130'000);
    CHECK(d.usage.state() == state::waiting);
  }
  SECTION("while a refresh is under way") {
    d.go_to(30'000);
    REQUIRE(d.request());
    d.go_to(60'000);
    CHECK(d.event().retry_at == d.now());
    CHECK(d.usage.state() == state::registering);
    d.answer(200, hour);
    CHECK(d.event_kind() == kind::registered);
    return;
  }
  SECTION("after a refusal") {
    d.go_to(30'000);
    d.exchange(403);
    d.event();
    d.go_on();
    const auto ended = d.event();
    CHECK(ended.kind == kind::expired);
    CHECK(ended.retry_at == base::never);
  }
  CHECK_FALSE(d.usage.is_bound());
  CHECK(d.usage.public_gruu().empty());
  CHECK(d.usage.service_route().empty());
  d.go_to(d.at + 1);
  CHECK(d.event_kind() == kind::none);
}

TEST_CASE("RFC 3261 10.2.8: a 423 is met with its Min-Expires, for later requests too") {
  started d;
  REQUIRE(d.usage.update({.uri = std::string(texts::contact), .parameters = "", .q = {}}, 60));
  d.exchange(423, "Min-Expires: 1800\r\n");
  CHECK(d.event_kind() == kind::none);
  const auto again = d.exchange(200, texts::bound(";expires=1800"));
  REQUIRE(again);
  CHECK(again->value_of(header_id::contact).ends_with(";expires=1800"));
  d.go_on();
  CHECK(d.request()->value_of(header_id::contact).ends_with(";expires=1800"));
}

TEST_CASE("a 423 that can't be met, or one too many, is final") {
  for (const char* const lines :
       {"", "Min-Expires: soon\r\n", "Min-Expires: 3600\r\n", "Min-Expires: 86401\r\n"}) {
    CAPTURE(lines);
    started d;
    d.exchange(423, lines);
    CHECK(d.usage.state() == state::failed);
  }
  started d;
  for (int i = 1; i <= registration::max_retries; ++i) {
    d.exchange(423, "Min-Expires: " + std::to_string(3600 + i) + "\r\n");
    CHECK(d.usage.state() == state::registering);
  }
  d.exchange(423, "Min-Expires: 5000\r\n");
  CHECK(d.usage.state() == state::failed);
}

TEST_CASE("a 423 to a request that an update follows is met by that") {
  started d;
  REQUIRE(d.request());
  SECTION("as long as it must be") {
    REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 60));
    d.answer(423, "Min-Expires: 7200\r\n");
    CHECK(d.request()->value_of(header_id::contact) == "<sip:alice@192.0.2.77>;expires=7200");
  }
  SECTION("which may be long enough already") {
    REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 9000));
    d.answer(423, "Min-Expires: 7200\r\n");
    CHECK(d.request()->value_of(header_id::contact) == "<sip:alice@192.0.2.77>;expires=9000");
  }
}

TEST_CASE("after a refusal a start begins without failures, and with all extensions") {
  started d(texts::flow());
  d.wait_after(503);
  d.go_on();
  d.exchange(439);
  d.exchange(403);
  CHECK(d.usage.state() == state::failed);
  REQUIRE(d.usage.start());
  CHECK(d.usage.failures() == 0);
  CHECK(d.request()->value_of(header_id::supported) == "path, outbound");
}

TEST_CASE("a flow asks for outbound, with instance and reg-id") {
  started d(texts::flow(7));
  const auto sent = d.exchange(200, hour);
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::supported) == "path, outbound");
  CHECK(sent->value_of(header_id::contact) == "<sip:alice@192.0.2.4:5070>;+sip.instance=\"<" +
                                                  std::string(texts::instance) + ">\";reg-id=7;expires=3600");
  d.usage.stop();
  const std::string removal(d.request()->value_of(header_id::contact));
  CHECK(removal.find(";reg-id=7;expires=0") != std::string::npos);

  auto third = texts::flow();
  third.from = "sip:secretary@example.com";
  started other(third);
  const auto by_other = other.request();
  CHECK(by_other->value_of(header_id::supported) == "path");
  CHECK(std::string(by_other->value_of(header_id::contact)).find("reg-id") == std::string::npos);
}

TEST_CASE("after 439 First Hop Lacks Outbound Support it registers without") {
  started d(texts::flow());
  d.exchange(439);
  CHECK(d.event_kind() == kind::none);
  const auto again = d.request();
  REQUIRE(again);
  CHECK(again->value_of(header_id::supported) == "path");
  CHECK(std::string(again->value_of(header_id::contact)).find("reg-id") == std::string::npos);
  CHECK(std::string(again->value_of(header_id::contact)).find("+sip.instance") != std::string::npos);
  d.answer(439);
  CHECK(d.usage.state() == state::failed);
}

TEST_CASE("after 420 it registers without what it names, each extension once") {
  auto options = texts::flow();
  options.gruu = true;
  started d(options);
  CHECK(d.exchange(420, "Unsupported: gruu\r\n")->value_of(header_id::supported) == "path, outbound, gruu");
  CHECK(d.exchange(420, "Unsupported: outbound, path\r\n")->value_of(header_id::supported) ==
        "path, outbound");
  CHECK(d.exchange(420, "Unsupported: path\r\n")->value_of(header_id::supported).empty());
  CHECK(d.usage.state() == state::failed);
  started other(texts::options());
  other.exchange(420, "Unsupported: something\r\n");
  CHECK(other.usage.state() == state::failed);
}

TEST_CASE("a redirection is followed for one attempt") {
  started d;
  CHECK(
      d.exchange(302, "Contact: <sip:b.example.com>;q=0.1, <sip:user@c.example.com;method=X?a=b>;q=0.9\r\n"));
  const auto second = d.exchange(200, hour);
  REQUIRE(second);
  CHECK(second->request_uri() == "sip:c.example.com");
  CHECK(second->value_of(header_id::to) == "<sip:alice@example.com>");
  d.go_on();
  CHECK(d.request()->request_uri() == "sip:example.com");
}

TEST_CASE("redirections have an end, and go nowhere they must not") {
  started d;
  for (int i = 0; i < registration::max_retries; ++i) {
    d.exchange(301, "Contact: <sip:r" + std::to_string(i) + ".example.com>\r\n");
    CHECK(d.usage.state() == state::registering);
  }
  d.exchange(301, "Contact: <sip:last.example.com>\r\n");
  CHECK(d.usage.state() == state::failed);

  for (const char* const lines :
       {"", "Contact: <sip:example.com>\r\n", "Contact: <tel:+49>\r\n", "Contact: *\r\n"}) {
    CAPTURE(lines);
    started to_nowhere;
    to_nowhere.exchange(302, lines);
    CHECK(to_nowhere.usage.state() == state::failed);
  }
  auto options = texts::options();
  options.registrar = "sips:example.com";
  started secure(options);
  secure.exchange(302, "Contact: <sip:b.example.com>\r\n");
  CHECK(secure.usage.state() == state::failed);
  options.follow_redirects = false;
  started strict(options);
  strict.exchange(302, "Contact: <sips:b.example.com>\r\n");
  CHECK(strict.usage.state() == state::failed);
}

TEST_CASE("RFC 5626 4.5: a flow that has worked is replaced at once, then with back-off") {
  started d(texts::flow());
  d.exchange(200, hour);
  d.event();
  d.at = 1000;
  d.usage.handle_flow_failed(d.now());
  const auto failed = d.event();
  CHECK(failed.kind == kind::failed);
  CHECK(failed.status == 430);
  CHECK(failed.retry_at == d.now());
  CHECK(d.usage.state() == state::refreshing);
  const double wait = d.wait_after(503);
  CHECK(is_between(wait, 30, 60));
  // It waits already.
  d.usage.handle_flow_failed(d.now());
  CHECK(d.event_kind() == kind::none);
}

TEST_CASE("RFC 5626 4.5: with keep-alives a flow counts as good once one was answered") {
  auto options = texts::flow();
  options.keep_alive = true;
  started d(options);
  d.wait_after(503);
  d.go_on();
  d.exchange(200, hour);
  d.event();
  CHECK(d.usage.failures() == 1);
  SECTION("one that fails before counts as a failure") {
    d.usage.handle_flow_failed(d.now());
    CHECK(d.usage.failures() == 2);
    CHECK(d.usage.state() == state::waiting);
    CHECK(is_between(static_cast<double>(d.wakes_at() - d.at) / 1000, 60, 120));
  }
  SECTION("one that was answered is replaced at once") {
    d.usage.handle_flow_alive();
    CHECK(d.usage.failures() == 0);
    d.usage.handle_flow_failed(d.now());
    CHECK(d.usage.state() == state::refreshing);
    // An answer over the flow that is gone means nothing.
    d.usage.handle_flow_alive();
    d.wait_after(503);
    CHECK(d.usage.failures() == 1);
  }
}

TEST_CASE("a failed flow during a request, or without a registration, is left to that") {
  started d;
  d.usage.handle_flow_failed(d.now());
  CHECK(d.usage.state() == state::registering);
  REQUIRE(d.request());
  d.usage.handle_flow_failed(d.now());
  CHECK_FALSE(d.request());
  d.answer(200, hour);
  CHECK(d.usage.state() == state::registered);
}
