#pragma once

#include <parley/net/clock.hpp>
#include <parley/net/rtp_io.hpp>

#include "support/catch.hpp"
#include "support/rtp_packets.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

/// A peer: one socket, which says what it got.
class media_peer final : net::rtp_handler {
 public:
  explicit media_peer(const base::ip_address& ip = base::ip_address::loopback_v4()) {
    net::rtp_io_options options;
    options.engine = net::rtp_engine::batches;
    auto made = net::rtp_io::create(*this, options);
    REQUIRE(made.has_value());
    io_ = std::move(*made);
    auto port = net::rtp_port::open({ip, 0});
    REQUIRE(port.has_value());
    at = port->local();
    auto id = io_->add(std::move(*port), 0);
    REQUIRE(id.has_value());
    id_ = *id;
  }

  void send(std::string_view bytes, const base::socket_address& to) {
    REQUIRE(io_->send(id_, buffered(io_->pool(), bytes), to).has_value());
    io_->flush();
  }
  bool gets(std::size_t count) {
    const auto end = net::steady_clock_source::now() + std::chrono::seconds(2);
    while (got.size() < count && net::steady_clock_source::now() < end)
      io_->poll(1, std::chrono::milliseconds(10));
    return got.size() == count;
  }
  /// What came within 50 ms.
  std::size_t hears() {
    const auto end = net::steady_clock_source::now() + std::chrono::milliseconds(50);
    while (net::steady_clock_source::now() < end) io_->poll(1, std::chrono::milliseconds(10));
    return got.size();
  }

  base::socket_address at;
  std::vector<std::string> got;
  base::socket_address last_from;

 private:
  void handle_datagram(base::time_point, std::uint64_t, base::packet_buffer packet,
                       const base::socket_address& from) override {
    got.emplace_back(packet.text());
    last_from = from;
  }
  void handle_notification(base::time_point) override {}

  std::unique_ptr<net::rtp_io> io_;
  net::rtp_port_id id_{};
};

}  // namespace parley::test
