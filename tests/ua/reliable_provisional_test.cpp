#include <parley/ua/reliable_provisional.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/machine_driver.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace parley;
using parley::test::parsed_text;
using texts = parley::test::dialog_texts;
using sip::header_id;
using ua::client_reliable_provisional;
using ua::errc;
using ua::reliability;
using ua::server_reliable_provisional;
using state = enum server_reliable_provisional::state;
using event = server_reliable_provisional::event;
using verdict = client_reliable_provisional::verdict;
using times = std::vector<std::int64_t>;

const transaction::timers usual;
test::seeded_random seeded;

struct run : test::machine_driver<server_reliable_provisional> {
  explicit run(reliability asked = reliability::supported) : machine_driver(usual, asked, 10U, seeded) {}

  errc send(int status, bool has_description = false) {
    auto response = sip::message::response(status).value();
    const auto written = machine.write_response(now(), response, has_description);
    if (!written) return static_cast<errc>(written.error().value());
    CHECK(response.value_of(header_id::require) == "100rel");
    CHECK(response.value_of(header_id::rseq) == std::to_string(machine.rseq()));
    return {};
  }
  errc end(int status) {
    const auto ended = machine.respond(status);
    return ended ? errc{} : static_cast<errc>(ended.error().value());
  }
  errc prack(std::uint32_t rseq, std::string_view rest = " 10 INVITE", std::string_view method = "PRACK") {
    const auto taken = machine.handle_prack(*parsed_text(
        texts::request(method, 11, "a", "b", "RAck: " + std::to_string(rseq) + std::string(rest) + "\r\n")));
    collect();
    return taken ? errc{} : static_cast<errc>(taken.error().value());
  }
};

std::string reliable(int status, std::uint32_t rseq, unsigned cseq = 10) {
  return texts::response(status, cseq, "INVITE", "a", "b",
                         "Require: 100rel\r\nRSeq: " + std::to_string(rseq) + "\r\n");
}

}  // namespace

TEST_CASE("an INVITE says whether provisional responses may or must be reliable") {
  const auto of = [](std::string_view lines) {
    return ua::reliability_of(*parsed_text(texts::invite(lines)));
  };
  CHECK(of("") == reliability::unsupported);
  CHECK(of("Supported: timer, replaces\r\n") == reliability::unsupported);
  CHECK(of("Supported: timer\r\nSupported: 100REL\r\n") == reliability::supported);
  CHECK(of("Require: 100rel\r\n") == reliability::required);
  CHECK(of("Supported: 100rel\r\nRequire: timer, 100rel\r\n") == reliability::required);
  CHECK(ua::reliability_of(*parsed_text(texts::request("OPTIONS", 1, "a", "", "Require: 100rel\r\n"))) ==
        reliability::unsupported);
}

TEST_CASE("a reliable response is repeated from T1 on, doubling, for 64 T1") {
  run r;
  CHECK(r.send(180) == errc{});
  CHECK(r.machine.state() == state::unacknowledged);
  r.run_until(31'999);
  // Without the bound of T2.
  CHECK(r.sent == times{500, 1500, 3500, 7500, 15'500, 31'500});
  CHECK(r.events.empty());
  r.run_until(32'000);
  CHECK(r.events == std::vector{event::timed_out});
  CHECK(r.machine.state() == state::timed_out);
  CHECK(r.wakes_at() == -1);
  CHECK(r.send(183) == errc::already_final);
  CHECK(r.end(504) == errc{});
  CHECK(r.machine.state() == state::ended);
}

TEST_CASE("the PRACK ends the copies, and the next response has the next number") {
  run r;
  CHECK(r.send(180) == errc{});
  const std::uint32_t first = r.machine.rseq();
  CHECK(first >= 1);
  CHECK(first < 0x80000000U);
  r.run_until(600);
  CHECK(r.prack(first) == errc{});
  CHECK(r.events == std::vector{event::acknowledged});
  CHECK(r.wakes_at() == -1);
  r.run_until(40'000);
  CHECK(r.sent == times{500});
  CHECK(r.send(183) == errc{});
  CHECK(r.machine.rseq() == first + 1);
  r.run_until(40'500);
  CHECK(r.sent == times{500, 40'500});
}

TEST_CASE("no second reliable response before the first is acknowledged") {
  run r;
  CHECK(r.send(180) == errc{});
  const std::uint32_t first = r.machine.rseq();
  CHECK(r.send(183) == errc::unacknowledged);
  CHECK(r.machine.rseq() == first);
  CHECK(r.prack(first) == errc{});
  CHECK(r.send(183) == errc{});
}

TEST_CASE("a PRACK that matches nothing is refused") {
  run r;
  CHECK(r.prack(1) == errc::no_such_response);
  CHECK(r.send(180) == errc{});
  const std::uint32_t rseq = r.machine.rseq();
  CHECK(r.prack(rseq + 1) == errc::no_such_response);
  CHECK(r.prack(rseq, " 11 INVITE") == errc::no_such_response);
  CHECK(r.prack(rseq, " 10 UPDATE") == errc::no_such_response);
  CHECK(r.prack(rseq, " ten INVITE") == errc::bad_message);
  CHECK(r.prack(rseq, " 10 INVITE", "INFO") == errc::bad_message);
  CHECK(r.events.empty());
  CHECK(r.machine.state() == state::unacknowledged);
  CHECK(r.prack(rseq) == errc{});
  CHECK(r.prack(rseq) == errc::no_such_response);
  CHECK(ua::status_for(errc::no_such_response) == 481);
}

TEST_CASE("what may not be sent reliably") {
  run without(reliability::unsupported);
  CHECK(without.send(180) == errc::not_reliable);
  CHECK(without.end(180) == errc{});
  run r;
  CHECK(r.send(100) == errc::wrong_method);
  CHECK(r.send(200) == errc::wrong_method);
  CHECK(r.machine.state() == state::ready);
  CHECK(r.end(180) == errc{});
}

TEST_CASE("where the client requires it each provisional response but 100 is reliable") {
  run r(reliability::required);
  CHECK(r.end(100) == errc{});
  CHECK(r.end(180) == errc::reliable_required);
  CHECK(r.send(180) == errc{});
}

TEST_CASE("a 2xx waits for the PRACK of a session description") {
  run r;
  CHECK(r.send(183, true) == errc{});
  CHECK(r.end(200) == errc::unacknowledged);
  CHECK(r.machine.state() == state::unacknowledged);
  CHECK(r.prack(r.machine.rseq()) == errc{});
  CHECK(r.end(200) == errc{});
  CHECK(r.end(200) == errc::already_final);
  CHECK(r.send(180) == errc::already_final);
}

TEST_CASE("a final response that need not wait ends the copies, the PRACK is still taken") {
  for (const int status : {200, 486}) {
    run r;
    CHECK(r.send(183, status == 486) == errc{});
    r.run_until(500);
    CHECK(r.end(status) == errc{});
    r.run_until(60'000);
    CHECK(r.sent == times{500});
    CHECK(r.events.empty());
    CHECK(r.prack(r.machine.rseq()) == errc{});
    CHECK(r.events.empty());
    CHECK(r.prack(r.machine.rseq()) == errc::no_such_response);
  }
}

TEST_CASE("a late PRACK is taken, and the 2xx with it") {
  run r;
  CHECK(r.send(183, true) == errc{});
  r.run_until(32'000);
  CHECK(r.end(200) == errc::unacknowledged);
  CHECK(r.prack(r.machine.rseq()) == errc{});
  CHECK(r.machine.state() == state::timed_out);
  CHECK(r.end(504) == errc{});
}

TEST_CASE("a client acknowledges reliable responses in order") {
  client_reliable_provisional c(10, true);
  const auto hear = [&](std::string text) { return c.handle_response(*parsed_text(std::move(text))); };
  auto prack = sip::message::request("PRACK", "sip:bob@192.0.2.2").value();
  CHECK(c.write_prack(prack).error() == errc::no_such_response);
  CHECK(hear(texts::response(100, 10, "INVITE", "a", "")) == verdict::unreliable);
  CHECK(hear(texts::response(180, 10, "INVITE", "a", "b")) == verdict::unreliable);
  CHECK(hear(reliable(180, 988'789)) == verdict::acknowledge);
  REQUIRE(c.write_prack(prack));
  CHECK(prack.value_of(header_id::rack) == "988789 10 INVITE");
  CHECK(hear(reliable(180, 988'789)) == verdict::duplicate);
  CHECK(hear(reliable(183, 988'791)) == verdict::out_of_order);
  CHECK(hear(reliable(183, 988'790)) == verdict::acknowledge);
  REQUIRE(c.write_prack(prack));
  CHECK(prack.value_of(header_id::rack) == "988790 10 INVITE");
  CHECK(hear(reliable(180, 988'789)) == verdict::duplicate);
  CHECK(hear(reliable(183, 988'791)) == verdict::acknowledge);
}

TEST_CASE("a client sends no PRACK for what is not reliable") {
  client_reliable_provisional c(10, true);
  const auto hear = [&](std::string text) { return c.handle_response(*parsed_text(std::move(text))); };
  CHECK(hear(reliable(100, 1)) == verdict::unreliable);
  CHECK(hear(reliable(180, 1, 11)) == verdict::unreliable);
  CHECK(hear(texts::response(180, 10, "INVITE", "a", "b", "Require: 100rel\r\n")) == verdict::unreliable);
  CHECK(hear(texts::response(180, 10, "INVITE", "a", "b", "RSeq: 1\r\n")) == verdict::unreliable);
  client_reliable_provisional silent(10, false);
  CHECK(silent.handle_response(*parsed_text(reliable(180, 1))) == verdict::unreliable);
}

TEST_CASE("a provisional response behind the final one is dropped") {
  client_reliable_provisional c(10, true);
  const auto hear = [&](std::string text) { return c.handle_response(*parsed_text(std::move(text))); };
  CHECK(hear(reliable(180, 5)) == verdict::acknowledge);
  CHECK(hear(texts::response(200, 10, "INVITE", "a", "b")) == verdict::unreliable);
  CHECK(c.state() == client_reliable_provisional::state::ended);
  CHECK(hear(reliable(183, 6)) == verdict::too_late);
  CHECK(hear(texts::response(180, 10, "INVITE", "a", "b")) == verdict::too_late);
}

TEST_CASE("a client's numbers do not wrap around") {
  client_reliable_provisional c(10, true);
  CHECK(c.handle_response(*parsed_text(reliable(180, 0xffffffffU))) == verdict::acknowledge);
  CHECK(c.handle_response(*parsed_text(reliable(183, 0))) == verdict::duplicate);
}
