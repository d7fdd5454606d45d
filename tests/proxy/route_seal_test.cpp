#include <parley/proxy/route_seal.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;

namespace {

bool is_sealed(const proxy::route_seals& seals, const std::string& uri, std::string_view call_id) {
  return seals.is_on(sip::parse_uri(uri).value(), call_id);
}

}  // namespace

TEST_CASE("a seal holds for the call that it was written for", "[proxy]") {
  const proxy::route_seals seals({1, 2});
  const auto text = seals.write("call-1@a");
  const std::string seal(text.data(), text.size());
  const std::string uri = "sip:192.0.2.10:5060;lr;seal=" + seal;
  CHECK(is_sealed(seals, uri, "call-1@a"));
  CHECK(is_sealed(seals, "sips:flow-1-x@p.example;seal=" + seal + ";lr", "call-1@a"));
  CHECK(is_sealed(proxy::route_seals({1, 2}), uri, "call-1@a"));
  CHECK_FALSE(is_sealed(seals, uri, "call-2@a"));
  CHECK_FALSE(is_sealed(seals, uri, ""));
  CHECK_FALSE(is_sealed(proxy::route_seals({1, 3}), uri, "call-1@a"));
}

TEST_CASE("what is no seal does not hold", "[proxy]") {
  const proxy::route_seals seals({1, 2});
  const auto text = seals.write("1");
  const std::string seal(text.data(), text.size());
  for (const std::string uri :
       {"sip:p;lr", "sip:p;lr;seal", "sip:p;seal=0000000000000000", "sip:p?seal=0", "tel:+1;seal=0"}) {
    CAPTURE(uri);
    CHECK_FALSE(is_sealed(seals, uri, "1"));
  }
  CHECK_FALSE(is_sealed(seals, "sip:p;seal=" + seal.substr(1), "1"));
  CHECK_FALSE(is_sealed(seals, "sip:p;seal=" + seal + "0", "1"));
  CHECK_FALSE(is_sealed(seals, "tel:+1;seal=" + seal, "1"));
}
