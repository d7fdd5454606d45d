// Opens many connections to a SIP server, for the benches of this folder.
//
//   flow_client hold TRANSPORT ADDRESS:PORT COUNT METHOD
//       opens them, sends a request on each, prints `COUNT flows` when each was answered with 2xx, and holds
//       them until its standard input ends; a request that is answered 503, because so many come at once, is
//       sent again a second later
//   flow_client handshakes TRANSPORT ADDRESS:PORT COUNT [resume]
//       closes each when it is open, prints `COUNT handshakes in N s`; with `resume` offers the sessions of
//       TLS that the server gave
//
// TRANSPORT is tcp, tls, ws or wss. The certificate is not checked. Source addresses are spread over
// 127.0.0.0/8, since servers bound the connections from one.

#include <parley/base/address.hpp>
#include <parley/sip/transport.hpp>

#include "net/detail/sockaddr.hpp"
#include "net/detail/tcp_stream.hpp"
#include "net/detail/tls_stream.hpp"
#include "net/detail/websocket_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace base = parley::base;
namespace net = parley::net;
namespace sip = parley::sip;
using net::detail::byte_stream;

constexpr std::size_t under_way_at_once = 32;
constexpr std::size_t flows_per_source = 200;
constexpr std::size_t max_message = 65535;
constexpr unsigned most_requests = 30;

struct plan {
  bool hold = false;
  bool resume = false;
  sip::transport transport = sip::transport::tcp;
  base::socket_address server;
  std::size_t count = 0;
  std::string method;
};

class run;

/// One connection, and the request on it where flows are held.
class flow final : public net::detail::stream_user, public std::enable_shared_from_this<flow> {
 public:
  flow(run& all, std::size_t number) : all_(all), number_(number) {}

  void start();
  void handle_open(const base::error_code& error) override;
  void handle_readable(const base::error_code& error) override;
  void handle_writable(const base::error_code&) override {}

 private:
  void end(const base::error_code& error);
  void send_request();
  void handle_answer();
  std::string request() const;

  run& all_;
  std::size_t number_;
  std::unique_ptr<byte_stream> stream_;
  std::string answer_;
  unsigned requests_ = 0;
  std::optional<asio::steady_timer> again_;
  bool answered_ = false;
};

/// All of them, so many at a time.
class run {
 public:
  run(const plan& wanted, net::tls_context tls) : wanted_(wanted), tls_(std::move(tls)) {}

  int operator()() {
    const auto began = std::chrono::steady_clock::now();
    while (started_ < std::min(under_way_at_once, wanted_.count)) start_next();
    io_.run();
    if (failed_) return 1;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (!wanted_.hold) std::printf("%zu handshakes in %.3f s\n", wanted_.count, took.count());
    return 0;
  }

  const plan& wanted() const noexcept { return wanted_; }
  std::unique_ptr<byte_stream> open_stream(std::size_t number);
  asio::io_context& io() noexcept { return io_; }

  /// That flow is open or, where flows are held, was answered.
  void done() {
    if (++done_ == wanted_.count && wanted_.hold) return wait_for_end();
    if (started_ < wanted_.count) start_next();
  }
  void fail(std::size_t number, std::string_view why) {
    std::fprintf(stderr, "flow_client: flow %zu: %.*s\n", number, static_cast<int>(why.size()), why.data());
    failed_ = true;
    io_.stop();
  }

 private:
  void start_next() {
    auto next = std::make_shared<flow>(*this, started_++);
    if (wanted_.hold) held_.push_back(next);
    next->start();
  }
  void wait_for_end() {
    std::printf("%zu flows\n", wanted_.count);
    std::fflush(stdout);
    input_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code&) { io_.stop(); });
  }

  const plan& wanted_;
  net::tls_context tls_;
  asio::io_context io_;
  asio::posix::stream_descriptor input_{io_, ::dup(STDIN_FILENO)};
  std::vector<std::shared_ptr<flow>> held_;
  std::size_t started_ = 0;
  std::size_t done_ = 0;
  bool failed_ = false;
};

std::unique_ptr<byte_stream> run::open_stream(std::size_t number) {
  using asio::ip::tcp;
  const std::size_t source = 1 + number / flows_per_source % 60000;
  const auto from = base::ip_address::v4(
      {127, static_cast<std::uint8_t>(source / 250), static_cast<std::uint8_t>(source % 250), 1});
  base::error_code error;
  tcp::socket socket(io_);
  socket.open(tcp::v4(), error);
  if (!error) socket.bind(net::detail::to_endpoint<tcp>({from, 0}), error);
  if (error) return nullptr;
  std::unique_ptr<byte_stream> stream =
      std::make_unique<net::detail::tcp_stream>(std::move(socket), wanted_.server);
  if (sip::is_secure(wanted_.transport)) {
    // Sessions are kept by name: as many names as there are handshakes at once, so that each finds one.
    std::string name = "flow" + std::to_string(number % under_way_at_once) + ".example.com";
    stream =
        net::detail::tls_stream::connect(tls_, std::move(stream), io_.get_executor(), std::move(name), {});
  }
  if (wanted_.transport == sip::transport::ws || wanted_.transport == sip::transport::wss) {
    static const auto options = std::make_shared<const net::websocket_options>();
    stream = net::detail::websocket_stream::connect(std::move(stream), io_.get_executor(), options,
                                                    max_message, wanted_.server.to_string());
  }
  return stream;
}

void flow::start() {
  stream_ = all_.open_stream(number_);
  if (!stream_) return all_.fail(number_, "no socket");
  stream_->open(shared_from_this());
}

void flow::handle_open(const base::error_code& error) {
  if (error) return end(error);
  if (!all_.wanted().hold) {
    stream_->close();
    return all_.done();
  }
  send_request();
  stream_->wait_readable(shared_from_this());
}

void flow::send_request() {
  ++requests_;
  const std::string text = request();
  const asio::const_buffer all(text.data(), text.size());
  base::error_code refused;
  if (stream_->write_some({&all, 1}, refused) != text.size()) end(refused);
}

void flow::handle_readable(const base::error_code& error) {
  if (error) return end(error);
  std::array<char, 4096> room;
  const asio::mutable_buffer into(room.data(), room.size());
  base::error_code why;
  const std::size_t n = stream_->read_some({&into, 1}, why);
  if (why && why != asio::error::would_block) return end(why);
  if (!answered_) {
    answer_.append(room.data(), n);
    if (answer_.find("\r\n\r\n") != std::string::npos) handle_answer();
  }
  stream_->wait_readable(shared_from_this());
}

void flow::handle_answer() {
  const std::string answer = std::exchange(answer_, {});
  if (answer.starts_with("SIP/2.0 503 ") && requests_ < most_requests) {
    again_.emplace(all_.io(), std::chrono::seconds(1));
    again_->async_wait([self = shared_from_this()](const base::error_code& error) {
      if (!error) self->send_request();
    });
    return;
  }
  if (!answer.starts_with("SIP/2.0 2")) return all_.fail(number_, answer);
  again_.reset();
  answered_ = true;
  all_.done();
}

void flow::end(const base::error_code& error) { all_.fail(number_, error ? error.message() : "not written"); }

std::string flow::request() const {
  const plan& wanted = all_.wanted();
  const std::string server = wanted.server.to_string();
  const std::string number = std::to_string(number_);
  const std::string sequence = std::to_string(requests_);
  const std::string_view transport = sip::name_of(wanted.transport);
  // RFC 7118 5.2.1: a browser has no address to name.
  const std::string host = "client" + number + ".invalid";
  std::string text = wanted.method + " sip:" + server + " SIP/2.0\r\n";
  text.append("Via: SIP/2.0/")
      .append(transport)
      .append(" " + host + ";branch=z9hG4bKflow" + number + '-' + sequence + "\r\n");
  text += "From: <sip:user" + number + '@' + server + ">;tag=" + number + "\r\n";
  text += "To: <sip:user" + number + '@' + server + ">\r\n";
  text += "Call-ID: " + number + '@' + host + "\r\nCSeq: " + sequence + ' ' + wanted.method + "\r\n";
  text.append("Contact: <sip:user" + number + '@' + host + ";transport=").append(transport);
  text += ">;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-" +
          std::string(12 - number.size(), '0') + number + ">\"\r\n";
  text += "Expires: 3600\r\nMax-Forwards: 70\r\nSupported: path, outbound\r\nUser-Agent: flow_client\r\n";
  return text + "Content-Length: 0\r\n\r\n";
}

std::optional<plan> read_arguments(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  plan out;
  if (words.size() < 4) return std::nullopt;
  out.hold = words[0] == "hold";
  if (!out.hold && words[0] != "handshakes") return std::nullopt;
  out.transport = sip::transport_of(words[1]);
  using enum sip::transport;
  if (out.transport != tcp && out.transport != tls && out.transport != ws && out.transport != wss) {
    return std::nullopt;
  }
  const auto server = base::socket_address::from_string(words[2]);
  if (!server) return std::nullopt;
  out.server = *server;
  const char* const end = words[3].data() + words[3].size();
  if (std::from_chars(words[3].data(), end, out.count).ptr != end || out.count == 0) return std::nullopt;
  if (out.hold) {
    if (words.size() != 5) return std::nullopt;
    out.method = words[4];
  } else {
    out.resume = words.size() == 5 && words[4] == "resume";
    if (words.size() != (out.resume ? 5U : 4U)) return std::nullopt;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const auto wanted = read_arguments(argc, argv);
  if (!wanted) {
    std::fputs(
        "usage: flow_client hold TRANSPORT ADDRESS:PORT COUNT METHOD\n"
        "       flow_client handshakes TRANSPORT ADDRESS:PORT COUNT [resume]\n",
        stderr);
    return 2;
  }
  net::tls_options options;
  options.verify_servers = false;
  options.lowest = net::tls_version::tls_1_3;
  options.resumption = wanted->resume;
  auto tls = net::tls_context::make(options);
  if (!tls) {
    std::fprintf(stderr, "flow_client: %s\n", tls.error().what.c_str());
    return 1;
  }
  return run(*wanted, std::move(*tls))();
}
