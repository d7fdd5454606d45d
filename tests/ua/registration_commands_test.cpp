#include <parley/ua/registration.hpp>

#include "support/catch.hpp"
#include "support/registered.hpp"
#include "support/registration_texts.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using texts = test::registration_texts;
using sip::header_id;
using ua::registration;
using state = enum registration::state;
using kind = registration::event_kind;
using driver = test::outside_driver<registration>;
using test::registered;

const std::string hour = texts::bound(";expires=3600");

std::string contact_of(const sip::message& request) {
  return std::string(request.value_of(header_id::contact));
}

}  // namespace

TEST_CASE("a changed contact is sent at once, and the old one removed") {
  registered d;
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = 1000}, 600));
  CHECK(d.usage.state() == state::refreshing);
  const std::string sent = d.request_text();
  CHECK(sent.find("Contact: <sip:alice@192.0.2.77>;q=1;expires=600\r\n"
                  "Contact: <sip:alice@192.0.2.4:5070>;expires=0\r\n") != std::string::npos);
  d.answer(200, texts::bound(";expires=600", "sip:alice@192.0.2.77"));
  CHECK(d.event_kind() == kind::refreshed);
  d.go_on();
  CHECK(d.request_text().find("expires=0") == std::string::npos);
}

TEST_CASE("a flow's changed contact takes the place of the old one by itself") {
  registered d(texts::flow(), hour);
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 600));
  CHECK(d.request_text().find("expires=0") == std::string::npos);
}

TEST_CASE("an update during a request follows it") {
  driver d(texts::options());
  REQUIRE(d.usage.start());
  REQUIRE(d.request());
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 600));
  CHECK_FALSE(d.request());
  d.answer(200, hour);
  CHECK(d.event_kind() == kind::registered);
  CHECK(d.usage.state() == state::refreshing);
  const std::string second = d.request_text();
  CHECK(second.find("<sip:alice@192.0.2.77>;expires=600") != std::string::npos);
  CHECK(second.find("<sip:alice@192.0.2.4:5070>;expires=0") != std::string::npos);
}

TEST_CASE("an update that makes no request changes nothing") {
  registered d;
  CHECK_FALSE(d.usage.update({.uri = "x y", .parameters = "", .q = {}}, 600));
  CHECK(d.usage.options().contact.uri == texts::contact);
  CHECK(d.usage.state() == state::registered);
}

TEST_CASE("start changes nothing about a registration that runs") {
  registered d;
  REQUIRE(d.usage.start());
  CHECK_FALSE(d.request());
  CHECK(d.usage.state() == state::registered);
  d.go_on();
  REQUIRE(d.request());
  REQUIRE(d.usage.start());
  d.answer(200, hour);
  CHECK_FALSE(d.request());
  CHECK(d.usage.cseq() == 2);
}

TEST_CASE("an update of what does not run is used by the next start") {
  driver d(texts::options());
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.77", .parameters = "", .q = {}}, 600));
  CHECK_FALSE(d.request());
  CHECK(d.usage.state() == state::idle);
  REQUIRE(d.usage.start());
  CHECK(contact_of(*d.exchange(403)) == "<sip:alice@192.0.2.77>;expires=600");
  REQUIRE(d.usage.update({.uri = "sip:alice@192.0.2.78", .parameters = "", .q = {}}, 600));
  CHECK(d.usage.state() == state::failed);
  CHECK_FALSE(d.request());
}

TEST_CASE("stop removes the binding") {
  registered d;
  d.usage.stop();
  CHECK(d.usage.state() == state::unregistering);
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(contact_of(*sent) == "<sip:alice@192.0.2.4:5070>;expires=0");
  d.answer(200);
  const auto ended = d.event();
  CHECK(ended.kind == kind::unregistered);
  CHECK(ended.status == 200);
  CHECK(d.usage.state() == state::idle);
  CHECK_FALSE(d.usage.is_bound());
  CHECK(d.wakes_at() == -1);
  d.usage.stop();
  CHECK(d.event_kind() == kind::none);
}

TEST_CASE("stop without a binding sends nothing") {
  driver d(texts::options());
  REQUIRE(d.usage.start());
  d.usage.stop();
  CHECK_FALSE(d.request());
  CHECK(d.event_kind() == kind::unregistered);
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("a refused removal leaves the binding to its end, and is told") {
  registered d;
  d.usage.stop();
  d.exchange(500);
  const auto ended = d.event();
  CHECK(ended.kind == kind::unregistered);
  CHECK(ended.status == 500);
  CHECK(d.usage.state() == state::idle);
  registered lost;
  lost.usage.stop();
  REQUIRE(lost.request());
  lost.fail(408);
  CHECK(lost.event().status == 408);
}

TEST_CASE("stop during a request waits for its response") {
  driver d(texts::options());
  REQUIRE(d.usage.start());
  REQUIRE(d.request());
  d.usage.stop();
  CHECK_FALSE(d.request());
  SECTION("a 2xx is taken back") {
    d.answer(200, hour);
    CHECK(d.event_kind() == kind::none);
    CHECK(d.exchange(200)->value_of(header_id::contact).ends_with(";expires=0"));
  }
  SECTION("a time-out may have left a binding") {
    d.fail(408);
    CHECK(d.exchange(200)->value_of(header_id::contact).ends_with(";expires=0"));
  }
  SECTION("a refusal has left none") { d.answer(403); }
  SECTION("nor has a 2xx that grants nothing") { d.answer(200, texts::bound(";expires=0")); }
  CHECK_FALSE(d.request());
  CHECK(d.event_kind() == kind::unregistered);
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("start during a removal registers again after it") {
  registered d;
  d.usage.stop();
  REQUIRE(d.request());
  REQUIRE(d.usage.start());
  CHECK(d.usage.state() == state::unregistering);
  d.answer(200);
  CHECK(d.event_kind() == kind::none);
  CHECK(d.usage.state() == state::registering);
  CHECK(contact_of(*d.exchange(200, hour)) == "<sip:alice@192.0.2.4:5070>;expires=3600");
  CHECK(d.event_kind() == kind::registered);
  // Before the removal has gone out it takes it back.
  d.usage.stop();
  REQUIRE(d.usage.start());
  CHECK(contact_of(*d.exchange(200, hour)) == "<sip:alice@192.0.2.4:5070>;expires=3600");
  CHECK(d.event_kind() == kind::refreshed);
}

TEST_CASE("stop_all removes all bindings of the address") {
  driver d(texts::options());
  REQUIRE(d.usage.stop_all());
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(contact_of(*sent) == "*");
  CHECK(sent->value_of(header_id::expires) == "0");
  d.answer(200);
  CHECK(d.event_kind() == kind::unregistered);
  CHECK(d.usage.state() == state::idle);
}

TEST_CASE("stop_all takes the place of a removal, and a removal not that of stop_all") {
  driver d(texts::options());
  REQUIRE(d.usage.stop_all());
  d.usage.stop();
  CHECK(contact_of(*d.exchange(200)) == "*");
  CHECK(d.event_kind() == kind::unregistered);

  registered second;
  second.usage.stop();
  REQUIRE(second.request());
  REQUIRE(second.usage.stop_all());
  CHECK_FALSE(second.request());
  second.answer(200);
  CHECK(second.event_kind() == kind::none);
  CHECK(contact_of(*second.exchange(200)) == "*");
  CHECK(second.event_kind() == kind::unregistered);
}

TEST_CASE("what the registrar has said of a flow ends with the binding") {
  registered d(texts::flow(), hour + "Require: outbound\r\nFlow-Timer: 60\r\n");
  REQUIRE(d.usage.outbound());
  d.usage.stop();
  d.exchange(200);
  CHECK_FALSE(d.usage.outbound());
  CHECK_FALSE(d.usage.flow_timer());
}

TEST_CASE("a query has no Contact, changes nothing, and gives all bindings") {
  registered d;
  const auto wakes_at = d.wakes_at();
  REQUIRE(d.usage.query());
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(contact_of(*sent).empty());
  d.answer(200, hour + "Contact: <sip:alice@192.0.2.99>;expires=5;q=0.1\r\n");
  const auto fetched = d.event();
  CHECK(fetched.kind == kind::fetched);
  CHECK(fetched.status == 200);
  REQUIRE(d.usage.bindings().size() == 2);
  CHECK(d.usage.bindings()[1].contact == "sip:alice@192.0.2.99");
  CHECK(d.usage.bindings()[1].q == 100);
  CHECK(d.usage.state() == state::registered);
  CHECK(d.wakes_at() == wakes_at);

  REQUIRE(d.usage.query());
  d.exchange(403);
  CHECK(d.event().status == 403);
  REQUIRE(d.usage.query());
  REQUIRE(d.request());
  d.fail(408);
  CHECK(d.event().status == 408);
  CHECK(d.usage.state() == state::registered);
}
