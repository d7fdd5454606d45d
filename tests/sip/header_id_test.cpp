#include <parley/sip/header_id.hpp>

#include "support/catch.hpp"

#include <cctype>
#include <map>
#include <set>
#include <string>

using namespace parley::sip;

namespace {

constexpr header_id nth(std::size_t i) { return static_cast<header_id>(i); }

std::string cased(std::string_view name, int (*change)(int)) {
  std::string out;
  for (char c : name) out += static_cast<char>(change(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

TEST_CASE("every header has a name, which is found in any case", "[header_id]") {
  std::set<std::string> names;
  for (std::size_t i = 1; i < header_id_count; ++i) {
    const std::string name(name_of(nth(i)));
    CAPTURE(i, name);
    REQUIRE_FALSE(name.empty());
    CHECK(names.insert(cased(name, std::tolower)).second);
    CHECK(header_id_of(name) == nth(i));
    CHECK(header_id_of(cased(name, std::tolower)) == nth(i));
    CHECK(header_id_of(cased(name, std::toupper)) == nth(i));
    CHECK(header_id_of(name + "x") != nth(i));
    if (name.size() > 2) CHECK(header_id_of(name.substr(0, name.size() - 1)) != nth(i));
    CHECK(header_id_of(" " + name) == header_id::unknown);
    CHECK(header_id_of(name + " ") == header_id::unknown);
  }
  CHECK(names.size() == header_id_count - 1);
  CHECK(name_of(header_id::unknown).empty());
  CHECK(name_of(header_id::www_authenticate) == "WWW-Authenticate");
  CHECK(name_of(header_id::cseq) == "CSeq");
  CHECK(name_of(header_id::p_asserted_identity) == "P-Asserted-Identity");
}

TEST_CASE("names that are none are unknown", "[header_id]") {
  for (const std::string_view name :
       {"", "Z", "0", "Vias", "Vi", "X-Own", "Content_Length", "Content\rLength", "Call ID",
        "a-name-that-is-longer-than-any-of-the-known-ones", "\xff\xff\xff"}) {
    CAPTURE(name);
    CHECK(header_id_of(name) == header_id::unknown);
  }
}

TEST_CASE("compact forms are those of the registry", "[header_id]") {
  const std::map<char, header_id> expected{{'b', header_id::referred_by},
                                           {'c', header_id::content_type},
                                           {'d', header_id::request_disposition},
                                           {'e', header_id::content_encoding},
                                           {'f', header_id::from},
                                           {'i', header_id::call_id},
                                           {'k', header_id::supported},
                                           {'l', header_id::content_length},
                                           {'m', header_id::contact},
                                           {'n', header_id::identity_info},
                                           {'o', header_id::event},
                                           {'r', header_id::refer_to},
                                           {'s', header_id::subject},
                                           {'t', header_id::to},
                                           {'u', header_id::allow_events},
                                           {'v', header_id::via},
                                           {'x', header_id::session_expires},
                                           {'y', header_id::identity}};
  for (int c = 0; c < 256; ++c) {
    const char letter = static_cast<char>(c);
    CAPTURE(c);
    const auto found = expected.find(c < 128 ? static_cast<char>(std::tolower(c)) : letter);
    const header_id id = found == expected.end() ? header_id::unknown : found->second;
    CHECK(header_id_of(std::string_view(&letter, 1)) == id);
  }
  for (std::size_t i = 0; i < header_id_count; ++i) {
    const char letter = compact_name_of(nth(i));
    CAPTURE(i);
    if (letter != '\0') {
      REQUIRE(expected.contains(letter));
      CHECK(expected.at(letter) == nth(i));
    }
  }
  CHECK(compact_name_of(header_id::via) == 'v');
  CHECK(compact_name_of(header_id::cseq) == '\0');
}

TEST_CASE("a header is a list, single or neither", "[header_id]") {
  for (std::size_t i = 0; i < header_id_count; ++i) {
    CAPTURE(name_of(nth(i)));
    CHECK_FALSE((is_list(nth(i)) && is_single(nth(i))));
  }
  static_assert(is_list(header_id::via));
  for (header_id id :
       {header_id::contact, header_id::route, header_id::record_route, header_id::path, header_id::allow,
        header_id::supported, header_id::require, header_id::warning, header_id::accept,
        header_id::history_info, header_id::p_asserted_identity, header_id::in_reply_to}) {
    CHECK(is_list(id));
  }
  for (header_id id :
       {header_id::from, header_id::to, header_id::call_id, header_id::cseq, header_id::max_forwards,
        header_id::content_type, header_id::content_length, header_id::expires, header_id::date,
        header_id::event, header_id::refer_to, header_id::replaces, header_id::subject}) {
    CHECK(is_single(id));
  }
  // RFC 3261 7.3.1: these stand in several lines, and are never joined.
  for (header_id id : {header_id::www_authenticate, header_id::authorization, header_id::proxy_authenticate,
                       header_id::proxy_authorization, header_id::unknown}) {
    CHECK_FALSE(is_list(id));
    CHECK_FALSE(is_single(id));
  }
}
