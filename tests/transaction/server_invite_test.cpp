#include <parley/transaction/server_invite.hpp>

#include "support/catch.hpp"
#include "support/machine_driver.hpp"
#include "support/result.hpp"

#include <cstdint>
#include <vector>

namespace {

using parley::transaction::errc;
using parley::transaction::server_invite;
using parley::transaction::timers;
using state = enum server_invite::state;
using transmit = server_invite::transmit;
using event = server_invite::event;
using times = std::vector<std::int64_t>;

const timers usual;

struct run : parley::test::machine_driver<server_invite> {
  explicit run(bool reliable = false) : machine_driver(usual, reliable) {
    machine.start(now());
    collect();
  }
  bool respond(int status) {
    const auto outcome = machine.respond(now(), status);
    if (!outcome) CHECK(outcome.error() == errc::already_final);
    collect();
    return outcome.has_value();
  }
  void request() {
    machine.handle_request();
    collect();
  }
  bool ack() {
    const bool to_user = machine.handle_ack(now());
    collect();
    return to_user;
  }
  void fail() {
    machine.handle_transport_error();
    collect();
  }
};

}  // namespace

TEST_CASE("an INVITE that nobody answers gets a 100 after 200 ms") {
  for (const bool reliable : {false, true}) {
    run r(reliable);
    CHECK(r.wakes_at() == 200);
    r.run_until(199);
    CHECK(r.sent.empty());
    r.run_until(60'000);
    CHECK(r.sent == times{200});
    CHECK(r.kinds == std::vector{transmit::trying});
    CHECK(r.machine.state() == state::proceeding);
    CHECK(r.wakes_at() == -1);
    r.request();
    CHECK(r.kinds == std::vector{transmit::trying, transmit::trying});
  }
}

TEST_CASE("a provisional response within 200 ms takes the place of the 100") {
  run r;
  r.run_until(150);
  CHECK(r.respond(180));
  CHECK(r.wakes_at() == -1);
  r.run_until(1000);
  r.request();
  CHECK(r.respond(183));
  r.request();
  CHECK(r.sent == times{150, 1000, 1000, 1000});
  for (const auto kind : r.kinds) CHECK(kind == transmit::response);
}

TEST_CASE("a repeated INVITE gets the 100 at once") {
  run r;
  r.run_until(50);
  r.request();
  r.run_until(1000);
  CHECK(r.sent == times{50});
  CHECK(r.kinds == std::vector{transmit::trying});
}

TEST_CASE("an ACK before a final response means nothing") {
  run r;
  CHECK_FALSE(r.ack());
  CHECK(r.machine.state() == state::proceeding);
}

TEST_CASE("a 2xx moves an INVITE to accepted until timer L") {
  for (const bool reliable : {false, true}) {
    run r(reliable);
    r.run_until(100);
    CHECK(r.respond(200));
    CHECK(r.machine.state() == state::accepted);
    CHECK(r.wakes_at() == 32'100);
    r.run_until(600);
    CHECK(r.respond(200));
    CHECK(r.sent == times{100, 600});
    r.request();
    CHECK(r.sent.size() == 2);
    CHECK_FALSE(r.respond(180));
    CHECK_FALSE(r.respond(486));
    CHECK(r.ack());
    CHECK(r.ack());
    CHECK(r.machine.state() == state::accepted);
    r.fail();
    CHECK(r.machine.state() == state::accepted);
    CHECK(r.events == std::vector{event::transport_failed});
    CHECK(r.wakes_at() == 32'100);
    r.run_until(32'099);
    CHECK(r.machine.state() == state::accepted);
    r.run_until(32'100);
    CHECK(r.machine.state() == state::terminated);
    CHECK(r.events.size() == 1);
    CHECK(r.sent.size() == 2);
    CHECK_FALSE(r.respond(200));
  }
}

TEST_CASE("timer G repeats a refusal, doubling up to T2, until timer H") {
  run r;
  r.run_until(100);
  CHECK(r.respond(486));
  CHECK(r.machine.state() == state::completed);
  r.run_until(32'099);
  CHECK(r.sent == times{100, 600, 1600, 3600, 7600, 11'600, 15'600, 19'600, 23'600, 27'600, 31'600});
  CHECK(r.machine.state() == state::completed);
  r.run_until(32'100);
  CHECK(r.events == std::vector{event::no_ack});
  CHECK(r.event_times == times{32'100});
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("over a stream a refusal is sent once and has timer H") {
  run r(true);
  CHECK(r.respond(404));
  CHECK(r.wakes_at() == 32'000);
  r.run_until(32'000);
  CHECK(r.sent == times{0});
  CHECK(r.events == std::vector{event::no_ack});
}

TEST_CASE("a repeated INVITE gets the refusal again") {
  run r;
  CHECK(r.respond(302));
  r.run_until(250);
  r.request();
  CHECK(r.sent == times{0, 250});
  CHECK_FALSE(r.respond(200));
  CHECK_FALSE(r.respond(180));
  CHECK(r.machine.state() == state::completed);
}

TEST_CASE("an ACK confirms a refusal and timer I absorbs the rest") {
  run r;
  CHECK(r.respond(600));
  r.run_until(700);
  CHECK_FALSE(r.ack());
  CHECK(r.machine.state() == state::confirmed);
  CHECK(r.wakes_at() == 5700);
  r.clear();
  CHECK_FALSE(r.ack());
  r.request();
  CHECK_FALSE(r.respond(200));
  r.fail();
  r.run_until(5699);
  CHECK(r.machine.state() == state::confirmed);
  r.run_until(5700);
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.sent.empty());
  CHECK(r.events.empty());
  CHECK_FALSE(r.ack());
  r.request();
  CHECK(r.sent.empty());
}

TEST_CASE("timer I is zero over a stream") {
  run r(true);
  CHECK(r.respond(404));
  CHECK_FALSE(r.ack());
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("a transport error is reported and an INVITE goes on") {
  run r;
  r.run_until(200);
  r.fail();
  CHECK(r.events == std::vector{event::transport_failed});
  CHECK(r.machine.state() == state::proceeding);
  CHECK(r.respond(487));
  r.fail();
  CHECK(r.events.size() == 2);
  CHECK(r.machine.state() == state::completed);
  r.run_until(32'200);
  CHECK(r.events.back() == event::no_ack);
  CHECK(r.machine.state() == state::terminated);
  r.fail();
  CHECK(r.events.size() == 3);
}
