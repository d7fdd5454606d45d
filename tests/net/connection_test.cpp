#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <set>
#include <string>

using namespace parley;
using test::net_fixture;
using test::request;
using test::tcp_host;
using test::tcp_peer;

namespace {

sip::hop tcp_to(const base::socket_address& remote, std::uint64_t flow = 0) {
  return {sip::transport::tcp, 0, remote, flow};
}

}  // namespace

TEST_CASE("a stream is cut into messages however it arrives", "[net][tcp]") {
  net_fixture f;
  REQUIRE(f.listen(sip::transport::tcp) == 0);
  tcp_peer peer(f.io, f.address(0));

  SECTION("byte by byte") {
    const std::string text = request("a", 20);
    for (std::size_t i = 0; i < text.size(); ++i) {
      CHECK(f.owner.messages.empty());
      peer.send(text.substr(i, 1));
      test::run_ready(f.io);
    }
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    CHECK(f.owner.messages[0].text() == text);
  }
  SECTION("many at once") {
    std::string text;
    for (int i = 0; i < 200; ++i) text += request(std::to_string(i), static_cast<std::size_t>(i) * 7);
    peer.send(text);
    REQUIRE(f.until([&] { return f.owner.messages.size() == 200; }));
    for (std::size_t i = 0; i < 200; ++i)
      CHECK(f.owner.messages[i].text() == request(std::to_string(i), i * 7));
  }
  SECTION("one and a half, then the rest") {
    const std::string first = request("first", 10);
    const std::string second = request("second", 3000);
    peer.send(first + second.substr(0, 100));
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    peer.send(second.substr(100, 2000));
    test::run_ready(f.io);
    peer.send(second.substr(2100) + first);
    REQUIRE(f.until([&] { return f.owner.messages.size() == 3; }));
    CHECK(f.owner.messages[0].text() == first);
    CHECK(f.owner.messages[1].text() == second);
    CHECK(f.owner.messages[2].text() == first);
  }
  SECTION("as large as a message may be") {
    const std::string text = request("large", 65000);
    peer.send(text);
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    CHECK(f.owner.messages[0].text() == text);
  }
  CHECK(f.counters().stream_messages_received == f.owner.messages.size());
  for (const auto& m : f.owner.messages) {
    CHECK(m.from.transport == sip::transport::tcp);
    CHECK(m.from.remote == peer.address());
    CHECK(m.from.flow == f.owner.messages[0].from.flow);
  }
  CHECK_FALSE(f.owner.nested);
  // An idle connection holds no buffer, so what is left belongs to the messages, but for one to read into.
  f.owner.messages.clear();
  CHECK(f.pool.stats().blocks_in_use <= 1);
}

TEST_CASE("answers go back on the flow, in order and gathered", "[net][tcp]") {
  net_fixture f(net::transport_limits{}, 5);
  f.listen(sip::transport::tcp);
  f.owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) { f.set->send({from, data, 0}); };
  tcp_peer peer(f.io, f.address(0));
  std::string all;
  for (int i = 0; i < 150; ++i) all += request(std::to_string(i));
  peer.send(all);
  REQUIRE(f.until([&] { return peer.received().size() == all.size(); }));
  CHECK(peer.received() == all);
  CHECK(f.set->connection_count() == 1);
  CHECK(f.counters().stream_messages_sent == 150);
  CHECK(net::transport_set::shard_of(f.owner.messages[0].from.flow) == 5);
}

TEST_CASE("a connection is opened once and then used again", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  f.send(tcp_to(host.address()), "one;", 1);
  f.send(tcp_to(host.address()), "two;", 2);
  CHECK(f.set->connection_count() == 1);
  REQUIRE(f.until([&] { return !host.accepted().empty(); }));
  REQUIRE(f.until([&] { return host.accepted()[0].received() == "one;two;"; }));
  f.send(tcp_to(host.address()), "three;", 3);
  REQUIRE(f.until([&] { return host.accepted()[0].received() == "one;two;three;"; }));
  CHECK(host.accepted().size() == 1);
  CHECK(f.counters().connections_opened == 1);

  // What comes on it names it, and its flow leads back.
  host.accepted()[0].send(request("back"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  const sip::hop from = f.owner.messages[0].from;
  CHECK(from.remote == host.address());
  CHECK(from.flow != 0);
  f.send(from, "four;");
  REQUIRE(f.until([&] { return host.accepted()[0].received() == "one;two;three;four;"; }));
  CHECK(f.owner.failures.empty());
}

TEST_CASE("an accepted connection is used for what goes to its address", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  REQUIRE(f.until([&] { return f.set->connection_count() == 1; }));
  f.send(tcp_to(peer.address()), "hello");
  REQUIRE(f.until([&] { return peer.received() == "hello"; }));
  CHECK(f.set->connection_count() == 1);
}

TEST_CASE("where the flow is gone, a new connection leads to its address", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  f.send(tcp_to(host.address()), request("1"));
  REQUIRE(f.until([&] { return !host.accepted().empty(); }));
  host.accepted()[0].send(request("2"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  const sip::hop flow = f.owner.messages[0].from;
  host.accepted()[0].reset();
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].flow == flow);
  CHECK(f.set->connection_count() == 0);

  f.send(flow, "again", 9);
  REQUIRE(f.until([&] { return host.accepted().size() == 2 && host.accepted()[1].received() == "again"; }));
  CHECK(f.owner.failures.empty());
  CHECK(f.set->connection_count() == 1);

  sip::hop nowhere = flow;
  nowhere.remote.port = 0;
  f.send(nowhere, "lost", 10);
  REQUIRE(f.until([&] { return f.owner.failures.size() == 1; }));
  CHECK(f.owner.failures[0].ticket == 10);
  CHECK(f.owner.failures[0].error == net::errc::flow_gone);
}

TEST_CASE("what a connection leaves behind whole goes by another one, once", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  sip::hop to = tcp_to(host.address());
  f.send(to, "first");
  REQUIRE(f.until([&] { return host.accepted().size() == 1 && host.accepted()[0].received() == "first"; }));
  const auto text_of = [](std::uint64_t ticket) {
    std::string text = std::to_string(ticket);
    return text.append(20000 - text.size(), 'x');
  };
  // Until the system takes no more and a queue stands, of which no more than one has gone out in part.
  std::uint64_t sent = 0;
  std::uint64_t flow = 0;
  const auto send_one = [&] {
    flow = f.set->send({to, f.bytes(text_of(++sent)), sent});
    f.set->flush();
  };
  while (f.counters().stream_messages_sent > sent && sent < 1000) send_one();
  for (int i = 0; i < 3; ++i) send_one();
  CHECK(flow != 0);

  SECTION("to the same address") {
    std::size_t moved_before_closing = 0;
    f.owner.on_closed = [&] { moved_before_closing = f.owner.moved.size(); };
    const std::uint64_t gone = f.counters().stream_messages_sent - 1;
    host.accepted()[0].reset();
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.failures.size() <= 1);
    REQUIRE(f.owner.moved.size() >= 3);
    CHECK(f.owner.moved.size() + f.owner.failures.size() == sent - gone);
    CHECK(f.counters().stream_messages_moved == f.owner.moved.size());
    CHECK(moved_before_closing == f.owner.moved.size());
    std::string expected;
    for (const sip::outgoing& m : f.owner.moved) {
      CHECK(m.to.flow != 0);
      CHECK(m.to.flow != flow);
      expected += text_of(m.ticket);
    }
    CHECK(f.owner.moved.back().ticket == sent);
    REQUIRE(f.until([&] { return host.accepted().size() == 2; }));
    REQUIRE(f.until([&] { return host.accepted()[1].received().size() == expected.size(); }));
    CHECK(host.accepted()[1].received() == expected);
  }
  SECTION("and then no more") {
    host.accepted()[0].reset();
    host = tcp_host(f.io);
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1 && f.set->connection_count() == 0; }));
    test::run_ready(f.io);
    CHECK(f.owner.failures.size() >= 3);
    CHECK(f.owner.failures.back().ticket == sent);
    CHECK(f.owner.failures.back().error == boost::system::errc::connection_refused);
  }
  SECTION("but not where the owner has ended it") {
    f.set->close_flow(flow);
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.failures.size() >= 3);
    CHECK(f.owner.moved.empty());
    CHECK(f.set->connection_count() == 0);
  }
}

TEST_CASE("a refused connection fails every ticket that waited for it", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  base::socket_address nobody;
  {
    tcp_host host(f.io);
    nobody = host.address();
  }
  f.send(tcp_to(nobody), "one", 11);
  f.send(tcp_to(nobody), "unreported", 0);
  f.send(tcp_to(nobody), "two", 12);
  CHECK(f.owner.failures.empty());
  REQUIRE(f.until([&] { return f.owner.failures.size() == 2; }));
  CHECK(f.owner.failures[0].ticket == 11);
  CHECK(f.owner.failures[1].ticket == 12);
  CHECK(f.owner.failures[0].error == boost::system::errc::connection_refused);
  CHECK(f.owner.failures[0].to == tcp_to(nobody));
  test::run_ready(f.io);
  CHECK(f.owner.closed.empty());  // it never was open
  CHECK(f.set->connection_count() == 0);
  CHECK(f.counters().connections_failed == 1);
}

TEST_CASE("a ping is answered with a pong", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  peer.send("\r\n\r\n");
  REQUIRE(f.until([&] { return peer.received() == "\r\n"; }));
  peer.send("\r\n\r\n" + request("a") + "\r\n\r\n" + request("b"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 2; }));
  test::run_ready(f.io);
  CHECK(f.counters().keep_alive_pings == 3);
  // Two pings that came together share their answer.
  CHECK(peer.received() == "\r\n\r\n");
  CHECK(f.owner.framing_errors.empty());
}

TEST_CASE("the queue of a connection is bounded in bytes", "[net][tcp]") {
  net::transport_limits limits;
  limits.queued_bytes_per_connection = 64 << 10;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  const std::string block(8000, 'x');
  std::uint64_t ticket = 0;
  // While it is being opened nothing goes out; then the system's buffers fill, because nobody reads.
  while (f.counters().stream_queue_full == 0 && ticket < 100000) {
    f.send(tcp_to(host.address()), block, ++ticket);
    test::run_ready(f.io);
  }
  REQUIRE(f.counters().stream_queue_full == 1);
  REQUIRE(f.until([&] { return f.owner.failures.size() == 1; }));
  CHECK(f.owner.failures[0].ticket == ticket);
  CHECK(f.owner.failures[0].error == net::errc::queue_full);
  CHECK(f.set->connection_count() == 1);
  // All the others arrive, whole.
  REQUIRE(f.until([&] {
    return !host.accepted().empty() && host.accepted()[0].received().size() == (ticket - 1) * block.size();
  }));
  f.send(tcp_to(host.address()), "after", ++ticket);
  REQUIRE(f.until([&] { return host.accepted()[0].received().ends_with("after"); }));
  CHECK(f.owner.failures.size() == 1);
}

TEST_CASE("a stream that can't be framed is answered, then closed", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  const std::string broken =
      "OPTIONS sip:bob@example.com SIP/2.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc";

  SECTION("with an answer") {
    f.owner.on_framing_error = [&](const sip::hop& from) { f.send(from, "400"); };
    peer.send(request("good") + broken);
    REQUIRE(f.until([&] { return peer.ended(); }));
    CHECK(peer.received() == "400");
  }
  SECTION("with an answer at the end of the batch") {
    f.owner.on_batch_end = [&] {
      if (f.owner.batches == 1) f.send(f.owner.framing_errors.at(0).from, "400");
    };
    peer.send(request("good") + broken);
    REQUIRE(f.until([&] { return peer.ended(); }));
    CHECK(peer.received() == "400");
  }
  SECTION("without") {
    peer.send(request("good") + broken);
    REQUIRE(f.until([&] { return peer.ended(); }));
    CHECK(peer.received().empty());
  }
  REQUIRE(f.owner.framing_errors.size() == 1);
  CHECK(f.owner.framing_errors[0].error.code == sip::errc::content_length_conflict);
  CHECK(f.owner.framing_errors[0].head == broken);
  CHECK(f.owner.messages.size() == 1);
  // What comes meanwhile is not read as SIP. The connection ends when the peer does.
  CHECK(f.owner.closed.empty());
  peer.send(request("late"));
  test::run_ready(f.io);
  peer.close();
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == sip::errc::content_length_conflict);
  CHECK(f.owner.messages.size() == 1);
  CHECK(f.set->connection_count() == 0);
}

TEST_CASE("a peer that has finished writing still gets its answers", "[net][tcp]") {
  net::transport_limits limits;
  limits.half_close_timeout = std::chrono::milliseconds(300);
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  peer.send(request("last"));
  peer.finish_writing();
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  test::run_ready(f.io);
  CHECK(f.owner.closed.empty());
  f.send(f.owner.messages[0].from, "200");
  REQUIRE(f.until([&] { return peer.received() == "200"; }));
  REQUIRE(f.until([&] { return peer.ended(); }));
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == net::errc::closed_by_peer);
}

TEST_CASE("a peer that finishes without a message is let go at once", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  peer.send("OPTIONS half a mess");
  REQUIRE(f.until([&] { return f.set->connection_count() == 1; }));
  peer.close();
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == net::errc::closed_by_peer);
  CHECK(f.set->connection_count() == 0);
}

TEST_CASE("a peer that resets its connection fails what was queued", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  peer.send(request("a"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  sip::hop flow = f.owner.messages[0].from;
  flow.only_flow = true;
  const std::string block(60000, 'x');
  std::uint64_t sent = 0;
  // Until the system takes no more and a queue stands.
  while (f.counters().stream_messages_sent == sent && sent < 1000) {
    f.send(flow, block, ++sent);
    f.set->flush();
  }
  peer.reset();
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.failures.size() == sent - f.counters().stream_messages_sent);
  CHECK(f.owner.moved.empty());
  CHECK(f.set->connection_count() == 0);
}

TEST_CASE("the owner closes a flow", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  peer.send(request("a") + request("b"));
  f.owner.on_message = [&](const sip::hop& from, base::packet_buffer&) {
    f.send(from, "never", 4);
    f.set->close_flow(from.flow);
    CHECK(f.owner.closed.empty());
  };
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.messages.size() == 1);
  CHECK(f.owner.closed[0].why == net::errc::closed);
  CHECK(f.owner.failures.size() == 1);
  CHECK(f.set->connection_count() == 0);
  REQUIRE(f.until([&] { return peer.ended(); }));
}

TEST_CASE("a set with connections may be destroyed in its owner's functions", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  tcp_peer other(f.io, f.address(0));
  const auto destroy = [&] { f.set.reset(); };
  SECTION("for a message") {
    f.owner.on_message = [&](const sip::hop& from, base::packet_buffer&) {
      f.send(from, "never");
      destroy();
    };
    peer.send(request("a") + request("b"));
  }
  SECTION("for the end of a batch") {
    f.owner.on_batch_end = destroy;
    peer.send(request("a") + "rest");
  }
  SECTION("for a framing error") {
    f.owner.on_framing_error = [&](const sip::hop&) { destroy(); };
    peer.send("\rnonsense");
  }
  SECTION("for a closed connection") {
    f.owner.on_closed = destroy;
    peer.close();
  }
  REQUIRE(f.until([&] { return f.set == nullptr; }));
  test::run_ready(f.io);
  CHECK(f.owner.messages.size() <= 1);
  REQUIRE(f.until([&] { return other.ended(); }));
}

TEST_CASE("a set may be destroyed while it connects", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  f.send(tcp_to(host.address()), "x", 1);
  f.set.reset();
  test::run_ready(f.io);
  CHECK(f.owner.failures.empty());
}

TEST_CASE("IPv6 connections", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp, base::ip_address::loopback_v6());
  net_fixture g;
  g.listen(sip::transport::tcp, base::ip_address::loopback_v6());
  f.owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) { f.set->send({from, data, 0}); };
  g.send(tcp_to(f.address(0)), request("six"), 1);
  REQUIRE(test::run_until(g.io, [&] {
    test::run_ready(f.io);
    return g.owner.messages.size() == 1;
  }));
  CHECK(g.owner.messages[0].text() == request("six"));
  CHECK(g.owner.messages[0].from.remote == f.address(0));
  // It left from the listener's own address.
  CHECK(f.owner.messages[0].from.remote.ip == g.address(0).ip);
  g.send(tcp_to({base::ip_address::loopback_v4(), 5060}), "x", 2);
  REQUIRE(g.until([&] { return g.owner.failures.size() == 1; }));
  CHECK(g.owner.failures[0].error == net::errc::wrong_family);
}
