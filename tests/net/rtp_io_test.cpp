#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/net/rtp_io.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;

namespace {

using base::ip_address;

/// What an rtp_io hands on, and what is to be done with it.
struct collector : net::rtp_handler {
  struct datagram {
    std::uint64_t tag;
    std::string text;
    base::socket_address from;
  };
  std::vector<datagram> got;
  int notified = 0;
  std::function<void(std::uint64_t, base::packet_buffer&, const base::socket_address&)> then;

  void handle_datagram(base::time_point, std::uint64_t tag, base::packet_buffer packet,
                       const base::socket_address& from) override {
    if (then) {
      then(tag, packet, from);
    } else {
      got.push_back({tag, std::string(packet.text()), from});
    }
  }
  void handle_notification(base::time_point) override { ++notified; }
};

struct fixture {
  explicit fixture(net::rtp_engine engine, net::rtp_io_options options = {}) {
    options.engine = engine;
    auto made = net::rtp_io::create(handler, options);
    REQUIRE(made.has_value());
    io = std::move(*made);
    CHECK(io->engine() == engine);
  }

  struct added {
    net::rtp_port_id id{};
    base::socket_address at{};
  };
  added add(std::uint64_t tag, const ip_address& ip = ip_address::loopback_v4()) {
    auto port = net::rtp_port::open({ip, 0});
    REQUIRE(port.has_value());
    const base::socket_address at = port->local();
    const auto id = io->add(std::move(*port), tag);
    REQUIRE(id.has_value());
    return {*id, at};
  }

  void send(net::rtp_port_id from, std::string_view text, const base::socket_address& to) {
    auto packet = io->pool().copy(text);
    REQUIRE(packet.has_value());
    REQUIRE(io->send(from, std::move(*packet), to).has_value());
  }

  /// Polls until `done`, or for two seconds.
  template <class Done>
  bool until(Done done) {
    const auto end = net::steady_clock_source::now() + 2s;
    while (!done() && net::steady_clock_source::now() < end) io->poll(1, 10ms);
    return done();
  }

  collector handler;
  std::unique_ptr<net::rtp_io> io;
};

/// The engines that this machine has. Where the kernel refuses io_uring, there is one.
std::vector<net::rtp_engine> engines() {
  std::vector<net::rtp_engine> all{net::rtp_engine::batches};
  collector nobody;
  net::rtp_io_options options;
  options.engine = net::rtp_engine::uring;
  if (net::rtp_io::create(nobody, options)) {
    all.push_back(net::rtp_engine::uring);
  } else {
    WARN("io_uring is not to be had here");
  }
  return all;
}

template <class Test>
void with_each_engine(Test test) {
  for (const net::rtp_engine engine : engines()) {
    INFO(net::to_string(engine));
    test(engine);
  }
}

}  // namespace

TEST_CASE("what arrives at each port comes with its tag and its source", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(11);
    const auto b = f.add(22);
    f.send(a.id, "one", b.at);
    f.send(b.id, "two", a.at);
    f.send(a.id, "", b.at);
    REQUIRE(f.until([&] { return f.handler.got.size() == 3; }));
    std::sort(f.handler.got.begin(), f.handler.got.end(),
              [](const auto& x, const auto& y) { return x.text < y.text; });
    CHECK(f.handler.got[0].text.empty());
    CHECK(f.handler.got[0].tag == 22);
    CHECK(f.handler.got[1].text == "one");
    CHECK(f.handler.got[1].tag == 22);
    CHECK(f.handler.got[1].from == a.at);
    CHECK(f.handler.got[2].text == "two");
    CHECK(f.handler.got[2].tag == 11);
    CHECK(f.handler.got[2].from == b.at);
    CHECK(f.io->counters().received == 3);
    CHECK(f.io->counters().sent == 3);
  });
}

TEST_CASE("IPv6 is served as IPv4 is, and what can't go from one to the other is refused", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1, ip_address::loopback_v6());
    const auto b = f.add(2, ip_address::loopback_v6());
    const auto v4 = f.add(3);
    f.send(a.id, "six", b.at);
    REQUIRE(f.until([&] { return f.handler.got.size() == 1; }));
    CHECK(f.handler.got[0].from == a.at);
    CHECK(f.io->send(a.id, *f.io->pool().copy("x"), v4.at).error() == net::errc::wrong_family);
  });
}

TEST_CASE("a packet is handed on where it was received, with room before and behind it", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1);
    const auto b = f.add(2);
    bool unique = false;
    std::size_t before = 0, behind = 0;
    f.handler.then = [&](std::uint64_t, base::packet_buffer& p, const base::socket_address&) {
      unique = p.unique();
      before = p.headroom();
      behind = p.tailroom();
    };
    f.send(a.id, std::string(1600, 'x'), b.at);
    REQUIRE(f.until([&] { return before != 0; }));
    CHECK(unique);
    CHECK(before >= 64);
    CHECK(behind >= 160);
  });
}

TEST_CASE("datagrams that are too long are dropped and counted", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    net::rtp_io_options options;
    options.max_datagram = 600;
    fixture f(engine, options);
    const auto a = f.add(1);
    const auto b = f.add(2);
    f.send(a.id, std::string(601, 'x'), b.at);
    f.send(a.id, std::string(5000, 'x'), b.at);
    f.send(a.id, std::string(600, 'y'), b.at);
    REQUIRE(f.until([&] { return !f.handler.got.empty(); }));
    CHECK(f.handler.got.size() == 1);
    CHECK(f.handler.got[0].text == std::string(600, 'y'));
    CHECK(f.io->counters().truncated == 2);
  });
}

TEST_CASE("a relay forwards thousands of packets without allocating", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto source = f.add(0);
    const auto in = f.add(1);
    const auto out = f.add(2);
    const auto sink = f.add(3);
    std::size_t arrived = 0;
    f.handler.then = [&](std::uint64_t tag, base::packet_buffer& p, const base::socket_address&) {
      if (tag == 1) {
        p.mutable_bytes()[0] = std::byte{'y'};
        REQUIRE(f.io->send(out.id, std::move(p), sink.at).has_value());
      } else if (tag == 3) {
        arrived += p.text()[0] == 'y' ? 1U : 0U;
      }
    };
    const std::string text(172, 'x');
    const auto rounds = [&](int n) {
      for (int i = 0; i < n; ++i) {
        const std::size_t wanted = arrived + 20;
        for (int k = 0; k < 20; ++k) f.send(source.id, text, in.at);
        if (!f.until([&] { return arrived >= wanted; })) return false;
      }
      return true;
    };
    REQUIRE(rounds(20));
    arrived = 0;
    const test::allocation_counter counter;
    REQUIRE(rounds(100));
    CHECK(counter.count() == 0);
    CHECK(arrived == 2000);
  });
}

TEST_CASE("a burst that is longer than all queues comes through where the reader keeps up", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    net::rtp_io_options options;
    options.buffers = 16;
    options.batch = 8;
    fixture f(engine, options);
    const auto a = f.add(1);
    const auto b = f.add(2);
    for (int i = 0; i < 100; ++i) f.send(a.id, std::to_string(i), b.at);
    REQUIRE(f.until([&] { return f.handler.got.size() == 100; }));
    for (int i = 0; i < 100; ++i) CHECK(f.handler.got[static_cast<std::size_t>(i)].text == std::to_string(i));
  });
}

TEST_CASE("while all buffers are kept nothing is lost that the system can hold", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    net::rtp_io_options options;
    options.buffers = 16;
    options.max_datagram = 65535;  // so that the pool of 64 MiB runs out
    fixture f(engine, options);
    const auto a = f.add(1);
    const auto b = f.add(2);
    std::vector<base::packet_buffer> kept;
    std::size_t arrived = 0;
    f.handler.then = [&](std::uint64_t, base::packet_buffer& p, const base::socket_address&) {
      ++arrived;
      kept.push_back(std::move(p));
    };
    const auto send_some = [&] {
      for (int i = 0; i < 50; ++i) {
        if (auto packet = f.io->pool().allocate(10); packet && packet->resize(10)) {
          static_cast<void>(f.io->send(a.id, std::move(*packet), b.at));
        }
      }
      for (int i = 0; i < 20; ++i) f.io->poll(1, 1ms);
    };
    for (int i = 0; i < 100 && f.io->counters().no_buffer == 0; ++i) send_some();
    REQUIRE(f.io->counters().no_buffer > 0);
    const std::size_t before = arrived;
    kept.clear();
    send_some();
    CHECK(f.until([&] { return arrived > before; }));
  });
}

TEST_CASE("a port that was removed hears nothing, and its successor hears only its own", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1);
    const auto b = f.add(2);
    f.send(a.id, "lost", b.at);
    f.io->flush();
    f.io->remove(b.id);
    const auto c = f.add(3);
    CHECK(c.id != b.id);
    CHECK(f.io->local(b.id) == nullptr);
    REQUIRE(f.io->local(c.id) != nullptr);
    CHECK(*f.io->local(c.id) == c.at);
    CHECK(f.io->send(b.id, *f.io->pool().copy("x"), a.at).error() == net::errc::closed);
    f.send(a.id, "found", c.at);
    REQUIRE(f.until([&] { return !f.handler.got.empty(); }));
    CHECK(f.handler.got.size() == 1);
    CHECK(f.handler.got[0].text == "found");
    CHECK(f.handler.got[0].tag == 3);
    f.io->remove(b.id);
    f.io->remove(c.id);
    CHECK(f.io->poll(1, 1ms) == 0);
  });
}

TEST_CASE("handlers may add and remove ports, their own too", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1);
    auto b = f.add(2);
    int calls = 0;
    f.handler.then = [&](std::uint64_t tag, base::packet_buffer&, const base::socket_address&) {
      if (tag != 2) return;
      ++calls;
      f.io->remove(b.id);
      b = f.add(2);
    };
    for (int i = 0; i < 50; ++i) {
      f.send(a.id, "x", b.at);
      f.send(a.id, "y", b.at);
      const int before = calls;
      REQUIRE(f.until([&] { return calls > before; }));
    }
    CHECK(calls >= 50);
  });
}

TEST_CASE("ports are bounded", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    net::rtp_io_options options;
    options.max_ports = 3;
    fixture f(engine, options);
    f.add(1);
    f.add(2);
    const auto third = f.add(3);
    const auto more = [&] { return f.io->add(*net::rtp_port::open({ip_address::loopback_v4(), 0}), 4); };
    CHECK(more().error() == net::errc::limit_reached);
    f.io->remove(third.id);
    CHECK(more().has_value());
  });
}

TEST_CASE("more ports may be wished for than the process may have files", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    net::rtp_io_options options;
    options.max_ports = 1'000'000;
    fixture f(engine, options);
    const auto a = f.add(1);
    f.send(a.id, "x", a.at);
    CHECK(f.until([&] { return f.handler.got.size() == 1; }));
  });
}

TEST_CASE("another thread ends the wait", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    std::atomic<bool> begun = false;
    std::thread other([&] {
      while (!begun) std::this_thread::yield();
      f.io->notify();
    });
    f.io->poll(1, 0ms);
    begun = true;
    CHECK(f.until([&] { return f.handler.notified > 0; }));
    other.join();
    f.io->notify();
    f.io->notify();
    const int before = f.handler.notified;
    CHECK(f.until([&] { return f.handler.notified > before; }));
  });
}

#ifndef PARLEY_PORTABLE_DATAGRAMS
TEST_CASE("an event loop sees when there is something to poll for", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1);
    const auto b = f.add(2);
    f.io->poll(1, 0ms);
    f.send(a.id, "x", b.at);
    f.io->flush();
    pollfd watched{f.io->wait_handle(), POLLIN, 0};
    CHECK(::poll(&watched, 1, 2000) == 1);
    CHECK(f.until([&] { return f.handler.got.size() == 1; }));
  });
}
#endif

TEST_CASE("what nobody takes is counted, and does no harm", "[net][rtp]") {
  with_each_engine([](net::rtp_engine engine) {
    fixture f(engine);
    const auto a = f.add(1);
    f.send(a.id, "x", {*base::ip_address::from_string("255.255.255.255"), 9});  // broadcast is not allowed
    f.send(a.id, "x", a.at);
    REQUIRE(f.until([&] { return f.handler.got.size() == 1 && f.io->counters().send_errors == 1; }));
  });
}
