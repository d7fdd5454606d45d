#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/notifier.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/usage_driver.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using sip::header_id;
using sip::subscription_reason;
using ua::errc;
using ua::notifier;
using state = enum notifier::state;
using event = notifier::event;
using decision = notifier::decision;

constexpr base::time_point start{1000s};
constexpr std::string_view text_plain = "text/plain";

ua::notifier_options presence() {
  ua::notifier_options out;
  out.package = "presence";
  return out;
}

std::string subscribe(std::string_view lines = "Expires: 600\r\n", unsigned cseq = 10,
                      std::string_view to = "", std::string_view event_value = "presence;id=7") {
  return texts::request("SUBSCRIBE", cseq, "a", to,
                        std::string("Contact: <sip:alice@192.0.2.1>\r\nEvent: ")
                            .append(event_value)
                            .append("\r\n")
                            .append(lines));
}

base::result<notifier> accepted(const ua::notifier_options& options, std::string_view lines,
                                decision decided = decision::active) {
  const parsed_text request(subscribe(lines));
  auto own = ua::dialog::from_request(*request, "b", false);
  REQUIRE(own);
  REQUIRE(own->set_local_target("<sip:bob@192.0.2.2>"));
  return notifier::accept(start, options, *request, decided, std::move(*own));
}

struct run : test::usage_driver<notifier> {
  explicit run(std::string_view lines = "Expires: 600\r\n", decision decided = decision::active,
               const ua::notifier_options& options = presence())
      : usage_driver(accepted(options, lines, decided).value()) {}

  /// The first NOTIFY is there, and answered.
  void establish() {
    REQUIRE(request());
    hear(200, {}, "a");
  }
  void set(std::string body) { REQUIRE(machine.set_state(now(), text_plain, std::move(body))); }
  errc take(std::string text) {
    const auto taken = machine.handle_subscribe(now(), *parsed_text(std::move(text)));
    return taken ? errc{} : static_cast<errc>(taken.error().value());
  }
};

errc refusal(std::string text, const ua::notifier_options& options = presence()) {
  const auto read = ua::subscribe_request::read(*parsed_text(std::move(text)), options);
  return read ? errc{} : static_cast<errc>(read.error().value());
}

}  // namespace

TEST_CASE("an accepted SUBSCRIBE is followed by a NOTIFY at once") {
  run r;
  auto response = sip::message::response(200).value();
  r.machine.write_response(r.now(), response);
  CHECK(response.value_of(header_id::expires) == "600");
  CHECK(response.value_of(header_id::contact) == "<sip:bob@192.0.2.2>");
  const auto sent = r.request();
  REQUIRE(sent);
  CHECK(sent->method_name() == "NOTIFY");
  CHECK(sent->request_uri() == "sip:alice@192.0.2.1");
  CHECK(sent->value_of(header_id::event) == "presence;id=7");
  CHECK(sent->value_of(header_id::subscription_state) == "active;expires=600");
  CHECK(sent->value_of(header_id::from) == "<sip:bob@example.com>;tag=b");
  CHECK(sent->value_of(header_id::contact) == "<sip:bob@192.0.2.2>");
  CHECK(sent->body().empty());
  CHECK_FALSE(r.request());
  CHECK(r.machine.own_dialog()->state() == ua::dialog::state::confirmed);
}

TEST_CASE("the first NOTIFY has the state that is known by then") {
  run r;
  r.set("open");
  const auto sent = r.request();
  CHECK(sent->body() == "open");
  CHECK(sent->value_of(header_id::content_type) == "text/plain");
}

TEST_CASE("a subscription that waits for a decision shows no state") {
  run r("Expires: 600\r\n", decision::pending);
  r.set("open");
  auto sent = r.request();
  CHECK(sent->value_of(header_id::subscription_state) == "pending;expires=600");
  CHECK(sent->body().empty());
  r.hear(200, {}, "a");
  r.set("closed");
  CHECK_FALSE(r.request());
  r.machine.activate(r.now());
  sent = r.request();
  CHECK(sent->value_of(header_id::subscription_state) == "active;expires=600");
  CHECK(sent->body() == "closed");

  run rejected("Expires: 600\r\n", decision::pending);
  rejected.set("open");
  rejected.machine.terminate(rejected.now(), subscription_reason::rejected);
  sent = rejected.request();
  CHECK(sent->value_of(header_id::subscription_state) == "terminated;reason=rejected");
  CHECK(sent->body().empty());
}

TEST_CASE("one NOTIFY is under way, and the newest state takes the place of one that waits") {
  run r;
  REQUIRE(r.request());
  r.set("one");
  r.set("two");
  CHECK_FALSE(r.request());
  r.hear(200, {}, "a");
  const auto sent = r.request();
  CHECK(sent->body() == "two");
  CHECK(sent->value_of(header_id::cseq) == "2 NOTIFY");
  r.hear(200, {}, "a");
  CHECK_FALSE(r.request());
}

TEST_CASE("states go out no faster than the package allows") {
  auto options = presence();
  options.min_interval = 5s;
  run r("Expires: 600\r\n", decision::active, options);
  r.establish();
  r.go_to(1000);
  r.set("one");
  CHECK_FALSE(r.request());
  CHECK(r.wakes_at() == 5000);
  r.go_to(4999);
  r.set("two");
  CHECK_FALSE(r.request());
  r.go_to(5000);
  CHECK(r.request()->body() == "two");
  r.hear(200, {}, "a");
  // What a SUBSCRIBE asks for, and the end, do not wait.
  CHECK(r.take(subscribe("Expires: 600\r\n", 11, "b")) == errc{});
  REQUIRE(r.request());
  r.hear(200, {}, "a");
  r.machine.terminate(r.now(), subscription_reason::noresource);
  CHECK(r.request());
}

TEST_CASE("the time that is granted is what was asked for, up to a bound") {
  CHECK(run("Expires: 600\r\n").machine.expires(start) == 600);
  CHECK(run("Expires: 86400\r\n").machine.expires(start) == 3600);
  CHECK(run("").machine.expires(start) == 3600);
  run r;
  r.establish();
  r.go_to(100'500);
  r.set("x");
  CHECK(r.request()->value_of(header_id::subscription_state) == "active;expires=499");
}

TEST_CASE("too short a time gets 423, another package 489") {
  CHECK(refusal(subscribe("Expires: 59\r\n")) == errc::interval_too_brief);
  CHECK(refusal(subscribe("Expires: 60\r\n")) == errc{});
  CHECK(refusal(subscribe("Expires: 0\r\n")) == errc{});
  CHECK(refusal(subscribe("Expires: soon\r\n")) == errc::bad_message);
  auto hours = presence();
  hours.min_expires = 7200;
  hours.max_expires = 86400;
  CHECK(refusal(subscribe("Expires: 3599\r\n"), hours) == errc::interval_too_brief);
  CHECK(refusal(subscribe("Expires: 3600\r\n"), hours) == errc{});
  CHECK(refusal(subscribe("", 10, "", "dialog")) == errc::unknown_event);
  CHECK(refusal(texts::request("SUBSCRIBE", 10, "a", "")) == errc::unknown_event);
  CHECK(refusal(texts::request("INVITE", 10, "a", "", "Event: presence\r\n")) == errc::bad_message);
  CHECK(ua::status_for(errc::interval_too_brief) == 423);
  CHECK(ua::status_for(errc::unknown_event) == 489);
  auto brief = sip::message::response(423).value();
  ua::write_refusal(presence(), brief);
  CHECK(brief.value_of(header_id::min_expires) == "60");
  auto unknown = sip::message::response(489).value();
  ua::write_refusal(presence(), unknown);
  CHECK(unknown.value_of(header_id::allow_events) == "presence");
}

TEST_CASE("a refresh prolongs the subscription and is followed by a NOTIFY") {
  run r;
  r.set("open");
  r.establish();
  r.go_to(500'000);
  CHECK(r.machine.matches(*parsed_text(subscribe("", 11, "b"))));
  CHECK_FALSE(r.machine.matches(*parsed_text(subscribe("", 11, "c"))));
  CHECK_FALSE(r.machine.matches(*parsed_text(subscribe("", 11, "b", "presence"))));
  CHECK(r.take(subscribe("Expires: 600\r\n", 11, "b")) == errc{});
  CHECK(r.machine.poll_event() == event::refreshed);
  const auto sent = r.request();
  CHECK(sent->value_of(header_id::subscription_state) == "active;expires=600");
  CHECK(sent->body() == "open");
  r.hear(200, {}, "a");
  CHECK(r.wakes_at() == 1'100'000);
}

TEST_CASE("a refresh that is refused leaves the subscription as it was") {
  run r;
  r.establish();
  CHECK(r.take(subscribe("Expires: 1\r\n", 11, "b")) == errc::interval_too_brief);
  CHECK(r.take(subscribe("Expires: 600\r\n", 11, "b")) == errc::cseq_out_of_order);
  CHECK(r.take(subscribe("Expires: 600\r\n", 12, "c")) == errc::other_dialog);
  CHECK(r.take(subscribe("Expires: 600\r\n", 13, "b", "presence")) == errc::other_dialog);
  CHECK(r.take(subscribe("Expires: 600\r\n", 14, "b", "dialog")) == errc::unknown_event);
  CHECK_FALSE(r.request());
  CHECK(r.wakes_at() == 600'000);
}

TEST_CASE("Expires 0 ends the subscription with a last NOTIFY") {
  run r;
  r.set("open");
  r.establish();
  CHECK(r.take(subscribe("Expires: 0\r\n", 11, "b")) == errc{});
  CHECK(r.machine.poll_event() == event::unsubscribed);
  auto response = sip::message::response(200).value();
  r.machine.write_response(r.now(), response);
  CHECK(response.value_of(header_id::expires) == "0");
  const auto last = r.request();
  CHECK(last->value_of(header_id::subscription_state) == "terminated;reason=timeout");
  CHECK(last->body() == "open");
  CHECK(r.take(subscribe("Expires: 600\r\n", 12, "b")) == errc::terminated);
  r.hear(200, {}, "a");
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.machine.own_dialog()->state() == ua::dialog::state::terminated);
}

TEST_CASE("a SUBSCRIBE with Expires 0 outside a dialog gets the state once") {
  run r("Expires: 0\r\n");
  r.set("open");
  const auto last = r.request();
  CHECK(last->value_of(header_id::subscription_state) == "terminated;reason=timeout");
  CHECK(last->body() == "open");
  r.hear(481, {}, "a");
  CHECK(r.machine.poll_event() == event::terminated);
}

TEST_CASE("when the time is over the last NOTIFY says so") {
  run r;
  r.establish();
  CHECK(r.go_to(599'999) == event::none);
  CHECK_FALSE(r.request());
  r.go_to(600'000);
  CHECK(r.request()->value_of(header_id::subscription_state) == "terminated;reason=timeout");
  CHECK(r.machine.set_state(r.now(), text_plain, "late").error() == errc::terminated);
  r.machine.handle_failure(r.now(), 408);
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("the notifier ends it with each reason, and says when to come again") {
  const std::pair<subscription_reason, std::string_view> rows[] = {
      {subscription_reason::deactivated, "terminated;reason=deactivated"},
      {subscription_reason::rejected, "terminated;reason=rejected"},
      {subscription_reason::timeout, "terminated;reason=timeout"},
      {subscription_reason::noresource, "terminated;reason=noresource"},
      {subscription_reason::invariant, "terminated;reason=invariant"},
      {subscription_reason::none, "terminated"},
  };
  for (const auto& [reason, text] : rows) {
    run r;
    r.establish();
    r.machine.terminate(r.now(), reason);
    CHECK(r.request()->value_of(header_id::subscription_state) == text);
  }
  for (const auto reason : {subscription_reason::probation, subscription_reason::giveup}) {
    run r;
    r.establish();
    r.machine.terminate(r.now(), reason, 60);
    CHECK(r.request()->value_of(header_id::subscription_state).ends_with(";retry-after=60"));
  }
}

TEST_CASE("the last NOTIFY waits for the one under way") {
  run r;
  REQUIRE(r.request());
  r.machine.terminate(r.now(), subscription_reason::noresource);
  r.machine.terminate(r.now(), subscription_reason::rejected);
  CHECK_FALSE(r.request());
  r.hear(200, {}, "a");
  CHECK(r.machine.state() == state::ending);
  CHECK(r.request()->value_of(header_id::subscription_state) == "terminated;reason=noresource");
  r.hear(200, {}, "a");
  CHECK(r.machine.state() == state::terminated);
  CHECK_FALSE(r.request());

  // Neither Retry-After nor the end of the time has a say in it any more.
  run busy;
  REQUIRE(busy.request());
  busy.machine.terminate(busy.now(), subscription_reason::noresource);
  CHECK(busy.wakes_at() == -1);
  busy.go_to(600'000);
  busy.hear(503, "Retry-After: 60\r\n", "a");
  const auto last = busy.request();
  REQUIRE(last);
  CHECK(last->value_of(header_id::subscription_state) == "terminated;reason=noresource");
}

TEST_CASE("a NOTIFY that nobody knows, or nobody answers, ends the subscription") {
  for (const int status : {404, 408, 481, 489}) {
    run r;
    REQUIRE(r.request());
    if (status == 408) {
      r.machine.handle_failure(r.now(), status);
    } else {
      r.hear(status, {}, "a");
    }
    CHECK(r.machine.poll_event() == event::terminated);
    CHECK_FALSE(r.request());
    CHECK(r.wakes_at() == -1);
  }
}

TEST_CASE("a NOTIFY that is refused for now is sent again after Retry-After") {
  run r;
  r.set("open");
  REQUIRE(r.request());
  r.hear(503, "Retry-After: 10\r\n", "a");
  CHECK(r.machine.state() == state::active);
  CHECK(r.wakes_at() == 10'000);
  r.go_to(9'999);
  r.set("closed");
  CHECK_FALSE(r.request());
  r.go_to(10'000);
  CHECK(r.request()->body() == "closed");
  r.hear(500, {}, "a");
  CHECK(r.machine.state() == state::active);
  CHECK_FALSE(r.request());
}

TEST_CASE("a state of no type, or too large, is refused") {
  run r;
  CHECK(r.machine.set_state(r.now(), "plain", "x").error() == errc::bad_message);
  CHECK(r.machine.set_state(r.now(), "text/plain\r\nX: y", "x").error() == errc::bad_message);
  CHECK(r.machine.set_state(r.now(), text_plain, std::string(notifier::max_body + 1, 'x')).error() ==
        errc::too_large);
  CHECK(r.request()->body().empty());
}

TEST_CASE("a subscription in a call sends in the call's dialog") {
  auto call = test::server_dialog();
  REQUIRE(call.add_usage());
  const parsed_text request(subscribe("Expires: 600\r\n", 11, "b"));
  auto made = notifier::accept(start, presence(), *request, decision::active);
  REQUIRE(made);
  test::usage_driver<notifier> r(std::move(*made));
  CHECK_FALSE(r.request());
  const auto sent = r.request(call);
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::to) == "\"Alice\" <sip:alice@example.com>;tag=a");
  r.hear(481, {}, "a");
  CHECK(r.machine.poll_event() == event::terminated);
  CHECK(call.usages() == 2);
}
