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
using sip::header_id;
using ua::dialog;
using ua::errc;
using state = enum ua::dialog::state;
using role = enum ua::dialog::role;
using routes = std::vector<std::string>;

errc error_from_response(std::string invite, std::string response) {
  const auto made =
      dialog::from_response(*parsed_text(std::move(invite)), *parsed_text(std::move(response)), false);
  return made ? errc{} : static_cast<errc>(made.error().value());
}

errc error_from_request(std::string request, std::string_view tag = "b") {
  const auto made = dialog::from_request(*parsed_text(std::move(request)), tag, false);
  return made ? errc{} : static_cast<errc>(made.error().value());
}

routes routes_in(const sip::message& m) {
  routes out;
  for (std::size_t i = 0; i < m.header_count(); ++i) {
    if (m.header(i).id == header_id::route) out.emplace_back(m.header(i).value);
  }
  return out;
}

}  // namespace

TEST_CASE("a 2xx makes a confirmed dialog at the client") {
  const dialog d = client_dialog(200, std::string(bob_contact).append(two_routes));
  CHECK(d.state() == state::confirmed);
  CHECK(d.role() == role::uac);
  CHECK(d.call_id() == "1@192.0.2.1");
  CHECK(d.local_tag() == "a");
  CHECK(d.remote_tag() == "b");
  CHECK(d.local_uri() == "sip:alice@example.com");
  CHECK(d.remote_uri() == "sip:bob@example.com");
  CHECK(d.remote_target() == "sip:bob@192.0.2.2");
  CHECK(d.local_target() == "<sip:alice@192.0.2.1>");
  CHECK(d.route_set() == routes{"sip:p1.example.com;lr;x=1", "sip:p2.example.com;lr"});
  CHECK(d.local_cseq() == 10U);
  CHECK_FALSE(d.remote_cseq().has_value());
  CHECK_FALSE(d.is_secure());
  CHECK(d.usages() == 1);
}

TEST_CASE("a provisional response with a tag makes an early dialog") {
  CHECK(client_dialog(180).state() == state::early);
  // Peers leave Contact out of it: the Request-URI stands in.
  CHECK(client_dialog(183, "").remote_target() == "sip:bob@example.com");
}

TEST_CASE("no other response makes a dialog") {
  const auto error = [](int status, std::string_view tag) {
    return error_from_response(texts::invite(), texts::response(status, 10, "INVITE", "a", tag, bob_contact));
  };
  CHECK(error(100, "b") == errc::no_dialog);
  CHECK(error(180, "") == errc::no_dialog);
  CHECK(error(302, "b") == errc::no_dialog);
  CHECK(error(486, "b") == errc::no_dialog);
  CHECK(error_from_response(texts::request("OPTIONS", 10, "a", ""),
                            texts::response(200, 10, "OPTIONS", "a", "b", bob_contact)) == errc::no_dialog);
  CHECK(error_from_response(texts::invite(), texts::response(200, 10, "INVITE", "z", "b", bob_contact)) ==
        errc::other_dialog);
  CHECK(error_from_response(texts::invite(), texts::response(200, 10, "INVITE", "a", "b",
                                                             "Contact: <tel:+1>\r\n")) == errc::bad_message);
  CHECK(error_from_response(texts::invite(),
                            texts::response(200, 10, "INVITE", "a", "b", "Record-Route: sip:p;lr\r\n")) ==
        errc::bad_message);
}

TEST_CASE("a 2xx without a tag is that of a peer of RFC 2543, whose tag is null") {
  dialog d = client_dialog(200, bob_contact, "");
  CHECK(d.remote_tag().empty());
  const auto bye = d.write_request("BYE");
  REQUIRE(bye);
  CHECK(bye->value_of(header_id::to) == "<sip:bob@example.com>");
  CHECK(take(d, texts::request("BYE", 1, "", "a")) == errc{});
  CHECK(take(d, texts::request("BYE", 2, "b", "a")) == errc::other_dialog);
}

TEST_CASE("a request makes a dialog at the server") {
  const dialog d =
      server_dialog(std::string("Contact: \"A\" <sip:alice@192.0.2.1:5070>\r\n").append(two_routes));
  CHECK(d.state() == state::early);
  CHECK(d.role() == role::uas);
  CHECK(d.local_tag() == "b");
  CHECK(d.remote_tag() == "a");
  CHECK(d.local_uri() == "sip:bob@example.com");
  CHECK(d.remote_uri() == "sip:alice@example.com");
  CHECK(d.remote_target() == "sip:alice@192.0.2.1:5070");
  CHECK(d.route_set() == routes{"sip:p2.example.com;lr", "sip:p1.example.com;lr;x=1"});
  CHECK(d.remote_cseq() == 10U);
  CHECK_FALSE(d.local_cseq().has_value());
}

TEST_CASE("no other request makes a dialog") {
  CHECK(error_from_request(texts::request("MESSAGE", 1, "a", "", "Contact: <sip:a@b>\r\n")) ==
        errc::no_dialog);
  CHECK(error_from_request(texts::request("INVITE", 1, "a", "b", "Contact: <sip:a@b>\r\n")) ==
        errc::no_dialog);
  CHECK(error_from_request(texts::invite("")) == errc::bad_message);
  CHECK(error_from_request(texts::invite("Contact: *\r\n")) == errc::bad_message);
  CHECK(error_from_request(texts::invite(), "") == errc::bad_message);
  CHECK(error_from_request(texts::invite(), "b c") == errc::bad_message);
  CHECK(error_from_request(texts::request("SUBSCRIBE", 1, "a", "", "Contact: <sip:a@b>\r\n")) == errc{});
  CHECK(error_from_request(texts::request("REFER", 1, "a", "", "Contact: <sip:a@b>\r\n")) == errc{});
  CHECK(error_from_request(texts::invite("Contact: <sip:a@b>\r\nRecord-Route: <sip:" +
                                         std::string(dialog::max_text, 'x') + ">\r\n")) == errc::too_large);
}

TEST_CASE("a dialog is secure where a SIPS request went over TLS") {
  const auto secure = [](std::string_view uri, bool over_tls) {
    return client_dialog(200, bob_contact, "b", over_tls,
                         texts::invite("Contact: <sips:alice@192.0.2.1>\r\n", uri))
        .is_secure();
  };
  CHECK(secure("sips:bob@example.com", true));
  CHECK_FALSE(secure("sips:bob@example.com", false));
  CHECK_FALSE(secure("sip:bob@example.com", true));
  const parsed_text invite(texts::invite("Contact: <sips:a@b>\r\n", "sips:bob@example.com"));
  CHECK(dialog::from_request(*invite, "b", true)->is_secure());
  CHECK_FALSE(dialog::from_request(*invite, "b", false)->is_secure());
}

TEST_CASE("a request in a dialog has its target, parties, Call-ID and the next CSeq") {
  dialog d = client_dialog();
  const auto bye = d.write_request("BYE");
  REQUIRE(bye);
  CHECK(bye->to_string() ==
        "BYE sip:bob@192.0.2.2 SIP/2.0\r\n"
        "Max-Forwards: 70\r\n"
        "From: \"Alice\" <sip:alice@example.com>;tag=a\r\n"
        "To: <sip:bob@example.com>;tag=b\r\n"
        "Call-ID: 1@192.0.2.1\r\n"
        "CSeq: 11 BYE\r\n"
        "Content-Length: 0\r\n\r\n");
  CHECK(d.write_request("INFO")->value_of(header_id::cseq) == "12 INFO");
  CHECK(d.local_cseq() == 12U);
}

TEST_CASE("a server's first request has a CSeq of its own") {
  dialog d = server_dialog();
  REQUIRE(d.set_local_target("<sip:bob@192.0.2.2>"));
  const auto update = d.write_request("UPDATE");
  REQUIRE(update);
  CHECK(update->request_uri() == "sip:alice@192.0.2.1");
  CHECK(update->value_of(header_id::cseq) == "1 UPDATE");
  CHECK(update->value_of(header_id::from) == "<sip:bob@example.com>;tag=b");
  CHECK(update->value_of(header_id::to) == "\"Alice\" <sip:alice@example.com>;tag=a");
  CHECK(update->value_of(header_id::contact) == "<sip:bob@192.0.2.2>");
}

TEST_CASE("requests that refresh the target have a Contact") {
  dialog d = client_dialog();
  for (const char* const method : {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"}) {
    CHECK(d.write_request(method)->value_of(header_id::contact) == "<sip:alice@192.0.2.1>");
  }
  for (const char* const method : {"BYE", "INFO", "PRACK", "MESSAGE", "OPTIONS", "NEWFANGLED"}) {
    CHECK(d.write_request(method)->value_of(header_id::contact).empty());
  }
  CHECK_FALSE(d.set_local_target("*"));
  CHECK_FALSE(d.set_local_target("<tel:+1>"));
  CHECK_FALSE(d.set_local_target("<sip:a@b>, <sip:c@d>"));
  CHECK(d.local_target() == "<sip:alice@192.0.2.1>");
}

TEST_CASE("loose routes are Route headers, the target is the Request-URI") {
  dialog d = client_dialog(200, std::string(bob_contact).append(two_routes));
  const auto bye = d.write_request("BYE");
  CHECK(bye->request_uri() == "sip:bob@192.0.2.2");
  CHECK(routes_in(*bye) == routes{"<sip:p1.example.com;lr;x=1>", "<sip:p2.example.com;lr>"});
}

TEST_CASE("a strict first route is the Request-URI, the target is the last Route") {
  dialog d = client_dialog(
      200, std::string(bob_contact) +
               "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;method=INVITE;x=1>\r\n");
  const auto bye = d.write_request("BYE");
  CHECK(bye->request_uri() == "sip:p1.example.com;x=1");
  CHECK(routes_in(*bye) == routes{"<sip:p2.example.com;lr>", "<sip:bob@192.0.2.2>"});
}

TEST_CASE("a Request-URI has neither headers nor a method") {
  dialog d = client_dialog(200, "Contact: <sip:bob@192.0.2.2;method=INVITE;transport=tcp?Subject=x>\r\n");
  CHECK(d.write_request("BYE")->request_uri() == "sip:bob@192.0.2.2;transport=tcp");
}

TEST_CASE("an ACK has the number of its INVITE, a CANCEL is none of the dialog's") {
  dialog d = client_dialog();
  REQUIRE(d.write_request("INFO"));
  const auto ack = d.write_ack(10);
  REQUIRE(ack);
  CHECK(ack->method_name() == "ACK");
  CHECK(ack->value_of(header_id::cseq) == "10 ACK");
  CHECK(ack->request_uri() == "sip:bob@192.0.2.2");
  CHECK(d.local_cseq() == 11U);
  CHECK(d.write_ack(12).error() == errc::numbers_used_up);
  CHECK(d.write_request("ACK").error() == errc::wrong_method);
  CHECK(d.write_request("CANCEL").error() == errc::wrong_method);
  CHECK(d.write_request("NO TOKEN").error() == errc::wrong_method);
  CHECK(d.local_cseq() == 11U);
  d.terminate();
  CHECK(d.write_request("BYE").error() == errc::terminated);
  CHECK(d.write_ack(10));
}

TEST_CASE("CSeq numbers end") {
  std::string invite = texts::invite();
  invite.replace(invite.find("CSeq: 10"), 8, "CSeq: 2147483646");
  dialog d = client_dialog(200, bob_contact, "b", false, std::move(invite));
  CHECK(d.write_request("INFO")->value_of(header_id::cseq) == "2147483647 INFO");
  CHECK(d.write_request("BYE").error() == errc::numbers_used_up);
  CHECK(d.local_cseq() == dialog::max_cseq);
}
