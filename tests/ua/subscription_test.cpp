#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/subscription.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/usage_driver.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace parley;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using sip::header_id;
using sip::subscription_reason;
using ua::subscription;
using state = enum subscription::state;
using event = subscription::event;
using cause = subscription::cause;
using match = subscription::match;

const transaction::timers timers;

ua::outside_request alice() {
  return {.target = "sip:bob@example.com",
          .from = std::string(texts::alice),
          .to = {},
          .contact = "<sip:alice@192.0.2.1>",
          .routes = {},
          .call_id = "1@192.0.2.1",
          .tag = "a"};
}

ua::subscription_options presence(std::uint32_t expires = 3600) {
  ua::subscription_options out;
  out.package = "presence";
  out.expires = expires;
  return out;
}

/// A NOTIFY of Bob's to Alice.
std::string notify(unsigned cseq, std::string_view subscription_state, std::string_view tag = "b",
                   std::string_view event_value = "presence") {
  return texts::request("NOTIFY", cseq, tag, "a",
                        std::string(test::bob_contact)
                            .append("Event: ")
                            .append(event_value)
                            .append("\r\nSubscription-State: ")
                            .append(subscription_state)
                            .append("\r\n"));
}

struct run : test::usage_driver<subscription> {
  explicit run(ua::subscription_options options = presence())
      : usage_driver(subscription(timers, std::move(options), alice())) {}

  int take(std::string text) { return machine.handle_notify(now(), *parsed_text(std::move(text))); }
  /// A subscription that was accepted and is active.
  void establish(std::string_view subscription_state = "active;expires=3600") {
    REQUIRE(request());
    hear(200, "Expires: 3600\r\n");
    REQUIRE(take(notify(1, subscription_state)) == 200);
    REQUIRE(machine.poll_event() == event::active);
  }
};

}  // namespace

TEST_CASE("a SUBSCRIBE says what it asks for, for how long, and in which form") {
  auto options = presence();
  options.event_id = "7";
  options.accept = "application/pidf+xml";
  run r(options);
  const auto sent = r.request();
  REQUIRE(sent);
  CHECK(sent->method_name() == "SUBSCRIBE");
  CHECK(sent->request_uri() == "sip:bob@example.com");
  CHECK(sent->value_of(header_id::event) == "presence;id=7");
  CHECK(sent->value_of(header_id::expires) == "3600");
  CHECK(sent->value_of(header_id::accept) == "application/pidf+xml");
  CHECK(sent->value_of(header_id::contact) == "<sip:alice@192.0.2.1>");
  CHECK(sent->value_of(header_id::from) == "\"Alice\" <sip:alice@example.com>;tag=a");
  CHECK(sent->value_of(header_id::to) == "<sip:bob@example.com>");
  CHECK(sent->value_of(header_id::cseq) == "1 SUBSCRIBE");
  CHECK(r.machine.state() == state::notify_wait);
  CHECK_FALSE(r.request());
}

TEST_CASE("the NOTIFY makes the dialog and the subscription, before the 2xx or behind it") {
  for (const bool first : {false, true}) {
    run r;
    r.request();
    if (!first) r.hear(202, "Expires: 3600\r\n");
    CHECK(r.machine.own_dialog() == nullptr);
    CHECK(r.take(notify(5, "active;expires=3600")) == 200);
    if (first) r.hear(200, "Expires: 3600\r\n");
    CHECK(r.machine.poll_event() == event::active);
    CHECK(r.machine.state() == state::active);
    REQUIRE(r.machine.own_dialog() != nullptr);
    CHECK(r.machine.own_dialog()->remote_tag() == "b");
    CHECK(r.machine.own_dialog()->remote_target() == "sip:bob@192.0.2.2");
    CHECK(r.machine.own_dialog()->state() == ua::dialog::state::confirmed);
    // Time for two attempts is left.
    CHECK(r.wakes_at() == (3600 - 64) * 1000);
  }
}

TEST_CASE("a subscription that waits for a decision becomes active by a NOTIFY") {
  run r;
  r.request();
  r.hear(202, "Expires: 3600\r\n");
  CHECK(r.take(notify(1, "pending;expires=3600")) == 200);
  CHECK(r.machine.poll_event() == event::pending);
  CHECK(r.take(notify(2, "waiting;expires=3600")) == 200);
  CHECK(r.machine.state() == state::pending);
  CHECK(r.machine.poll_event() == event::none);
  CHECK(r.take(notify(3, "active;expires=3600")) == 200);
  CHECK(r.machine.poll_event() == event::active);
}

TEST_CASE("without a NOTIFY the subscription fails by timer N") {
  run r;
  r.request();
  r.hear(200, "Expires: 3600\r\n");
  CHECK(r.go_to(31'999) == event::none);
  CHECK(r.wakes_at() == 32'000);
  CHECK(r.go_to(32'000) == event::terminated);
  CHECK(r.machine.ended().why == cause::no_notify);
  CHECK(r.wakes_at() == -1);
  CHECK(r.take(notify(1, "active")) == 481);
  CHECK_FALSE(r.request());
}

TEST_CASE("a refused SUBSCRIBE ends it, with the status and when to try again") {
  run r;
  r.request();
  r.hear(489, "Allow-Events: dialog\r\n");
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.machine.ended().why == cause::refused);
  CHECK(r.machine.ended().status == 489);
  CHECK_FALSE(r.machine.ended().retry_after);
  run busy;
  busy.request();
  busy.hear(503, "Retry-After: 30\r\n");
  CHECK(busy.machine.ended().retry_after == 30U);
  run lost;
  lost.request();
  lost.machine.handle_failure(lost.now(), 408);
  CHECK(lost.machine.ended().status == 408);
}

TEST_CASE("what becomes of the first request makes no difference once a NOTIFY was there") {
  run r;
  r.request();
  REQUIRE(r.take(notify(1, "active;expires=100")) == 200);
  r.machine.handle_failure(r.now(), 408);
  CHECK(r.machine.state() == state::active);
  run refused;
  refused.request();
  REQUIRE(refused.take(notify(1, "active;expires=100")) == 200);
  refused.hear(404);
  CHECK(refused.machine.state() == state::active);
  CHECK(refused.machine.own_dialog()->state() == ua::dialog::state::confirmed);
}

TEST_CASE("a 423 is met by a longer duration") {
  run r(presence(60));
  r.request();
  r.hear(423, "Min-Expires: 600\r\n");
  auto again = r.request();
  REQUIRE(again);
  CHECK(again->value_of(header_id::expires) == "600");
  CHECK(again->value_of(header_id::cseq) == "2 SUBSCRIBE");
  CHECK(again->value_of(header_id::call_id) == "1@192.0.2.1");
  for (std::uint32_t i = 1; i < subscription::max_retries; ++i) {
    r.hear(423, "Min-Expires: " + std::to_string(600 + i) + "\r\n");
    REQUIRE(r.request());
  }
  r.hear(423, "Min-Expires: 700\r\n");
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.machine.ended().status == 423);
}

TEST_CASE("a 423 that asks for no more than it got, for too much, or for nothing, is a refusal") {
  for (const std::string_view lines : {"Min-Expires: 3600\r\n", "Min-Expires: 86401\r\n", ""}) {
    run r;
    r.request();
    r.hear(423, lines);
    CHECK(r.machine.ended().status == 423);
  }
}

TEST_CASE("a refresh goes out before the time is over, in the dialog") {
  run r;
  r.establish();
  CHECK(r.go_to(3'535'999) == event::none);
  CHECK_FALSE(r.request());
  r.go_to(3'536'000);
  const auto refresh = r.request();
  REQUIRE(refresh);
  CHECK(refresh->request_uri() == "sip:bob@192.0.2.2");
  CHECK(refresh->value_of(header_id::cseq) == "2 SUBSCRIBE");
  CHECK(refresh->value_of(header_id::to) == "<sip:bob@example.com>;tag=b");
  CHECK(refresh->value_of(header_id::expires) == "3600");
  r.hear(200, "Expires: 1800\r\n");
  CHECK(r.take(notify(2, "active")) == 200);
  CHECK(r.wakes_at() == 3'536'000 + (1800 - 64) * 1000);
  CHECK(r.machine.poll_event() == event::none);
}

TEST_CASE(
    "a refresh without a NOTIFY behind it ends the subscription by timer N, unless a 204 says that none "
    "comes") {
  for (const int status : {200, 204}) {
    run r;
    r.establish();
    r.machine.refresh();
    REQUIRE(r.request());
    r.hear(status, "Expires: 3600\r\n");
    CHECK(r.go_to(31'999) == event::none);
    CHECK(r.go_to(32'000) == (status == 200 ? event::terminated : event::none));
    if (status == 200) CHECK(r.machine.ended().why == cause::no_notify);
  }
}

TEST_CASE("the 2xx and the NOTIFY may shorten the time, and never lengthen it") {
  run r;
  r.request();
  r.hear(200, "Expires: 1000\r\n");
  CHECK(r.wakes_at() == 32'000);  // timer N
  r.take(notify(1, "active"));
  CHECK(r.wakes_at() == 936'000);
  r.take(notify(2, "active;expires=100"));
  CHECK(r.wakes_at() == 50'000);
  r.take(notify(3, "active;expires=4000000000"));
  CHECK(r.wakes_at() == 3'536'000);
  run generous;
  generous.request();
  generous.hear(200, "Expires: 99999\r\n");
  generous.take(notify(1, "active"));
  CHECK(generous.wakes_at() == 3'536'000);
  // What is left is too short to be refreshed.
  r.take(notify(4, "active;expires=9"));
  CHECK(r.wakes_at() == 9'000);
  CHECK(r.go_to(9'000) == event::terminated);
  CHECK(r.machine.ended().why == cause::expired);
}

TEST_CASE("a refresh that was asked for outlives a NOTIFY that comes before it") {
  run r;
  r.establish();
  r.machine.refresh();
  CHECK(r.take(notify(2, "active;expires=3600")) == 200);
  CHECK(r.request());
  CHECK_FALSE(r.request());
}

TEST_CASE("a refresh that is refused without effect leaves the subscription as it was") {
  run r;
  r.establish();
  r.go_to(3'536'000);
  r.request();
  r.hear(500);
  CHECK(r.machine.state() == state::active);
  // Half of the 64 s that are left.
  CHECK(r.wakes_at() == 3'568'000);
  r.go_to(3'568'000);
  REQUIRE(r.request());
  r.hear(503, "Retry-After: 20\r\n");
  CHECK(r.wakes_at() == 3'588'000);
  r.go_to(3'588'000);
  REQUIRE(r.request());
  r.hear(503, "Retry-After: 20\r\n");
  CHECK(r.go_to(3'600'000) == event::terminated);
  CHECK(r.machine.ended().why == cause::expired);

  // They come to an end when little time is left.
  run often;
  often.establish();
  int refreshes = 0;
  while (often.machine.state() != state::terminated) {
    REQUIRE(refreshes < 20);
    often.go_to(often.wakes_at());
    if (!often.request()) continue;
    ++refreshes;
    often.hear(500);
  }
  CHECK(refreshes == 7);
}

TEST_CASE("a refresh that the notifier does not know, or does not answer, ends the subscription") {
  for (const int status : {404, 408, 481, 489}) {
    run r;
    r.establish();
    r.machine.refresh();
    REQUIRE(r.request());
    if (status == 408) {
      r.machine.handle_failure(r.now(), status);
    } else {
      r.hear(status);
    }
    CHECK(r.machine.poll_event() == event::terminated);
    CHECK(r.machine.ended().status == status);
    CHECK(r.machine.own_dialog()->state() == ua::dialog::state::terminated);
  }
}

TEST_CASE("a subscriber unsubscribes, and waits for the last NOTIFY") {
  run r;
  r.establish();
  r.machine.unsubscribe();
  CHECK(r.machine.state() == state::ending);
  const auto end = r.request();
  REQUIRE(end);
  CHECK(end->value_of(header_id::expires) == "0");
  r.hear(200, "Expires: 0\r\n");
  CHECK(r.machine.state() == state::ending);
  CHECK(r.take(notify(2, "active;expires=1000")) == 200);
  CHECK(r.machine.state() == state::ending);
  CHECK(r.take(notify(3, "terminated;reason=timeout")) == 200);
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.machine.ended().reason == subscription_reason::timeout);

  run silent;
  silent.establish();
  silent.machine.unsubscribe();
  silent.request();
  silent.hear(200);
  CHECK(silent.go_to(32'000) == event::terminated);
  CHECK(silent.machine.ended().why == cause::unsubscribed);

  run refused;
  refused.establish();
  refused.machine.unsubscribe();
  refused.request();
  refused.hear(500);
  CHECK(refused.machine.poll_event() == event::terminated);
}

TEST_CASE("unsubscribing before a dialog is there waits for it") {
  run unsent;
  unsent.machine.unsubscribe();
  CHECK(unsent.machine.poll_event() == event::terminated);
  CHECK_FALSE(unsent.request());

  run r;
  r.request();
  r.machine.unsubscribe();
  r.hear(200, "Expires: 3600\r\n");
  CHECK_FALSE(r.request());
  CHECK(r.take(notify(1, "active;expires=3600")) == 200);
  CHECK(r.machine.poll_event() == event::none);
  const auto end = r.request();
  REQUIRE(end);
  CHECK(end->value_of(header_id::expires) == "0");
}

TEST_CASE("a poll asks for the state once") {
  run r(presence(0));
  const auto sent = r.request();
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::expires) == "0");
  r.hear(200, "Expires: 0\r\n");
  CHECK(r.take(notify(1, "terminated;reason=timeout")) == 200);
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.machine.ended().why == cause::notify);
  run silent(presence(0));
  silent.request();
  silent.hear(200, "Expires: 0\r\n");
  CHECK(silent.go_to(32'000) == event::terminated);
}

TEST_CASE("a terminating NOTIFY says why, and that says what to do next") {
  struct row {
    std::string_view text;
    subscription_reason reason;
    ua::resubscription next;
  };
  const row rows[] = {
      {"terminated;reason=deactivated", subscription_reason::deactivated, ua::resubscription::now},
      {"terminated;reason=probation;retry-after=60", subscription_reason::probation,
       ua::resubscription::later},
      {"terminated;reason=rejected", subscription_reason::rejected, ua::resubscription::never},
      {"terminated;reason=timeout", subscription_reason::timeout, ua::resubscription::now},
      {"terminated;reason=giveup", subscription_reason::giveup, ua::resubscription::later},
      {"terminated;reason=noresource", subscription_reason::noresource, ua::resubscription::never},
      {"terminated;reason=invariant", subscription_reason::invariant, ua::resubscription::never},
      {"terminated;reason=bored", subscription_reason::other, ua::resubscription::later},
      {"terminated", subscription_reason::none, ua::resubscription::later},
  };
  for (const row& each : rows) {
    CAPTURE(each.text);
    run r;
    r.establish();
    CHECK(r.take(notify(2, each.text)) == 200);
    CHECK(r.machine.poll_event() == event::terminated);
    CHECK(r.machine.ended().why == cause::notify);
    CHECK(r.machine.ended().reason == each.reason);
    CHECK(r.machine.ended().retry_after.has_value() == (each.text.find("retry") != std::string_view::npos));
    CHECK(ua::resubscription_after(each.reason) == each.next);
    CHECK(r.wakes_at() == -1);
    CHECK(r.take(notify(3, "active")) == 481);
  }
}

TEST_CASE("a NOTIFY that is not of this subscription, or that can't be read, changes nothing") {
  run r;
  CHECK(r.take(notify(1, "active")) == 481);  // nothing was asked for
  r.request();
  CHECK(r.take(notify(1, "active", "b", "dialog")) == 489);
  CHECK(r.take(notify(1, "active", "b", "presence;id=3")) == 481);
  CHECK(r.take(texts::request("NOTIFY", 1, "b", "other",
                              "Contact: <sip:b@192.0.2.2>\r\nEvent: presence\r\nSubscription-State: "
                              "active\r\n")) == 481);
  CHECK(r.take(texts::request("NOTIFY", 1, "b", "a", "Event: presence\r\n")) == 400);
  CHECK(r.take(texts::request("NOTIFY", 1, "b", "a", "Subscription-State: active\r\n")) == 400);
  CHECK(r.take(texts::request("NOTIFY", 1, "b", "a", "Event: presence\r\nSubscription-State: active\r\n")) ==
        400);
  CHECK(r.machine.state() == state::notify_wait);
  CHECK(r.machine.own_dialog() == nullptr);
  CHECK(r.take(notify(5, "active")) == 200);
  CHECK(r.take(notify(5, "terminated")) == 500);
  CHECK(r.take(notify(4, "terminated")) == 500);
  CHECK(r.machine.state() == state::active);
}

TEST_CASE("a further fork gets 481 where the package allows no forking") {
  run r;
  r.establish();
  const parsed_text other(notify(1, "active;expires=3600", "c"));
  CHECK(r.machine.match_notify(*other) == match::no);
  CHECK_FALSE(r.machine.fork(r.now(), *other));
  CHECK(r.machine.handle_notify(r.now(), *other) == 481);
  CHECK(r.machine.own_dialog()->remote_tag() == "b");
}

TEST_CASE("a further fork is a subscription of its own where the package allows that") {
  auto options = presence();
  options.allow_forking = true;
  run r(options);
  r.establish();
  r.machine.refresh();
  REQUIRE(r.request());
  r.hear(200, "Expires: 3600\r\n");
  const parsed_text other(notify(1, "pending;expires=100", "c"));
  CHECK(r.machine.match_notify(*parsed_text(notify(2, "active"))) == match::yes);
  REQUIRE(r.machine.match_notify(*other) == match::fork);
  auto forked = r.machine.fork(r.now(), *other);
  REQUIRE(forked);
  CHECK(forked->state() == state::pending);
  CHECK(forked->poll_event() == event::pending);
  CHECK(forked->own_dialog()->remote_tag() == "c");
  CHECK(forked->match_notify(*other) == match::yes);
  CHECK(r.machine.match_notify(*parsed_text(notify(2, "active"))) == match::yes);
  // Its refresh is in its own dialog.
  forked->refresh();
  sip::message refresh = sip::message::request("X", "sip:x").value();
  REQUIRE(forked->poll_request(r.now(), refresh));
  CHECK(refresh.value_of(header_id::to) == "<sip:bob@example.com>;tag=c");
  CHECK(refresh.value_of(header_id::cseq) == "2 SUBSCRIBE");
  CHECK(r.machine.state() == state::active);
  // Too late for more.
  r.go_to(32'001);
  CHECK_FALSE(r.machine.fork(r.now(), *parsed_text(notify(1, "active", "d"))));
}

TEST_CASE("a request that was sent again with credentials has used a number") {
  run r;
  r.request();
  r.machine.handle_response(
      r.now(), *parsed_text(test::response_to(r.sent.value(), 200, "Expires: 3600\r\n", "b", 1)));
  CHECK(r.take(notify(1, "active;expires=3600")) == 200);
  r.machine.refresh();
  CHECK(r.request()->value_of(header_id::cseq) == "3 SUBSCRIBE");
}

TEST_CASE("a subscription in a call leaves the dialog to its owner") {
  auto call = test::client_dialog();
  REQUIRE(call.add_usage());
  test::usage_driver<subscription> r(subscription(timers, presence()));
  const auto sent = r.request(call);
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::cseq) == "11 SUBSCRIBE");
  CHECK(sent->value_of(header_id::to) == "<sip:bob@example.com>;tag=b");
  r.hear(200, "Expires: 3600\r\n");
  const parsed_text heard(notify(1, "active;expires=3600"));
  CHECK(r.machine.match_notify(*heard) == match::yes);
  CHECK(r.machine.handle_notify(r.now(), *heard) == 200);
  CHECK(r.machine.poll_event() == event::active);
  r.machine.unsubscribe();
  CHECK(r.request(call)->value_of(header_id::expires) == "0");
  r.hear(481);
  CHECK(r.machine.poll_event() == event::terminated);
  call.end_usage();
  CHECK(call.state() == ua::dialog::state::confirmed);
  // A dialog that has ended takes the subscription with it.
  test::usage_driver<subscription> late(subscription(timers, presence()));
  call.terminate();
  CHECK_FALSE(late.request(call));
  CHECK(late.machine.poll_event() == event::terminated);
}

TEST_CASE("texts that can't stand in a request end the subscription before it begins") {
  auto ends = alice();
  ends.from = "<sip:alice@example.com>\r\nEvil: yes";
  test::usage_driver<subscription> r(subscription(timers, presence(), ends));
  CHECK_FALSE(r.request());
  CHECK(r.machine.ended().status == 400);
  auto options = presence();
  options.package = "presence\r\nEvil: yes";
  run package(options);
  CHECK_FALSE(package.request());
  options = presence();
  options.accept = "text/plain\nEvil: yes";
  run accept(options);
  CHECK_FALSE(accept.request());
  CHECK(accept.machine.ended().status == 400);
}
