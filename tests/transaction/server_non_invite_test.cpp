#include <parley/transaction/server_non_invite.hpp>

#include "support/catch.hpp"
#include "support/machine_driver.hpp"
#include "support/result.hpp"

#include <cstdint>
#include <vector>

namespace {

using parley::transaction::errc;
using parley::transaction::server_non_invite;
using parley::transaction::timers;
using state = enum server_non_invite::state;
using transmit = server_non_invite::transmit;
using event = server_non_invite::event;
using times = std::vector<std::int64_t>;

const timers usual;

struct run : parley::test::machine_driver<server_non_invite> {
  explicit run(bool reliable = false, const timers& with = usual) : machine_driver(with, reliable) {
    machine.start(now());
    collect();
  }
  parley::base::result<void> respond(int status) {
    const auto outcome = machine.respond(now(), status);
    collect();
    return outcome;
  }
  void request() {
    machine.handle_request();
    collect();
  }
  void fail() {
    machine.handle_transport_error();
    collect();
  }
};

}  // namespace

TEST_CASE("a request without a response gets a 100 after 3.5 s and expires after 32 s") {
  for (const bool reliable : {false, true}) {
    run r(reliable);
    r.request();
    CHECK(r.sent.empty());
    CHECK(r.wakes_at() == 3500);
    r.run_until(3499);
    CHECK(r.sent.empty());
    r.run_until(10'000);
    CHECK(r.sent == times{3500});
    CHECK(r.kinds == std::vector{transmit::trying});
    CHECK(r.machine.state() == state::proceeding);
    r.request();
    CHECK(r.sent == times{3500, 10'000});
    r.run_until(31'999);
    CHECK(r.machine.state() == state::proceeding);
    r.run_until(32'000);
    CHECK(r.events == std::vector{event::expired});
    CHECK(r.event_times == times{32'000});
    CHECK(r.machine.state() == state::terminated);
    // RFC 4320 4.2: nothing is sent any more.
    CHECK(r.respond(200).error() == errc::already_final);
    CHECK(r.sent.size() == 2);
  }
}

TEST_CASE("the wait for the 100 is the time in which timer E grows to T2") {
  run slow(false, timers::from(std::chrono::seconds(1), std::chrono::seconds(4), std::chrono::seconds(5)));
  CHECK(slow.wakes_at() == 3000);
  run odd(false, timers::from(std::chrono::milliseconds(500), std::chrono::milliseconds(1500),
                              std::chrono::seconds(5)));
  CHECK(odd.wakes_at() == 1500);
  run flat(false, timers::from(std::chrono::seconds(4), std::chrono::seconds(4), std::chrono::seconds(5)));
  CHECK(flat.wakes_at() == 0);
}

TEST_CASE("over datagrams a user's 100 waits for its time") {
  run r;
  CHECK(r.respond(100));
  r.run_until(1000);
  CHECK(r.respond(100));
  r.request();
  CHECK(r.sent.empty());
  CHECK(r.machine.state() == state::trying);
  r.run_until(4000);
  CHECK(r.sent == times{3500});
  CHECK(r.respond(100));
  CHECK(r.sent == times{3500, 4000});
  r.request();
  CHECK(r.sent.size() == 3);
  CHECK(r.kinds == std::vector{transmit::trying, transmit::response, transmit::response});
}

TEST_CASE("over a stream a user's 100 goes at once and is the only one") {
  run r(true);
  r.run_until(10);
  CHECK(r.respond(100));
  CHECK(r.machine.state() == state::proceeding);
  r.run_until(31'000);
  CHECK(r.sent == times{10});
  r.request();
  CHECK(r.kinds == std::vector{transmit::response, transmit::response});
}

TEST_CASE("RFC 4320 forbids other provisionals and the 408") {
  for (const int status : {101, 180, 183, 199, 408}) {
    run r;
    CHECK(r.respond(status).error() == errc::not_for_non_invite);
    r.run_until(5000);
    CHECK(r.respond(status).error() == errc::not_for_non_invite);
    CHECK(r.sent == times{3500});
    CHECK(r.respond(200));
  }
}

TEST_CASE("a final response is repeated for each copy of the request until timer J") {
  for (const int status : {200, 302, 404, 500, 603}) {
    for (const std::int64_t wait : {100, 5000}) {
      run r;
      r.run_until(wait);
      r.clear();
      CHECK(r.respond(status));
      CHECK(r.machine.state() == state::completed);
      CHECK(r.wakes_at() == wait + 32'000);
      r.run_until(wait + 700);
      r.request();
      CHECK(r.sent == times{wait, wait + 700});
      CHECK(r.respond(200).error() == errc::already_final);
      CHECK(r.respond(100).error() == errc::already_final);
      r.run_until(wait + 31'999);
      CHECK(r.machine.state() == state::completed);
      r.run_until(wait + 32'000);
      CHECK(r.machine.state() == state::terminated);
      CHECK(r.events.empty());
      r.request();
      CHECK(r.sent.size() == 2);
    }
  }
}

TEST_CASE("timer J is zero over a stream") {
  run r(true);
  CHECK(r.respond(200));
  CHECK(r.sent == times{0});
  CHECK(r.machine.state() == state::terminated);
  CHECK(r.wakes_at() == -1);
}

TEST_CASE("a transport error is reported and the transaction goes on") {
  run r;
  r.fail();
  CHECK(r.machine.state() == state::trying);
  r.run_until(4000);
  r.fail();
  CHECK(r.machine.state() == state::proceeding);
  CHECK(r.respond(200));
  r.fail();
  CHECK(r.machine.state() == state::completed);
  CHECK(r.events == std::vector(3, event::transport_failed));
  r.run_until(36'000);
  CHECK(r.machine.state() == state::terminated);
  r.fail();
  CHECK(r.events.size() == 3);
}
