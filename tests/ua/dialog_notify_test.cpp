#include <parley/ua/dialog.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using ua::dialog;
using ua::errc;

std::string subscribe(std::string_view uri = "sip:bob@example.com", std::string_view to = "") {
  return texts::request("SUBSCRIBE", 10, "a", to, "Contact: <sip:alice@192.0.2.1>\r\n", uri);
}

std::string notify(std::string_view lines = test::bob_contact, std::string_view from = "b",
                   std::string_view to = "a") {
  return texts::request("NOTIFY", 70, from, to, lines);
}

errc refusal(std::string request, std::string heard) {
  const auto made =
      dialog::from_notify(*parsed_text(std::move(request)), *parsed_text(std::move(heard)), false);
  return made ? errc{} : static_cast<errc>(made.error().value());
}

}  // namespace

TEST_CASE("a NOTIFY makes the subscriber's dialog, with the routes as they stand in it") {
  auto made = dialog::from_notify(
      *parsed_text(subscribe()),
      *parsed_text(notify(std::string(test::bob_contact) + std::string(test::two_routes))), false);
  REQUIRE(made);
  CHECK(made->state() == dialog::state::confirmed);
  CHECK(made->role() == dialog::role::uac);
  CHECK(made->id() == ua::dialog_id{"1@192.0.2.1", "a", "b"});
  CHECK(made->remote_target() == "sip:bob@192.0.2.2");
  CHECK(made->local_target() == "<sip:alice@192.0.2.1>");
  CHECK(made->local_cseq() == 10U);
  CHECK(made->remote_cseq() == 70U);
  CHECK(made->route_set() == std::vector<std::string>{"sip:p2.example.com;lr", "sip:p1.example.com;lr;x=1"});
  CHECK_FALSE(made->is_secure());
  // The 2xx that comes behind it changes nothing, and is this dialog's.
  const dialog before = *made;
  CHECK(made->handle_response(
      *parsed_text(texts::response(200, 10, "SUBSCRIBE", "a", "b", "Contact: <sip:other@192.0.2.3>\r\n"))));
  CHECK(*made == before);
  CHECK(test::take(*made, texts::request("NOTIFY", 70, "b", "a", test::bob_contact)) ==
        errc::cseq_out_of_order);
}

TEST_CASE("a REFER makes one as well, another request none") {
  CHECK(refusal(texts::request("REFER", 10, "a", ""), notify()) == errc{});
  CHECK(refusal(texts::request("INVITE", 10, "a", ""), notify()) == errc::no_dialog);
  CHECK(refusal(subscribe(), texts::request("INFO", 70, "b", "a", test::bob_contact)) == errc::no_dialog);
  CHECK(refusal(subscribe("sip:bob@example.com", "b"), notify()) == errc::no_dialog);
}

TEST_CASE("a NOTIFY of another request, or without what a dialog needs, makes none") {
  CHECK(refusal(subscribe(), notify(test::bob_contact, "b", "other")) == errc::other_dialog);
  CHECK(refusal(subscribe(), notify("")) == errc::bad_message);
  CHECK(refusal(subscribe(), notify("Contact: <http://example.com>\r\n")) == errc::bad_message);
  CHECK(refusal(subscribe(), notify(test::bob_contact, "")) == errc::bad_message);
}

TEST_CASE("a subscription to a SIPS URI over TLS makes a secure dialog") {
  const auto made =
      dialog::from_notify(*parsed_text(subscribe("sips:bob@example.com")), *parsed_text(notify()), true);
  REQUIRE(made);
  CHECK(made->is_secure());
}

TEST_CASE("a request that went out again with credentials has used its number") {
  auto d = test::client_dialog();
  d.note_local_cseq(15);
  d.note_local_cseq(12);
  d.note_local_cseq(0xffffffff);
  CHECK(d.write_request("INFO")->value_of(sip::header_id::cseq) == "16 INFO");
}
