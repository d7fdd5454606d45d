#include <parley/net/shard_group.hpp>

#include "support/catch.hpp"
#include "support/net_peers.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace parley;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

sip::hop hop_with_flow(std::uint64_t flow) { return {sip::transport::tcp, 1, {}, flow}; }

/// What lives on a shard: written by its thread only; the counts are for the test to look at.
struct counting_owner final : test::recording_handler {
  base::buffer_pool pool;
  std::atomic<std::size_t> count{0};
  std::atomic<std::size_t> wrong{0};
  std::vector<std::uint64_t> last_of_sender = std::vector<std::uint64_t>(8, 0);

  void handle_message(base::time_point, const sip::hop& from, base::packet_buffer data) override {
    const std::uint64_t sender = from.flow >> 32U;
    const std::uint64_t number = from.flow & 0xFFFFFFFFU;
    // Each sender's letters keep their order.
    if (number <= last_of_sender[sender] || data.text() != std::to_string(number)) ++wrong;
    last_of_sender[sender] = number;
    ++count;
  }
  void handle_batch_end(base::time_point) override { ++batches; }
};

template <class Done>
bool wait_for(Done done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("messages are handed from any thread to a shard", "[net][shards]") {
  constexpr std::size_t senders = 3;
  constexpr std::uint64_t each = 3000;
  net::shard_group group({.count = 2, .mailbox_messages = 128});
  counting_owner owners[2];
  for (std::size_t i = 0; i < 2; ++i) group.attach(i, &owners[i], &owners[i].pool);
  group.start();

  std::vector<std::thread> threads;
  for (std::size_t s = 0; s < senders; ++s) {
    threads.emplace_back([&group, s] {
      for (std::uint64_t n = 1; n <= each; ++n) {
        const std::string text = std::to_string(n);
        for (std::size_t to = 0; to < 2; ++to) {
          while (!group.hand_over(to, hop_with_flow(std::uint64_t{s} << 32U | n), bytes(text))) {
            std::this_thread::yield();
          }
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  REQUIRE(wait_for([&] { return owners[0].count == senders * each && owners[1].count == senders * each; }));
  group.stop();
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(owners[i].wrong == 0);
    CHECK(owners[i].batches > 0);
    CHECK(group.handed_over(i) == senders * each);
  }
}

TEST_CASE("a shard hands messages to another shard", "[net][shards]") {
  net::shard_group group({.count = 2});
  counting_owner owners[2];
  for (std::size_t i = 0; i < 2; ++i) group.attach(i, &owners[i], &owners[i].pool);
  group.start();
  for (std::uint64_t n = 1; n <= 100; ++n) {
    group.post(0, [&group, n] { group.hand_over(1, hop_with_flow(n), bytes(std::to_string(n))); });
  }
  REQUIRE(wait_for([&] { return owners[1].count == 100; }));
  group.stop();
  CHECK(owners[0].count == 0);
  CHECK(owners[1].wrong == 0);
}

TEST_CASE("a full mailbox drops and counts", "[net][shards]") {
  net::shard_group group({.count = 1, .mailbox_messages = 4});
  counting_owner owner;
  group.attach(0, &owner, &owner.pool);
  // Its thread is not running yet.
  for (std::uint64_t n = 1; n <= 4; ++n)
    CHECK(group.hand_over(0, hop_with_flow(n), bytes(std::to_string(n))));
  CHECK_FALSE(group.hand_over(0, hop_with_flow(5), bytes("5")));
  CHECK(group.handed_over(0) == 4);
  CHECK(group.dropped(0) == 1);
  group.start();
  REQUIRE(wait_for([&] { return owner.count == 4; }));
  CHECK(group.hand_over(0, hop_with_flow(6), bytes("6")));
  REQUIRE(wait_for([&] { return owner.count == 5; }));
  group.stop();
  CHECK(owner.wrong == 0);
}

TEST_CASE("a stopped group takes nothing and forgets what waited", "[net][shards]") {
  net::shard_group group({.count = 1});
  counting_owner owner;
  group.attach(0, &owner, &owner.pool);
  CHECK(group.hand_over(0, hop_with_flow(1), bytes("1")));
  group.stop();
  CHECK_FALSE(group.hand_over(0, hop_with_flow(2), bytes("2")));
  group.stop();
  CHECK(owner.count == 0);
}

TEST_CASE("a shard survives what its tasks throw", "[net][shards]") {
  net::shard_group group({.count = 1});
  group.start();
  group.post(0, [] { throw std::runtime_error("from a task"); });
  std::promise<void> ran;
  group.post(0, [&] { ran.set_value(); });
  CHECK(ran.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
}

TEST_CASE("sockets live on shards", "[net][shards]") {
  struct echo final : test::recording_handler {
    base::buffer_pool pool;
    std::unique_ptr<net::transport_set> set;
    void handle_message(base::time_point, const sip::hop& from, base::packet_buffer data) override {
      set->send({from, std::move(data), 0});
    }
  };
  net::shard_group group({.count = 2});
  echo owners[2];
  base::socket_address address{base::ip_address::loopback_v4(), 0};
  for (std::size_t i = 0; i < 2; ++i) {
    owners[i].set = std::make_unique<net::transport_set>(group.context(i).get_executor(), owners[i].pool,
                                                         owners[i], net::transport_limits{},
                                                         base::null_sink(), static_cast<std::uint16_t>(i));
    REQUIRE(owners[i].set->listen({.transport = sip::transport::udp, .bind = address, .reuse_port = true}));
    address = owners[i].set->local_address(0);
  }
  group.start();
  asio::io_context io;
  std::vector<std::unique_ptr<test::udp_peer>> peers;
  for (int i = 0; i < 16; ++i) {
    peers.push_back(std::make_unique<test::udp_peer>(io));
    peers.back()->send(address, "hello");
  }
  for (auto& peer : peers) REQUIRE(test::run_until(io, [&] { return peer->received().size() == 1; }));
  group.stop();
  CHECK(owners[0].set->counters().datagrams_received + owners[1].set->counters().datagrams_received == 16);
  for (auto& owner : owners) owner.set.reset();
}
