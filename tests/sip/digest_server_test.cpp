#include <parley/sip/digest_client.hpp>
#include <parley/sip/digest_server.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::sip;
using namespace std::chrono_literals;
using alg = parley::sip::digest_algorithm;
using outcome = parley::sip::digest_outcome;

namespace {

digest_server_settings settings_for(std::string realm) {
  digest_server_settings s;
  s.realm = std::move(realm);
  return s;
}

/// A server, and a client that answers by hand so that every parameter can be bent.
struct fixture {
  explicit fixture(digest_server_settings settings = settings_for("biloxi.com"))
      : server(std::move(settings), random) {}

  std::string nonce(std::string_view source = {}) {
    server.challenge(now, false, source, challenges);
    const auto read = parse<www_authenticate_header>(challenges.at(0));
    REQUIRE(read.has_value());
    return std::string(read->nonce);
  }

  std::string answer(alg algorithm, std::string_view nonce, std::uint32_t count,
                     digest_qop qop = digest_qop::auth, std::string_view password = "zanzibar",
                     std::string_view body = "") {
    char nc[9];
    std::snprintf(nc, sizeof nc, "%08x", count);
    const hex_digest ha1 = hasher.ha1(algorithm, "bob", "biloxi.com", password);
    const hex_digest response = hasher.response(
        algorithm, ha1.view(), {"INVITE", "sip:bob@biloxi.com", nonce, qop, nc, "0a4f113b", body});
    std::string out = "Digest username=\"bob\",realm=\"biloxi.com\",uri=\"sip:bob@biloxi.com\",nonce=\"";
    out += nonce;
    out += "\",algorithm=";
    out += name_of(algorithm);
    out += ",response=\"";
    out += response.view();
    out += '"';
    if (qop != digest_qop::none) {
      out += ",cnonce=\"0a4f113b\",qop=";
      out += name_of(qop);
      out += ",nc=";
      out += nc;
    }
    return out;
  }

  outcome check(std::string_view value,
                digest_secret secret = {.password = "zanzibar", .ha1 = {}, .username = {}}) {
    const auto read = parse<authorization_header>(value);
    REQUIRE(read.has_value());
    const outcome early = server.examine(now, request, *read);
    const outcome late = server.check(now, request, *read, secret);
    // What `examine` refuses, `check` never takes.
    if (early != outcome::accepted) CHECK(late != outcome::accepted);
    return late;
  }

  test::seeded_random random{11};
  digest_server server;
  digest_hasher hasher;
  base::time_point now{1h};
  digest_request request{"INVITE", "", "", ""};
  std::vector<std::string> challenges;
};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("RFC 8760 2.3: one challenge an algorithm, the strongest first", "[sip][digest_server]") {
  digest_server_settings s = settings_for("a \"b\"");
  s.algorithms = {alg::md5, alg::sha_512_256, alg::sha_256_sess};
  s.auth_int = true;
  s.userhash = true;
  fixture f(s);
  f.server.challenge(f.now, true, "", f.challenges);
  REQUIRE(f.challenges.size() == 3);
  std::string nonce;
  const std::vector<std::string_view> names{"SHA-512-256", "SHA-256-sess", "MD5"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto read = parse<www_authenticate_header>(f.challenges[i]);
    REQUIRE(read.has_value());
    CHECK(read->algorithm == names[i]);
    CHECK(read->realm == "a \\\"b\\\"");
    CHECK(read->qop == "auth,auth-int");
    CHECK(read->stale);
    CHECK(read->userhash);
    CHECK(read->nonce.size() == 32);
    if (i > 0) CHECK(read->nonce == nonce);
    nonce = read->nonce;
  }
  CHECK(f.nonce() != nonce);
  const auto fresh = parse<www_authenticate_header>(f.challenges[0]);
  REQUIRE(fresh.has_value());
  CHECK_FALSE(fresh->stale);
}

TEST_CASE("the right password is accepted, by every algorithm and qop", "[sip][digest_server]") {
  digest_server_settings s = settings_for("biloxi.com");
  s.algorithms = {alg::md5,          alg::md5_sess,    alg::sha_256,
                  alg::sha_256_sess, alg::sha_512_256, alg::sha_512_256_sess};
  s.auth_int = true;
  fixture f(s);
  f.request.body = "v=0\r\n";
  for (const alg a : s.algorithms) {
    for (const digest_qop qop : {digest_qop::none, digest_qop::auth, digest_qop::auth_int}) {
      // The -sess key needs a cnonce, which credentials without qop need not have.
      if (qop == digest_qop::none && is_session(a)) continue;
      CAPTURE(std::string(name_of(a)), std::string(name_of(qop)));
      CHECK(f.check(f.answer(a, f.nonce(), 1, qop, "zanzibar", "v=0\r\n")) == outcome::accepted);
      CHECK(f.check(f.answer(a, f.nonce(), 1, qop, "zanzibaR", "v=0\r\n")) == outcome::wrong_response);

      const std::string ha1(f.hasher.ha1(a, "bob", "biloxi.com", "zanzibar").view());
      CHECK(f.check(f.answer(a, f.nonce(), 1, qop, "zanzibar", "v=0\r\n"), {{}, ha1, {}}) ==
            outcome::accepted);
      std::string upper = ha1;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      CHECK(f.check(f.answer(a, f.nonce(), 1, qop, "zanzibar", "v=0\r\n"), {{}, upper, {}}) ==
            outcome::accepted);
    }
  }
  // auth-int covers the body, auth does not.
  CHECK(f.check(f.answer(alg::md5, f.nonce(), 1, digest_qop::auth_int, "zanzibar", "v=1\r\n")) ==
        outcome::wrong_response);
  CHECK(f.check(f.answer(alg::md5, f.nonce(), 1, digest_qop::auth, "zanzibar", "v=1\r\n")) ==
        outcome::accepted);
}

TEST_CASE("what does not fit is told apart", "[sip][digest_server]") {
  fixture f;
  const std::string good = f.answer(alg::sha_256, f.nonce(), 1);
  CHECK(f.check("Basic Ym9iOnphbnppYmFy") == outcome::not_digest);
  CHECK(f.check(replaced(good, "biloxi.com\"", "biloxi.org\"")) == outcome::wrong_realm);
  CHECK(f.check(replaced(good, "SHA-256", "SHA-257")) == outcome::unknown_algorithm);
  CHECK(f.check(f.answer(alg::sha_512_256, f.nonce(), 1)) == outcome::unknown_algorithm);
  CHECK(f.check(f.answer(alg::sha_256_sess, f.nonce(), 1)) == outcome::unknown_algorithm);
  CHECK(f.check(replaced(good, "qop=auth", "qop=auth-int")) == outcome::wrong_qop);
  CHECK(f.check(replaced(good, "qop=auth", "qop=auth-conf")) == outcome::wrong_qop);
  CHECK(f.check(replaced(good, "nc=00000001", "nc=00000000")) == outcome::malformed);
  CHECK(f.check(replaced(good, "response=\"", "response=\"0")) == outcome::malformed);
  CHECK(f.check(replaced(good, "algorithm=SHA-256,", "")) == outcome::malformed);
  CHECK(f.check(replaced(good, "sip:bob@biloxi.com", "sip:eve@biloxi.com")) == outcome::wrong_response);
  CHECK(f.check(replaced(good, "nc=00000001", "nc=00000002")) == outcome::wrong_response);
  CHECK(f.check(replaced(good, "0a4f113b", "0a4f113c")) == outcome::wrong_response);
  // An unknown user is refused as one with a wrong password, even with an empty one.
  CHECK(f.check(good, {}) == outcome::wrong_response);
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1, digest_qop::auth, ""), {}) == outcome::wrong_response);
  // The H(A1) of MD5 can't serve SHA-256.
  CHECK(f.check(good, {{}, "939e7578ed9e3c518a452acee763bce9", {}}) == outcome::unusable_secret);
  f.request.method = "BYE";
  CHECK(f.check(good) == outcome::wrong_response);
  f.request.method = "INVITE";
  CHECK(f.check(good) == outcome::accepted);
}

TEST_CASE("the URI is compared where the caller wants it", "[sip][digest_server]") {
  fixture f;
  f.request.request_uri = "sip:bob@biloxi.com";
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1)) == outcome::accepted);
  // RFC 3261 19.1.4: the same, written differently.
  f.request.request_uri = "SIP:bob@BILOXI.com";
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1)) == outcome::accepted);
  f.request.request_uri = "sip:carol@biloxi.com";
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1)) == outcome::wrong_uri);
  f.request.request_uri = "not a uri";
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1)) == outcome::wrong_uri);
}

TEST_CASE("a count is taken once", "[sip][digest_server]") {
  fixture f;
  const std::string nonce = f.nonce();
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::replayed);
  CHECK(f.check(f.answer(alg::md5, nonce, 1)) == outcome::replayed);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 3)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 2)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 2)) == outcome::replayed);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 100)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 36)) == outcome::replayed);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 37)) == outcome::accepted);
  // A wrong password uses nothing up.
  CHECK(f.check(f.answer(alg::sha_256, nonce, 101, digest_qop::auth, "wrong")) == outcome::wrong_response);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 101)) == outcome::accepted);
}

TEST_CASE("RFC 3261 22.4: without qop a nonce serves once", "[sip][digest_server]") {
  fixture f;
  const std::string nonce = f.nonce();
  CHECK(f.check(f.answer(alg::md5, nonce, 1, digest_qop::none)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::md5, nonce, 1, digest_qop::none)) == outcome::stale);
  CHECK(f.check(replaced(f.answer(alg::md5, f.nonce(), 1, digest_qop::none), "algorithm=MD5,", "")) ==
        outcome::accepted);

  digest_server_settings strict = settings_for("biloxi.com");
  strict.without_qop = false;
  fixture g(strict);
  CHECK(g.check(g.answer(alg::md5, g.nonce(), 1, digest_qop::none)) == outcome::wrong_qop);
}

TEST_CASE("a nonce ends with its lifetime", "[sip][digest_server]") {
  digest_server_settings s = settings_for("biloxi.com");
  s.nonce_lifetime = 10s;
  fixture f(s);
  const std::string nonce = f.nonce();
  f.now += 10s;
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::accepted);
  f.now += 1us;
  // RFC 7616 3.3: stale for the right password only.
  CHECK(f.check(f.answer(alg::sha_256, nonce, 2)) == outcome::stale);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::stale);
  CHECK(f.check(f.answer(alg::sha_256, nonce, 2, digest_qop::auth, "wrong")) == outcome::wrong_response);
  // The look before the password already knows.
  const std::string value = f.answer(alg::sha_256, nonce, 2);
  const auto read = parse<authorization_header>(value);
  REQUIRE(read.has_value());
  CHECK(f.server.examine(f.now, f.request, *read) == outcome::stale);
  // A clock that stood still between issue and use is no harm.
  f.now = base::time_point{};
  const std::string early = f.nonce();
  CHECK(f.check(f.answer(alg::sha_256, early, 1)) == outcome::accepted);
}

TEST_CASE("a nonce can't be made, changed, cut or carried elsewhere", "[sip][digest_server]") {
  fixture f;
  const std::string nonce = f.nonce();
  const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    for (const char c : {'A', '_', '.'}) {
      std::string forged = nonce;
      if (forged[i] == c) continue;
      forged[i] = c;
      REQUIRE(f.check(f.answer(alg::sha_256, forged, 1)) == outcome::foreign_nonce);
    }
    REQUIRE(alphabet.find(nonce[i]) != std::string_view::npos);
    REQUIRE(f.check(f.answer(alg::sha_256, nonce.substr(0, i), 1)) == outcome::foreign_nonce);
  }
  CHECK(f.check(f.answer(alg::sha_256, nonce + "A", 1)) == outcome::foreign_nonce);
  CHECK(f.check(f.answer(alg::sha_256, nonce + "=", 1)) == outcome::foreign_nonce);
  CHECK(f.check(f.answer(alg::sha_256, "dcd98b7102dd2f0e8b11d0f600bfb0c093", 1)) == outcome::foreign_nonce);

  // Another server, another key.
  test::seeded_random random(12);
  digest_server other(settings_for("biloxi.com"), random);
  const std::string value = f.answer(alg::sha_256, nonce, 1);
  const auto read = parse<authorization_header>(value);
  REQUIRE(read.has_value());
  CHECK(other.check(f.now, f.request, *read, {"zanzibar", {}, {}}) == outcome::foreign_nonce);
  CHECK(f.check(value) == outcome::accepted);
}

TEST_CASE("a nonce may be bound to where it was given", "[sip][digest_server]") {
  fixture f;
  const std::string nonce = f.nonce("192.0.2.1");
  f.request.source = "192.0.2.2";
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::foreign_nonce);
  f.request.source = "";
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::foreign_nonce);
  f.request.source = "192.0.2.1";
  CHECK(f.check(f.answer(alg::sha_256, nonce, 1)) == outcome::accepted);
}

TEST_CASE("the table of nonces is bounded and never forgets a replay", "[sip][digest_server]") {
  constexpr std::size_t capacity = 5;
  digest_server_settings s = settings_for("biloxi.com");
  s.max_nonces = capacity;
  fixture f(s);
  std::vector<std::string> nonces;
  for (std::size_t i = 0; i < capacity; ++i) nonces.push_back(f.nonce());
  // One below the bound, and at it: all are watched.
  for (std::size_t i = 0; i < capacity; ++i) {
    CHECK(f.check(f.answer(alg::sha_256, nonces[i], 1)) == outcome::accepted);
    CHECK(f.check(f.answer(alg::sha_256, nonces[0], 1)) == outcome::replayed);
  }
  // One above: the oldest turns stale.
  CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1)) == outcome::accepted);
  CHECK(f.check(f.answer(alg::sha_256, nonces[0], 1)) == outcome::stale);
  CHECK(f.check(f.answer(alg::sha_256, nonces[0], 2)) == outcome::stale);
  CHECK(f.check(f.answer(alg::sha_256, nonces[1], 1)) == outcome::replayed);
  CHECK(f.check(f.answer(alg::sha_256, nonces[1], 2)) == outcome::accepted);
  // Challenges and failures push nothing out.
  for (int i = 0; i < 50; ++i) {
    CHECK(f.check(f.answer(alg::sha_256, f.nonce(), 1, digest_qop::auth, "wrong")) ==
          outcome::wrong_response);
  }
  CHECK(f.check(f.answer(alg::sha_256, nonces[1], 3)) == outcome::accepted);
}

TEST_CASE("userhash and username* name the user", "[sip][digest_server]") {
  digest_server_settings s = settings_for("biloxi.com");
  s.userhash = true;
  fixture f(s);
  const std::string hashed(f.hasher.userhash(alg::sha_256, "bob", "biloxi.com").view());
  const auto answer = [&] {
    return replaced(f.answer(alg::sha_256, f.nonce(), 1), "username=\"bob\"",
                    "username=\"" + hashed + "\",userhash=true");
  };
  CHECK(f.check(answer(), {"zanzibar", {}, "bob"}) == outcome::accepted);
  CHECK(f.check(answer(), {"zanzibar", {}, "eve"}) == outcome::wrong_response);
  CHECK(f.check(answer(), {"zanzibar", {}, {}}) == outcome::unusable_secret);
  CHECK(f.check(answer(), {}) == outcome::wrong_response);
  CHECK(f.check(answer(), {{}, f.hasher.ha1(alg::sha_256, "bob", "biloxi.com", "zanzibar").view(), {}}) ==
        outcome::accepted);
  CHECK(f.check(replaced(f.answer(alg::sha_256, f.nonce(), 1), "username=\"bob\"",
                         "username*=UTF-8''b%6Fb")) == outcome::accepted);
  CHECK(f.check(replaced(f.answer(alg::sha_256, f.nonce(), 1), "username=\"bob\"", "username=\"b\\ob\"")) ==
        outcome::accepted);
}

TEST_CASE("RFC 7616 3.5: Authentication-Info proves that the server knows the secret",
          "[sip][digest_server]") {
  fixture f;
  const std::string value = f.answer(alg::sha_256, f.nonce(), 1);
  const auto from = parse<authorization_header>(value);
  REQUIRE(from.has_value());
  const digest_secret secret{"zanzibar", {}, {}};
  const std::string text = f.server.authentication_info(f.now, *from, secret, "", true, "");
  const auto info = parse<authentication_info_header>(text);
  REQUIRE(info.has_value());
  CHECK(info->qop == "auth");
  CHECK(info->cnonce == "0a4f113b");
  CHECK(info->nc == 1);
  const hex_digest ha1 = f.hasher.ha1(alg::sha_256, "bob", "biloxi.com", "zanzibar");
  const hex_digest proof = f.hasher.response(
      alg::sha_256, ha1.view(),
      {"", "sip:bob@biloxi.com", from->nonce, digest_qop::auth, "00000001", "0a4f113b", ""});
  CHECK(proof.matches(info->rspauth));
  CHECK(f.check(f.answer(alg::sha_256, info->nextnonce, 1)) == outcome::accepted);
  CHECK(f.server.authentication_info(f.now, *from, {{}, ha1.view(), {}}, "", false, "").find(proof.view()) !=
        std::string::npos);

  const std::string plain = f.answer(alg::md5, f.nonce(), 1, digest_qop::none);
  const auto old = parse<authorization_header>(plain);
  REQUIRE(old.has_value());
  CHECK(f.server.authentication_info(f.now, *old, secret, "", false, "").empty());

  // A cnonce that came without quotes and can't stand in them.
  const std::string odd_value = replaced(value, "cnonce=\"0a4f113b\"", "cnonce=x\\");
  const auto odd = parse<authorization_header>(odd_value);
  REQUIRE(odd.has_value());
  CHECK(f.server.authentication_info(f.now, *odd, secret, "", false, "").empty());
}

TEST_CASE("a realm with quotes is escaped on the wire and hashed plain", "[sip][digest_server]") {
  fixture f(settings_for("a \"b\" \\c"));
  f.server.challenge(f.now, false, "", f.challenges);
  const auto asked = parse<www_authenticate_header>(f.challenges[0]);
  REQUIRE(asked.has_value());
  test::seeded_random random(3);
  digest_client client(random);
  REQUIRE(client.set_account({"a \"b\" \\c", "b\"o\\b", "zanzibar", {}, {}}));
  digest_attempt attempt;
  const std::vector<challenge> offered{*asked};
  REQUIRE(client.handle_challenges(digest_asker::user_agent, offered, attempt) == challenge_outcome::retry);
  std::vector<digest_answer> answers;
  client.authorize(attempt, "INVITE", "sip:bob@biloxi.com", "", answers);
  REQUIRE(answers.size() == 1);
  CHECK(f.check(answers[0].value) == outcome::accepted);
}
