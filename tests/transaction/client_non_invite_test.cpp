#include <parley/transaction/client_non_invite.hpp>

#include "support/catch.hpp"
#include "support/machine_driver.hpp"

#include <cstdint>
#include <vector>

namespace {

using parley::transaction::client_non_invite;
using parley::transaction::timers;
using state = enum client_non_invite::state;
using event = client_non_invite::event;
using times = std::vector<std::int64_t>;

const timers usual;

struct run : parley::test::machine_driver<client_non_invite> {
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

TEST_CASE("timer E doubles up to T2 until timer F") {
  run r;
  r.run_until(31'999);
  CHECK(r.sent == times{0, 500, 1500, 3500, 7500, 11'500, 15'500, 19'500, 23'500, 27'500, 31'500});
  CHECK(r.machine.state() == state::trying);
  r.run_until(32'000);
  CHECK(r.events == std::vector{event::timed_out});
  CHECK(r.event_times == times{32'000});
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("timer E is capped by a T2 that no power of T1 meets") {
  const timers odd =
      timers::from(std::chrono::milliseconds(500), std::chrono::milliseconds(1500), std::chrono::seconds(5));
  run r(false, odd);
  r.run_until(7000);
  CHECK(r.sent == times{0, 500, 1500, 3000, 4500, 6000});
}

TEST_CASE("a request over a stream is sent once and has timer F") {
  run r(true);
  CHECK(r.wakes_at() == 32'000);
  CHECK(r.respond(100));
  CHECK(r.wakes_at() == 32'000);
  r.run_until(32'000);
  CHECK(r.sent == times{0});
  CHECK(r.events == std::vector{event::timed_out});
}

TEST_CASE("after a provisional response timer E runs at T2 and timer F goes on") {
  run r;
  r.run_until(700);
  CHECK(r.respond(100));
  CHECK(r.machine.state() == state::proceeding);
  CHECK(r.respond(100));
  r.run_until(32'000);
  // The interval that was running ends as it was; those after it are T2.
  CHECK(r.sent == times{0, 500, 1500, 5500, 9500, 13'500, 17'500, 21'500, 25'500, 29'500});
  CHECK(r.events == std::vector{event::timed_out});
  CHECK(r.event_times == times{32'000});
}

TEST_CASE("a final response is passed once and its copies are absorbed until timer K") {
  for (const int status : {200, 302, 404, 500, 603}) {
    for (const bool provisional : {false, true}) {
      run r;
      if (provisional) CHECK(r.respond(100));
      r.run_until(300);
      CHECK(r.respond(status));
      CHECK(r.machine.state() == state::completed);
      CHECK(r.wakes_at() == 5300);
      r.run_until(5000);
      CHECK_FALSE(r.respond(status));
      CHECK_FALSE(r.respond(100));
      r.fail();
      CHECK(r.machine.state() == state::completed);
      r.run_until(5299);
      CHECK(r.machine.state() == state::completed);
      r.run_until(5300);
      CHECK(r.machine.state() == state::terminated);
      CHECK(r.sent == times{0});
      CHECK(r.events.empty());
      CHECK_FALSE(r.respond(status));
    }
  }
}

TEST_CASE("timer K is zero over a stream") {
  run r(true);
  CHECK(r.respond(200));
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("a transport error ends a request that waits") {
  for (const bool provisional : {false, true}) {
    run r;
    if (provisional) r.respond(100);
    r.fail();
    CHECK(r.machine.state() == state::terminated);
    CHECK(r.events == std::vector{event::transport_failed});
    r.fail();
    CHECK(r.events.size() == 1);
  }
}
