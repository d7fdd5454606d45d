#include <parley/ua/registration.hpp>

#include "support/catch.hpp"
#include "support/registered.hpp"
#include "support/registration_texts.hpp"
#include "support/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using texts = test::registration_texts;
using sip::header_id;
using ua::registration;
using ua::registration_options;
using state = enum registration::state;
using kind = registration::event_kind;
using driver = test::outside_driver<registration>;
using test::registered;

const std::string hour = texts::bound(";expires=3600");

std::string contact_of(const sip::message& request) {
  return std::string(request.value_of(header_id::contact));
}

}  // namespace

TEST_CASE("a registration asks the domain of the address for its contact") {
  driver d(texts::options());
  CHECK_FALSE(d.request());
  REQUIRE(d.usage.start());
  CHECK(d.usage.state() == state::registering);
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->method_name() == "REGISTER");
  CHECK(sent->request_uri() == "sip:example.com");
  CHECK(sent->value_of(header_id::to) == "<sip:alice@example.com>");
  const std::string from(sent->value_of(header_id::from));
  CHECK(from.rfind("<sip:alice@example.com>;tag=", 0) == 0);
  CHECK(sent->value_of(header_id::cseq) == "1 REGISTER");
  CHECK(sent->value_of(header_id::call_id) == d.usage.call_id());
  CHECK(sent->value_of(header_id::max_forwards) == "70");
  CHECK(contact_of(*sent) == "<sip:alice@192.0.2.4:5070>;expires=3600");
  CHECK(sent->value_of(header_id::supported) == "path");
  CHECK_FALSE(d.request());
}

TEST_CASE("the request has what the options say") {
  auto options = texts::options();
  options.aor = "\"Alice\" <sips:alice@example.com:5071;x=y>";
  options.from = "sip:secretary@example.com";
  options.routes = {"sip:edge1.example.com;lr", "sip:edge2.example.com;lr"};
  options.contact.q = 700;
  options.contact.parameters = ";methods=\"INVITE,BYE\"";
  options.expires = 60;
  driver d(options);
  REQUIRE(d.usage.start());
  const auto sent = d.request();
  REQUIRE(sent);
  CHECK(sent->request_uri() == "sips:example.com:5071");
  CHECK(contact_of(*sent) == "<sip:alice@192.0.2.4:5070>;methods=\"INVITE,BYE\";q=0.700;expires=60");
  CHECK(
      sent->to_string().find("Route: <sip:edge1.example.com;lr>\r\nRoute: <sip:edge2.example.com;lr>\r\n") !=
      std::string::npos);
  CHECK(sent->value_of(header_id::to) == options.aor);
  CHECK(std::string(sent->value_of(header_id::from)).rfind("<sip:secretary@example.com>;tag=", 0) == 0);

  options.registrar = "sip:registrar.example.com;transport=tcp";
  driver named(options);
  REQUIRE(named.usage.start());
  CHECK(named.request()->request_uri() == "sip:registrar.example.com;transport=tcp");
}

TEST_CASE("options that make no request are refused") {
  const auto refused = [](auto change) {
    auto options = texts::options();
    change(options);
    driver d(options);
    const auto started = d.usage.start();
    REQUIRE_FALSE(started);
    CHECK(d.usage.state() == state::idle);
    CHECK_FALSE(d.request());
    CHECK_FALSE(d.usage.query());
    CHECK_FALSE(d.usage.stop_all());
    CHECK(d.usage.state() == state::idle);
    return static_cast<ua::errc>(started.error().value());
  };
  using options = registration_options;
  CHECK(refused([](options& o) { o.aor = "alice"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.aor = "tel:+4930"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.aor = "<sip:alice@example.com>;tag=1"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.contact.uri = "sip:a@b>;x=<sip:c@d"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.contact.uri = "*"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.contact.parameters = ", <sip:x@y>"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.routes = {"sip:x@y>\r\nX: y"}; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.instance = "urn:x\">"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.reg_id = 1; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.expires = 0; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.registrar = "mailto:x@y"; }) == ua::errc::bad_message);
  CHECK(refused([](options& o) { o.contact.parameters = ";a=" + std::string(9000, 'x'); }) ==
        ua::errc::too_large);
}

TEST_CASE("a long binding is refreshed 600 s before its end, a short one at half") {
  struct row {
    int granted;
    std::int64_t refreshed;
  };
  for (const row& each :
       {row{3600, 3'000'000}, row{1201, 601'000}, row{1200, 600'000}, row{60, 30'000}, row{20, 10'000}}) {
    CAPTURE(each.granted);
    registered d(texts::options(), texts::bound(";expires=" + std::to_string(each.granted)));
    CHECK(d.since_start(d.usage.bound_until()) == each.granted * 1000);
    CHECK(d.wakes_at() == each.refreshed);
    d.go_to(each.refreshed - 1);
    CHECK_FALSE(d.request());
    d.go_to(each.refreshed);
    CHECK(d.usage.state() == state::refreshing);
    REQUIRE(d.exchange(200, hour));
    CHECK(d.event_kind() == kind::refreshed);
    CHECK(d.wakes_at() == each.refreshed + 3'000'000);
  }
}

TEST_CASE("a registrar that grants little does not make us flood it") {
  registered d(texts::options(), texts::bound(";expires=3"));
  CHECK(d.wakes_at() == 3000);
  d.go_to(3000);
  const auto lapsed = d.event();
  CHECK(lapsed.kind == kind::expired);
  CHECK(d.since_start(lapsed.retry_at) == 10'000);
  CHECK_FALSE(d.usage.is_bound());
  CHECK_FALSE(d.request());
  d.go_to(10'000);
  CHECK(d.usage.state() == state::registering);
  CHECK(d.exchange(200, hour));
  CHECK(d.event_kind() == kind::registered);
}

TEST_CASE("refreshes keep the Call-ID and From, and CSeq goes up by one") {
  registered d;
  const std::string call_id = d.usage.call_id();
  d.go_on();
  const auto second = d.exchange(200, hour);
  REQUIRE(second);
  CHECK(second->value_of(header_id::cseq) == "2 REGISTER");
  CHECK(second->value_of(header_id::call_id) == call_id);
  d.go_on();
  REQUIRE(d.request());
  // The core has answered a challenge with the number 4.
  d.answer(200, hour, 4);
  d.go_on();
  CHECK(d.request()->value_of(header_id::cseq) == "5 REGISTER");
  // A number that it can't have come to.
  d.answer(200, hour, 2'000'000'000);
  d.go_on();
  CHECK(d.request()->value_of(header_id::cseq) == "6 REGISTER");
  d.answer(200, hour, 14);
  d.go_on();
  CHECK(d.request()->value_of(header_id::cseq) == "15 REGISTER");
  d.answer(200, hour, 24);
  d.go_on();
  CHECK(d.request()->value_of(header_id::cseq) == "16 REGISTER");
}

TEST_CASE("after no response CSeq leaves out what answers to challenges may have had") {
  registered d;
  d.go_on();
  REQUIRE(d.request());
  d.fail(408);
  d.go_on();
  CHECK(d.request()->value_of(header_id::cseq) == "11 REGISTER");
}

TEST_CASE("where the numbers are used up, another Call-ID begins") {
  auto options = texts::options();
  options.first_cseq = 0x7fffffff - 9;
  registered d(options);
  const std::string call_id = d.usage.call_id();
  d.go_on();
  const auto last = d.exchange(200, hour);
  CHECK(last->value_of(header_id::cseq) == "2147483639 REGISTER");
  CHECK(last->value_of(header_id::call_id) == call_id);
  const std::string from(last->value_of(header_id::from));
  d.go_on();
  const auto next = d.exchange(200, hour);
  CHECK(next->value_of(header_id::cseq) == "1 REGISTER");
  CHECK(next->value_of(header_id::call_id) == d.usage.call_id());
  CHECK(d.usage.call_id() != call_id);
  CHECK(next->value_of(header_id::from) != from);
}

TEST_CASE("the granted time is that of the own contact, of Expires, or what was asked for") {
  const auto granted = [](std::string_view lines, std::uint32_t asked = 7200) {
    auto options = texts::options();
    options.expires = asked;
    registered d(options, lines);
    return d.since_start(d.usage.bound_until()) / 1000;
  };
  const std::string other = "Contact: <sip:other@192.0.2.9>;expires=77\r\n";
  CHECK(granted(other + texts::bound(";expires=100") + "Expires: 200\r\n") == 100);
  CHECK(granted(other + texts::bound("") + "Expires: 200\r\n") == 200);
  CHECK(granted(other + texts::bound("")) == 3600);
  CHECK(granted(other + texts::bound(""), 300) == 300);
  // RFC 3261 19.1.4: host and scheme without case, escapes as what they stand for.
  CHECK(granted(other + texts::bound(";expires=50", "SIP:%61lice@192.0.2.4:5070")) == 50);
  CHECK(granted(other + other) == 3600);
  // Only one, which was written anew on the way.
  CHECK(granted(other) == 77);
  CHECK(granted("") == 3600);
  CHECK(granted("Contact: \"broken\r\nExpires: 90\r\n") == 90);
}

TEST_CASE("a 200 that grants nothing is a failure") {
  driver d(texts::options());
  REQUIRE(d.usage.start());
  d.exchange(200, texts::bound(";expires=0"));
  const auto failed = d.event();
  CHECK(failed.kind == kind::failed);
  CHECK(failed.status == 200);
  CHECK(d.usage.state() == state::waiting);
  CHECK(failed.retry_at == d.usage.poll_timeout());
  CHECK(d.wakes_at() >= 30'000);
}

TEST_CASE("a refresh that grants nothing has ended the binding") {
  registered d;
  d.go_on();
  d.exchange(200, texts::bound(";expires=0"));
  CHECK_FALSE(d.usage.is_bound());
  CHECK(d.usage.state() == state::waiting);
}

TEST_CASE("all bindings, Path, Service-Route and GRUUs of the 200 can be read") {
  auto options = texts::flow();
  options.gruu = true;
  registered d(options,
               "Contact: <sip:alice@192.0.2.4:5070>;+sip.instance=\"<urn:other>\";reg-id=1;expires=9\r\n" +
                   texts::bound(";q=0.5;+sip.instance=\"<" + std::string(texts::instance) +
                                ">\";reg-id=1;expires=300;pub-gruu=\"sip:alice@example.com;gr=x\""
                                ";temp-gruu=\"sip:tgruu@example.com;gr\"") +
                   "Path: <sip:edge.example.com;lr;ob>\r\nRequire: outbound\r\nFlow-Timer: 60\r\n"
                   "Service-Route: <sip:one.example.com;lr>,<sip:two.example.com;lr>\r\n"
                   "Service-Route: <sip:three.example.com;lr>\r\n");
  CHECK(d.usage.bindings().size() == 2);
  CHECK(d.since_start(d.usage.bound_until()) == 300'000);
  CHECK(d.usage.public_gruu() == "sip:alice@example.com;gr=x");
  CHECK(d.usage.temporary_gruu() == "sip:tgruu@example.com;gr");
  CHECK(d.usage.path() == std::vector<std::string>{"sip:edge.example.com;lr;ob"});
  CHECK(d.usage.service_route() == std::vector<std::string>{"sip:one.example.com;lr",
                                                            "sip:two.example.com;lr",
                                                            "sip:three.example.com;lr"});
  CHECK(d.usage.outbound());
  CHECK(d.usage.flow_timer() == 60U);
  CHECK(d.usage.keep_alive(true).most == std::chrono::seconds(60));

  // RFC 3608 6.1: what the last 2xx does not say any more is gone.
  d.go_on();
  d.exchange(200, hour);
  CHECK(d.usage.service_route().empty());
  CHECK(d.usage.path().empty());
  CHECK(d.usage.public_gruu().empty());
  CHECK(d.usage.temporary_gruu().empty());
  CHECK_FALSE(d.usage.outbound());
  CHECK_FALSE(d.usage.flow_timer());
}

TEST_CASE("a Service-Route that can't be used as a whole is not used") {
  const auto route = [](const std::string& lines) {
    registered d(texts::options(), hour + lines);
    return d.usage.service_route().size();
  };
  CHECK(route("Service-Route: <sip:one.example.com;lr>, <sip:two.example.com;lr>\r\n") == 2);
  CHECK(route("Service-Route: <sip:one.example.com;lr>, <tel:+49>\r\n") == 0);
  CHECK(route("Service-Route: <sip:one.example.com;lr>, sip:two.example.com\r\n") == 0);
  CHECK(route("Service-Route: <sip:one.example.com;lr>, <sip:two.example.com;x=" + std::string(9000, 'x') +
              ">\r\n") == 0);
}

TEST_CASE("provisional responses and answers to nothing are left alone") {
  driver d(texts::options());
  d.answer(200, hour);
  d.fail(408);
  CHECK(d.usage.state() == state::idle);
  REQUIRE(d.usage.start());
  REQUIRE(d.request());
  d.answer(100);
  CHECK(d.usage.state() == state::registering);
  d.answer(200, hour);
  d.answer(403);
  CHECK(d.usage.state() == state::registered);
}

TEST_CASE("events do not pile up") {
  registered d;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(d.usage.query());
    REQUIRE(d.exchange(200, hour));
    d.go_to(d.at + 10'000'000);
    REQUIRE(d.exchange(200, hour));
  }
  CHECK(d.event_kind() == kind::fetched);
  CHECK(d.event_kind() != kind::none);
  CHECK(d.event_kind() == kind::none);
}
