#include "net/detail/connection_times.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;
using net::detail::connection_state;
using net::detail::connection_times;
using bound = connection_times::bound;

namespace {

constexpr base::time_point opened_at{1000s};

/// An accepted connection that opened at `opened_at` and has had a message since.
connection_times open_connection() {
  connection_times t{.state = connection_state::open, .accepted = true, .since = opened_at};
  t.last_activity = t.last_received = t.last_message = opened_at;
  return t;
}

/// The bound is met `most` after the start: not a microsecond earlier, exactly then, and later still.
void check_bound(const connection_times& t, const net::transport_limits& limits, base::duration most,
                 bound what) {
  const connection_times::due due = t.next(limits);
  const auto is_met = [&due](base::duration passed) { return opened_at + passed >= due.at; };
  CHECK_FALSE(is_met(most - 1us));
  CHECK(is_met(most));
  CHECK(is_met(most + 1us));
  CHECK(due.what == what);
}

}  // namespace

TEST_CASE("each bound on time is met when its time is over, and not a microsecond before", "[net][bounds]") {
  net::transport_limits limits;
  connection_times t = open_connection();

  SECTION("a handshake") {
    t = {.accepted = true, .since = opened_at};
    check_bound(t, limits, limits.handshake_timeout, bound::handshake);
  }
  SECTION("connecting") {
    t = {.since = opened_at};
    check_bound(t, limits, limits.connect_timeout, bound::connect);
  }
  SECTION("the first message") {
    t.last_message = base::never;
    check_bound(t, limits, limits.first_message_timeout, bound::first_message);
  }
  SECTION("the rest of a message") {
    t.part_since = opened_at;
    check_bound(t, limits, limits.message_timeout, bound::message);
  }
  SECTION("the first message, of which a part has come") {
    limits.first_message_timeout = 10s;
    t.last_message = base::never;
    t.part_since = opened_at + 1s;
    check_bound(t, limits, 10s, bound::first_message);
  }
  SECTION("a peer that takes nothing") {
    t.queued_since = opened_at;
    check_bound(t, limits, limits.write_timeout, bound::write);
  }
  SECTION("nothing in either direction") { check_bound(t, limits, limits.idle_timeout, bound::idle); }
  SECTION("a keep-alive that was promised") {
    t.promised = 120s;
    check_bound(t, limits, 120s + limits.keep_alive_grace, bound::promised_keep_alive);
  }
  SECTION("an answer to plain HTTP") {
    t = {.state = connection_state::answering, .accepted = true, .since = opened_at};
    t.last_activity = t.queued_since = opened_at + limits.http_timeout - 1s;
    check_bound(t, limits, limits.http_timeout, bound::http);
  }
  SECTION("an answer to plain HTTP that is not taken") {
    t = {.state = connection_state::answering, .accepted = true, .since = opened_at - 5s};
    t.last_activity = t.queued_since = opened_at;
    check_bound(t, limits, limits.write_timeout, bound::write);
  }
  SECTION("an answer to plain HTTP that has gone out") {
    t = {.state = connection_state::answering, .accepted = true, .since = opened_at - 5s};
    t.last_activity = opened_at;
    check_bound(t, limits, limits.linger_timeout, bound::linger);
  }
  SECTION("answers to a peer that has finished") {
    t.state = connection_state::half_closed;
    check_bound(t, limits, limits.half_close_timeout, bound::half_close);
  }
  SECTION("a peer that has finished and takes nothing") {
    limits.write_timeout = 1s;
    t.state = connection_state::half_closed;
    t.queued_since = opened_at;
    check_bound(t, limits, 1s, bound::write);
  }
  SECTION("a refusal that nobody takes") {
    t.state = connection_state::draining;
    t.queued_since = opened_at;
    check_bound(t, limits, limits.write_timeout, bound::write);
  }
  SECTION("reading on behind the end") {
    t.state = connection_state::lingering;
    check_bound(t, limits, limits.linger_timeout, bound::linger);
  }
}

TEST_CASE("a connection waits for nothing that does not concern it", "[net][bounds]") {
  net::transport_limits limits;
  connection_times t = open_connection();
  SECTION("one of ours need not hear anything") {
    t.accepted = false;
    t.last_message = base::never;
    check_bound(t, limits, limits.idle_timeout, bound::idle);
  }
  SECTION("what was promised holds while it is open only") {
    t.promised = 1s;
    t.state = connection_state::half_closed;
    check_bound(t, limits, limits.half_close_timeout, bound::half_close);
  }
  SECTION("a closed one") {
    t.state = connection_state::closed;
    CHECK(t.next(limits).at == base::never);
    CHECK(t.next(limits).what == bound::none);
  }
  SECTION("a time-out without end") {
    limits.idle_timeout = base::duration::max();
    CHECK(t.next(limits).at == base::never);
  }
}
