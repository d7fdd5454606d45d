#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/net/transport_set.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

namespace asio = boost::asio;

/// Runs `io` until `done` says so; false when that takes more than `most`, which nothing that works comes
/// near.
inline bool run_until(asio::io_context& io, const std::function<bool()>& done,
                      std::chrono::steady_clock::duration most = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// Runs what is ready, and what that makes ready.
inline void run_ready(asio::io_context& io) {
  do {
    io.restart();
  } while (io.poll() != 0);
}

/// An owner that writes down what it is told; `on_message` and the others may do more.
class recording_handler : public net::transport_handler {
 public:
  struct message {
    sip::hop from;
    base::packet_buffer data;
    std::string text() const { return std::string(data.text()); }
  };
  struct failure {
    std::uint64_t ticket;
    sip::hop to;
    base::error_code error;
  };
  struct ended {
    sip::hop flow;
    base::error_code why;
  };
  struct broken {
    sip::hop from;
    sip::parse_error error;
    std::string head;
  };

  std::vector<message> messages;
  std::vector<failure> failures;
  std::vector<sip::outgoing> moved;
  std::vector<ended> closed;
  std::vector<ended> failed_flows;
  std::vector<broken> framing_errors;
  int batches = 0;
  bool inside = false;  ///< one of the functions is running: none may be called meanwhile
  bool nested = false;

  std::function<void(const sip::hop& from, base::packet_buffer& data)> on_message;
  std::function<void(const sip::hop& from)> on_framing_error;
  std::function<void()> on_failure;
  std::function<void()> on_closed;
  std::function<void()> on_flow_failed;
  std::function<void()> on_batch_end;

  void handle_message(base::time_point, const sip::hop& from, base::packet_buffer data) override {
    call([&] {
      messages.push_back({from, std::move(data)});
      if (on_message) on_message(from, messages.back().data);
    });
  }
  void handle_framing_error(base::time_point, const sip::hop& from, sip::parse_error error,
                            base::packet_buffer head) override {
    call([&] {
      framing_errors.push_back({from, error, std::string(head.text())});
      if (on_framing_error) on_framing_error(from);
    });
  }
  void handle_send_failure(base::time_point, const sip::outgoing& lost, base::error_code error) override {
    call([&] {
      failures.push_back({lost.ticket, lost.to, error});
      if (on_failure) on_failure();
    });
  }
  void handle_moved(base::time_point, const sip::outgoing& sent) override {
    call([&] { moved.push_back(sent); });
  }
  void handle_closed(base::time_point, const sip::hop& flow, base::error_code why) override {
    call([&] {
      closed.push_back({flow, why});
      if (on_closed) on_closed();
    });
  }
  void handle_flow_failed(base::time_point, const sip::hop& flow, base::error_code why) override {
    call([&] {
      failed_flows.push_back({flow, why});
      if (on_flow_failed) on_flow_failed();
    });
  }
  void handle_batch_end(base::time_point) override {
    call([&] {
      ++batches;
      if (on_batch_end) on_batch_end();
    });
  }

 private:
  template <class F>
  void call(F&& f) {
    nested = nested || inside;
    inside = true;
    f();
    inside = false;
  }
};

/// A plain UDP socket on loopback.
class udp_peer {
 public:
  explicit udp_peer(asio::io_context& io, const base::ip_address& address = base::ip_address::loopback_v4())
      : socket_(io, asio::ip::udp::endpoint(to_asio(address), 0)) {
    socket_.non_blocking(true);
    socket_.set_option(asio::socket_base::receive_buffer_size(1 << 20));
  }

  base::socket_address address() const { return from_asio(socket_.local_endpoint()); }

  void send(const base::socket_address& to, std::string_view text) {
    socket_.send_to(asio::buffer(text.data(), text.size()), {to_asio(to.ip), to.port});
  }

  /// What has come so far, with each sender's address.
  std::vector<std::pair<base::socket_address, std::string>>& received() {
    static thread_local std::array<char, 65536> into;
    asio::ip::udp::endpoint from;
    boost::system::error_code error;
    while (true) {
      const std::size_t n = socket_.receive_from(asio::buffer(into), from, 0, error);
      if (error) return received_;
      received_.emplace_back(from_asio(from), std::string(into.data(), n));
    }
  }

  static asio::ip::address to_asio(const base::ip_address& a) {
    if (a.is_v4()) return asio::ip::address_v4(a.to_v4());
    return asio::ip::address_v6(a.to_v6_bytes(), a.scope());
  }
  template <class Endpoint>
  static base::socket_address from_asio(const Endpoint& e) {
    if (e.address().is_v4()) return {base::ip_address::v4(e.address().to_v4().to_uint()), e.port()};
    return {base::ip_address::v6(e.address().to_v6().to_bytes()), e.port()};
  }

 private:
  asio::ip::udp::socket socket_;
  std::vector<std::pair<base::socket_address, std::string>> received_;
};

/// A plain TCP connection, to a listener or from an acceptor of the test.
class tcp_peer {
 public:
  tcp_peer(asio::io_context& io, const base::socket_address& to) : socket_(io) {
    socket_.connect({udp_peer::to_asio(to.ip), to.port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
    socket_.non_blocking(true);
  }
  explicit tcp_peer(asio::ip::tcp::socket socket) : socket_(std::move(socket)) { socket_.non_blocking(true); }

  base::socket_address address() const { return udp_peer::from_asio(socket_.local_endpoint()); }

  /// Writes without reading; for what fits into the system's buffers.
  void send(std::string_view text) { asio::write(socket_, asio::buffer(text.data(), text.size())); }

  /// What has come so far.
  std::string& received() {
    static thread_local std::array<char, 65536> into;
    boost::system::error_code error;
    while (!error) {
      const std::size_t n = socket_.read_some(asio::buffer(into), error);
      received_.append(into.data(), n);
    }
    if (error != asio::error::would_block) ended_ = true;
    return received_;
  }
  /// The other side has finished or reset the connection.
  bool ended() {
    received();
    return ended_;
  }

  void finish_writing() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
  void close() { socket_.close(); }
  void reset() {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  asio::ip::tcp::socket socket_;
  std::string received_;
  bool ended_ = false;
};

/// A listening TCP socket of the test on loopback.
class tcp_host {
 public:
  explicit tcp_host(asio::io_context& io) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {
    acceptor_.non_blocking(true);
  }

  base::socket_address address() const { return udp_peer::from_asio(acceptor_.local_endpoint()); }

  /// The connections that have come so far.
  std::vector<tcp_peer>& accepted() {
    boost::system::error_code error;
    while (true) {
      asio::ip::tcp::socket socket(acceptor_.get_executor());
      acceptor_.accept(socket, error);
      if (error) return accepted_;
      accepted_.emplace_back(std::move(socket));
    }
  }

 private:
  asio::ip::tcp::acceptor acceptor_;
  std::vector<tcp_peer> accepted_;
};

/// A request of roughly that size, with its body's length in Content-Length.
inline std::string request(std::string_view call_id, std::size_t body = 0) {
  std::string text = "OPTIONS sip:bob@example.com SIP/2.0\r\nCall-ID: ";
  text += call_id;
  text += "\r\nContent-Length: ";
  text += std::to_string(body);
  text += "\r\n\r\n";
  text.append(body, 'x');
  return text;
}

}  // namespace parley::test
