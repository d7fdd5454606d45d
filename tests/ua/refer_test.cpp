#include <parley/ua/refer.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/usage_driver.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace parley;
using namespace std::chrono_literals;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using sip::header_id;
using ua::client_refer;
using ua::errc;
using ua::referral;
using ua::server_refer;
using state = enum client_refer::state;
using event = client_refer::event;
using match = ua::subscription::match;

const transaction::timers timers;
constexpr base::time_point start{1000s};

referral to_carol() {
  referral out;
  out.target = "sip:carol@example.com";
  out.referred_by = "<sip:alice@example.com>";
  return out;
}

/// A NOTIFY of Bob's in the call, with a fragment.
std::string notify(unsigned cseq, std::string_view subscription_state, std::string_view status_line,
                   std::string_view event_value = "refer;id=11",
                   std::string_view type = "message/sipfrag;version=2.0") {
  std::string lines = std::string(test::bob_contact)
                          .append("Event: ")
                          .append(event_value)
                          .append("\r\nSubscription-State: ")
                          .append(subscription_state)
                          .append("\r\n");
  if (!type.empty()) lines.append("Content-Type: ").append(type).append("\r\n");
  return texts::request("NOTIFY", cseq, "b", "a", lines) + std::string(status_line);
}

struct asking : test::usage_driver<client_refer> {
  explicit asking(referral what = to_carol()) : usage_driver(client_refer(timers, std::move(what))) {}

  int take(std::string text) { return machine.handle_notify(now(), *parsed_text(std::move(text))); }

  ua::dialog call = test::client_dialog();
};

base::result<referral> read(std::string_view lines, std::string_view method = "REFER") {
  return referral::read(*parsed_text(texts::request(method, 20, "a", "b", lines)));
}

errc refusal(std::string_view lines, std::string_view method = "REFER") {
  const auto what = read(lines, method);
  return what ? errc{} : static_cast<errc>(what.error().value());
}

/// Bob, who was asked in the call by the REFER with the CSeq 20.
struct asked : test::usage_driver<server_refer> {
  explicit asked(std::string_view lines = "Refer-To: <sip:carol@example.com>\r\n")
      : usage_driver(
            server_refer::accept(start, *parsed_text(texts::request("REFER", 20, "a", "b", lines))).value()) {
  }

  /// Body and Subscription-State of the NOTIFY that is to be sent, which is then answered.
  std::pair<std::string, std::string> told() {
    const auto out = request(call);
    if (!out) return {};
    hear(200, {}, "a");
    return {out->body(), std::string(out->value_of(header_id::subscription_state))};
  }

  ua::dialog call = test::server_dialog();
};

}  // namespace

TEST_CASE("a REFER in a call says whom to call, and by whose wish") {
  asking r;
  const auto sent = r.request(r.call);
  REQUIRE(sent);
  CHECK(sent->method_name() == "REFER");
  CHECK(sent->value_of(header_id::refer_to) == "<sip:carol@example.com>");
  CHECK(sent->value_of(header_id::referred_by) == "<sip:alice@example.com>");
  CHECK(sent->value_of(header_id::cseq) == "11 REFER");
  CHECK(sent->value_of(header_id::event).empty());
  CHECK(sent->value_of(header_id::expires).empty());
  CHECK(sent->value_of(header_id::supported).empty());
  CHECK(r.machine.state() == state::asking);
}

TEST_CASE("the one who asks hears how it goes on, to the end") {
  asking r;
  r.request(r.call);
  r.hear(202);
  CHECK(r.machine.poll_event() == event::accepted);
  CHECK(r.take(notify(1, "active;expires=60", "SIP/2.0 100 Trying\r\n")) == 200);
  CHECK(r.machine.poll_event() == event::progress);
  CHECK(r.machine.last()->status == 100);
  CHECK(r.take(notify(2, "active;expires=60", "SIP/2.0 180 Ringing\r\n")) == 200);
  CHECK(r.machine.last()->status == 180);
  CHECK(r.take(notify(3, "terminated;reason=noresource", "SIP/2.0 200 OK\r\n")) == 200);
  CHECK(r.machine.poll_event() == event::ended);
  CHECK(r.machine.last() == ua::status_fragment{200, "OK"});
  CHECK(r.machine.refused() == 0);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("a NOTIFY may be there before the 2xx, and a final status before the end") {
  asking r;
  r.request(r.call);
  CHECK(r.take(notify(1, "active;expires=60", "SIP/2.0 486 Busy Here\r\n")) == 200);
  CHECK(r.machine.state() == state::accepted);
  CHECK(r.machine.poll_event() == event::finished);
  r.hear(202);
  CHECK(r.machine.poll_event() == event::none);
  // It is left to expire.
  CHECK(r.wakes_at() == 60'000);
  CHECK(r.go_to(60'000) == event::ended);
  CHECK_FALSE(r.request(r.call));
  // However long the peer grants.
  asking longer;
  longer.request(longer.call);
  longer.take(notify(1, "active;expires=600", "SIP/2.0 100 Trying\r\n"));
  CHECK(longer.wakes_at() == 600'000);
}

TEST_CASE("a refused REFER ends it") {
  asking r;
  r.request(r.call);
  r.hear(603);
  CHECK(r.machine.poll_event() == event::ended);
  CHECK(r.machine.refused() == 603);
  asking lost;
  lost.request(lost.call);
  lost.machine.handle_failure(lost.now(), 408);
  CHECK(lost.machine.refused() == 408);
  asking silent;
  silent.request(silent.call);
  silent.hear(202);
  CHECK(silent.go_to(32'000) == event::ended);
  CHECK(silent.machine.refused() == 0);
  CHECK_FALSE(silent.machine.last());
}

TEST_CASE("a NOTIFY without a status tells nothing, but counts") {
  asking r;
  r.request(r.call);
  CHECK(r.take(notify(1, "active;expires=60", "")) == 200);
  CHECK(r.take(notify(2, "active;expires=60", "SIP/2.0 200 OK\r\n", "refer", "text/plain")) == 200);
  CHECK(r.take(notify(3, "active;expires=60", "hello\r\n")) == 200);
  CHECK_FALSE(r.machine.last());
  CHECK(r.take(notify(4, "terminated;reason=noresource", "")) == 200);
  CHECK(r.machine.poll_event() == event::ended);
}

TEST_CASE("NOTIFYs of several REFERs are told apart by their id") {
  asking r;
  r.request(r.call);
  r.hear(202);
  CHECK(r.machine.match_notify(*parsed_text(notify(1, "active", ""))) == match::yes);
  CHECK(r.machine.match_notify(*parsed_text(notify(1, "active", "", "refer"))) == match::yes);
  CHECK(r.machine.match_notify(*parsed_text(notify(1, "active", "", "refer;id=12"))) == match::no);
  CHECK(r.machine.match_notify(*parsed_text(notify(1, "active", "", "presence"))) == match::no);
  CHECK(r.take(notify(1, "active", "", "refer;id=12")) == 481);
  // While the response may still be that to a REFER with credentials, its number counts, too.
  asking again;
  again.request(again.call);
  CHECK(again.take(notify(1, "active;expires=60", "", "refer;id=12")) == 200);
}

TEST_CASE("no subscription is asked for, and none is waited for where that is granted") {
  auto what = to_carol();
  what.no_subscription = true;
  asking r(what);
  const auto sent = r.request(r.call);
  CHECK(sent->value_of(header_id::supported) == "norefersub");
  CHECK((*parsed_text(*sent)).value((*parsed_text(*sent)).find("Refer-Sub")) == "false");
  r.hear(202, "Refer-Sub: false\r\n");
  CHECK(r.machine.poll_event() == event::ended);
  CHECK(r.machine.refused() == 0);
  CHECK(r.wakes_at() == -1);
  // A peer that does not know the extension sends NOTIFYs.
  asking other(what);
  other.request(other.call);
  other.hear(202);
  CHECK(other.machine.poll_event() == event::accepted);
  CHECK(other.take(notify(1, "active;expires=60", "SIP/2.0 100 Trying\r\n")) == 200);
}

TEST_CASE("the one who asks may hear no more, or longer") {
  asking r;
  r.request(r.call);
  r.hear(202);
  r.take(notify(1, "active;expires=60", "SIP/2.0 100 Trying\r\n", "refer"));
  r.machine.refresh();
  const auto refresh = r.request(r.call);
  CHECK(refresh->method_name() == "SUBSCRIBE");
  // The event as the NOTIFY has it.
  CHECK(refresh->value_of(header_id::event) == "refer");
  CHECK(refresh->value_of(header_id::expires) == "180");
  CHECK(refresh->value_of(header_id::refer_to).empty());
  r.hear(200, "Expires: 180\r\n");
  CHECK(r.take(notify(2, "active;expires=180", "SIP/2.0 100 Trying\r\n", "refer")) == 200);
  CHECK(r.wakes_at() == 180'000);
  r.machine.unsubscribe();
  CHECK(r.request(r.call)->value_of(header_id::expires) == "0");
  r.hear(481);
  CHECK(r.machine.poll_event() == event::ended);
  CHECK(r.machine.poll_event() == event::none);
}

TEST_CASE("a REFER outside dialogs gets its dialog by the NOTIFY") {
  ua::outside_request ends{.target = "sip:bob@example.com",
                           .from = std::string(texts::alice),
                           .to = {},
                           .contact = "<sip:alice@192.0.2.1>",
                           .routes = {},
                           .call_id = "1@192.0.2.1",
                           .tag = "a"};
  test::usage_driver<client_refer> r(client_refer(timers, to_carol(), ends));
  const auto sent = r.request();
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::cseq) == "1 REFER");
  CHECK(r.machine.handle_notify(
            r.now(), *parsed_text(notify(1, "active;expires=60", "SIP/2.0 100 Trying\r\n", "refer"))) == 200);
  REQUIRE(r.machine.implied().own_dialog() != nullptr);
  CHECK(r.machine.implied().own_dialog()->remote_target() == "sip:bob@192.0.2.2");
  r.machine.refresh();
  CHECK_FALSE(r.request());  // the REFER has had no response yet
  r.hear(202);
  CHECK(r.request()->value_of(header_id::cseq) == "2 SUBSCRIBE");
}

TEST_CASE("an attended transfer names the call to take over") {
  const auto consultation = test::client_dialog();
  auto what = to_carol();
  what.call = ua::call_reference::of(consultation);
  what.method = "INVITE";
  const auto value = what.refer_to();
  REQUIRE(value);
  CHECK(*value == "<sip:carol@example.com;method=INVITE?Replaces=1%40192.0.2.1%3Bto-tag%3Db%3Bfrom-tag%3Da>");
  const auto back = read("Refer-To: " + *value + "\r\nReferred-By: <sip:alice@example.com>\r\n");
  REQUIRE(back);
  CHECK(back->target == "sip:carol@example.com");
  CHECK(back->method == "INVITE");
  CHECK(back->call == what.call);
  CHECK(back->referred_by == "<sip:alice@example.com>");
  auto invite = sip::message::request("INVITE", back->target).value();
  REQUIRE(back->add_to_referred(invite));
  CHECK(invite.value_of(header_id::replaces) == "1@192.0.2.1;to-tag=b;from-tag=a");
  CHECK(invite.value_of(header_id::referred_by) == "<sip:alice@example.com>");
}

TEST_CASE("what can't be asked for is not sent") {
  auto what = to_carol();
  what.target = "sip:carol@example.com>\r\nEvil: yes";
  asking r(what);
  CHECK_FALSE(r.request(r.call));
  CHECK(r.machine.poll_event() == event::ended);
  CHECK(r.machine.refused() == 400);
  what = to_carol();
  what.target = "tel:+12015550123";
  CHECK(what.refer_to().value() == "<tel:+12015550123>");
  what.call = ua::call_reference::of(test::client_dialog());
  CHECK(what.refer_to().error() == errc::bad_message);
  what = to_carol();
  what.referred_by = "<sip:alice@example.com>\nEvil: yes";
  asking by(what);
  CHECK_FALSE(by.request(by.call));
  asking late;
  late.call.terminate();
  CHECK_FALSE(late.request(late.call));
  CHECK(late.machine.poll_event() == event::ended);
  CHECK(late.machine.refused() == 481);
}

TEST_CASE("a REFER is read, and one without a single target gets 400") {
  const auto bare = read("Refer-To: sip:carol@example.com\r\nRefer-Sub: FALSE;x=y\r\n");
  REQUIRE(bare);
  CHECK(bare->target == "sip:carol@example.com");
  CHECK(bare->no_subscription);
  CHECK_FALSE(read("Refer-To: <http://example.com/page>\r\n")->call);
  CHECK(read("r: <http://example.com/page>\r\n")->target == "http://example.com/page");
  // Other headers of the URI are not honoured.
  CHECK(read("Refer-To: <sip:c@example.com?From=x&Subject=y>\r\n")->target == "sip:c@example.com");
  CHECK(refusal("") == errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com>\r\nRefer-To: <sip:d@example.com>\r\n") == errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com>, <sip:d@example.com>\r\n") == errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com?Replaces=12>\r\n") == errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com>\r\nReferred-By: <\r\n") == errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com>\r\nReferred-By: <sip:a@x>\r\nReferred-By: <sip:b@x>\r\n") ==
        errc::bad_message);
  CHECK(refusal("Refer-To: <sip:c@example.com>\r\n", "INVITE") == errc::bad_message);
}

TEST_CASE("the one who is asked reports 100 at once, then what comes") {
  asked r;
  CHECK(r.machine.what().target == "sip:carol@example.com");
  const auto first = r.request(r.call);
  REQUIRE(first);
  CHECK(first->value_of(header_id::event) == "refer;id=20");
  CHECK(first->value_of(header_id::subscription_state) == "active;expires=180");
  CHECK(first->value_of(header_id::content_type) == "message/sipfrag;version=2.0");
  CHECK(first->body() == "SIP/2.0 100 Trying\r\n");
  r.machine.report(r.now(), 180);
  r.machine.report(r.now(), 183, "On its way");
  r.hear(200, {}, "a");
  CHECK(r.told() == std::pair<std::string, std::string>("SIP/2.0 183 On its way\r\n", "active;expires=180"));
  r.machine.report(r.now(), 200, "OK");
  r.machine.report(r.now(), 500);
  CHECK(r.told() ==
        std::pair<std::string, std::string>("SIP/2.0 200 OK\r\n", "terminated;reason=noresource"));
  CHECK(r.machine.poll_event() == server_refer::event::ended);
  CHECK_FALSE(r.machine.is_reporting());
  CHECK_FALSE(r.request(r.call));
}

TEST_CASE("reports end when their time is over, or when nobody wants them") {
  asked r;
  r.told();
  CHECK(r.wakes_at() == 180'000);
  r.go_to(180'000);
  CHECK(r.told() ==
        std::pair<std::string, std::string>("SIP/2.0 100 Trying\r\n", "terminated;reason=timeout"));
  asked unwanted;
  unwanted.told();
  const std::string lines = "Contact: <sip:alice@192.0.2.1>\r\nEvent: refer;id=20\r\nExpires: ";
  CHECK(unwanted.machine.matches(*parsed_text(texts::request("SUBSCRIBE", 21, "a", "b", lines + "60\r\n"))));
  REQUIRE(unwanted.machine.handle_subscribe(
      unwanted.now(), *parsed_text(texts::request("SUBSCRIBE", 21, "a", "b", lines + "300\r\n"))));
  auto response = sip::message::response(200).value();
  unwanted.machine.write_subscribe_response(unwanted.now(), response);
  CHECK(response.value_of(header_id::expires) == "300");
  CHECK(unwanted.told().second == "active;expires=300");
  REQUIRE(unwanted.machine.handle_subscribe(
      unwanted.now(), *parsed_text(texts::request("SUBSCRIBE", 22, "a", "b", lines + "0\r\n"))));
  CHECK(unwanted.told().second == "terminated;reason=timeout");
  CHECK(unwanted.machine.poll_event() == server_refer::event::ended);
  asked gone;
  REQUIRE(gone.request(gone.call));
  gone.hear(481, {}, "a");
  CHECK(gone.machine.poll_event() == server_refer::event::ended);
  gone.machine.report(gone.now(), 200);
  CHECK_FALSE(gone.request(gone.call));
}

TEST_CASE("where no subscription is wanted nothing is reported") {
  asked r("Refer-To: <sip:carol@example.com>\r\nRefer-Sub: false\r\n");
  auto response = sip::message::response(202).value();
  r.machine.write_response(response);
  CHECK(response.header(0).name == "Refer-Sub");
  CHECK(response.header(0).value == "false");
  CHECK_FALSE(r.machine.is_reporting());
  CHECK_FALSE(r.request(r.call));
  r.machine.report(r.now(), 180);
  CHECK(r.machine.poll_event() == server_refer::event::none);
  r.machine.report(r.now(), 200);
  CHECK(r.machine.poll_event() == server_refer::event::ended);
  CHECK(r.wakes_at() == -1);
  CHECK(r.machine
            .handle_subscribe(r.now(), *parsed_text(texts::request("SUBSCRIBE", 21, "a", "b",
                                                                   "Event: refer;id=20\r\nExpires: 60\r\n")))
            .error() == errc::terminated);
}

TEST_CASE("a REFER outside dialogs is answered in a dialog of its own") {
  const parsed_text refer(texts::request(
      "REFER", 20, "a", "", "Contact: <sip:alice@192.0.2.1>\r\nRefer-To: <sip:carol@example.com>\r\n"));
  auto own = ua::dialog::from_request(*refer, "b", false);
  REQUIRE(own);
  REQUIRE(own->set_local_target("<sip:bob@192.0.2.2>"));
  auto made = server_refer::accept(start, *refer, std::move(*own));
  REQUIRE(made);
  auto response = sip::message::response(202).value();
  made->write_response(response);
  CHECK(response.value_of(header_id::contact) == "<sip:bob@192.0.2.2>");
  test::usage_driver<server_refer> r(std::move(*made));
  const auto sent = r.request();
  REQUIRE(sent);
  CHECK(sent->value_of(header_id::event) == "refer");
  CHECK(sent->request_uri() == "sip:alice@192.0.2.1");
  CHECK(r.machine.own_dialog()->state() == ua::dialog::state::confirmed);
}
