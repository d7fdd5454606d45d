#include <parley/transaction/key.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/transaction_texts.hpp"

#include <string>

namespace {

using namespace parley;
using parley::test::request_text;

const base::siphash_key secret = [] {
  test::seeded_random random(3);
  return base::siphash_key::from(random);
}();

base::hash128 key_of(const request_text& request, std::string_view method = {}) {
  const std::string text = request.text();
  sip::message_view view;
  REQUIRE(view.parse(text).has_value());
  const auto via = view.get<sip::via_header>();
  const auto cseq = view.get<sip::cseq_header>();
  REQUIRE(via.has_value());
  REQUIRE(cseq.has_value());
  return transaction::server_key(secret, view, *via, *cseq, method.empty() ? view.method_name() : method);
}

base::hash128 merge_key_of(const request_text& request) {
  const std::string text = request.text();
  sip::message_view view;
  REQUIRE(view.parse(text).has_value());
  return transaction::merge_key(secret, view, *view.get<sip::cseq_header>());
}

request_text with(request_text request, const auto& change) {
  change(request);
  return request;
}

const request_text invite = request_text{}.with_method("INVITE");
// RFC 2543: no branch, or one without the cookie.
const request_text old_invite = invite.with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=1");

}  // namespace

TEST_CASE("with the cookie branch, sent-by and method name a transaction") {
  CHECK(key_of(invite) == key_of(invite));
  // Nothing else counts.
  CHECK(key_of(invite) == key_of(with(invite, [](auto& r) {
          r.uri = "sip:carol@192.0.2.3";
          r.from_tag = "x";
          r.to_tag = "y";
          r.call_id = "z";
          r.cseq = 99;
        })));
  CHECK(key_of(invite) == key_of(invite.with_via("SIP/2.0/TCP 192.0.2.1:5060;rport;branch=z9hG4bK-1;x=y")));

  CHECK(key_of(invite) != key_of(invite.with_method("OPTIONS")));
  CHECK(key_of(invite) != key_of(invite.with_method("CANCEL")));
  CHECK(key_of(invite) != key_of(invite.with_method("invite")));
  CHECK(key_of(invite) != key_of(invite.with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-2")));
  CHECK(key_of(invite) != key_of(invite.with_via("SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-1")));
  CHECK(key_of(invite) != key_of(invite.with_via("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-1")));
}

TEST_CASE("an ACK and a CANCEL find their INVITE") {
  for (const request_text& request : {invite, old_invite, invite.with_via("SIP/2.0/UDP 192.0.2.1"),
                                      invite.with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK")}) {
    CHECK(key_of(request) == key_of(request.with_method("ACK")));
    CHECK(key_of(request) == key_of(request.with_method("ACK").with_to_tag("bob")));
    CHECK(key_of(request) == key_of(request.with_method("CANCEL"), "INVITE"));
    CHECK(key_of(request) != key_of(request.with_method("CANCEL")));
  }
}

TEST_CASE("host and branch are compared without case") {
  const auto named = invite.with_via("SIP/2.0/UDP pc33.example.com;branch=z9hG4bKnashds8");
  CHECK(key_of(named) == key_of(named.with_via("SIP/2.0/UDP PC33.Example.COM;branch=Z9HG4BKNASHDS8")));
  const std::string longer(200, 'a');
  CHECK(key_of(invite.with_via("SIP/2.0/UDP h;branch=z9hG4bK" + longer)) ==
        key_of(invite.with_via("SIP/2.0/UDP H;branch=Z9hg4bK" + std::string(200, 'A'))));
  CHECK(key_of(invite.with_via("SIP/2.0/UDP h;branch=z9hG4bK" + longer)) !=
        key_of(invite.with_via("SIP/2.0/UDP h;branch=z9hG4bK" + longer + 'a')));
}

TEST_CASE("the bare cookie names nothing") {
  CHECK(transaction::is_rfc3261_branch("z9hG4bK1"));
  CHECK(transaction::is_rfc3261_branch("Z9HG4BK1"));
  CHECK_FALSE(transaction::is_rfc3261_branch("z9hG4bK"));
  CHECK_FALSE(transaction::is_rfc3261_branch("z9hG4b"));
  CHECK_FALSE(transaction::is_rfc3261_branch(""));
  CHECK_FALSE(transaction::is_rfc3261_branch("xz9hG4bK1"));
}

TEST_CASE("without the cookie the RFC 2543 parts name a transaction") {
  for (const char* const via : {"SIP/2.0/UDP 192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1:5060;branch=1",
                                "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"}) {
    INFO(via);
    const request_text options = request_text{}.with_via(via);
    CHECK(key_of(options) == key_of(options));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.uri = "sip:carol@192.0.2.2"; })));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.from_tag = "other"; })));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.to_tag = "other"; })));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.call_id = "other"; })));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.cseq = 2; })));
    CHECK(key_of(options) != key_of(with(options, [](auto& r) { r.via += ";hidden"; })));
    CHECK(key_of(options) != key_of(options.with_method("MESSAGE")));
  }
}

TEST_CASE("keys depend on the secret") {
  test::seeded_random random(4);
  const auto other = base::siphash_key::from(random);
  CHECK(transaction::client_key(secret, "z9hG4bK1", "INVITE") !=
        transaction::client_key(other, "z9hG4bK1", "INVITE"));
}

TEST_CASE("branch and method of CSeq name a client transaction") {
  const auto key = transaction::client_key(secret, "z9hG4bK1", "INVITE");
  CHECK(key == transaction::client_key(secret, "z9hG4bK1", "INVITE"));
  CHECK(key == transaction::client_key(secret, "Z9HG4BK1", "INVITE"));
  CHECK(key != transaction::client_key(secret, "z9hG4bK1", "CANCEL"));
  CHECK(key != transaction::client_key(secret, "z9hG4bK2", "INVITE"));
  CHECK(transaction::client_key(secret, "ab", "c") != transaction::client_key(secret, "b", "ca"));
}

TEST_CASE("From tag, Call-ID and CSeq make a twin") {
  const auto key = merge_key_of(invite);
  CHECK(key == merge_key_of(invite.with_via("SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKother")));
  CHECK(key != merge_key_of(with(invite, [](auto& r) { r.from_tag = "other"; })));
  CHECK(key != merge_key_of(with(invite, [](auto& r) { r.call_id = "other"; })));
  CHECK(key != merge_key_of(with(invite, [](auto& r) { r.cseq = 2; })));
  CHECK(key != merge_key_of(invite.with_method("OPTIONS")));
}
