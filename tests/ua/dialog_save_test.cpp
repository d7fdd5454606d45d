#include <parley/ua/dialog.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace parley;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using ua::dialog;
using ua::errc;
using state = enum ua::dialog::state;
using bytes = std::vector<std::byte>;

const std::string contact = "Contact: <sip:x@192.0.2.2>\r\n";
const std::string record_routes =
    "Record-Route: <sip:p2.example.com;lr>\r\nRecord-Route: <sip:p1.example.com>\r\n";

dialog uac(int status) {
  return dialog::from_response(
             *parsed_text(texts::invite(contact, "sips:bob@example.com")),
             *parsed_text(texts::response(status, 10, "INVITE", "a", "b", contact + record_routes)), true)
      .value();
}

dialog uas() {
  return dialog::from_request(*parsed_text(texts::invite(contact + record_routes)), "b", false).value();
}

errc error_of(const bytes& saved) {
  const auto restored = dialog::restore(saved);
  return restored ? errc{} : static_cast<errc>(restored.error().value());
}

}  // namespace

TEST_CASE("a restored dialog is the one that was saved") {
  std::vector<dialog> all = {uac(180), uac(200), uas()};
  all.push_back(uac(200));
  REQUIRE(all.back().add_usage());
  REQUIRE(all.back().write_request("INVITE"));
  REQUIRE(all.back().handle_request(*parsed_text(texts::request("INFO", 4, "b", "a"))));
  all.push_back(uas());
  REQUIRE(all.back().set_local_target("<sip:bob@192.0.2.7>;+sip.instance=\"<urn:uuid:1>\""));
  REQUIRE(all.back().write_request("UPDATE"));
  all.push_back(uac(200));
  all.back().end_usage();
  CHECK(all.back().state() == state::terminated);
  for (const dialog& d : all) {
    const bytes saved = d.save();
    CHECK(saved.size() <= dialog::max_saved);
    CHECK(saved[0] == std::byte{1});
    const auto restored = dialog::restore(saved);
    REQUIRE(restored);
    CHECK(*restored == d);
    CHECK(restored->save() == saved);
  }
}

TEST_CASE("a restored dialog goes on") {
  dialog early = dialog::restore(uac(180).save()).value();
  CHECK(early.is_secure());
  CHECK(early.write_request("PRACK")->value_of(sip::header_id::cseq) == "11 PRACK");
  REQUIRE(early.handle_response(*parsed_text(texts::response(200, 10, "INVITE", "a", "b", contact))));
  CHECK(early.state() == state::confirmed);
  CHECK(early.route_set().empty());

  dialog server = dialog::restore(uas().save()).value();
  CHECK(server.handle_request(*parsed_text(texts::request("INFO", 10, "a", "b"))).error() ==
        errc::cseq_out_of_order);
  server.respond(*parsed_text(texts::invite(contact)), 200);
  CHECK(server.state() == state::confirmed);
}

TEST_CASE("a display name that is folded is kept on one line") {
  std::string invite = texts::invite(contact);
  invite.replace(invite.find("\"Alice\""), 7, "\"Alice\r\n A.\"");
  const dialog d = dialog::from_request(*parsed_text(invite), "b", false).value();
  CHECK(dialog::restore(d.save()).value() == d);
  dialog writes = d;
  CHECK(writes.write_request("BYE")->value_of(sip::header_id::to) ==
        "\"Alice   A.\" <sip:alice@example.com>;tag=a");
}

TEST_CASE("another version is not restored") {
  bytes saved = uas().save();
  for (const int version : {0, 2, 255}) {
    saved[0] = std::byte(version);
    CHECK(error_of(saved) == errc::unsupported_version);
  }
}

TEST_CASE("bytes that are no dialog are not restored") {
  const bytes saved = uac(200).save();
  CHECK(error_of({}) == errc::bad_saved_state);
  for (std::size_t size = 1; size < saved.size(); ++size) {
    CHECK(error_of(bytes(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(size))) ==
          errc::bad_saved_state);
  }
  bytes longer = saved;
  longer.push_back(std::byte{0});
  CHECK(error_of(longer) == errc::bad_saved_state);
  CHECK(error_of(bytes(dialog::max_saved + 1, std::byte{1})) == errc::bad_saved_state);
}

TEST_CASE("what is restored from damaged bytes is a dialog that saves to them") {
  for (const bytes& saved : {uac(200).save(), uas().save()}) {
    for (std::size_t at = 1; at < saved.size(); ++at) {
      for (const int value : {0, 1, 10, 13, 34, 62, 127, 255}) {
        bytes damaged = saved;
        damaged[at] = std::byte(value);
        const auto restored = dialog::restore(damaged);
        if (!restored) continue;
        CHECK(restored->save() == damaged);
        dialog d = *restored;
        if (d.state() != state::terminated && d.local_cseq().value_or(0) < dialog::max_cseq) {
          const auto bye = d.write_request("BYE");
          REQUIRE(bye);
          CHECK(parsed_text(*bye).good());
        }
      }
    }
  }
}
