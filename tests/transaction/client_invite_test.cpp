#include <parley/transaction/client_invite.hpp>

#include "support/catch.hpp"
#include "support/machine_driver.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace {

using parley::transaction::client_invite;
using parley::transaction::timers;
using state = enum client_invite::state;
using transmit = client_invite::transmit;
using event = client_invite::event;
using times = std::vector<std::int64_t>;

const timers usual;

struct run : parley::test::machine_driver<client_invite> {
  explicit run(bool reliable = false, const timers& with = usual) : machine_driver(with, reliable) {
    machine.start(now());
    collect();
  }
  bool respond(int status) {
    const bool to_user = machine.handle_response(now(), status);
    collect();
    return to_user;
  }
  void fail() {
    machine.handle_transport_error();
    collect();
  }
};

}  // namespace

TEST_CASE("timer A of an INVITE doubles until timer B ends it") {
  run r;
  CHECK(r.machine.state() == state::calling);
  r.run_until(31'999);
  CHECK(r.sent == times{0, 500, 1500, 3500, 7500, 15500, 31500});
  CHECK(r.machine.state() == state::calling);
  CHECK(r.events.empty());
  r.run_until(32'000);
  CHECK(r.sent.size() == 7);
  CHECK(r.events == std::vector{event::timed_out});
  CHECK(r.event_times == times{32'000});
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
  for (const auto kind : r.kinds) CHECK(kind == transmit::request);
}

TEST_CASE("an INVITE over a stream is sent once and has timer B") {
  run r(true);
  CHECK(r.wakes_at() == 32'000);
  r.run_until(32'000);
  CHECK(r.sent == times{0});
  CHECK(r.events == std::vector{event::timed_out});
}

TEST_CASE("timers A and B follow T1") {
  const timers slow =
      timers::from(std::chrono::seconds(1), std::chrono::seconds(8), std::chrono::seconds(10));
  run r(false, slow);
  r.run_until(64'000);
  CHECK(r.sent == times{0, 1000, 3000, 7000, 15'000, 31'000, 63'000});
  CHECK(r.event_times == times{64'000});
  CHECK(slow.timer_d == std::chrono::seconds(64));
  CHECK(
      timers::from(std::chrono::milliseconds(1), std::chrono::milliseconds(8), std::chrono::milliseconds(10))
          .timer_d == std::chrono::seconds(32));
}

TEST_CASE("a provisional response ends timers A and B of an INVITE") {
  for (const bool reliable : {false, true}) {
    run r(reliable);
    r.run_until(400);
    CHECK(r.respond(100));
    CHECK(r.machine.state() == state::proceeding);
    CHECK(r.wakes_at() == -1);
    r.run_until(600'000);
    CHECK(r.sent == times{0});
    CHECK(r.respond(180));
    CHECK(r.machine.state() == state::proceeding);
    CHECK(r.events.empty());
  }
}

TEST_CASE("a 2xx moves an INVITE to accepted until timer M") {
  for (const bool reliable : {false, true}) {
    for (const bool provisional : {false, true}) {
      run r(reliable);
      if (provisional) CHECK(r.respond(183));
      r.run_until(100);
      CHECK(r.respond(200));
      CHECK(r.machine.state() == state::accepted);
      CHECK(r.wakes_at() == 32'100);
      r.run_until(20'000);
      // RFC 6026 7.2: copies, and those of other forks, are the user's; nothing else is.
      CHECK(r.respond(200));
      CHECK(r.respond(202));
      CHECK_FALSE(r.respond(180));
      CHECK_FALSE(r.respond(486));
      CHECK(r.machine.state() == state::accepted);
      CHECK(r.wakes_at() == 32'100);
      r.fail();
      CHECK(r.machine.state() == state::accepted);
      r.run_until(32'099);
      CHECK(r.machine.state() == state::accepted);
      r.run_until(32'100);
      CHECK(r.machine.state() == state::terminated);
      CHECK(r.events.empty());
      CHECK(r.sent == times{0});
    }
  }
}

TEST_CASE("a refusal is acknowledged, each copy of it too, until timer D") {
  for (const int status : {300, 404, 503, 600, 699}) {
    for (const bool provisional : {false, true}) {
      run r;
      if (provisional) CHECK(r.respond(180));
      r.run_until(200);
      r.clear();
      CHECK(r.respond(status));
      CHECK(r.machine.state() == state::completed);
      CHECK(r.kinds == std::vector{transmit::ack});
      CHECK(r.wakes_at() == 32'200);
      r.run_until(5000);
      CHECK_FALSE(r.respond(status));
      CHECK(r.sent == times{200, 5000});
      // Neither a late provisional nor a 2xx that should not be there changes anything.
      CHECK_FALSE(r.respond(180));
      CHECK_FALSE(r.respond(200));
      CHECK(r.sent.size() == 2);
      CHECK(r.wakes_at() == 32'200);
      r.run_until(32'199);
      CHECK(r.machine.state() == state::completed);
      r.run_until(32'200);
      CHECK(r.machine.state() == state::terminated);
      CHECK(r.events.empty());
      CHECK_FALSE(r.respond(status));
      CHECK(r.sent.size() == 2);
    }
  }
}

TEST_CASE("timer D is zero over a stream") {
  run r(true);
  CHECK(r.respond(486));
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.kinds == std::vector{transmit::request, transmit::ack});
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("a transport error ends an INVITE that calls or is completed") {
  run calling;
  calling.fail();
  CHECK(calling.machine.state() == state::terminated);
  CHECK(calling.events == std::vector{event::transport_failed});

  run proceeding;
  proceeding.respond(180);
  proceeding.fail();
  CHECK(proceeding.machine.state() == state::proceeding);
  CHECK(proceeding.events.empty());

  run completed;
  completed.respond(404);
  completed.fail();
  CHECK(completed.machine.state() == state::terminated);
  CHECK(completed.events == std::vector{event::transport_failed});
  completed.fail();
  CHECK(completed.events.size() == 1);
}

TEST_CASE("a late call of handle_timeout sends an INVITE once") {
  parley::test::machine_driver<client_invite> r(usual, false);
  r.machine.start(r.now());
  r.collect();
  r.machine.handle_timeout(r.now() + std::chrono::milliseconds(10'000));
  r.collect();
  CHECK(r.sent.size() == 2);
  CHECK(r.wakes_at() == 11'000);
  r.machine.handle_timeout(r.now() + std::chrono::milliseconds(500'000));
  r.collect();
  CHECK(r.sent.size() == 2);
  CHECK(r.events == std::vector{event::timed_out});
}
