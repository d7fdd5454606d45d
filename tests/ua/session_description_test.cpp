#include <parley/ua/session_description.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using parley::test::parsed_text;
using ua::errc;

std::string with(std::string_view lines, std::string_view body) {
  return test::dialog_texts::invite(std::string(lines)) + std::string(body);
}

std::string found(std::string_view lines, std::string_view body) {
  const parsed_text text(with(lines, body));
  const auto description = ua::session_description_of(*text);
  REQUIRE(description);
  return *description ? std::string(**description) : "none";
}

errc refused(std::string_view lines, std::string_view body) {
  const parsed_text text(with(lines, body));
  const auto description = ua::session_description_of(*text);
  return description ? errc{} : static_cast<errc>(description.error().value());
}

constexpr std::string_view parts =
    "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: "
    "application/sdp\r\n\r\nv=0\r\n--b--\r\n";

TEST_CASE("a body that describes a session is found") {
  CHECK(found("", "") == "none");
  CHECK(found("Content-Type: application/sdp\r\n", "v=0") == "v=0");
  CHECK(found("Content-Type: Application/SDP;x=1\r\nContent-Encoding: identity\r\n", "v=0") == "v=0");
  CHECK(found("Content-Type: application/sdp\r\nContent-Disposition: session\r\n", "v=0") == "v=0");
  CHECK(found("Content-Type: multipart/mixed;boundary=b\r\n", parts) == "v=0");
}

TEST_CASE("a body that is there for something else is none") {
  CHECK(found("Content-Type: application/sdp\r\nContent-Disposition: early-session\r\n", "v=0") == "none");
  CHECK(found("Content-Type: image/png\r\nContent-Disposition: icon\r\n", "x") == "none");
  CHECK(found("Content-Type: text/plain\r\nContent-Disposition: session;handling=optional\r\n", "x") ==
        "none");
}

TEST_CASE("a body that is not understood is refused") {
  CHECK(refused("Content-Type: text/plain\r\n", "x") == errc::unsupported_body);
  CHECK(refused("Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "x") ==
        errc::unsupported_body);
  CHECK(refused("", "v=0") == errc::bad_message);
  CHECK(refused("Content-Type: multipart/mixed;boundary=c\r\n", parts) == errc::bad_message);
  CHECK(ua::status_for(make_error_code(errc::unsupported_body)) == 415);
}

}  // namespace
