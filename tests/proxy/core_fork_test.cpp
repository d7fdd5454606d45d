#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

request_text invite() {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.com";
  return out;
}

proxy::target to(std::string_view uri, std::uint16_t q = 1000) { return {uri, {}, q}; }

const std::vector<proxy::target> three = {to("sip:b1@192.0.2.2"), to("sip:b2@192.0.2.3"),
                                          to("sip:b3@192.0.2.4")};

strings status_lines(const std::vector<proxy_message>& messages) {
  strings out;
  for (const auto& m : messages) {
    if (m.start_line().starts_with("SIP/2.0 ")) out.emplace_back(m.start_line().substr(8, 3));
  }
  return out;
}

/// Requests, without the ACKs.
strings requests(const std::vector<proxy_message>& messages) {
  strings out;
  for (const auto& m : messages) {
    if (m.start_line().starts_with("SIP/2.0 ") || m.start_line().starts_with("ACK")) continue;
    out.push_back(std::string(m.start_line().substr(0, m.start_line().find(' '))) + ' ' +
                  m.to.remote.ip.to_string());
  }
  return out;
}

}  // namespace

TEST_CASE("targets of equal q ring together, and the first 2xx cancels the others", "[proxy]") {
  proxy_harness h;
  h.targets = three;
  h.receive(invite().text());
  const auto forks = h.take();
  REQUIRE(requests(forks) == strings{"INVITE 192.0.2.2", "INVITE 192.0.2.3", "INVITE 192.0.2.4"});
  CHECK(forks[0].value("Via") != forks[1].value("Via"));
  h.reply(forks[0], 180, "b1");
  h.reply(forks[1], 183, "b2");
  CHECK(status_lines(h.take()) == strings{"180", "183"});
  h.reply(forks[1], 200, "b2");
  auto out = h.take();
  CHECK(status_lines(out) == strings{"200"});
  // The third has not said a word yet, so its CANCEL waits (RFC 3261 9.1).
  CHECK(requests(out) == strings{"CANCEL 192.0.2.2"});
  CHECK(h.core.requests_under_way() == 0);

  SECTION("the others end with 487") {
    h.reply(forks[0], 487, "b1");
    h.reply(forks[2], 180, "b3");
    out = h.take();
    CHECK(requests(out) == strings{"CANCEL 192.0.2.4"});
    h.reply(forks[2], 487, "b3");
    out = h.take();
    CHECK(status_lines(out).empty());
  }
  SECTION("a 2xx that crosses the CANCEL goes upstream too") {
    h.reply(forks[0], 200, "b1");
    out = h.take();
    CHECK(status_lines(out) == strings{"200"});
    CHECK(out[0].value("To").ends_with(";tag=b1"));
    h.reply(forks[0], 200, "b1");
    h.reply(forks[1], 200, "b2");
    CHECK(status_lines(h.take()) == strings{"200", "200"});
    CHECK(h.core.calls() == 1);
  }
  SECTION("nothing provisional follows a final response") {
    h.reply(forks[2], 180, "b3");
    CHECK(status_lines(h.take()).empty());
  }
  h.run_for(200'000);
  CHECK(status_lines(h.take()).empty());
  CHECK(h.core.transactions().client_count() == 0);
  CHECK(h.core.transactions().server_count() == 0);
}

TEST_CASE("lower q is tried when all of higher q have failed", "[proxy]") {
  proxy_harness h;
  h.targets = {{to("sip:c@192.0.2.4", 300), to("sip:a@192.0.2.2", 900), to("sip:b@192.0.2.3", 900)}};
  h.receive(invite().text());
  auto first = h.take();
  REQUIRE(requests(first) == strings{"INVITE 192.0.2.2", "INVITE 192.0.2.3"});
  h.reply(first[0], 486, "a");
  CHECK(requests(h.take()).empty());
  h.reply(first[1], 404, "b");
  auto second = h.take();
  REQUIRE(requests(second) == strings{"INVITE 192.0.2.4"});
  CHECK(status_lines(second).empty());
  SECTION("and what it says counts with the others") {
    h.reply(second.back(), 500, "c");
    CHECK(status_lines(h.take()) == strings{"486"});
  }
  SECTION("2xx") {
    h.reply(second.back(), 200, "c");
    CHECK(status_lines(h.take()) == strings{"200"});
  }
}

TEST_CASE("a group that rings too long makes room for the next", "[proxy]") {
  proxy_harness h;
  h.targets = {{to("sip:a@192.0.2.2", 900), to("sip:b@192.0.2.3", 500)}};
  h.receive(invite().text());
  const auto first = h.take_one();
  h.reply(first, 180, "a");
  h.run_until(10'000);
  h.reply(first, 180, "a");  // no longer time for that
  h.run_until(19'900);
  CHECK(requests(h.take()).empty());
  h.run_until(20'100);
  const auto cancel = h.take_one();
  CHECK(requests({cancel}) == strings{"CANCEL 192.0.2.2"});
  h.reply(cancel, 200, "a");
  h.reply(first, 487, "a");
  const auto second = h.take();
  REQUIRE(requests(second) == strings{"INVITE 192.0.2.3"});
  // The last group has timer C.
  h.reply(second.back(), 180, "b");
  h.run_until(20'100 + 184'000);
  CHECK(requests(h.take()).empty());
}

TEST_CASE("a group that says nothing is left at once when its time is up", "[proxy]") {
  proxy_harness h;
  h.targets = {{to("sip:a@192.0.2.2", 900), to("sip:b@192.0.2.3", 500)}};
  h.receive(invite().text());
  const auto first = h.take_one();
  h.run_until(20'100);
  const auto out = h.take();
  const auto second = std::find_if(out.begin(), out.end(),
                                   [](const auto& m) { return m.to.remote.ip.to_string() == "192.0.2.3"; });
  REQUIRE(second != out.end());
  CHECK(second->at == 20'000);
  SECTION("what the first says later is cancelled") {
    h.reply(first, 180, "a");
    CHECK(requests(h.take()) == strings{"CANCEL 192.0.2.2"});
  }
  SECTION("but its 2xx counts") {
    h.reply(first, 200, "a");
    CHECK(status_lines(h.take()) == strings{"200"});
    h.reply(*second, 180, "b");
    CHECK(requests(h.take()) == strings{"CANCEL 192.0.2.3"});
  }
}

TEST_CASE("6xx ends the search", "[proxy]") {
  proxy_harness h;
  h.targets = {{to("sip:a@192.0.2.2", 900), to("sip:b@192.0.2.3", 900), to("sip:c@192.0.2.4", 500)}};
  h.receive(invite().text());
  const auto forks = h.take();
  h.reply(forks[0], 180, "a");
  h.take();
  h.reply(forks[1], 603, "b");
  auto out = h.take();
  CHECK(status_lines(out).empty());
  CHECK(requests(out) == strings{"CANCEL 192.0.2.2"});
  SECTION("when all have ended") {
    h.reply(forks[0], 487, "a");
    out = h.take();
    CHECK(status_lines(out) == strings{"603"});
    CHECK(requests(out).empty());
  }
  SECTION("and a 2xx goes before it still") {
    h.reply(forks[0], 200, "a");
    CHECK(status_lines(h.take()) == strings{"200"});
  }
  SECTION("also where the other never ends") {
    h.run_for(32'100);
    CHECK(status_lines(h.take()) == strings{"603"});
  }
}

TEST_CASE("challenges of all branches are put together", "[proxy]") {
  proxy_harness h;
  h.targets = three;
  h.receive(invite().text());
  const auto forks = h.take();
  h.reply(forks[0], 407, "a", "Proxy-Authenticate: Digest realm=\"a\"\r\n");
  h.reply(forks[1], 401, "b",
          "WWW-Authenticate: Digest realm=\"b\"\r\nWWW-Authenticate: Digest realm=\"b2\"\r\n");
  h.take();
  h.reply(forks[2], 404, "c", "WWW-Authenticate: Digest realm=\"not this\"\r\n");
  const auto out = h.take();
  REQUIRE(status_lines(out) == strings{"407"});
  CHECK(out.back().values("Proxy-Authenticate") == strings{"Digest realm=\"a\""});
  CHECK(out.back().values("WWW-Authenticate") == strings{"Digest realm=\"b\"", "Digest realm=\"b2\""});
  CHECK(out.back().value("To").ends_with(";tag=a"));
}

TEST_CASE("more challenges than a message can take do not keep it from being sent", "[proxy]") {
  proxy_harness h;
  std::vector<std::string> uris;
  std::vector<proxy::target> targets;
  for (int i = 0; i < 16; ++i) uris.push_back("sip:b@192.0.2." + std::to_string(100 + i));
  for (const auto& uri : uris) targets.push_back(to(uri));
  h.targets = targets;
  h.receive(invite().text());
  const auto forks = h.take();
  REQUIRE(forks.size() == 16);
  std::string lines;
  for (int i = 0; i < 4; ++i) lines += "WWW-Authenticate: Digest realm=\"" + std::to_string(i) + "\"\r\n";
  for (const auto& fork : forks) h.reply(fork, 401, "a", lines);
  const auto out = h.take();
  REQUIRE(status_lines(out) == strings{"401"});
  CHECK(out.back().values("WWW-Authenticate").size() == 20);
}

TEST_CASE("another server's 503 becomes 500 where nothing better came", "[proxy]") {
  proxy_harness h;
  h.targets = three;
  h.receive(invite().text());
  const auto forks = h.take();
  h.reply(forks[0], 503, "a", "Retry-After: 100\r\n");
  h.reply(forks[1], 503, "b");
  h.take();
  SECTION("nothing") {
    h.reply(forks[2], 503, "c");
    const auto out = h.take();
    REQUIRE(status_lines(out) == strings{"500"});
    CHECK(out.back().values("Retry-After").empty());
    CHECK(out.back().value("To").find(";tag=") != std::string::npos);
  }
  SECTION("better") {
    h.reply(forks[2], 502, "c");
    CHECK(status_lines(h.take()) == strings{"502"});
  }
}

TEST_CASE("of more targets than branches are allowed the highest q are used", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.max_branches = 2;
  proxy_harness h(options);
  h.targets = {{to("sip:a@192.0.2.2", 100), to("sip:b@192.0.2.3", 500), to("sip:c@192.0.2.4", 500)}};
  h.receive(invite().text());
  const auto forks = h.take();
  CHECK(requests(forks) == strings{"INVITE 192.0.2.3", "INVITE 192.0.2.4"});
  h.reply(forks[0], 486);
  h.reply(forks[1], 486);
  const auto out = h.take();
  CHECK(requests(out).empty());
  CHECK(status_lines(out) == strings{"486"});
}

TEST_CASE("a target that is named twice is used once", "[proxy]") {
  proxy_harness h;
  h.targets = {{to("sip:a@192.0.2.2", 500),
                to("sip:a@192.0.2.2", 900),
                to("SIP:a@192.0.2.2;x=1"),
                to("sip:A@192.0.2.2"),
                {"sip:a@192.0.2.2", "sip:192.0.2.9", 1000}}};
  h.receive(invite().text());
  auto out = h.take();
  // A user is compared with case; a next hop makes another target.
  REQUIRE(out.size() == 3);
  CHECK(out[0].start_line() == "INVITE SIP:a@192.0.2.2;x=1 SIP/2.0");
  CHECK(out[1].start_line() == "INVITE sip:A@192.0.2.2 SIP/2.0");
  CHECK(out[2].to.remote.to_string() == "192.0.2.9:5060");
  for (const auto& m : std::vector<proxy_message>(out)) h.reply(m, 404);
  CHECK(requests(h.take()).empty());
}

TEST_CASE("a target that differs in nothing that counts is used once", "[proxy]") {
  proxy_harness h;
  SECTION("the Request-URI by itself and by name") {
    h.targets = {{{}, to("sip:bob@192.0.2.2")}};
    auto in = invite();
    in.uri = "sip:bob@192.0.2.2";
    h.receive(in.text());
  }
  SECTION("a next hop that a Route outdoes") {
    h.targets = {{to("sip:bob@192.0.2.5"), {"sip:bob@192.0.2.5", "sip:192.0.2.9", 500}}};
    auto in = invite();
    in.lines = "Route: <sip:192.0.2.2;lr>\r\n";
    h.receive(in.text());
  }
  const auto only = h.take_one();
  CHECK(only.to.remote.to_string() == "192.0.2.2:5060");
  h.reply(only, 404);
  CHECK(requests(h.take()).empty());
}

TEST_CASE("no targets are 404", "[proxy]") {
  proxy_harness h;
  h.receive(invite().text());
  REQUIRE(h.forward({}));
  CHECK(status_lines(h.take()) == strings{"404"});
  CHECK_FALSE(h.forward({}));
}

TEST_CASE("a decision is made once", "[proxy]") {
  proxy_harness h;
  h.receive(invite().text());
  const auto id = h.waiting();
  REQUIRE(h.core.forward(h.now(), id, three));
  CHECK(h.core.forward(h.now(), id, three).error() == proxy::errc::unknown_request);
  CHECK(h.core.respond(h.now(), id, 200).error() == proxy::errc::unknown_request);
  CHECK(h.core.forward(h.now(), proxy::request_id{12345}, three).error() == proxy::errc::unknown_request);
  h.collect();
  CHECK(h.take().size() == 3);
}

TEST_CASE("a non-INVITE request forks too, and nothing of it is cancelled", "[proxy]") {
  proxy_harness h;
  h.targets = three;
  h.receive(invite().with_method("MESSAGE").text());
  const auto forks = h.take();
  REQUIRE(forks.size() == 3);
  h.reply(forks[0], 180);  // nothing but 100 is provisional here (RFC 4320)
  CHECK(h.take().empty());
  h.reply(forks[1], 202);
  CHECK(status_lines(h.take()) == strings{"202"});
  h.reply(forks[0], 200);
  h.reply(forks[2], 404);
  CHECK(h.take().empty());
  h.run_for(100'000);
  CHECK(h.core.transactions().client_count() == 0);
}
