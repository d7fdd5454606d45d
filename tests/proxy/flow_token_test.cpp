#include <parley/proxy/flow_token.hpp>

#include "support/catch.hpp"
#include "support/proxy_harness.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

const base::siphash_key key{1, 2};

}  // namespace

TEST_CASE("a flow token names its flow again", "[proxy]") {
  const proxy::flow_tokens tokens(key);
  SECTION("of a connection") {
    const auto out = tokens.read(
        tokens.write(peer_at("192.0.2.1:40000", 3, sip::transport::ws, 0x0001000000000029U)).text());
    REQUIRE(out);
    CHECK(out->listener == 3);
    CHECK(out->flow == 0x0001000000000029U);
    CHECK(out->only_flow);
  }
  SECTION("of datagrams") {
    for (const char* peer : {"192.0.2.1:5060", "[2001:db8::1]:65535"}) {
      const auto out = tokens.read(tokens.write(peer_at(peer, 65535)).text());
      REQUIRE(out);
      CHECK(out->remote.to_string() == peer);
      CHECK(out->listener == 65535);
      CHECK(out->flow == 0);
    }
    // A mapped address is the IPv4 one.
    const auto out = tokens.read(tokens.write(peer_at("[::ffff:192.0.2.1]:5060")).text());
    REQUIRE(out);
    CHECK(out->remote.to_string() == "192.0.2.1:5060");
  }
}

TEST_CASE("a flow token that was changed or made up is not one of ours", "[proxy]") {
  const proxy::flow_tokens tokens(key);
  const std::string text(tokens.write(peer_at("192.0.2.1:5060", 1)).text());
  CHECK(proxy::flow_token::is_token(text));
  REQUIRE(tokens.read(text));
  for (std::size_t i = 5; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    CAPTURE(changed);
    CHECK_FALSE(tokens.read(changed));
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_FALSE(proxy::flow_token::is_token(text.substr(0, size)));
    CHECK_FALSE(tokens.read(text.substr(0, size)));
  }
  CHECK_FALSE(tokens.read(text + '0'));
  CHECK_FALSE(proxy::flow_tokens({1, 3}).read(text));
  for (const char* other :
       {"alice", "flow-", "flow-1", "flow-1-2-3", "flow--c00002011f90-0123456789abcdef"}) {
    CHECK_FALSE(proxy::flow_token::is_token(other));
  }
}
