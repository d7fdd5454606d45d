#include <parley/ua/replaces.hpp>

#include "support/catch.hpp"
#include "support/dialog_ends.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using ua::call_reference;
using ua::dialog;
using ua::errc;
using kind = enum call_reference::kind;

base::result<std::optional<call_reference>> read(std::string_view lines, std::string_view method = "INVITE") {
  return call_reference::of_request(*parsed_text(texts::request(method, 10, "c", "", lines)));
}

}  // namespace

TEST_CASE("a reference to a call has the tags as its receiver sees them") {
  const auto call = test::client_dialog();  // Alice's, with the tag a
  const auto named = call_reference::of(call);
  CHECK(named.value() == "1@192.0.2.1;to-tag=b;from-tag=a");
  // Bob finds his end of it, Alice would not find hers.
  auto bobs = test::server_dialog();
  CHECK(named.names(bobs));
  CHECK_FALSE(named.names(call));
  CHECK(call_reference::of(bobs).names(call));
  auto other = named;
  other.call_id = "2@192.0.2.1";
  CHECK_FALSE(other.names(bobs));
  other = named;
  other.from_tag = "c";
  CHECK_FALSE(other.names(bobs));
}

TEST_CASE("the tag 0 names an end without a tag") {
  const auto call = test::client_dialog(200, test::bob_contact, "");
  CHECK(call_reference::of(call).value() == "1@192.0.2.1;to-tag=0;from-tag=a");
  CHECK(call_reference{kind::replaces, "1@192.0.2.1", "a", "0", false}.names(call));
  CHECK_FALSE(call_reference{kind::replaces, "1@192.0.2.1", "a", "b", false}.names(call));
}

TEST_CASE("Replaces and Join are read from an INVITE") {
  const auto replaces = read("Replaces: 12@x;from-tag=f;to-tag=t;early-only\r\n");
  REQUIRE(replaces);
  REQUIRE(*replaces);
  CHECK(**replaces == call_reference{kind::replaces, "12@x", "t", "f", true});
  const auto join = read("Join: 12@x;from-tag=f;to-tag=t\r\n");
  REQUIRE(join);
  CHECK(**join == call_reference{kind::join, "12@x", "t", "f", false});
  const auto none = read("");
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("a request that names two calls, or is no INVITE, gets 400") {
  const std::string replaces = "Replaces: 12@x;from-tag=f;to-tag=t\r\n";
  const std::string join = "Join: 12@x;from-tag=f;to-tag=t\r\n";
  CHECK(read(replaces + replaces).error() == errc::bad_message);
  CHECK(read(join + join).error() == errc::bad_message);
  CHECK(read(replaces + join).error() == errc::bad_message);
  CHECK(read(replaces, "UPDATE").error() == errc::bad_message);
  CHECK(read(join, "MESSAGE").error() == errc::bad_message);
  CHECK(read("Replaces: 12@x;from-tag=f\r\n").error() == errc::bad_message);
  CHECK(ua::status_for(errc::bad_message) == 400);
}

TEST_CASE("a Refer-To URI carries the reference in its headers") {
  auto target = sip::uri::from_string("sip:carol@example.com;transport=tcp");
  REQUIRE(target);
  const call_reference named{kind::replaces, "12@x", "t", "f", true};
  REQUIRE(named.add_to(*target));
  CHECK(target->string() ==
        "sip:carol@example.com;transport=tcp?Replaces=12%40x%3Bto-tag%3Dt%3Bfrom-tag%3Df%3Bearly-only");
  const auto back = call_reference::of_uri(target->view());
  REQUIRE(back);
  CHECK(**back == named);
  auto joined = sip::uri::from_string("sip:carol@example.com");
  REQUIRE(call_reference{kind::join, "12@x", "t", "f", false}.add_to(*joined));
  CHECK(joined->string() == "sip:carol@example.com?Join=12%40x%3Bto-tag%3Dt%3Bfrom-tag%3Df");
  REQUIRE(named.add_to(*joined));
  CHECK(call_reference::of_uri(joined->view()).error() == errc::bad_message);
  const auto bad = sip::parse_uri("sip:carol@example.com?replaces=12%40x");
  CHECK(call_reference::of_uri(*bad).error() == errc::bad_message);
  const auto none = call_reference::of_uri(*sip::parse_uri("sip:carol@example.com?Subject=x"));
  REQUIRE(none);
  CHECK_FALSE(*none);
  auto phone = sip::uri::from_string("tel:+12015550123");
  CHECK(named.add_to(*phone).error() == errc::bad_message);
}

TEST_CASE("an INVITE gets the header, unless its texts would break it") {
  auto invite = sip::message::request("INVITE", "sip:c@example.com").value();
  REQUIRE(call_reference{kind::replaces, "12@x", "t", "f", false}.add_to(invite));
  CHECK(invite.value_of(sip::header_id::replaces) == "12@x;to-tag=t;from-tag=f");
  REQUIRE(call_reference{kind::join, "12@x", "t", "f", true}.add_to(invite));
  CHECK(invite.value_of(sip::header_id::join) == "12@x;to-tag=t;from-tag=f");
  CHECK(call_reference{kind::replaces, "12@x\r\nX: y", "t", "f", false}.add_to(invite).error() ==
        errc::bad_message);
  CHECK(call_reference{kind::replaces, "12@x", "", "f", false}.add_to(invite).error() == errc::bad_message);
}

TEST_CASE("what an INVITE may replace depends on how far the call is, and who began it") {
  const call_reference any{kind::replaces, "1@192.0.2.1", "", "", false};
  call_reference early = any;
  early.early_only = true;
  auto answered = test::client_dialog();
  CHECK(any.refusal_for(answered) == 0);
  CHECK(early.refusal_for(answered) == 486);
  // One that rings at the peer, begun here.
  const auto ringing = test::client_dialog(180);
  CHECK(any.refusal_for(ringing) == 0);
  CHECK(early.refusal_for(ringing) == 0);
  // One that rings here, begun by the peer.
  const auto rings = test::server_dialog();
  CHECK(any.refusal_for(rings) == 481);
  CHECK(early.refusal_for(rings) == 481);
  answered.terminate();
  CHECK(any.refusal_for(answered) == 603);
}
