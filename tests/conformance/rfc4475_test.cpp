// The torture messages of RFC 4475, one by one. They lie in the folder rfc4475 of PARLEY_MATERIAL, as
// <name>.dat.
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/typed.hpp>
#include <parley/sip/validate.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/result.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace parley::sip;

/// `found` of the first violation is a text that stands at its offset; empty where the offset is 0 or the
/// end.
struct verdict {
  std::string_view name;
  std::string_view section;
  errc rule;               ///< zero for a message that is well formed
  std::string_view found;  ///< what stands at the offset
};

/// What parley finds first in each message. RFC 4475 3.1.1 holds valid messages, 3.1.2 invalid ones; those
/// of 3.2 and 3.3 are for the transaction layer and the application, and 3.4 for peers of RFC 2543.
/// docs/rfc/4475.md says why where the verdict isn't plain.
constexpr std::array verdicts{
    verdict{"wsinv", "3.1.1.1", errc{}, ""},
    verdict{"intmeth", "3.1.1.2", errc{}, ""},
    verdict{"esc01", "3.1.1.3", errc{}, ""},
    verdict{"escnull", "3.1.1.4", errc{}, ""},
    verdict{"esc02", "3.1.1.5", errc{}, ""},
    verdict{"lwsdisp", "3.1.1.6", errc{}, ""},
    verdict{"longreq", "3.1.1.7", errc{}, ""},
    verdict{"dblreq", "3.1.1.8", errc{}, ""},
    verdict{"semiuri", "3.1.1.9", errc{}, ""},
    verdict{"transports", "3.1.1.10", errc{}, ""},
    verdict{"mpart01", "3.1.1.11", errc{}, ""},
    verdict{"unreason", "3.1.1.12", errc{}, ""},
    verdict{"noreason", "3.1.1.13", errc{}, ""},
    verdict{"badinv01", "3.1.2.1", errc::expected_token, ";,;,,\r\n"},
    verdict{"clerr", "3.1.2.2", errc::body_truncated, "9999\r\n"},
    verdict{"ncl", "3.1.2.3", errc::bad_content_length, "-999\r\n"},
    verdict{"scalar02", "3.1.2.4", errc::number_overflow, "36893488147419103232 REGISTER"},
    verdict{"scalarlg", "3.1.2.5", errc::number_overflow, "9292394834772304023312 OPTIONS"},
    verdict{"quotbal", "3.1.2.6", errc::unterminated_quote, "\"Mr. J. User <sip:"},
    verdict{"ltgtruri", "3.1.2.7", errc::bad_request_uri, "<sip:user@example.com> SIP/2.0"},
    verdict{"lwsruri", "3.1.2.8", errc::bad_start_line, "lr SIP/2.0"},
    verdict{"lwsstart", "3.1.2.9", errc::bad_start_line, " sip:user@example.com  SIP/2.0"},
    verdict{"trws", "3.1.2.10", errc::bad_start_line, "  \r\n"},
    verdict{"escruri", "3.1.2.11", errc::bad_request_uri, "?Route=%3Csip:example.com%3E"},
    verdict{"baddate", "3.1.2.12", errc::bad_date, "EST\r\n"},
    verdict{"regbadct", "3.1.2.13", errc::addr_spec_needs_angle, "?Route=%3Csip:sip.example.com%3E"},
    verdict{"badaspec", "3.1.2.14", errc::expected_scheme, " sip:t.watson@example.org"},
    verdict{"baddn", "3.1.2.15", errc::unterminated_headers, ""},
    verdict{"badvers", "3.1.2.16", errc::unsupported_version, "SIP/7.0"},
    verdict{"mismatch01", "3.1.2.17", errc::method_mismatch, "INVITE\r\n"},
    verdict{"mismatch02", "3.1.2.18", errc::method_mismatch, "INVITE\r\n"},
    verdict{"bigcode", "3.1.2.19", errc::bad_status_code, "4294967301"},
    verdict{"badbranch", "3.2.1", errc{}, ""},
    verdict{"insuf", "3.3.1", errc::missing_header, "INVITE sip:user@example.com"},
    verdict{"unkscm", "3.3.2", errc{}, ""},
    verdict{"novelsc", "3.3.3", errc{}, ""},
    verdict{"unksm2", "3.3.4", errc{}, ""},
    verdict{"bext01", "3.3.5", errc{}, ""},
    verdict{"invut", "3.3.6", errc{}, ""},
    verdict{"regaut01", "3.3.7", errc{}, ""},
    verdict{"multi01", "3.3.8", errc::duplicate_header, "CSeq: 59 INVITE"},
    verdict{"mcl01", "3.3.9", errc::content_length_conflict, "5\r\n"},
    verdict{"bcast", "3.3.10", errc{}, ""},
    verdict{"zeromf", "3.3.11", errc{}, ""},
    verdict{"cparam01", "3.3.12", errc{}, ""},
    verdict{"cparam02", "3.3.13", errc{}, ""},
    verdict{"regescrt", "3.3.14", errc{}, ""},
    verdict{"sdp01", "3.3.15", errc{}, ""},
    verdict{"inv2543", "3.4.1", errc{}, ""},
};

std::optional<std::filesystem::path> folder() {
  const char* const material = std::getenv("PARLEY_MATERIAL");
  if (material == nullptr || *material == '\0') return std::nullopt;
  return std::filesystem::path(material) / "rfc4475";
}

std::string read(std::string_view name) {
  std::ifstream in(*folder() / (std::string(name) + ".dat"), std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The first violation, of the frame or of what stands in it.
parse_error first_error(std::string_view text) {
  message_view view;
  if (const auto parsed = view.parse(text); !parsed) return parsed.error();
  const auto valid = validate(view);
  return valid ? parse_error{} : valid.error();
}

/// A message of RFC 4475 and the view over it.
struct sample {
  explicit sample(std::string_view name) : text(read(name)) { REQUIRE(view.parse(text)); }
  sample(const sample&) = delete;
  sample& operator=(const sample&) = delete;

  std::string text;
  message_view view;
};

bool skipped() {
  if (folder()) return false;
  WARN("PARLEY_MATERIAL is not set: the messages of RFC 4475 are left out");
  return true;
}

}  // namespace

TEST_CASE("each message of RFC 4475 has its verdict", "[rfc4475]") {
  if (skipped()) return;
  static_assert(verdicts.size() == 49);
  for (const verdict& expected : verdicts) {
    const std::string text = read(expected.name);
    const parse_error error = first_error(text);
    CAPTURE(expected.name, expected.section);
    CHECK(error == parse_error{expected.rule, error.offset});
    CHECK(std::string_view(text).substr(error.offset).starts_with(expected.found));
  }
}

TEST_CASE("what RFC 4475 calls valid is kept when it is written again", "[rfc4475]") {
  if (skipped()) return;
  for (const verdict& one : verdicts) {
    if (one.rule != errc{}) continue;
    CAPTURE(one.name);
    const std::string text = read(one.name);
    const auto first = message::parse(text);
    REQUIRE(first);
    const std::string written = first->to_string();
    const auto second = message::parse(written);
    REQUIRE(second);
    CHECK(*second == *first);
    CHECK(first_error(written).code == errc{});
  }
}

TEST_CASE("RFC 4475 3.1.1.1: unusual spacing and folds mean nothing", "[rfc4475]") {
  if (skipped()) return;
  const sample wsinv("wsinv");
  CHECK(wsinv.view.get<to_header>()->tag == "1918181833n");
  CHECK(wsinv.view.get<from_header>()->tag == "98asjd8");
  CHECK(wsinv.view.get<max_forwards_header>()->value == 68);
  CHECK(wsinv.view.get<cseq_header>()->number == 9);
  CHECK(wsinv.view.get<via_header>()->host == "192.0.2.2");
  std::size_t vias = 0;
  REQUIRE(wsinv.view.for_each<via_header>([&](const via_header&) { ++vias; }));
  CHECK(vias == 3);
  std::size_t contacts = 0;
  REQUIRE(wsinv.view.for_each<contact_header>([&](const contact_header&) { ++contacts; }));
  CHECK(contacts == 1);
  CHECK(wsinv.view.body().size() == 150);
}

TEST_CASE("RFC 4475 3.1.1.2: any token is a method", "[rfc4475]") {
  if (skipped()) return;
  const sample intmeth("intmeth");
  CHECK(intmeth.view.method() == method::unknown);
  CHECK(intmeth.view.method_name() == "!interesting-Method0123456789_*+`.%indeed'~");
  CHECK(intmeth.view.get<cseq_header>()->method_name == intmeth.view.method_name());
  CHECK(intmeth.view.get<to_header>()->display_quoted);
}

TEST_CASE("RFC 4475 3.1.1.3 and 3.1.1.4: escapes stay as they are", "[rfc4475]") {
  if (skipped()) return;
  const sample esc01("esc01");
  CHECK(parse_uri(esc01.view.request_uri())->user == "sips%3Auser%40example.com");
  CHECK(esc01.view.get<to_header>()->uri.user == "%75se%72");
  const sample escnull("escnull");
  CHECK(unescape(escnull.view.get<to_header>()->uri.user) == std::string("null-\0-null", 11));
}

TEST_CASE("RFC 4475 3.1.1.8: what follows the body is another message", "[rfc4475]") {
  if (skipped()) return;
  const sample dblreq("dblreq");
  CHECK(dblreq.view.method() == method::register_);
  CHECK(dblreq.view.body().empty());
  CHECK(dblreq.view.text().size() < dblreq.text.size());
}

TEST_CASE("RFC 4475 3.1.1.10: Via names any transport", "[rfc4475]") {
  if (skipped()) return;
  const sample transports("transports");
  std::string names;
  REQUIRE(transports.view.for_each<via_header>(
      [&](const via_header& via) { names.append(via.transport_name) += ' '; }));
  CHECK(names == "UDP SCTP TLS UNKNOWN TCP ");
}

TEST_CASE("RFC 4475 3.1.1.12 and 3.1.1.13: a reason phrase is UTF-8 or empty", "[rfc4475]") {
  if (skipped()) return;
  const sample unreason("unreason");
  CHECK(unreason.view.status() == 200);
  CHECK(unreason.view.reason_phrase().starts_with("= 2**3 * 5**2 "));
  const sample noreason("noreason");
  CHECK(noreason.view.status() == 100);
  CHECK(noreason.view.reason_phrase().empty());
}

TEST_CASE("RFC 4475 3.1.2.15: the display name is found too, though the frame is broken", "[rfc4475]") {
  if (skipped()) return;
  const std::string text = read("baddn");
  message_view view;
  REQUIRE(view.parse(text).has_error());
  const auto from = view.get<from_header>();
  REQUIRE(from.has_error());
  CHECK(from.error().code == errc::bad_character);
  CHECK(std::string_view(text).substr(from.error().offset).starts_with(", Alexander <sip:"));
}

TEST_CASE("RFC 4475 3.1.2.16: another version gets 505", "[rfc4475]") {
  if (skipped()) return;
  const std::string text = read("badvers");
  CHECK(status_for(first_error(text).code) == 505);
}

TEST_CASE("RFC 4475 3.2.1: a branch that is only the magic cookie identifies nothing", "[rfc4475]") {
  if (skipped()) return;
  const sample badbranch("badbranch");
  CHECK(badbranch.view.get<via_header>()->branch == "z9hG4bK");
  CHECK_FALSE(badbranch.view.get<via_header>()->has_magic_cookie());
}

TEST_CASE("RFC 4475 3.3.1: all that is missing is found", "[rfc4475]") {
  if (skipped()) return;
  const sample insuf("insuf");
  std::array<finding, 8> found;
  REQUIRE(find_violations(insuf.view, found) == 3);
  CHECK(found[0].id == header_id::from);
  CHECK(found[1].id == header_id::to);
  CHECK(found[2].id == header_id::call_id);
}

TEST_CASE("RFC 4475 3.3.12 and 3.3.13: brackets decide whose parameter it is", "[rfc4475]") {
  if (skipped()) return;
  const sample cparam01("cparam01");
  CHECK(cparam01.view.get<contact_header>()->uri.parameters.empty());
  CHECK(cparam01.view.get<contact_header>()->parameters.contains("unknownparam"));
  const sample cparam02("cparam02");
  CHECK(cparam02.view.get<contact_header>()->uri.parameters.contains("unknownparam"));
  CHECK(cparam02.view.get<contact_header>()->parameters.empty());
}

TEST_CASE("RFC 4475 3.4.1: a request of RFC 2543 is taken", "[rfc4475]") {
  if (skipped()) return;
  const sample inv2543("inv2543");
  CHECK(inv2543.view.get<via_header>()->branch.empty());
  CHECK(inv2543.view.get<from_header>()->tag.empty());
  CHECK_FALSE(inv2543.view.has(header_id::max_forwards));
  CHECK_FALSE(inv2543.view.has(header_id::content_length));
  CHECK(inv2543.view.body().starts_with("v=0\r\n"));
}
