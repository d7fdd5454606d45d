#pragma once

#include <parley/ua/dialog.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace parley::test {

inline constexpr std::string_view bob_contact = "Contact: <sip:bob@192.0.2.2>\r\n";
inline constexpr std::string_view two_routes =
    "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr;x=1>\r\n";

/// Alice's end of the call, by Bob's response to her INVITE.
inline ua::dialog client_dialog(int status = 200, std::string_view lines = bob_contact,
                                std::string_view tag = "b", bool over_tls = false,
                                std::string invite = dialog_texts::invite()) {
  auto made = ua::dialog::from_response(
      *parsed_text(std::move(invite)),
      *parsed_text(dialog_texts::response(status, 10, "INVITE", "a", tag, lines)), over_tls);
  REQUIRE(made);
  return *made;
}

/// Bob's end of it.
inline ua::dialog server_dialog(std::string_view lines = "Contact: <sip:alice@192.0.2.1>\r\n") {
  auto made = ua::dialog::from_request(*parsed_text(dialog_texts::invite(lines)), "b", false);
  REQUIRE(made);
  return *made;
}

/// The error of the request, zero where it is taken.
inline ua::errc take(ua::dialog& d, std::string request) {
  const parsed_text text(std::move(request));
  REQUIRE(text.good());
  const auto taken = d.handle_request(*text);
  return taken ? ua::errc{} : static_cast<ua::errc>(taken.error().value());
}

}  // namespace parley::test
