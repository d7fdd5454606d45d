#pragma once

#include <parley/base/address.hpp>

#include "support/dns_message.hpp"
#include "support/net_peers.hpp"
#include "support/scripted_names.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace parley::test {

/// A name server in the test's own process: UDP and TCP on one free port of the loopback address, with
/// answers that a test writes down. What it has no answer for does not exist.
class mock_dns {
 public:
  struct question {
    std::uint16_t id = 0;
    std::string name;  ///< as it came, to the case
    std::uint16_t type = 0;
    bool tcp = false;

    /// The sound beginning of an answer.
    dns_message reply() const { return {id, name, type}; }
    std::string text() const {
      std::string lower;
      for (const char c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      return question_text(lower, static_cast<net::record_type>(type));
    }
  };
  /// What is sent back, message by message; nothing is silence.
  using responder = std::function<std::vector<std::string>(const question&)>;

  explicit mock_dns(asio::io_context& io) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), udp_(io) {
    // The UDP port of that number may be taken by somebody else.
    for (int tries = 0; tries < 50; ++tries) {
      boost::system::error_code error;
      udp_.open(asio::ip::udp::v4());
      udp_.bind({asio::ip::address_v4::loopback(), acceptor_.local_endpoint().port()}, error);
      if (!error) break;
      udp_.close();
      acceptor_ = asio::ip::tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0});
    }
    receive();
    accept();
  }

  base::socket_address address() const { return udp_peer::from_asio(udp_.local_endpoint()); }

  /// `text` is as `question_text` has it.
  void on(const std::string& text, responder answer) { answers_[text] = std::move(answer); }
  /// One record, which lasts.
  void record(const std::string& name, net::record_type type, const std::string& data,
              std::uint32_t ttl = 300) {
    auto& all = records_[question_text(name, type)];
    all.push_back({ttl, data});
    on(question_text(name, type), [&all](const question& q) {
      dns_message out = q.reply();
      for (const auto& [seconds, bytes] : all) out.answer(dns::pointer(12), q.type, seconds, bytes);
      return std::vector{out.bytes()};
    });
  }

  /// What it was asked, in order; by TCP with "TCP " before it.
  std::vector<std::string> asked;
  std::vector<question> questions;

 private:
  struct session {
    explicit session(asio::ip::tcp::socket s) : socket(std::move(s)) {}
    asio::ip::tcp::socket socket;
    std::array<char, 2> length{};
    std::string message;
  };

  std::vector<std::string> answer(const std::string& message, bool tcp) {
    question q;
    q.tcp = tcp;
    const auto byte = [&](std::size_t at) {
      return at < message.size() ? static_cast<unsigned char>(message[at]) : 0U;
    };
    q.id = static_cast<std::uint16_t>(byte(0) << 8U | byte(1));
    std::size_t at = 12;
    while (byte(at) != 0) {
      if (!q.name.empty()) q.name += '.';
      q.name += message.substr(at + 1, byte(at));
      at += byte(at) + 1;
    }
    q.type = static_cast<std::uint16_t>(byte(at + 1) << 8U | byte(at + 2));
    asked.push_back((tcp ? "TCP " : "") + q.text());
    questions.push_back(q);
    const auto found = answers_.find(q.text());
    if (found != answers_.end()) return found->second(q);
    return {q.reply().rcode(3).bytes()};
  }

  void receive() {
    udp_.async_receive_from(asio::buffer(buffer_), from_,
                            [this](const boost::system::error_code& error, std::size_t n) {
                              if (error) return;
                              for (const std::string& reply : answer(std::string(buffer_.data(), n), false)) {
                                boost::system::error_code ignored;
                                udp_.send_to(asio::buffer(reply), from_, 0, ignored);
                              }
                              receive();
                            });
  }

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, asio::ip::tcp::socket socket) {
      if (error) return;
      read(std::make_shared<session>(std::move(socket)));
      accept();
    });
  }

  void read(const std::shared_ptr<session>& s) {
    asio::async_read(
        s->socket, asio::buffer(s->length), [this, s](const boost::system::error_code& error, std::size_t) {
          if (error) return;
          s->message.resize(static_cast<std::size_t>(static_cast<unsigned char>(s->length[0]) << 8U |
                                                     static_cast<unsigned char>(s->length[1])));
          asio::async_read(s->socket, asio::buffer(s->message),
                           [this, s](const boost::system::error_code& failed, std::size_t) {
                             if (failed) return;
                             for (const std::string& reply : answer(s->message, true)) {
                               boost::system::error_code ignored;
                               asio::write(s->socket, asio::buffer(dns::u16(reply.size()) + reply), ignored);
                             }
                             read(s);
                           });
        });
  }

  asio::ip::tcp::acceptor acceptor_;
  asio::ip::udp::socket udp_;
  asio::ip::udp::endpoint from_;
  std::array<char, 4096> buffer_{};
  std::map<std::string, responder> answers_;
  std::map<std::string, std::vector<std::pair<std::uint32_t, std::string>>> records_;
};

}  // namespace parley::test
