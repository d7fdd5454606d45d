// Digest authentication: what a peer sends is read, answered and checked without harm, what is written can be
// read again, and whatever the order of requests, replays and waits, each count of a nonce is accepted once.
#include <parley/sip/digest_client.hpp>
#include <parley/sip/digest_server.hpp>
#include <parley/sip/parse.hpp>

#include "support/operation_bytes.hpp"
#include "support/seeded_random.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using namespace parley::sip;
using namespace std::chrono_literals;

void require(bool condition) {
  if (!condition) std::abort();
}

/// A field of a reader and a search for its parameter find the same text.
void require_found(std::string_view text, std::string_view name, std::string_view field) {
  std::string_view found;
  if (find_auth_param(text, name, found)) require(found == field);
}

void answer_challenge(const challenge& offered, std::string_view uri) {
  test::seeded_random random;
  digest_client client(random);
  const std::string realm = unescape_quoted(offered.realm);
  require(client.set_account({realm, "al\"ice", "secret", {}, {}}));
  digest_attempt attempt;
  const std::span<const challenge> all(&offered, 1);
  const challenge_outcome outcome = client.handle_challenges(digest_asker::proxy, all, attempt);
  std::vector<digest_answer> answers;
  client.authorize(attempt, "INVITE", uri, "body", answers);
  if (outcome != challenge_outcome::retry) {
    require(answers.empty());
    return;
  }
  if (answers.empty()) return;
  require(answers.size() == 1);
  require(answers[0].value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  const auto back = parse<authorization_header>(answers[0].value);
  require(back.has_value());
  require(back->realm == offered.realm && back->nonce == offered.nonce && back->opaque == offered.opaque);
  require(back->algorithm == offered.algorithm && back->uri == uri && back->userhash == offered.userhash);
  // The same challenge again is a refusal.
  require(client.handle_challenges(digest_asker::proxy, all, attempt) == challenge_outcome::refused);
}

void read_texts(std::string_view text) {
  const auto challenged = parse<www_authenticate_header>(text);
  if (challenged && challenged->digest) {
    require_found(challenged->text, "realm", challenged->realm);
    require_found(challenged->text, "NONCE", challenged->nonce);
    answer_challenge(*challenged, "sip:bob@example.com");
  }
  const auto from = parse<authorization_header>(text);
  if (from && from->digest) {
    require_found(from->text, "response", from->response);
    require_found(from->text, "username*", from->username_ext);
    test::seeded_random random(2);
    digest_server_settings settings;
    settings.realm = unescape_quoted(from->realm);
    settings.auth_int = true;
    digest_server server(settings, random);
    const base::time_point now{1h};
    const digest_request request{"INVITE", "sip:bob@example.com", "body", ""};
    require(server.examine(now, request, *from) != digest_outcome::accepted);
    require(server.check(now, request, *from, {"secret", {}, "bob"}) != digest_outcome::accepted);
    const std::string info = server.authentication_info(now, *from, {"secret", {}, "bob"}, "body", true, "");
    require(parse<authentication_info_header>(info).has_value());
    (void)digest_username(*from);
  }
  const auto info = parse<authentication_info_header>(text);
  if (info) {
    test::seeded_random random;
    digest_client client(random);
    require(client.set_account({"r", "alice", "secret", {}, {}}));
    const auto offered = parse<www_authenticate_header>(R"(Digest realm="r", nonce="n", qop="auth")");
    digest_attempt attempt;
    require(client.handle_challenges(digest_asker::user_agent, std::vector<challenge>{*offered}, attempt) ==
            challenge_outcome::retry);
    std::vector<digest_answer> answers;
    client.authorize(attempt, "INVITE", "sip:x", "", answers);
    require(client.handle_info(digest_asker::user_agent, *info, attempt, "sip:x", "") !=
            info_outcome::verified);
    client.authorize(attempt, "INVITE", "sip:x", "", answers);
    require(answers.size() == 1 && parse<authorization_header>(answers[0].value).has_value());
  }
}

/// A client and a server with a small table of nonces. Everything that the client writes is kept and sent
/// again at random.
void run_operations(test::operation_bytes operations) {
  test::seeded_random random;
  digest_server_settings settings;
  settings.realm = "r";
  settings.algorithms = {digest_algorithm::md5};
  settings.nonce_lifetime = 10s;
  settings.max_nonces = 1 + operations.u8() % 4;
  digest_server server(settings, random);
  digest_client client(random);
  require(client.set_account({"r", "alice", "secret", {}, {}}));
  const digest_secret secret{"secret", {}, {}};
  const digest_request request{"INVITE", "", "", ""};

  base::time_point now{1h};
  digest_attempt attempt;
  std::vector<std::string> sent;
  std::vector<std::string> challenges;
  std::vector<digest_answer> answers;
  std::set<std::pair<std::string, std::uint32_t>> accepted;

  const auto deliver = [&](const std::string& value) {
    const auto from = parse<authorization_header>(value);
    require(from.has_value());
    const digest_outcome early = server.examine(now, request, *from);
    const digest_outcome outcome = server.check(now, request, *from, secret);
    require(early == outcome);
    if (outcome == digest_outcome::accepted) require(accepted.emplace(from->nonce, from->nc).second);
    return outcome;
  };

  for (int step = 0; step < 256 && !operations.empty(); ++step) {
    switch (operations.u8() % 6) {
      case 0: now += std::chrono::milliseconds(operations.u16()); break;
      case 1: attempt = attempt.follow_up(); break;
      case 2: attempt = {}; break;
      case 3: {
        // One whole request: a fresh attempt ends accepted, with two challenges at most.
        digest_outcome outcome = digest_outcome::not_digest;
        for (int round = 0; round < 3 && outcome != digest_outcome::accepted; ++round) {
          server.challenge(now, outcome == digest_outcome::stale, "", challenges);
          const auto offered = parse<www_authenticate_header>(challenges[0]);
          require(offered.has_value());
          if (client.handle_challenges(digest_asker::user_agent, std::vector<challenge>{*offered}, attempt) !=
              challenge_outcome::retry) {
            break;
          }
          client.authorize(attempt, "INVITE", "sip:x", "", answers);
          require(answers.size() == 1);
          sent.push_back(answers[0].value);
          outcome = deliver(sent.back());
          require(outcome == digest_outcome::accepted);
        }
        break;
      }
      case 4:
        client.authorize(attempt, "INVITE", "sip:x", "", answers);
        if (answers.empty()) break;
        sent.push_back(answers[0].value);
        if (operations.u8() % 2 == 0) (void)deliver(sent.back());
        break;
      default:
        if (!sent.empty()) (void)deliver(sent[operations.u16() % sent.size()]);
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A text begins with a character of a token; sequences of operations begin with a byte that no text has.
  if (data[0] < 0x20) {
    run_operations(test::operation_bytes(std::span(data + 1, size - 1)));
  } else {
    read_texts({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
