#include <parley/sip/authentication.hpp>
#include <parley/sip/digest_names.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <string>
#include <type_traits>
#include <vector>

using namespace parley;
using namespace parley::sip;
using parley::test::error_of;

namespace {

constexpr std::string_view full_credentials =
    R"(Digest username="bob", realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", )"
    R"(uri="sip:bob@biloxi.com", )"
    R"(qop=auth, nc=0000002a, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", )"
    R"(opaque="5ccc069c403ebaf9f0171e9517f40e41", algorithm=SHA-256, userhash=false)";

}  // namespace

TEST_CASE("typed authentication headers are trivially copyable", "[sip][authentication]") {
  CHECK(std::is_trivially_copyable_v<www_authenticate_header>);
  CHECK(std::is_trivially_copyable_v<authorization_header>);
  CHECK(std::is_trivially_copyable_v<authentication_info_header>);
}

TEST_CASE("a Digest challenge has all its parameters", "[sip][authentication]") {
  const std::string_view text =
      R"(Digest realm="atlanta.com", domain="sip:boxesbybob.com", qop="auth,auth-int", )"
      R"(nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=TRUE, algorithm=MD5, charset=UTF-8, )"
      R"(userhash=true)";
  const auto read = parse<www_authenticate_header>(text);
  REQUIRE(read.has_value());
  CHECK(read->digest);
  CHECK(read->scheme == "Digest");
  CHECK(read->text == text.substr(7));
  CHECK(read->realm == "atlanta.com");
  CHECK(read->domain == "sip:boxesbybob.com");
  CHECK(read->qop == "auth,auth-int");
  CHECK(read->nonce == "f84f1cec41e6cbe5aea9c8e88d359");
  CHECK(read->opaque.empty());
  CHECK(read->has_opaque);
  CHECK(read->stale);
  CHECK(read->userhash);
  CHECK(read->algorithm == "MD5");
  CHECK(read->charset == "UTF-8");

  const auto proxy = parse<proxy_authenticate_header>(R"(dIgEsT REALM="r",NONCE="n",stale=no)");
  REQUIRE(proxy.has_value());
  CHECK(proxy->digest);
  CHECK(proxy->realm == "r");
  CHECK(proxy->nonce == "n");
  CHECK_FALSE(proxy->stale);
  CHECK_FALSE(proxy->has_opaque);
}

TEST_CASE("Digest credentials have all their parameters", "[sip][authentication]") {
  const auto read = parse<authorization_header>(full_credentials);
  REQUIRE(read.has_value());
  CHECK(read->digest);
  CHECK(read->username == "bob");
  CHECK(read->realm == "biloxi.com");
  CHECK(read->nonce == "dcd98b7102dd2f0e8b11d0f600bfb0c093");
  CHECK(read->uri == "sip:bob@biloxi.com");
  CHECK(read->qop == "auth");
  CHECK(read->nc == 42);
  CHECK(read->nc_text == "0000002a");
  CHECK(read->cnonce == "0a4f113b");
  CHECK(read->response == "6629fae49393a05397450978507c4ef1");
  CHECK(read->opaque == "5ccc069c403ebaf9f0171e9517f40e41");
  CHECK(read->algorithm == "SHA-256");
  CHECK_FALSE(read->userhash);

  const auto proxy = parse<proxy_authorization_header>(
      R"(Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,realm="r",nonce="n",uri="sip:x",response="00")");
  REQUIRE(proxy.has_value());
  CHECK(proxy->username.empty());
  CHECK(proxy->username_ext == "UTF-8''J%C3%A4s%C3%B8n%20Doe");
}

TEST_CASE("white space and folds may stand around every separator", "[sip][authentication]") {
  const auto read = parse<authorization_header>(
      "  Digest\r\n username = \"bob\" ,\r\n\trealm\t=\"r\" ,nonce= \"n\"  ,  uri=\"sip:x\",response\r\n "
      "=\r\n \"00\" \t");
  REQUIRE(read.has_value());
  CHECK(read->username == "bob");
  CHECK(read->realm == "r");
  CHECK(read->nonce == "n");
  CHECK(read->uri == "sip:x");
  CHECK(read->response == "00");
}

TEST_CASE("quotes are optional, as the field has it", "[sip][authentication]") {
  const auto read = parse<authorization_header>(
      R"(Digest username=bob,realm=biloxi.com,nonce=a+/b==,uri=sip:bob@[2001:db8::1];user=phone,)"
      R"(response=00,qop="auth",nc="00000001",cnonce=x)");
  REQUIRE(read.has_value());
  CHECK(read->username == "bob");
  CHECK(read->nonce == "a+/b==");
  CHECK(read->uri == "sip:bob@[2001:db8::1];user=phone");
  CHECK(read->qop == "auth");
  CHECK(read->nc == 1);
}

TEST_CASE("escapes inside quotes are kept and do not end them", "[sip][authentication]") {
  const auto read = parse<www_authenticate_header>(R"(Digest realm="a \"b\" c, nonce=\"x\"",nonce="n\\")");
  REQUIRE(read.has_value());
  CHECK(read->realm == R"(a \"b\" c, nonce=\"x\")");
  CHECK(read->nonce == R"(n\\)");
}

TEST_CASE("parameters of no known name are passed over and can be found", "[sip][authentication]") {
  const std::string_view text =
      R"(Digest extension="e,1", realm="r", nonces=1, nonce="n", usernameX=2, usernam=3, x=4, extension=5)";
  const auto read = parse<www_authenticate_header>(text);
  REQUIRE(read.has_value());
  CHECK(read->realm == "r");
  CHECK(read->nonce == "n");
  std::string_view found;
  CHECK(find_auth_param(read->text, "EXTENSION", found));
  CHECK(found == "e,1");
  CHECK(find_auth_param(read->text, "usernamex", found));
  CHECK(found == "2");
  CHECK_FALSE(find_auth_param(read->text, "extensio", found));
  CHECK_FALSE(find_auth_param("", "x", found));
  CHECK_FALSE(find_auth_param("x=1 y=2", "x", found));
}

TEST_CASE("other schemes are kept as they stand", "[sip][authentication]") {
  // RFC 4475 3.3.7
  const auto unknown = parse<authorization_header>("NoOneKnowsThisScheme opaque-data=here");
  REQUIRE(unknown.has_value());
  CHECK_FALSE(unknown->digest);
  CHECK(unknown->scheme == "NoOneKnowsThisScheme");
  CHECK(unknown->text == "opaque-data=here");

  const auto bearer =
      parse<www_authenticate_header>(R"(Bearer  authz_server="https://a.example", scope="sip", error="x" )");
  REQUIRE(bearer.has_value());
  CHECK(bearer->text == R"(authz_server="https://a.example", scope="sip", error="x")");
  std::string_view found;
  CHECK(find_auth_param(bearer->text, "authz_server", found));
  CHECK(found == "https://a.example");

  const auto bare = parse<www_authenticate_header>("Negotiate");
  REQUIRE(bare.has_value());
  CHECK(bare->text.empty());
  const auto longer = parse<www_authenticate_header>("DigestX a=b");
  REQUIRE(longer.has_value());
  CHECK_FALSE(longer->digest);
}

TEST_CASE("what breaks a challenge is named with its place", "[sip][authentication]") {
  using header = www_authenticate_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("Digest") == parse_error{errc::expected_token, 6});
  CHECK(error_of<header>("Digest ") == parse_error{errc::expected_token, 7});
  CHECK(error_of<header>("Digest,x") == parse_error{errc::bad_character, 6});
  CHECK(error_of<header>("Digest realm") == parse_error{errc::expected_equals, 12});
  CHECK(error_of<header>("Digest realm \"r\"") == parse_error{errc::expected_equals, 13});
  CHECK(error_of<header>("Digest realm=") == parse_error{errc::expected_token, 13});
  CHECK(error_of<header>("Digest realm=,nonce=n") == parse_error{errc::expected_token, 13});
  CHECK(error_of<header>("Digest realm=\"r") == parse_error{errc::unterminated_quote, 13});
  CHECK(error_of<header>("Digest realm=\"r\\\"") == parse_error{errc::unterminated_quote, 13});
  CHECK(error_of<header>("Digest realm=\"r\"x") == parse_error{errc::expected_separator, 16});
  CHECK(error_of<header>("Digest realm=\"r\";nonce=\"n\"") == parse_error{errc::expected_separator, 16});
  CHECK(error_of<header>("Digest realm=\"r\" nonce=\"n\"") == parse_error{errc::expected_separator, 17});
  CHECK(error_of<header>("Digest realm=\"r\",,nonce=\"n\"") == parse_error{errc::expected_token, 17});
  CHECK(error_of<header>("Digest realm=\"r\",nonce=\"n\",") == parse_error{errc::expected_token, 27});
  CHECK(error_of<header>("Digest realm=\"r\"") == parse_error{errc::missing_parameter, 16});
  CHECK(error_of<header>("Digest nonce=\"n\"") == parse_error{errc::missing_parameter, 16});
  CHECK(error_of<header>("Digest realm=\"r\",nonce=\"n\",realm=\"s\"") ==
        parse_error{errc::duplicate_parameter, 27});
  CHECK(error_of<header>("Digest realm=\"r\",nonce=\"n\",Nonce=\"s\"") ==
        parse_error{errc::duplicate_parameter, 27});
  CHECK(error_of<header>("Digest stale=true,realm=\"r\",nonce=\"n\",stale=no") ==
        parse_error{errc::duplicate_parameter, 38});
  // RFC 3261 7.3.1: challenges are not combined into one line.
  CHECK(error_of<header>("Digest realm=\"r\",nonce=\"n\", Basic realm=\"r\"") ==
        parse_error{errc::expected_equals, 34});
}

TEST_CASE("what breaks credentials is named with its place", "[sip][authentication]") {
  using header = authorization_header;
  const std::string base = R"(Digest username="u",realm="r",nonce="n",uri="sip:x",response="00")";
  REQUIRE(base.size() == 65);
  CHECK(error_of<header>(base) == parse_error{});
  for (const char* name : {"username", "realm", "nonce", "uri", "response"}) {
    std::string without = base;
    without.replace(without.find(name), 2, "xx");
    CAPTURE(name);
    CHECK(error_of<header>(without).code == errc::missing_parameter);
    CHECK(error_of<header>(base + "," + name + "=x") == parse_error{errc::duplicate_parameter, 66});
  }
  CHECK(error_of<header>(base + ",qop=auth") == parse_error{errc::missing_parameter, 74});
  CHECK(error_of<header>(base + ",qop=auth,nc=00000001").code == errc::missing_parameter);
  CHECK(error_of<header>(base + ",qop=auth,cnonce=\"\"").code == errc::missing_parameter);
  CHECK(error_of<header>(base + ",qop=auth,cnonce=\"\",nc=1").code == errc{});
  CHECK(error_of<header>(base + ",nc=000000001") == parse_error{errc::bad_parameter, 69});
  CHECK(error_of<header>(base + ",nc=0000000g") == parse_error{errc::bad_parameter, 69});
  CHECK(error_of<header>(base + ",nc=\"\"") == parse_error{errc::bad_parameter, 70});
  CHECK(error_of<header>(base + ",username*=UTF-8''u") == parse_error{errc::duplicate_parameter, 76});

  const std::string ext =
      R"(Digest username*=UTF-8''u,realm="r",nonce="n",uri="sip:x",response="00",userhash=)";
  CHECK(error_of<header>(ext + "false") == parse_error{});
  CHECK(error_of<header>(ext + "true") == parse_error{errc::bad_parameter, 17});

  std::uint32_t nc = 0;
  const auto all = parse<header>(base + ",nc=FfFfFfFf");
  if (all) nc = all->nc;
  CHECK(nc == 0xffffffffU);
}

TEST_CASE("every prefix of credentials is read or refused", "[sip][authentication]") {
  for (std::size_t size = 0; size < full_credentials.size(); ++size) {
    // A copy of the exact size, so that a sanitizer sees each byte read past its end.
    const std::string prefix(full_credentials.substr(0, size));
    const auto read = parse<authorization_header>(prefix);
    if (!read) CHECK(read.error().offset <= size);
  }
}

TEST_CASE("Authentication-Info has all its parameters", "[sip][authentication]") {
  const auto read = parse<authentication_info_header>(
      R"(nextnonce="47364c23432d2e131a5fb210812c", qop=auth, rspauth="66", cnonce="c", nc=0000000F, more=x)");
  REQUIRE(read.has_value());
  CHECK(read->nextnonce == "47364c23432d2e131a5fb210812c");
  CHECK(read->qop == "auth");
  CHECK(read->rspauth == "66");
  CHECK(read->cnonce == "c");
  CHECK(read->nc == 15);
  std::string_view found;
  CHECK(find_auth_param(read->text, "more", found));

  const auto proxy = parse<proxy_authentication_info_header>("nextnonce=\"x\"");
  REQUIRE(proxy.has_value());
  CHECK(proxy->nextnonce == "x");
  CHECK(error_of<authentication_info_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<authentication_info_header>("nextnonce=\"a\",nextnonce=\"b\"") ==
        parse_error{errc::duplicate_parameter, 14});
}

TEST_CASE("a message gives each of its challenges", "[sip][authentication]") {
  const std::string_view text =
      "SIP/2.0 401 Unauthorized\r\n"
      "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
      "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\", algorithm=SHA-256\r\n"
      "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
      "www-authenticate: Digest realm=\"a\",\r\n nonce=\"2\"\r\n"
      "Content-Length: 0\r\n\r\n";
  message_view view;
  REQUIRE(view.parse(text).has_value());
  std::string nonces;
  const auto walked = view.for_each<www_authenticate_header>([&](const www_authenticate_header& c) {
    nonces += c.nonce;
    return true;
  });
  REQUIRE(walked.has_value());
  CHECK(nonces == "12");
}

TEST_CASE("algorithms and qop go by their names", "[sip][authentication]") {
  for (const std::string_view name :
       {"MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"}) {
    const auto algorithm = digest_algorithm_of(name);
    REQUIRE(algorithm.has_value());
    CHECK(name_of(*algorithm) == name);
    CHECK(is_session(*algorithm) == name.ends_with("-sess"));
  }
  CHECK((digest_algorithm_of("") == digest_algorithm::md5));
  CHECK((digest_algorithm_of("md5-SESS") == digest_algorithm::md5_sess));
  CHECK_FALSE(digest_algorithm_of("SHA-512").has_value());
  CHECK_FALSE(digest_algorithm_of("AKAv1-MD5").has_value());
  CHECK(hash_of(digest_algorithm::sha_256_sess) == digest_algorithm::sha_256);
  // RFC 8760 2.2
  CHECK(hex_size(digest_algorithm::md5_sess) == 32);
  CHECK(hex_size(digest_algorithm::sha_256) == 64);
  CHECK(hex_size(digest_algorithm::sha_512_256) == 64);

  CHECK((digest_qop_of("") == digest_qop::none));
  CHECK((digest_qop_of("AUTH") == digest_qop::auth));
  CHECK((digest_qop_of("auth-int") == digest_qop::auth_int));
  CHECK_FALSE(digest_qop_of("auth-conf").has_value());
  CHECK(name_of(digest_qop::auth_int) == "auth-int");
  CHECK(offers_qop("auth-int, auth", digest_qop::auth));
  CHECK(offers_qop(" auth-int ,x", digest_qop::auth_int));
  CHECK_FALSE(offers_qop("auth-int", digest_qop::auth));
  CHECK_FALSE(offers_qop("authx,\"auth", digest_qop::auth_int));
  CHECK_FALSE(offers_qop("", digest_qop::auth));
}

TEST_CASE("parameters are read to the very end of their memory, of any length", "[authentication]") {
  // A copy without a byte behind it, so that a sanitizer sees what is read too far.
  const std::string whole =
      "nextnonce=\"47364c23432d2e131a5fb210812c47364c23432d2e131a5fb21081\", qop=auth, "
      "rspauth=\"6629fae49393a05397450978507c4ef1\", "
      "cnonce=\"0a4f113b\", nc=00000001";
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    const std::vector<char> copy(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = parse<authentication_info_header>({copy.data(), copy.size()});
    CAPTURE(size);
    if (read) {
      CHECK(read->text == std::string_view(copy.data(), copy.size()));
    } else {
      CHECK(read.error().offset <= size);
    }
  }
  const auto read = parse<authentication_info_header>(whole);
  REQUIRE(read.has_value());
  CHECK(read->qop == "auth");
  CHECK(read->nc == 1);
}
