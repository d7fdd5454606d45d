#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"
#include "support/catch.hpp"
#include "support/memory_stream.hpp"
#include "support/net_peers.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

using namespace parley;
namespace asio = boost::asio;
using net::detail::connection;
using net::detail::transport_core;
using test::request;

namespace {

/// A connection over a stream in memory, whose far end is the test.
struct connection_in_memory {
  connection_in_memory(connection::origin began, std::size_t fail_at) {
    counter->fail_at = fail_at;
    auto ends = test::memory_stream::make_pair(io.get_executor(), counter);
    in = &ends.first->in();
    out = &ends.first->out();
    out->room = 100;
    far_end = std::move(ends.second);
    const sip::hop hop{
        sip::transport::tcp, 0, {base::ip_address::loopback_v4(), 5060}, core->connections().next_flow()};
    made = std::make_shared<connection>(core, std::move(ends.first), hop, began);
    core->connections().add(made);
    made->start();
    run();
  }
  ~connection_in_memory() {
    core->close();
    test::run_ready(io);
  }

  static void wake(std::function<void()>& waiting) {
    if (const auto call = std::exchange(waiting, nullptr)) call();
  }
  void run() { test::run_ready(io); }
  void receive(std::string_view bytes) {
    in->bytes += bytes;
    wake(in->wake_reader);
    run();
  }
  void finish() {
    in->finished = true;
    wake(in->wake_reader);
    run();
  }
  /// Takes what has been sent, until there is no more.
  void take() {
    for (run(); !out->bytes.empty(); run()) {
      taken += std::exchange(out->bytes, {});
      wake(out->wake_writer);
    }
  }
  void send(std::string_view text) {
    queue(text);
    run();
  }
  /// There is no other connection that it could go by.
  void queue(std::string_view text) {
    sip::hop to = made->hop();
    to.only_flow = true;
    made->send({to, *pool.copy(text), ++tickets});
  }
  bool was_open() const { return failed_to_open() == 0; }
  std::uint64_t failed_to_open() const {
    return core->counters().handshakes_failed + core->counters().connections_failed;
  }

  asio::io_context io;
  base::buffer_pool pool;
  test::recording_handler owner;
  std::shared_ptr<test::failing_counter> counter = std::make_shared<test::failing_counter>();
  std::shared_ptr<transport_core> core = std::make_shared<transport_core>(
      io.get_executor(), pool, owner, net::transport_limits{}, base::null_sink(), std::uint16_t{0});
  test::memory_pipe* in = nullptr;
  test::memory_pipe* out = nullptr;
  std::unique_ptr<test::memory_stream> far_end;
  std::shared_ptr<connection> made;
  std::string taken;
  std::uint64_t tickets = 0;
};

/// Runs it with each operation failing in turn, until one run has no failure; `last` looks at that one.
void fail_each(connection::origin began, const std::function<void(connection_in_memory&)>& steps,
               const std::function<void(connection_in_memory&)>& last) {
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    INFO("operation " << n);
    connection_in_memory c(began, n);
    steps(c);
    reached = c.counter->count > n;
    if (!reached) last(c);
    c.made->close(net::errc::closed);
    c.run();

    // The owner hears of its end once, and of each message that did not go out once.
    CHECK(c.owner.closed.size() == (c.was_open() ? 1 : 0));
    CHECK(c.failed_to_open() <= 1);
    std::set<std::uint64_t> failed;
    for (const auto& one : c.owner.failures) failed.insert(one.ticket);
    CHECK(failed.size() == c.owner.failures.size());
    CHECK(failed.size() + c.core->counters().stream_messages_sent == c.tickets);
    CHECK_FALSE(c.owner.nested);
    CHECK(c.core->connections().size() == 0);
    CHECK(c.core->connections().may_shake_hands());

    const std::weak_ptr<connection> gone = c.made;
    c.made.reset();
    c.run();
    CHECK(gone.expired());
    c.owner.messages.clear();
    c.core->close();
    CHECK(c.pool.stats().blocks_in_use == 0);
  }
  CHECK(n > 10);
}

}  // namespace

TEST_CASE("whichever operation below a connection fails, its owner hears of it once", "[net][tcp]") {
  const auto began = GENERATE(connection::origin::accepted, connection::origin::opened);
  const std::string text = request("a", 200);
  fail_each(
      began,
      [&](connection_in_memory& c) {
        c.receive(text.substr(0, 40));
        c.receive(text.substr(40) + request("b") + "\r\n\r\n" + text.substr(0, 20));
        c.receive(text.substr(20));
        for (const std::size_t size : {10U, 300U, 20U}) c.send(std::string(size, 'x'));
        c.take();
        c.finish();
        c.send("the last answer");
        c.take();
      },
      [&](connection_in_memory& c) {
        CHECK(c.owner.messages.size() == 3);
        CHECK(c.taken == "\r\n" + std::string(330, 'x') + "the last answer");
        CHECK(c.owner.closed.empty());
      });
}

TEST_CASE("whichever operation fails while a stream without frames is answered, its owner hears of it once",
          "[net][tcp]") {
  fail_each(
      connection::origin::accepted,
      [&](connection_in_memory& c) {
        c.owner.on_framing_error = [&c](const sip::hop&) { c.queue(std::string(250, 'e')); };
        c.receive(request("good"));
        c.receive("OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
        c.take();
        c.receive("what nobody reads");
        c.finish();
      },
      [&](connection_in_memory& c) {
        CHECK(c.taken == std::string(250, 'e'));
        CHECK(c.owner.framing_errors.size() == 1);
        CHECK(c.out->finished);
        CHECK(c.owner.closed.size() == 1);
      });
}
