#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

request_text request(std::string_view method = "INVITE") {
  request_text out;
  out.method = method;
  out.uri = "sip:bob@example.com";
  return out;
}

const std::vector<proxy::target> bob = {{"sip:bob@192.0.2.2", {}, 1000}};

void check_empty(proxy_harness& h) {
  h.run_for(400'000);
  CHECK(h.core.transactions().client_count() == 0);
  CHECK(h.core.transactions().server_count() == 0);
  CHECK(h.core.requests_under_way() == 0);
  CHECK(h.core.poll_timeout() == base::never);
}

/// The messages to the caller.
strings upstream(const std::vector<proxy_message>& messages) {
  strings out;
  for (const auto& m : messages) {
    if (m.to.remote.to_string() == "192.0.2.1:5060")
      out.push_back(std::to_string(m.at) + ' ' + m.text.substr(8, 3));
  }
  return out;
}

}  // namespace

TEST_CASE("an INVITE gets its 100 after 200 ms unless something better came", "[proxy]") {
  proxy_harness h;
  h.receive(request().text());
  SECTION("undecided") {
    h.run_until(1'000);
    CHECK(upstream(h.take()) == strings{"200 100"});
  }
  SECTION("forwarded") {
    REQUIRE(h.forward(bob));
    h.run_until(199);
    CHECK(upstream(h.take()).empty());
    h.run_until(450);
    const auto out = h.take();
    REQUIRE(upstream(out) == strings{"200 100"});
    CHECK(out.back().value("To").find(";tag=") == std::string::npos);
  }
  SECTION("180 was faster") {
    REQUIRE(h.forward(bob));
    h.run_until(150);
    h.reply(h.take_one(), 180);
    h.run_until(450);
    CHECK(upstream(h.take()) == strings{"150 180"});
  }
  SECTION("404 was faster") {
    h.run_until(100);
    REQUIRE(h.respond(404));
    h.run_until(450);
    CHECK(upstream(h.take()) == strings{"100 404"});
  }
  SECTION("a retransmission is what asks for it") {
    h.run_until(100);
    h.receive(request().text());
    h.run_until(450);
    CHECK(upstream(h.take()) == strings{"100 100"});
  }
  check_empty(h);
}

TEST_CASE("timer C cancels a call that rings too long, and starts again with each provisional response",
          "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  h.receive(request().text());
  const auto forwarded = h.take_one();
  h.reply(forwarded, 180);
  h.run_until(100'000);
  h.reply(forwarded, 180);
  h.take();
  h.run_until(200'000);
  CHECK(h.take().empty());
  SECTION("100 does not count") {
    h.reply(forwarded, 100, "");
    h.run_until(285'100);
    CHECK(h.take_one().summary() == "192.0.2.2:5060 CANCEL sip:bob@192.0.2.2 SIP/2.0");
    h.reply(forwarded, 487);
    CHECK(upstream(h.take()) == strings{"285100 487"});
  }
  SECTION("183 does") {
    h.reply(forwarded, 183);
    h.run_until(384'900);
    CHECK(upstream(h.take()) == strings{"200000 183"});
    h.run_until(385'100);
    const auto cancel = h.take_one();
    CHECK(cancel.at == 385'000);
    h.reply(cancel, 200);
    // Who doesn't end it after the CANCEL either is not waited for.
    h.run_until(417'100);
    CHECK(upstream(h.take()) == strings{"417000 408"});
  }
  check_empty(h);
}

TEST_CASE("an INVITE that nobody answers ends with 408 at timer B", "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  h.receive(request().text());
  h.run_until(31'900);
  auto out = h.take();
  CHECK(out.size() == 8);  // timer A seven times, with the 100
  CHECK(upstream(out) == strings{"200 100"});
  h.run_until(32'100);
  out = h.take();
  CHECK(upstream(out) == strings{"32000 408"});
  CHECK(out[0].value("To").find(";tag=") != std::string::npos);
  CHECK(h.core.requests_under_way() == 0);
  check_empty(h);
}

TEST_CASE("a 2xx that comes behind another final response goes upstream still", "[proxy]") {
  // RFC 3261 16.7.5: the callee believes that there is a call.
  auto options = proxy_harness::default_options();
  options.timer_c = std::chrono::seconds(5);
  proxy_harness h(options);
  h.targets = bob;
  h.receive(request().text());
  const auto forwarded = h.take_one();
  h.run_until(5'100);
  CHECK(upstream(h.take()) == strings{"200 100", "5000 408"});
  for (int copy = 0; copy < 2; ++copy) {
    h.reply(forwarded, 200);
    const auto out = h.take_one();
    CHECK(out.summary() == "192.0.2.1:5060 SIP/2.0 200 Whatever");
    CHECK(out.values("Via").size() == 1);
  }
  check_empty(h);
}

TEST_CASE("a non-INVITE request that nobody answers ends in silence", "[proxy]") {
  // RFC 4320 4.2
  proxy_harness h;
  h.targets = bob;
  h.receive(request("MESSAGE").text());
  h.run_until(100'000);
  for (const auto& line : upstream(h.take())) CHECK(line.ends_with(" 100"));
  CHECK(h.core.requests_under_way() == 0);
  check_empty(h);
}

TEST_CASE("a 408 for a non-INVITE request is not passed on", "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  h.receive(request("MESSAGE").text());
  const auto forwarded = h.take_one();
  SECTION("408") {
    h.reply(forwarded, 408);
    CHECK(h.take().empty());
  }
  SECTION("a late 200") {
    h.run_until(32'100);
    h.take();
    h.reply(forwarded, 200);
    CHECK(h.take().empty());
  }
  SECTION("a 200 in time") {
    h.run_until(30'000);
    h.take();
    h.reply(forwarded, 200);
    CHECK(upstream(h.take()) == strings{"30000 200"});
  }
  check_empty(h);
}

TEST_CASE("a request that nobody decides about ends with 500", "[proxy]") {
  proxy_harness h;
  SECTION("INVITE") {
    h.receive(request().text());
    const auto id = h.waiting();
    h.run_until(32'100);
    CHECK(upstream(h.take()) == strings{"200 100", "32000 500"});
    CHECK(h.core.respond(h.now(), id, 200).error() == proxy::errc::unknown_request);
  }
  SECTION("the others end in silence, since their clients have given up") {
    h.receive(request("MESSAGE").text());
    h.run_until(40'000);
    for (const auto& line : upstream(h.take())) CHECK(!line.starts_with("4"));
    CHECK(h.core.requests_under_way() == 0);
  }
  SECTION("an ACK goes without a word") {
    h.receive(request("ACK").with_to_tag("x").text());
    REQUIRE(h.waiting() != proxy::request_id::none);
    CHECK(h.core.requests_under_way() == 1);
    h.run_until(40'000);
    CHECK(h.take().empty());
  }
  check_empty(h);
}

TEST_CASE("a provisional response of the user's stops the 100 and leaves the decision open", "[proxy]") {
  proxy_harness h;
  h.receive(request().text());
  REQUIRE(h.respond(181));
  h.run_until(1'000);
  CHECK(upstream(h.take()) == strings{"0 181"});
  REQUIRE(h.forward(bob));
  const auto forwarded = h.take_one();
  h.reply(forwarded, 180);
  CHECK(upstream(h.take()) == strings{"1000 180"});
  h.reply(forwarded, 404);
  h.take();
  check_empty(h);
}

TEST_CASE("a response that the transaction layer refuses leaves the request undecided", "[proxy]") {
  proxy_harness h;
  h.receive(request("MESSAGE").text());
  CHECK_FALSE(h.respond(180));
  CHECK_FALSE(h.respond(408));
  CHECK_FALSE(h.respond(99));
  CHECK_FALSE(h.respond(700));
  CHECK(h.respond(200));
  CHECK(upstream(h.take()) == strings{"0 200"});
}
