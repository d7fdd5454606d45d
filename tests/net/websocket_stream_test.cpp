#include "net/detail/websocket_stream.hpp"

#include "support/catch.hpp"
#include "support/memory_stream.hpp"
#include "support/net_peers.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
namespace asio = boost::asio;
using net::detail::websocket_stream;

namespace {

/// Uses a stream as a connection does, and lets go of it with the first error.
struct websocket_user final : net::detail::stream_user, std::enable_shared_from_this<websocket_user> {
  std::unique_ptr<websocket_stream> stream;
  std::vector<base::error_code> opened;
  std::vector<base::error_code> ended;
  std::vector<std::string> messages;
  std::vector<std::string> to_send;
  std::string part;
  int pings = 0;
  int pongs = 0;
  bool echoes = false;
  bool blocked = false;
  bool closed = false;

  void handle_open(const base::error_code& error) override {
    opened.push_back(error);
    if (error) return close();
    stream->wait_readable(shared_from_this());
  }
  void handle_readable(const base::error_code& error) override {
    if (closed) return;
    if (error) return end(error);
    while (true) {
      std::array<char, 700> into{};
      const asio::mutable_buffer buffer(into.data(), into.size());
      base::error_code why;
      part.append(into.data(), stream->read_some({&buffer, 1}, why));
      if (why && why != asio::error::would_block) return end(why);
      if (stream->at_message_end() && !part.empty()) take_message();
      if (why || closed) break;
    }
    if (!closed) stream->wait_readable(shared_from_this());
  }
  void handle_writable(const base::error_code& error) override {
    blocked = false;
    if (closed) return;
    if (error) return end(error);
    send();
  }
  void handle_sign_of_life(bool answer) override { ++(answer ? pongs : pings); }

  void take_message() {
    messages.push_back(std::exchange(part, {}));
    if (echoes) send(messages.back());
  }
  void send(std::string text) {
    to_send.push_back(std::move(text));
    if (!blocked) send();
  }
  void send() {
    while (!closed && !to_send.empty()) {
      const asio::const_buffer message = asio::buffer(to_send.front());
      base::error_code why;
      stream->write_some({&message, 1}, why);
      if (why == asio::error::would_block) {
        blocked = true;
        return stream->wait_writable(shared_from_this());
      }
      if (why) return end(why);
      to_send.erase(to_send.begin());
    }
  }
  void end(const base::error_code& why) {
    ended.push_back(why);
    close();
  }
  void close() {
    closed = true;
    stream->close();
  }
};

/// A client and a server in memory, stepped through whatever a WebSocket does.
struct websocket_pair {
  websocket_pair(bool compression, const std::shared_ptr<test::failing_counter>& counter) {
    auto options = std::make_shared<net::websocket_options>();
    options->compression = compression;
    auto ends = test::memory_stream::make_pair(io.get_executor(), counter);
    // What does not fit has to be waited for.
    ends.first->in().room = ends.second->in().room = 700;
    server->stream = websocket_stream::accept(std::move(ends.first), io.get_executor(), options, 65535);
    client->stream = websocket_stream::connect(std::move(ends.second), io.get_executor(), options, 65535,
                                               "sip.example.com");
    server->echoes = true;
  }

  void run() {
    server->stream->open(server);
    client->stream->open(client);
    test::run_ready(io);
    if (!client->closed) client->send(first);
    if (!client->closed) client->send(second);
    test::run_ready(io);
    for (const auto& one : {client, server}) {
      if (!one->closed) one->stream->ping();
      test::run_ready(io);
    }
    if (!client->closed) client->stream->finish_writing();
    test::run_ready(io);
  }

  const std::string first = std::string(2000, 'x');
  const std::string second = "\xff" + std::string(30, 'y');
  asio::io_context io;
  std::shared_ptr<websocket_user> server = std::make_shared<websocket_user>();
  std::shared_ptr<websocket_user> client = std::make_shared<websocket_user>();
};

}  // namespace

TEST_CASE("whichever operation below a WebSocket fails, both ends hear of it once and nothing is left",
          "[net][ws]") {
  const bool compression = GENERATE(false, true);
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    INFO("operation " << n);
    auto counter = std::make_shared<test::failing_counter>();
    counter->fail_at = n;
    std::weak_ptr<websocket_user> server;
    std::weak_ptr<websocket_user> client;
    {
      websocket_pair pair(compression, counter);
      server = pair.server;
      client = pair.client;
      pair.run();
      reached = counter->count > n;
      for (const auto& one : {pair.server, pair.client}) {
        REQUIRE(one->opened.size() == 1);
        // Who was open hears of its end, and who was not hears of nothing else.
        CHECK(one->ended.size() == (one->opened[0] ? 0 : 1));
        CHECK(one->messages.size() <= 2);
      }
      if (!reached) {
        CHECK(pair.server->messages == std::vector{pair.first, pair.second});
        CHECK(pair.client->messages == std::vector{pair.first, pair.second});
        for (const auto& one : {pair.server, pair.client}) {
          CHECK_FALSE(one->opened[0]);
          CHECK(one->ended[0] == asio::error::eof);
          CHECK(one->pings == 1);
          CHECK(one->pongs == 1);
        }
      }
      pair.server->close();
      pair.client->close();
      test::run_ready(pair.io);
    }
    CHECK(server.expired());
    CHECK(client.expired());
  }
  CHECK(n > 40);
}

TEST_CASE("whichever operation below a plain HTTP answer fails, its user hears of it once", "[net][ws]") {
  struct waiting final : net::detail::stream_user {
    std::vector<base::error_code> opened;
    void handle_open(const base::error_code& error) override { opened.push_back(error); }
    void handle_readable(const base::error_code&) override {}
    void handle_writable(const base::error_code&) override {}
  };
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    INFO("operation " << n);
    asio::io_context io;
    auto counter = std::make_shared<test::failing_counter>();
    counter->fail_at = n;
    auto ends = test::memory_stream::make_pair(io.get_executor(), counter);
    test::memory_pipe& in = ends.first->in();
    test::memory_pipe& out = ends.first->out();
    out.room = 50;
    const auto stream = websocket_stream::accept(std::move(ends.first), io.get_executor(),
                                                 std::make_shared<net::websocket_options>(), 65535);
    const auto opening = std::make_shared<waiting>();
    stream->open(opening);
    in.bytes = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    std::string answer;
    for (int i = 0; i < 20; ++i) {
      test::run_ready(io);
      answer += std::exchange(out.bytes, {});
      in.finished = out.finished;
      for (auto* const wake : {&in.wake_reader, &out.wake_writer}) {
        if (const auto call = std::exchange(*wake, nullptr)) call();
      }
    }
    REQUIRE(opening->opened.size() == 1);
    reached = counter->count > n;
    if (!reached) {
      CHECK(opening->opened[0] == net::errc::served_http);
      CHECK(answer.ends_with("\r\n\r\nok\n"));
    }
    stream->close();
    test::run_ready(io);
    CHECK(opening.use_count() == 1);
  }
  CHECK(n > 8);
}
