#include <parley/proxy/routing.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;

namespace {

std::string request(std::string_view uri, std::string_view route_lines) {
  return "INVITE " + std::string(uri) + " SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n" +
         std::string(route_lines) +
         "From: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
}

proxy::own_addresses own_names() {
  proxy::own_addresses own;
  own.add("us", 5060);
  own.add("also.us", 5060);
  own.add("192.0.2.10", 5060);
  return own;
}

/// Request-URI and Route lines of the request once the plan is applied.
std::string applied(const std::string& text, std::string_view new_uri = {}) {
  sip::message_view view;
  REQUIRE(view.parse(text));
  const auto plan = proxy::plan_route(view, own_names());
  sip::patch edit(view);
  proxy::apply_route(edit, view, plan, new_uri);
  REQUIRE(edit.status());
  std::string out(edit.size(), '\0');
  REQUIRE(edit.write(std::as_writable_bytes(std::span(out))) == out.size());
  sip::message_view after;
  REQUIRE(after.parse(out));
  std::string result(after.request_uri());
  for (std::size_t i = after.find(sip::header_id::route); i != sip::message_view::npos;
       i = after.find_after(sip::header_id::route, i)) {
    result.append(" | ").append(after.value(i));
  }
  return result;
}

}  // namespace

TEST_CASE("the Request-URI and the routes become what RFC 3261 16.4 and 16.6 say", "[proxy]") {
  struct row {
    const char* uri;
    const char* routes;
    const char* expected;
  };
  const std::vector<row> table = {
      {"sip:bob@b", "", "sip:bob@b"},
      {"sip:bob@us", "", "sip:bob@us"},
      // Loose: our routes at the front go.
      {"sip:bob@b", "Route: <sip:us;lr>\r\n", "sip:bob@b"},
      {"sip:bob@b", "Route: <sip:us;lr>, <sip:n;lr>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:bob@b", "Route: <sip:us;lr>\r\nRoute: <sip:n;lr>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:bob@b", "Route: <sip:us;lr>,<sip:also.us;lr>,<sip:n;lr>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:bob@b", "Route: <sip:us;lr>\r\nRoute: <sip:192.0.2.10;lr;transport=tcp>\r\n", "sip:bob@b"},
      {"sip:bob@b", "Route: <sip:n;lr>, <sip:us;lr>\r\n", "sip:bob@b | <sip:n;lr>, <sip:us;lr>"},
      {"sip:bob@b", "Route: <sip:us;lr>, <sip:n;lr>, <sip:us;lr>\r\n", "sip:bob@b | <sip:n;lr>, <sip:us;lr>"},
      // A strict router before us: the target stands behind the routes.
      {"sip:us;lr", "Route: <sip:bob@b>\r\n", "sip:bob@b"},
      {"sip:us;lr", "Route: <sip:n;lr>, <sip:bob@b>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:us;lr", "Route: <sip:n;lr>\r\nRoute: <sip:bob@b>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:us;lr", "Route: <sip:n;lr>, <sip:m;lr>\r\nRoute: <sip:o;lr>, <sip:bob@b>\r\n",
       "sip:bob@b | <sip:n;lr>, <sip:m;lr> | <sip:o;lr>"},
      {"sip:us;lr", "Route: <sip:also.us;lr>, <sip:bob@b>\r\n", "sip:bob@b"},
      {"sip:us;lr", "Route: <sip:also.us;lr>, <sip:n;lr>, <sip:bob@b>\r\n", "sip:bob@b | <sip:n;lr>"},
      {"sip:us;lr", "Route: <sip:also.us;lr>\r\nRoute: <sip:n;lr> ,  <sip:bob@b>;x=y\r\n",
       "sip:bob@b | <sip:n;lr>"},
      {"sip:us;lr", "Route: <sip:bob@b?Subject=x>\r\n", "sip:bob@b"},
      {"sip:us;lr;transport=tcp", "Route: <sip:bob@b;method=BYE;x=1>\r\n", "sip:bob@b;x=1"},
      // A user makes it a target, not a route of ours.
      {"sip:alice@us;lr", "Route: <sip:n;lr>\r\n", "sip:alice@us;lr | <sip:n;lr>"},
      // A strict router behind us gets what it expects.
      {"sip:bob@b", "Route: <sip:n>\r\n", "sip:n | <sip:bob@b>"},
      {"sip:bob@b", "Route: <sip:n>, <sip:m;lr>\r\n", "sip:n | <sip:m;lr> | <sip:bob@b>"},
      {"sip:bob@b", "Route: <sip:us;lr>, <sip:n:5070>\r\n", "sip:n:5070 | <sip:bob@b>"},
      {"sip:us;lr", "Route: <sip:n>, <sip:bob@b>\r\n", "sip:n | <sip:bob@b>"},
      {"sip:us;lr", "Route: <sip:n>, <sip:m;lr>, <sip:bob@b>\r\n", "sip:n | <sip:m;lr> | <sip:bob@b>"},
      // maddr of ours.
      {"sip:bob@b:5070;maddr=us;transport=udp;x=1", "", "sip:bob@b:5070;maddr=us;transport=udp;x=1"},
      {"sip:bob:pw@b;maddr=192.0.2.10;ttl=1;transport=udp;x=1", "", "sip:bob:pw@b;x=1"},
      {"sip:bob@b;maddr=192.0.2.99", "", "sip:bob@b;maddr=192.0.2.99"},
  };
  for (const row& r : table) {
    CAPTURE(r.uri, r.routes);
    CHECK(applied(request(r.uri, r.routes)) == r.expected);
  }
}

TEST_CASE("a target becomes a Request-URI without what may not stand there", "[proxy]") {
  CHECK(applied(request("sip:bob@us", ""), "sip:bob@c;x=y") == "sip:bob@c;x=y");
  CHECK(applied(request("sip:bob@us", ""), "sip:bob:pw@c:5070;method=INVITE;x=y;lr?Replaces=1") ==
        "sip:bob:pw@c:5070;x=y;lr");
  CHECK(applied(request("sip:bob@us", ""), "sips:[2001:db8::1]?a=b") == "sips:[2001:db8::1]");
  CHECK(applied(request("sip:bob@us", "Route: <sip:n>\r\n"), "sip:bob@c?a=b") == "sip:n | <sip:bob@c>");
  CHECK(applied(request("sip:bob@us;maddr=us", ""), "sip:bob@c") == "sip:bob@c");
}

TEST_CASE("the plan says where a request goes and whether a route of ours led it here", "[proxy]") {
  const auto plan_of = [](const std::string& text) {
    static std::string kept;
    kept = text;
    sip::message_view view;
    REQUIRE(view.parse(kept));
    return proxy::plan_route(view, own_names());
  };
  auto plan = plan_of(request("sip:bob@b", "Route: <sip:us;lr>, <sip:also.us;lr>, <sip:n>\r\n"));
  CHECK(plan.is_loose);
  CHECK(plan.own_routes == 2);
  CHECK(plan.own_route == "sip:also.us;lr");
  CHECK(plan.next_route == "sip:n");
  CHECK(plan.next_route_is_strict);
  CHECK_FALSE(plan.strict_route);

  plan = plan_of(request("sip:bob@b", "Route: <sip:n;lr>\r\n"));
  CHECK_FALSE(plan.is_loose);
  CHECK(plan.next_route == "sip:n;lr");
  CHECK_FALSE(plan.next_route_is_strict);

  plan = plan_of(request("sip:us;lr", "Route: <sip:us;lr>\r\n"));
  CHECK(plan.strict_route);
  CHECK(plan.is_loose);
  CHECK(plan.request_uri == "sip:us;lr");
  CHECK(plan.next_route.empty());
  CHECK(plan.own_routes == 0);

  plan = plan_of(request("sip:us;lr", "Route: <sip:bob@b>\r\n"));
  CHECK(plan.own_route == "sip:us;lr");
  CHECK(plan.next_route.empty());
  CHECK_FALSE(plan.next_route_is_strict);

  plan = plan_of(request("tel:+1", ""));
  CHECK_FALSE(plan.is_loose);
  CHECK(plan.request_uri == "tel:+1");
}
