#include <parley/ua/core.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <string>
#include <string_view>

// An INVITE that forks: each early dialog is a session of its own (RFC 3261 12.1 and 13.2.2.4).

namespace {

using namespace parley;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;

constexpr std::string_view contact_1 = "Contact: <sip:one@192.0.2.99>\r\n";
constexpr std::string_view contact_2 = "Contact: <sip:two@192.0.2.99>\r\n";

/// Alice calls somebody behind a forking proxy.
struct forked_call {
  explicit forked_call(std::string_view description = "offer") : net(1) {
    ua::invite_options options;
    options.uri = "sip:bob@192.0.2.99";
    options.from = "<sip:alice@example.com>";
    options.description = description;
    call = net[0].core.invite(net.now(), options).value();
    net.collect();
    invite = net.last("INVITE");
    REQUIRE(!invite.text.empty());
    net.sent.clear();
  }
  int count(std::string_view start) const {
    int n = 0;
    for (const auto& one : net.sent) n += one.text.starts_with(start) ? 1 : 0;
    return n;
  }

  ua_network net;
  ua::call_id call{};
  test::network_message invite;
};

TEST_CASE("each early dialog of a forked call has an answer of its own") {
  forked_call forked;
  forked.net.reply(forked.invite, 183, "one", contact_1, "early one");
  forked.net.reply(forked.invite, 183, "two", contact_2, "early two");
  const auto first = forked.net.take(0, happened::preview);
  const auto second = forked.net.take(0, happened::preview);
  CHECK(first.session.description == "early one");
  CHECK(second.session.description == "early two");
  CHECK(first.leg != second.leg);
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  const auto answered = forked.net.take(0, happened::answer);
  CHECK(answered.session.description == "answer one");
  CHECK(answered.leg == first.leg);
  CHECK(forked.net.last("ACK").text.starts_with("ACK sip:one@192.0.2.99 "));
  REQUIRE(forked.net[0].core.find(forked.call) != nullptr);
  CHECK(forked.net[0].core.find(forked.call)->dialog().remote_tag() == "one");
}

TEST_CASE("a second 2xx is acknowledged and hung up, and the call goes on with the first") {
  forked_call forked;
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  forked.net.reply(forked.invite, 200, "two", contact_2, "answer two");
  CHECK(forked.count("ACK sip:one@") == 1);
  CHECK(forked.count("ACK sip:two@") == 1);
  CHECK(forked.count("BYE sip:two@") == 1);
  CHECK(forked.count("BYE sip:one@") == 0);
  CHECK(forked.net[0].core.calls() == 1);
  CHECK(forked.net[0].core.find(forked.call)->dialog().remote_tag() == "one");
  forked.net.reply(forked.net.last("BYE"), 200);
  REQUIRE(forked.net[0].core.hang_up(forked.net.now(), forked.call));
  forked.net.collect();
  CHECK(forked.count("BYE sip:one@") == 1);
}

TEST_CASE("a second 2xx of a phone that has rung is acknowledged and hung up, too") {
  forked_call forked;
  forked.net.reply(forked.invite, 180, "one", contact_1);
  forked.net.reply(forked.invite, 180, "two", contact_2);
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  forked.net.reply(forked.invite, 200, "two", contact_2, "answer two");
  CHECK(forked.count("ACK sip:two@") == 1);
  CHECK(forked.count("BYE sip:two@") == 1);
  CHECK(forked.net[0].core.find(forked.call)->dialog().remote_tag() == "one");
  CHECK(forked.net[0].core.calls() == 1);
}

TEST_CASE("an answer is taken although more phones have rung than may be") {
  forked_call forked;
  for (int i = 0; i < 20; ++i) forked.net.reply(forked.invite, 180, "t" + std::to_string(i), contact_1);
  forked.net.reply(forked.invite, 200, "late", contact_2, "answer");
  CHECK(forked.count("ACK sip:two@") == 1);
  CHECK(forked.net[0].core.find(forked.call)->dialog().remote_tag() == "late");
}

TEST_CASE("each copy of the 2xx gets the ACK again, also when the transaction has ended") {
  forked_call forked;
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer");
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer");
  CHECK(forked.count("ACK") == 2);
  forked.net.run_for(40'000);
  REQUIRE(forked.net[0].core.transactions().client_count() == 0);
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer");
  CHECK(forked.count("ACK") == 3);
}

TEST_CASE("a 2xx of another branch is acknowledged and hung up also when the call is over") {
  forked_call forked;
  forked.net.reply(forked.invite, 180, "two", contact_2);
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  REQUIRE(forked.net[0].core.hang_up(forked.net.now(), forked.call));
  forked.net.collect();
  forked.net.reply(forked.net.last("BYE"), 200);
  CHECK(forked.net[0].core.find(forked.call) == nullptr);
  CHECK(forked.net.take(0, kind::ended).session.why == ua::session_end::local_bye);
  forked.net.sent.clear();
  // Who has hung up repeats nothing.
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  CHECK(forked.net.sent.empty());
  for (const std::string tag : {"two", "three"}) {
    const std::string contact = "Contact: <sip:" + tag + "@192.0.2.99>\r\n";
    forked.net.reply(forked.invite, 200, tag, contact, "answer");
    forked.net.reply(forked.invite, 200, tag, contact, "answer");
    CHECK(forked.count("ACK sip:" + tag + "@") == 2);
    CHECK(forked.count("BYE sip:" + tag + "@") == 1);
    forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
    CHECK(forked.count("ACK sip:one@") == 0);
    forked.net.reply(forked.net.last("BYE"), 200);
    forked.net.reply(forked.invite, 200, tag, contact, "answer");
    CHECK(forked.count("ACK sip:" + tag + "@") == 2);
  }
  CHECK(forked.net.take(0, kind::ended).what == kind::none);
  forked.net.run_for(40'000);
  CHECK(forked.net[0].core.transactions().client_count() == 0);
  CHECK(forked.net[0].core.is_idle());
}

TEST_CASE("what can't be hung up, and more answers than may be, are left alone when the call is over") {
  forked_call forked;
  forked.net.reply(forked.invite, 200, "one", contact_1, "answer one");
  REQUIRE(forked.net[0].core.hang_up(forked.net.now(), forked.call));
  forked.net.collect();
  forked.net.reply(forked.net.last("BYE"), 200);
  forked.net.sent.clear();
  forked.net.reply(forked.invite, 200, "bad", "Contact: <tel:+1>\r\n", "answer");
  CHECK(forked.net.sent.empty());
  for (int i = 0; i < 100; ++i) {
    forked.net.reply(forked.invite, 200, "t" + std::to_string(i), contact_2, "answer");
    forked.net.reply(forked.net.last("BYE"), 200);
  }
  CHECK(forked.count("BYE sip:two@") == static_cast<int>(2 * ua::core_options{}.max_forks) - 1);
  forked.net.run_for(40'000);
  CHECK(forked.net[0].core.is_idle());
}

TEST_CASE("a refusal ends all early dialogs, with one event") {
  forked_call forked;
  forked.net.reply(forked.invite, 180, "one", contact_1);
  forked.net.reply(forked.invite, 180, "two", contact_2);
  forked.net.reply(forked.invite, 486, "two");
  const auto ended = forked.net.take(0, kind::ended);
  CHECK(ended.session.why == ua::session_end::refused);
  CHECK(ended.session.status == 486);
  CHECK(forked.net.take(0, kind::ended).what == kind::none);
  CHECK(forked.net[0].core.calls() == 0);
}

TEST_CASE("more early dialogs than may be are left alone") {
  forked_call forked;
  for (int i = 0; i < 100; ++i) forked.net.reply(forked.invite, 180, "t" + std::to_string(i), contact_1);
  int progress = 0;
  while (forked.net.take(0, happened::progress).what != kind::none) ++progress;
  CHECK(progress == static_cast<int>(ua::core_options{}.max_forks));
}

TEST_CASE("reliable responses of two forks are each acknowledged in their own dialog") {
  forked_call forked;
  const std::string reliable = "Require: 100rel\r\nRSeq: 7\r\n";
  forked.net.reply(forked.invite, 183, "one", std::string(contact_1) + reliable, "answer one");
  forked.net.reply(forked.invite, 183, "two", std::string(contact_2) + reliable, "answer two");
  CHECK(forked.count("PRACK sip:one@") == 1);
  CHECK(forked.count("PRACK sip:two@") == 1);
  CHECK(forked.net.take(0, happened::answer).session.description == "answer one");
  CHECK(forked.net.take(0, happened::answer).session.description == "answer two");
}

TEST_CASE("a 2xx without the answer that is owed ends the call") {
  forked_call forked;
  forked.net.reply(forked.invite, 200, "one", contact_1);
  CHECK(forked.count("ACK") == 1);
  CHECK(forked.count("BYE") == 1);
  CHECK(forked.net.take(0, kind::ended).session.why == ua::session_end::no_answer);
}

TEST_CASE("an answer that came in a provisional response only is enough") {
  forked_call forked;
  forked.net.reply(forked.invite, 183, "one", contact_1, "answer");
  forked.net.reply(forked.invite, 200, "one", contact_1);
  CHECK(forked.count("BYE") == 0);
  CHECK(forked.net.take(0, happened::accepted).call == forked.call);
}

TEST_CASE("a 422 has the INVITE sent again with the interval that it names") {
  forked_call forked;
  forked.net.reply(forked.invite, 422, "one", "Min-SE: 3600\r\n");
  const auto again = forked.net.last("INVITE");
  CHECK(again.text.find("CSeq: 2 INVITE") != std::string::npos);
  CHECK(again.text.find("Session-Expires: 3600") != std::string::npos);
  CHECK(again.text.find("Min-SE: 3600") != std::string::npos);
  CHECK(forked.net[0].core.calls() == 1);
}

TEST_CASE("a call whose peer can't be reached any more ends all the same") {
  forked_call forked;
  // There is no listener for TCP: neither ACK nor BYE can be sent.
  forked.net.reply(forked.invite, 200, "one", "Contact: <sip:one@192.0.2.99;transport=tcp>\r\n", "answer");
  REQUIRE(forked.net[0].core.hang_up(forked.net.now(), forked.call));
  forked.net.collect();
  CHECK(forked.count("BYE") == 0);
  CHECK(forked.net.take(0, kind::ended).session.why == ua::session_end::local_bye);
  forked.net.run_for(40'000);
  CHECK(forked.net[0].core.transactions().client_count() == 0);
  CHECK(forked.net[0].core.calls() == 0);
}

TEST_CASE("a request in a dialog that leads nowhere has failed, and the call goes on") {
  forked_call forked;
  forked.net.reply(forked.invite, 200, "one", "Contact: <sip:one@192.0.2.99;transport=tcp>\r\n", "answer");
  const auto cseq = forked.net[0].core.request(forked.net.now(), forked.call, "INFO");
  REQUIRE(cseq);
  forked.net.collect();
  const auto failed = forked.net.take(0, happened::response);
  CHECK(failed.session.cseq == *cseq);
  CHECK(failed.session.status == 503);
  CHECK(forked.net[0].core.calls() == 1);
}

}  // namespace
