#include <parley/ua/capabilities.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"

#include <string>
#include <string_view>

using namespace parley;
using sip::header_id;
using test::parsed_text;
using texts = test::dialog_texts;

namespace {

ua::capabilities phone() {
  return {.methods = {"INVITE", "ACK", "OPTIONS"},
          .extensions = {"100rel", "timer"},
          .types = {"application/sdp", "text/plain"},
          .encodings = {"gzip"},
          .languages = {"en", "de"},
          .events = {"presence"}};
}

bool understood(std::string_view lines, std::string_view body = "x", const ua::capabilities& own = phone()) {
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return ua::understands_body(
      *parsed_text(texts::request("INVITE", 1, "a", "", std::string(lines) + length + std::string(body))),
      own);
}

}  // namespace

TEST_CASE("RFC 3261 11.2: the answer to OPTIONS says all that is understood") {
  auto response = sip::message::response(200).value();
  ua::write_capabilities(phone(), true, response);
  CHECK(response.value_of(header_id::allow) == "INVITE, ACK, OPTIONS");
  CHECK(response.value_of(header_id::supported) == "100rel, timer");
  CHECK(response.value_of(header_id::accept) == "application/sdp, text/plain");
  CHECK(response.value_of(header_id::accept_encoding) == "gzip");
  CHECK(response.value_of(header_id::accept_language) == "en, de");
  CHECK(response.value_of(header_id::allow_events) == "presence");

  auto other = sip::message::response(200).value();
  ua::write_capabilities(phone(), false, other);
  CHECK(other.header_count() == 2);
  auto least = sip::message::response(200).value();
  ua::write_capabilities({}, true, least);
  CHECK(least.header_count() == 1);
  CHECK(least.value_of(header_id::accept) == "application/sdp");
}

TEST_CASE("RFC 3261 8.2.3: a body that is not understood is 415 with what would be") {
  CHECK(understood("Content-Type: Application/SDP\r\n"));
  CHECK_FALSE(understood("Content-Type: text/html\r\n"));
  CHECK(understood("Content-Type: text/plain\r\nContent-Encoding: gzip\r\n"));
  CHECK(understood("Content-Type: text/plain\r\nContent-Encoding: identity\r\n"));
  CHECK_FALSE(understood("Content-Type: text/plain\r\nContent-Encoding: br\r\n"));
  CHECK_FALSE(understood("Content-Type: text/plain\r\nContent-Encoding: gzip, ,\r\n"));
  CHECK_FALSE(understood("Content-Type: text/plain\r\nContent-Language: fr\r\n"));
  CHECK_FALSE(understood(""));
  CHECK_FALSE(understood("Content-Type: text\r\n"));
  CHECK(understood("Content-Type: text/html\r\nContent-Disposition: x;handling=optional\r\n"));
  CHECK(understood("Content-Type: text/html\r\n", ""));
  const ua::capabilities least;
  CHECK(understood("Content-Type: application/sdp\r\nContent-Language: fr\r\n", "x", least));
  CHECK_FALSE(understood("Content-Type: text/plain\r\n", "x", least));

  auto response = sip::message::response(415).value();
  ua::write_accepted(phone(), response);
  CHECK(response.header_count() == 3);
  CHECK(response.value_of(header_id::accept) == "application/sdp, text/plain");
  CHECK(response.value_of(header_id::accept_encoding) == "gzip");
  CHECK(response.value_of(header_id::accept_language) == "en, de");
}
