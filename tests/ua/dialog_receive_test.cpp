#include <parley/ua/dialog.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using parley::test::bob_contact;
using parley::test::client_dialog;
using parley::test::parsed_text;
using parley::test::server_dialog;
using parley::test::take;
using parley::test::two_routes;
using texts = parley::test::dialog_texts;
using ua::dialog;
using ua::errc;
using ua::response_effect;
using state = enum ua::dialog::state;
using routes = std::vector<std::string>;

response_effect hear(dialog& d, std::string response) {
  const parsed_text text(std::move(response));
  REQUIRE(text.good());
  const auto effect = d.handle_response(*text);
  REQUIRE(effect);
  return *effect;
}

}  // namespace

TEST_CASE("a request belongs to the dialog of its Call-ID and tags") {
  dialog d = server_dialog();
  CHECK(take(d, texts::request("BYE", 11, "a", "c")) == errc::other_dialog);
  CHECK(take(d, texts::request("BYE", 11, "c", "b")) == errc::other_dialog);
  std::string other = texts::request("BYE", 11, "a", "b");
  other.replace(other.find("Call-ID: 1"), 10, "Call-ID: 2");
  CHECK(take(d, other) == errc::other_dialog);
  CHECK(d.remote_cseq() == 10U);
  CHECK(take(d, texts::request("BYE", 11, "a", "b")) == errc{});
  d.terminate();
  CHECK(take(d, texts::request("BYE", 12, "a", "b")) == errc::terminated);
  CHECK(ua::status_for(errc::other_dialog) == 481);
  CHECK(ua::status_for(errc::terminated) == 481);
}

TEST_CASE("a request with a CSeq that is not above the last one is out of order") {
  dialog d = server_dialog();
  CHECK(take(d, texts::request("INFO", 9, "a", "b")) == errc::cseq_out_of_order);
  CHECK(take(d, texts::request("INFO", 10, "a", "b")) == errc::cseq_out_of_order);
  CHECK(take(d, texts::request("INFO", 11, "a", "b")) == errc{});
  CHECK(take(d, texts::request("INFO", 500, "a", "b")) == errc{});
  CHECK(take(d, texts::request("INFO", 499, "a", "b")) == errc::cseq_out_of_order);
  CHECK(d.remote_cseq() == 500U);
  // These two bear the number of their INVITE.
  CHECK(take(d, texts::request("ACK", 10, "a", "b")) == errc{});
  CHECK(take(d, texts::request("CANCEL", 10, "a", "b")) == errc{});
  CHECK(d.remote_cseq() == 500U);
  CHECK(ua::status_for(errc::cseq_out_of_order) == 500);

  dialog client = client_dialog();
  CHECK(take(client, texts::request("INFO", 3, "b", "a")) == errc{});
  CHECK(client.remote_cseq() == 3U);
}

TEST_CASE("a request that is accepted brings the peer's new target, a refused one does not") {
  dialog d = server_dialog();
  d.respond(*parsed_text(texts::invite()), 200);
  unsigned cseq = 10;
  for (const char* const method : {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"}) {
    ++cseq;
    const std::string to = "sip:x" + std::to_string(cseq) + "@192.0.2.5";
    const parsed_text request(texts::request(method, cseq, "a", "b", "Contact: <" + to + ">\r\n"));
    const std::string before = d.remote_target();
    REQUIRE(d.handle_request(*request));
    CHECK(d.remote_target() == before);
    d.respond(*request, 180);
    d.respond(*request, 488);
    CHECK(d.remote_target() == before);
    d.respond(*request, 200);
    CHECK(d.remote_target() == to);
  }
  const std::string before = d.remote_target();
  const parsed_text info(texts::request("INFO", 20, "a", "b", "Contact: <sip:y@192.0.2.6>\r\n"));
  REQUIRE(d.handle_request(*info));
  d.respond(*info, 200);
  const parsed_text without(texts::request("UPDATE", 21, "a", "b"));
  REQUIRE(d.handle_request(*without));
  d.respond(*without, 200);
  CHECK(d.remote_target() == before);
}

TEST_CASE("a reliable provisional response accepts the target as well") {
  dialog d = server_dialog();
  d.respond(*parsed_text(texts::invite()), 200);
  const parsed_text invite(texts::request("INVITE", 11, "a", "b", "Contact: <sip:y@192.0.2.6>\r\n"));
  REQUIRE(d.handle_request(*invite));
  d.respond(*invite, 183, true);
  CHECK(d.remote_target() == "sip:y@192.0.2.6");
}

TEST_CASE("an older request accepted late does not bring the old target back") {
  dialog d = server_dialog();
  d.respond(*parsed_text(texts::invite()), 200);
  const parsed_text invite(texts::request("INVITE", 11, "a", "b", "Contact: <sip:old@192.0.2.6>\r\n"));
  const parsed_text update(texts::request("UPDATE", 12, "a", "b", "Contact: <sip:new@192.0.2.7>\r\n"));
  REQUIRE(d.handle_request(*invite));
  REQUIRE(d.handle_request(*update));
  d.respond(*update, 200);
  d.respond(*invite, 200);
  CHECK(d.remote_target() == "sip:new@192.0.2.7");
}

TEST_CASE("a request whose Contact leads nowhere is refused and changes no target") {
  dialog d = server_dialog();
  CHECK(take(d, texts::request("UPDATE", 11, "a", "b", "Contact: *\r\n")) == errc::bad_message);
  CHECK(take(d, texts::request("UPDATE", 12, "a", "b", "Contact: <tel:+1>\r\n")) == errc::bad_message);
  CHECK(take(d, texts::request("UPDATE", 13, "a", "b",
                               "Contact: <sip:" + std::string(dialog::max_text, 'x') + ">\r\n")) ==
        errc::too_large);
  CHECK(d.remote_target() == "sip:alice@192.0.2.1");
  CHECK(ua::status_for(errc::bad_message) == 400);
  CHECK(ua::status_for(errc::too_large) == 513);
}

TEST_CASE("a 2xx to a request that refreshes the target brings the peer's") {
  dialog d = client_dialog();
  REQUIRE(d.write_request("INVITE"));
  REQUIRE(d.write_request("UPDATE"));
  hear(d, texts::response(180, 11, "INVITE", "a", "b", "Contact: <sip:early@192.0.2.8>\r\n"));
  CHECK(d.remote_target() == "sip:bob@192.0.2.2");
  hear(d, texts::response(200, 12, "UPDATE", "a", "b", "Contact: <sip:new@192.0.2.8>\r\n"));
  CHECK(d.remote_target() == "sip:new@192.0.2.8");
  // The 2xx to the older request, and the copy of one.
  hear(d, texts::response(200, 11, "INVITE", "a", "b", "Contact: <sip:old@192.0.2.8>\r\n"));
  hear(d, texts::response(200, 12, "UPDATE", "a", "b", "Contact: <sip:copy@192.0.2.8>\r\n"));
  CHECK(d.remote_target() == "sip:new@192.0.2.8");
  // One that was never sent.
  hear(d, texts::response(200, 99, "UPDATE", "a", "b", "Contact: <sip:forged@192.0.2.8>\r\n"));
  REQUIRE(d.write_request("INFO"));
  hear(d, texts::response(200, 13, "INFO", "a", "b", "Contact: <sip:info@192.0.2.8>\r\n"));
  CHECK(d.remote_target() == "sip:new@192.0.2.8");
  REQUIRE(d.write_request("UPDATE"));
  CHECK(d.handle_response(*parsed_text(texts::response(200, 14, "UPDATE", "a", "b", "Contact: *\r\n")))
            .error() == errc::bad_message);
  CHECK(d.remote_target() == "sip:new@192.0.2.8");
}

TEST_CASE("the 2xx confirms an early dialog, with a new route set and the old numbers") {
  dialog d =
      client_dialog(180, "Contact: <sip:early@192.0.2.2>\r\nRecord-Route: <sip:p0.example.com;lr>\r\n");
  REQUIRE(d.write_request("PRACK"));
  REQUIRE(take(d, texts::request("UPDATE", 77, "b", "a")) == errc{});
  CHECK(hear(d, texts::response(200, 10, "INVITE", "a", "b", std::string(bob_contact).append(two_routes))) ==
        response_effect::none);
  CHECK(d.state() == state::confirmed);
  CHECK(d.route_set() == routes{"sip:p1.example.com;lr;x=1", "sip:p2.example.com;lr"});
  CHECK(d.remote_target() == "sip:bob@192.0.2.2");
  CHECK(d.local_cseq() == 11U);
  CHECK(d.remote_cseq() == 77U);
  // Its copies change nothing.
  hear(d, texts::response(200, 10, "INVITE", "a", "b", "Contact: <sip:copy@192.0.2.2>\r\n"));
  CHECK(d.remote_target() == "sip:bob@192.0.2.2");
  CHECK(d.route_set().size() == 2);
}

TEST_CASE("each branch of a forked INVITE has a dialog of its own") {
  dialog first = client_dialog(180, bob_contact, "b1");
  const parsed_text other(texts::response(200, 10, "INVITE", "a", "b2", bob_contact));
  CHECK(first.handle_response(*other).error() == errc::other_dialog);
  CHECK(first.state() == state::early);
  CHECK_FALSE(ua::dialog_id::of_response(*other).value() == first.id());
  const auto second = dialog::from_response(*parsed_text(texts::invite()), *other, false);
  REQUIRE(second);
  CHECK(second->state() == state::confirmed);
  CHECK(second->id() == ua::dialog_id::of_response(*other).value());
  CHECK(second->id() == ua::dialog_id::of_request(*parsed_text(texts::request("BYE", 1, "b2", "a"))).value());
}

TEST_CASE("a server's 2xx confirms its dialog, a refusal ends it") {
  const parsed_text invite(texts::invite());
  dialog d = server_dialog();
  d.respond(*invite, 100);
  d.respond(*invite, 180);
  d.respond(*parsed_text(texts::request("CANCEL", 10, "a", "")), 200);
  CHECK(d.state() == state::early);
  d.respond(*invite, 200);
  CHECK(d.state() == state::confirmed);
  d.respond(*invite, 486);
  CHECK(d.state() == state::confirmed);

  dialog refused = server_dialog();
  const parsed_text prack(texts::request("PRACK", 11, "a", "b"));
  REQUIRE(refused.handle_request(*prack));
  refused.respond(*prack, 481);
  CHECK(refused.state() == state::early);
  refused.respond(*invite, 486);
  CHECK(refused.state() == state::terminated);
}

TEST_CASE("a refusal of the INVITE ends an early dialog at the client") {
  dialog d = client_dialog(180);
  CHECK(hear(d, texts::response(486, 10, "INVITE", "a", "b")) == response_effect::dialog_ended);
  CHECK(d.state() == state::terminated);
  CHECK(hear(d, texts::response(200, 10, "INVITE", "a", "b", bob_contact)) == response_effect::none);
  CHECK(d.state() == state::terminated);
}

TEST_CASE("what a refusal in a dialog ends") {
  for (const int status : {405, 408, 480, 481, 489, 501}) {
    dialog d = client_dialog();
    REQUIRE(d.write_request("INFO"));
    CHECK(hear(d, texts::response(status, 11, "INFO", "a", "b")) == response_effect::usage_ended);
    CHECK(d.state() == state::confirmed);
  }
  for (const int status : {404, 410, 416, 482, 483, 484, 485, 502, 604}) {
    dialog d = client_dialog();
    REQUIRE(d.write_request("INFO"));
    CHECK(hear(d, texts::response(status, 11, "INFO", "a", "b")) == response_effect::dialog_ended);
    CHECK(d.state() == state::terminated);
  }
  for (const int status : {302, 400, 401, 403, 407, 415, 420, 422, 486, 488, 491, 500, 503, 600, 603}) {
    CHECK(ua::effect_of(status) == response_effect::none);
  }
}

TEST_CASE("a dialog lives as long as one of its usages") {
  dialog d = client_dialog();
  REQUIRE(d.add_usage());
  CHECK(d.usages() == 2);
  d.end_usage();
  CHECK(d.state() == state::confirmed);
  d.end_usage();
  CHECK(d.state() == state::terminated);
  d.end_usage();
  CHECK(d.usages() == 0);
  CHECK(d.add_usage().error() == errc::terminated);
}
