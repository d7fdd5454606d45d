#include <parley/base/error.hpp>
#include <parley/ua/pager.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/outside_driver.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <chrono>
#include <string>

namespace {

using namespace parley;
using sip::header_id;
using ua::pager;
using kind = pager::event_kind;
using driver = test::outside_driver<pager>;

ua::pager_options to_bob() {
  ua::pager_options out;
  out.to = "sip:bob@example.com";
  out.from = "sip:alice@example.com";
  return out;
}

}  // namespace

TEST_CASE("RFC 3428 4: a MESSAGE has no Contact and no tag in To") {
  driver d(to_bob());
  REQUIRE(d.usage.send({.text = "Hello"}));
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->method_name() == "MESSAGE");
  CHECK(sent->request_uri() == "sip:bob@example.com");
  CHECK(sent->value_of(header_id::to) == "<sip:bob@example.com>");
  CHECK(sent->value_of(header_id::contact).empty());
  CHECK(sent->value_of(header_id::content_type) == "text/plain");
  CHECK(sent->body() == "Hello");
}

TEST_CASE("RFC 3428 8: one message is under way, the next follows its response") {
  driver d(to_bob());
  CHECK(*d.usage.send({.text = "one"}) == 1);
  CHECK(*d.usage.send({.text = "two"}) == 2);
  CHECK(*d.usage.send({.text = "three"}) == 3);
  CHECK(d.request()->body() == "one");
  CHECK_FALSE(d.request());
  d.answer(100);
  CHECK_FALSE(d.request());
  d.answer(202);
  // The event is fetched first.
  CHECK_FALSE(d.request());
  const auto first = d.event();
  CHECK(first.kind == kind::delivered);
  CHECK(first.number == 1);
  CHECK(first.status == 202);

  const auto second = d.exchange(503, "Retry-After: 9\r\n");
  CHECK(second->body() == "two");
  CHECK(second->value_of(header_id::cseq) == "2 MESSAGE");
  const auto failed = d.event();
  CHECK(failed.kind == kind::failed);
  CHECK(failed.number == 2);
  CHECK(failed.retry_after == 9U);

  REQUIRE(d.request());
  d.fail(408);
  CHECK(d.event().status == 408);
  CHECK_FALSE(d.request());
  CHECK(d.usage.waiting() == 0);
  d.answer(200);
  CHECK(d.event_kind() == kind::none);
}

TEST_CASE("RFC 3428 8: a request over 1300 bytes needs congestion control on the way") {
  driver d(to_bob());
  const auto large = d.usage.send({.text = std::string(1000, 'x')});
  REQUIRE_FALSE(large);
  CHECK(large.error() == ua::errc::too_large);
  REQUIRE(d.usage.send({.text = std::string(700, 'x')}));
  CHECK(d.request_text().size() <= pager::max_request - pager::via_room);

  auto options = to_bob();
  options.congestion_controlled = true;
  driver controlled(options);
  REQUIRE(controlled.usage.send({.text = std::string(pager::max_body, 'x')}));
  CHECK_FALSE(controlled.usage.send({.text = std::string(pager::max_body + 1, 'x')}));
}

TEST_CASE("messages wait in a queue of fixed length") {
  driver d(to_bob());
  for (std::size_t i = 0; i < pager::max_waiting; ++i) REQUIRE(d.usage.send({.text = "x"}));
  const auto full = d.usage.send({.text = "x"});
  REQUIRE_FALSE(full);
  CHECK(full.error() == base::errc::queue_full);
  d.exchange(200);
  CHECK(d.usage.send({.text = "x"}));
}

TEST_CASE("what makes no MESSAGE is refused") {
  driver d(to_bob());
  CHECK_FALSE(d.usage.send({.type = "text", .text = "x"}));
  CHECK_FALSE(d.usage.send({.type = "a/b\r\nX: y", .text = "x"}));
  auto options = to_bob();
  options.from = "nobody";
  CHECK_FALSE(driver(options).usage.send({.text = "x"}));
  options = to_bob();
  options.routes = {"tel:+49"};
  CHECK_FALSE(driver(options).usage.send({.text = "x"}));
}

TEST_CASE("RFC 3428 7: a message may say until when it is of use") {
  const base::wall_time written = std::chrono::sys_days(std::chrono::year(2010) / 11 / 13);
  driver d(to_bob());
  REQUIRE(d.usage.send({.text = "Lunch?", .expires = 60, .date = written}));
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::date) == "Sat, 13 Nov 2010 00:00:00 GMT");
  CHECK(sent->value_of(header_id::expires) == "60");
  const test::parsed_text received(*sent);
  CHECK_FALSE(ua::has_expired(*received, written + std::chrono::seconds(60)));
  CHECK(ua::has_expired(*received, written + std::chrono::seconds(61)));
  const test::parsed_text undated(test::dialog_texts::request("MESSAGE", 1, "a", "", "Expires: 1\r\n"));
  CHECK_FALSE(ua::has_expired(*undated, written));
}
