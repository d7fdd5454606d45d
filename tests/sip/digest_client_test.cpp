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
using outcome = parley::sip::challenge_outcome;

namespace {

struct fixture {
  fixture() { REQUIRE(client.set_account({"r", "alice", "secret", {}, {}})); }

  /// Hands one response's challenges to the client.
  outcome challenged(std::initializer_list<std::string_view> texts,
                     digest_asker asker = digest_asker::user_agent) {
    std::vector<challenge> offered;
    for (const std::string_view text : texts) {
      const auto read = parse<www_authenticate_header>(text);
      REQUIRE(read.has_value());
      offered.push_back(*read);
    }
    return client.handle_challenges(asker, offered, attempt);
  }

  const credentials& answer(std::string_view method = "REGISTER", std::string_view uri = "sip:r",
                            std::string_view body = "") {
    client.authorize(attempt, method, uri, body, answers);
    REQUIRE(answers.size() == 1);
    const auto read = parse<authorization_header>(answers[0].value);
    REQUIRE(read.has_value());
    last = *read;
    return last;
  }

  bool is_right(const credentials& c, std::string_view password = "secret",
                std::string_view method = "REGISTER", std::string_view body = "") {
    const alg a = digest_algorithm_of(c.algorithm).value();
    const hex_digest ha1 = hasher.ha1(a, "alice", "r", password);
    return hasher
        .response(a, ha1.view(),
                  {method, c.uri, c.nonce, digest_qop_of(c.qop).value(), c.nc_text, c.cnonce, body})
        .matches(c.response);
  }

  test::seeded_random random{5};
  digest_client client{random};
  digest_hasher hasher;
  digest_attempt attempt;
  std::vector<digest_answer> answers;
  credentials last;
};

constexpr std::string_view plain = R"(Digest realm="r", nonce="n1", qop="auth", algorithm=MD5)";
constexpr std::string_view plain_again = R"(Digest realm="r", nonce="n2", qop="auth", algorithm=MD5)";
constexpr std::string_view stale = R"(Digest realm="r", nonce="n3", qop="auth", algorithm=MD5, stale=true)";
constexpr std::string_view stale_again =
    R"(Digest realm="r", nonce="n4", qop="auth", algorithm=MD5, stale=true)";

}  // namespace

TEST_CASE("a challenge is answered, with what it has asked for", "[sip][digest_client]") {
  fixture f;
  f.client.authorize(f.attempt, "REGISTER", "sip:r", "", f.answers);
  CHECK(f.answers.empty());
  CHECK(f.challenged(
            {R"(Digest realm="r", nonce="a/b+c==", qop="auth,auth-int", algorithm=sha-256, opaque="")"}) ==
        outcome::retry);
  const credentials& c = f.answer();
  CHECK(f.answers[0].id == header_id::authorization);
  CHECK(c.username == "alice");
  CHECK(c.realm == "r");
  CHECK(c.nonce == "a/b+c==");
  CHECK(c.uri == "sip:r");
  CHECK(c.algorithm == "sha-256");
  CHECK(c.qop == "auth");
  CHECK(c.nc == 1);
  CHECK(c.cnonce.size() == 32);
  CHECK(f.answers[0].value.find("opaque=\"\"") != std::string::npos);
  CHECK(f.is_right(c));

  const std::string cnonce(c.cnonce);
  const credentials& next = f.answer();
  CHECK(next.nc == 2);
  CHECK(next.nc_text == "00000002");
  CHECK(next.cnonce == cnonce);
  CHECK(f.is_right(next));
}

TEST_CASE("RFC 3261 22.4: without qop there is no cnonce and no count", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({R"(Digest realm="r", nonce="n")"}) == outcome::retry);
  const credentials& c = f.answer();
  CHECK(c.qop.empty());
  CHECK(c.cnonce.empty());
  CHECK(c.nc_text.empty());
  CHECK(c.algorithm.empty());
  CHECK(f.answers[0].value.find("opaque") == std::string::npos);
  CHECK(f.is_right(c));

  // RFC 7616 3.4.2: the key of a -sess algorithm is made with the cnonce.
  CHECK(f.challenged({R"(Digest realm="r", nonce="m", algorithm=MD5-sess, stale=true)"}) == outcome::retry);
  CHECK_FALSE(f.answer().cnonce.empty());
  CHECK(f.is_right(f.last));
}

TEST_CASE("auth-int is used where nothing else is offered", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({R"(Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-512-256-sess)"}) ==
        outcome::retry);
  const credentials& c = f.answer("INVITE", "sip:x", "v=0\r\n");
  CHECK(c.qop == "auth-int");
  CHECK(f.is_right(c, "secret", "INVITE", "v=0\r\n"));
  CHECK_FALSE(f.is_right(c, "secret", "INVITE", "v=1\r\n"));
}

TEST_CASE("RFC 8760 2.4: the strongest challenge is answered", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({R"(Digest realm="r", nonce="1", qop="auth", algorithm=MD5)",
                      R"(Digest realm="r", nonce="2", qop="auth", algorithm=SHA-256)",
                      R"(Digest realm="r", nonce="3", qop="auth", algorithm=SHA-1024)",
                      R"(Digest realm="r", nonce="4", qop="auth-conf", algorithm=SHA-512-256)",
                      R"(Digest realm="r", nonce="5", qop="auth", algorithm=SHA-256)"}) == outcome::retry);
  // Of two alike the topmost.
  CHECK(f.answer().nonce == "2");
  CHECK(f.is_right(f.last));

  // A stored H(A1) serves its own algorithm only.
  fixture g;
  const std::string ha1(g.hasher.ha1(alg::md5, "alice", "r", "secret").view());
  REQUIRE(g.client.set_account({"r", "alice", "", ha1, alg::md5}));
  CHECK(g.challenged({R"(Digest realm="r", nonce="1", qop="auth", algorithm=SHA-256)",
                      R"(Digest realm="r", nonce="2", qop="auth")"}) == outcome::retry);
  CHECK(g.answer().nonce == "2");
  CHECK(g.is_right(g.last));
  g.attempt = {};
  CHECK(g.challenged({R"(Digest realm="r", nonce="9", qop="auth", algorithm=SHA-256)"}) ==
        outcome::not_supported);
}

TEST_CASE("no realm but a configured one is answered", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({R"(Digest realm="R", nonce="n")"}) == outcome::no_account);
  CHECK(f.challenged({R"(Digest realm="", nonce="n")"}) == outcome::no_account);
  CHECK(f.challenged({R"(Digest realm="rr", nonce="n")"}) == outcome::no_account);
  CHECK(f.challenged({}) == outcome::not_supported);
  CHECK(f.challenged({"Basic realm=\"r\""}) == outcome::not_supported);
  f.client.authorize(f.attempt, "REGISTER", "sip:r", "", f.answers);
  CHECK(f.answers.empty());
  // RFC 3261 22.3: a forked request may meet realms of which only some are ours.
  CHECK(f.challenged({R"(Digest realm="other", nonce="n")", plain}) == outcome::retry);
  CHECK(f.answer().realm == "r");

  digest_client nobody(f.random);
  digest_attempt attempt;
  const std::vector<challenge> offered{*parse<www_authenticate_header>(plain)};
  CHECK(nobody.handle_challenges(digest_asker::proxy, offered, attempt) == outcome::no_account);
}

TEST_CASE("a refusal ends the attempt", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({plain}) == outcome::retry);
  (void)f.answer();
  SECTION("with the same nonce") { CHECK(f.challenged({plain}) == outcome::refused); }
  SECTION("with another nonce") { CHECK(f.challenged({plain_again}) == outcome::refused); }
  SECTION("with the same nonce, called stale") {
    CHECK(f.challenged({R"(Digest realm="r", nonce="n1", qop="auth", algorithm=MD5, stale=true)"}) ==
          outcome::refused);
  }
}

TEST_CASE("RFC 7616 3.3: a stale nonce is replaced, once", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({plain}) == outcome::retry);
  (void)f.answer();
  CHECK(f.challenged({stale}) == outcome::retry);
  const credentials& c = f.answer();
  CHECK(c.nonce == "n3");
  CHECK(c.nc == 1);
  CHECK(f.is_right(c));
  CHECK(f.challenged({stale_again}) == outcome::refused);
}

TEST_CASE("requests that follow answer in advance", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({plain}) == outcome::retry);
  (void)f.answer();

  f.attempt = f.attempt.follow_up();
  CHECK(f.answer().nc == 2);
  SECTION("and are told that the nonce is stale") {
    CHECK(f.challenged({stale}) == outcome::retry);
    CHECK(f.answer().nonce == "n3");
    CHECK(f.challenged({plain_again}) == outcome::refused);
  }
  SECTION("and get another nonce from a server that does not say stale") {
    CHECK(f.challenged({plain_again}) == outcome::retry);
    CHECK(f.answer().nonce == "n2");
    CHECK(f.challenged({R"(Digest realm="r", nonce="n5", qop="auth")"}) == outcome::refused);
  }
  SECTION("and are refused under the nonce that they used") {
    CHECK(f.challenged({plain}) == outcome::refused);
  }
  SECTION("but a new request answers nobody") {
    f.attempt = {};
    f.client.authorize(f.attempt, "INVITE", "sip:stranger@example.com", "", f.answers);
    CHECK(f.answers.empty());
  }
}

TEST_CASE("requests side by side share a nonce and its count", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({plain}) == outcome::retry);
  CHECK(f.answer().nc == 1);
  const digest_attempt first = f.attempt;
  f.attempt = {};
  // A server may give the same nonce to both; it is no refusal for the second.
  CHECK(f.challenged({plain}) == outcome::retry);
  CHECK(f.answer().nc == 2);
  f.attempt = first;
  CHECK(f.challenged({plain}) == outcome::refused);
  // The same nonce under another algorithm goes on counting.
  f.attempt = {};
  CHECK(f.challenged({R"(Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256)"}) == outcome::retry);
  CHECK(f.answer().nc == 3);
  CHECK(f.is_right(f.last));
}

TEST_CASE("proxies and user agents are answered side by side", "[sip][digest_client]") {
  fixture f;
  REQUIRE(f.client.set_account({"p", "alice", "other", {}, {}}));
  CHECK(f.challenged({R"(Digest realm="p", nonce="np", qop="auth")"}, digest_asker::proxy) == outcome::retry);
  (void)f.answer("INVITE", "sip:bob@r");
  CHECK(f.answers[0].id == header_id::proxy_authorization);
  CHECK(f.challenged({plain}) == outcome::retry);
  f.client.authorize(f.attempt, "INVITE", "sip:bob@r", "", f.answers);
  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[0].id == header_id::proxy_authorization);
  CHECK(f.answers[1].id == header_id::authorization);
  // One refuses: it is no use to go on with the other.
  CHECK(f.challenged(
            {R"(Digest realm="p", nonce="nq", qop="auth")", R"(Digest realm="r", nonce="ns", stale=true)"},
            digest_asker::proxy) == outcome::refused);

  f.client.remove_account("p");
  f.client.authorize(f.attempt, "INVITE", "sip:bob@r", "", f.answers);
  for (const digest_answer& a : f.answers) CHECK(a.value.find("realm=\"r\"") != std::string::npos);
  CHECK(f.client.account_count() == 1);
}

TEST_CASE("an attempt holds so many realms", "[sip][digest_client]") {
  test::seeded_random random;
  digest_client client(random);
  digest_attempt attempt;
  std::vector<digest_answer> answers;
  for (std::size_t i = 0; i <= digest_attempt::max_realms; ++i) {
    const std::string realm(1, static_cast<char>('a' + i));
    REQUIRE(client.set_account({realm, "alice", "secret", {}, {}}));
    const std::string text = "Digest realm=\"" + realm + "\", nonce=\"n\"";
    const std::vector<challenge> offered{*parse<www_authenticate_header>(text)};
    const outcome expected = i < digest_attempt::max_realms ? outcome::retry : outcome::refused;
    CHECK(client.handle_challenges(digest_asker::proxy, offered, attempt) == expected);
    client.authorize(attempt, "INVITE", "sip:x", "", answers);
    CHECK(answers.size() == std::min(i + 1, digest_attempt::max_realms));
  }
  // Room that a removed account had is used again.
  client.remove_account("a");
  const std::vector<challenge> offered{*parse<www_authenticate_header>(R"(Digest realm="e", nonce="n")")};
  CHECK(client.handle_challenges(digest_asker::proxy, offered, attempt) == outcome::retry);
}

TEST_CASE("userhash hides the name", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({R"(Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, userhash=true)"}) ==
        outcome::retry);
  const credentials& c = f.answer();
  CHECK(c.userhash);
  CHECK(c.username == f.hasher.userhash(alg::sha_256, "alice", "r").view());
  CHECK(f.is_right(c));
}

TEST_CASE("nothing in a challenge breaks out of the answer", "[sip][digest_client]") {
  fixture f;
  for (const char* bad :
       {"Digest realm=\"r\", nonce=x\\", "Digest realm=\"r\", nonce=\"a\r\n b\"",
        "Digest realm=\"r\", nonce=n, opaque=\"\x01\"", "Digest realm=\"r\", nonce=n, opaque=y\\",
        "Digest realm=\"r\", nonce=n, algorithm=\"MD5,x\""}) {
    CAPTURE(bad);
    CHECK(f.challenged({bad}) == outcome::malformed);
  }
  f.client.authorize(f.attempt, "REGISTER", "sip:r", "", f.answers);
  CHECK(f.answers.empty());
  CHECK(f.challenged({plain}) == outcome::retry);
  f.client.authorize(f.attempt, "REGISTER", "sip:r\r\nX: y", "", f.answers);
  CHECK(f.answers.empty());
  f.client.authorize(f.attempt, "REGISTER", "sip:\"r\"", "", f.answers);
  CHECK(f.answers.empty());

  CHECK_FALSE(f.client.set_account({"r", "a\r\nb", "secret", {}, {}}));
  CHECK_FALSE(f.client.set_account({"r", "", "secret", {}, {}}));
  CHECK_FALSE(f.client.set_account({"r", "alice", "", "00", alg::md5}));
}

TEST_CASE("client and server agree, and know each other", "[sip][digest_client]") {
  const alg all[] = {alg::md5,          alg::md5_sess,    alg::sha_256,
                     alg::sha_256_sess, alg::sha_512_256, alg::sha_512_256_sess};
  for (const alg a : all) {
    CAPTURE(std::string(name_of(a)));
    digest_server_settings settings;
    settings.realm = "r";
    settings.algorithms = {a};
    settings.auth = !is_session(a);
    settings.auth_int = is_session(a);
    settings.nonce_lifetime = 10s;
    fixture f;
    digest_server server(settings, f.random);
    base::time_point now{1h};
    std::vector<std::string> challenges;
    const digest_request request{"REGISTER", "sip:r", "body", "source"};
    const digest_secret secret{"secret", {}, {}};

    server.challenge(now, false, "source", challenges);
    REQUIRE(f.challenged({challenges[0]}) == outcome::retry);
    (void)f.answer("REGISTER", "sip:r", "body");
    REQUIRE(server.check(now, request, f.last, secret) == digest_outcome::accepted);

    const std::string text = server.authentication_info(now, f.last, secret, "reply", true, "source");
    const auto info = parse<authentication_info_header>(text);
    REQUIRE(info.has_value());
    // A forged proof changes nothing.
    authentication_info forged = *info;
    const std::string zeros(hex_size(a), '0');
    forged.rspauth = zeros;
    CHECK(f.client.handle_info(digest_asker::user_agent, forged, f.attempt, "sip:r", "reply") ==
          info_outcome::wrong_proof);
    CHECK(f.client.handle_info(digest_asker::user_agent, *info, f.attempt, "sip:other", "reply") ==
          info_outcome::wrong_proof);
    CHECK(f.client.handle_info(digest_asker::proxy, *info, f.attempt, "sip:r", "reply") ==
          info_outcome::no_proof);
    if (is_session(a)) {
      CHECK(f.client.handle_info(digest_asker::user_agent, *info, f.attempt, "sip:r", "other") ==
            info_outcome::wrong_proof);
    }
    CHECK(f.client.handle_info(digest_asker::user_agent, *info, f.attempt, "sip:r", "reply") ==
          info_outcome::verified);
    // It was for the nonce before; that one is given up now.
    CHECK(f.client.handle_info(digest_asker::user_agent, *info, f.attempt, "sip:r", "reply") ==
          info_outcome::no_proof);

    f.attempt = f.attempt.follow_up();
    CHECK(f.answer("REGISTER", "sip:r", "body").nc == 1);
    CHECK(f.last.nonce == info->nextnonce);
    CHECK(server.check(now, request, f.last, secret) == digest_outcome::accepted);

    now += 11s;
    f.attempt = f.attempt.follow_up();
    (void)f.answer("REGISTER", "sip:r", "body");
    CHECK(server.check(now, request, f.last, secret) == digest_outcome::stale);
    server.challenge(now, true, "source", challenges);
    REQUIRE(f.challenged({challenges[0]}) == outcome::retry);
    (void)f.answer("REGISTER", "sip:r", "body");
    CHECK(server.check(now, request, f.last, secret) == digest_outcome::accepted);
  }
}

TEST_CASE("a next nonce without proof is taken, a broken one is not", "[sip][digest_client]") {
  fixture f;
  CHECK(f.challenged({plain}) == outcome::retry);
  (void)f.answer();
  authentication_info info;
  info.nextnonce = "x\r\ny";
  CHECK(f.client.handle_info(digest_asker::user_agent, info, f.attempt, "sip:r", "") ==
        info_outcome::no_proof);
  CHECK(f.answer().nonce == "n1");
  info.nextnonce = "fresh";
  CHECK(f.client.handle_info(digest_asker::user_agent, info, f.attempt, "sip:r", "") ==
        info_outcome::no_proof);
  CHECK(f.answer().nonce == "fresh");
  CHECK(f.last.nc == 1);
  CHECK(f.is_right(f.last));
}
