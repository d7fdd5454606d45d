// Answers OPTIONS over UDP, TCP and WebSocket, with a certificate over TLS too, and asks itself over each.
// See ../transports.md.
#include <parley/base/packet_buffer.hpp>
#include <parley/net/stderr_log.hpp>
#include <parley/net/system_random.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>
#include <parley/transaction/response.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace base = parley::base;
namespace net = parley::net;
namespace sip = parley::sip;
namespace transaction = parley::transaction;

// [limits]
net::transport_limits limits() {
  net::transport_limits out;
  out.max_connections = 1000;
  out.max_connections_per_source = 10;
  out.idle_timeout = std::chrono::minutes(5);
  return out;
}
// [limits]

// [owner]
class options_server final : public net::transport_handler {
 public:
  explicit options_server(asio::io_context& io)
      : io_(io), transports_(io.get_executor(), pool_, *this, limits(), log_) {}
  // [owner]

  // [open]
  bool open(sip::transport transport, const base::socket_address& where) {
    net::listener_options wanted;
    wanted.transport = transport;
    wanted.bind = where;
    wanted.tls = tls_;
    const auto index = transports_.listen(wanted);
    if (!index) {
      std::fprintf(stderr, "%s: %s\n", where.to_string().c_str(), index.error().message().c_str());
      return false;
    }
    const std::string_view name = sip::name_of(transport);
    const std::string bound = transports_.local_address(*index).to_string();
    std::printf("%.*s %s\n", static_cast<int>(name.size()), name.data(), bound.c_str());
    return true;
  }
  // [open]

  // [certificate]
  bool use_certificate(const char* chain, const char* key) {
    net::tls_options options;
    options.certificates.push_back({chain, key});
    options.authority_files.push_back(chain);
    const auto made = net::tls_context::make(options);
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().what.c_str());
      return false;
    }
    tls_ = *made;
    return true;
  }
  // [certificate]

  // [message]
  void handle_message(base::time_point, const sip::hop& from, base::packet_buffer data) override {
    sip::message_view message;
    if (!message.parse(data.text())) return;
    if (message.is_response()) return answered(message.status());
    const auto via = message.get<sip::via_header>();
    if (!via || message.method() == sip::method::ack) return;
    const int status = message.method() == sip::method::options ? 200 : 405;
    auto response = transaction::make_response(pool_, message, from.remote, status,
                                               {{}, "1", {{sip::header_id::allow, "OPTIONS"}}});
    if (response) transports_.send({transaction::response_hop(from, *via), std::move(*response)});
  }
  // [message]

  // [events]
  void handle_framing_error(base::time_point, const sip::hop&, sip::parse_error,
                            base::packet_buffer) override {}
  void handle_send_failure(base::time_point, const sip::outgoing&, base::error_code why) override {
    std::fprintf(stderr, "could not be sent: %s\n", why.message().c_str());
    failed_ = true;
    answered(0);
  }
  void handle_closed(base::time_point, const sip::hop&, base::error_code) override {}
  void handle_flow_failed(base::time_point, const sip::hop&, base::error_code) override {}
  void handle_batch_end(base::time_point) override {}
  // [events]

  // [ask]
  void ask(std::uint16_t listener, std::string_view domain) {
    sip::hop to;
    to.listener = listener;
    to.transport = transports_.options(listener).transport;
    to.remote = transports_.local_address(listener);
    if (sip::is_secure(to.transport)) to.domain = transports_.domain(domain);
    auto buffer = pool_.allocate(1024);
    if (!buffer || !buffer->resize(buffer->tailroom())) return;
    sip::writer out(buffer->mutable_bytes());
    const std::string here = to.remote.to_string();
    out.request_line("OPTIONS", "sip:" + here);
    out.header(sip::header_id::via, "SIP/2.0/", sip::name_of(to.transport), " ", here,
               ";rport;branch=z9hG4bK", random_.u64());
    out.header(sip::header_id::max_forwards, 70);
    out.header(sip::header_id::from, "<sip:me@example.com>;tag=1");
    out.header(sip::header_id::to, "<sip:", here, ">");
    out.header(sip::header_id::call_id, random_.u64(), "@example.com");
    out.header(sip::header_id::cseq, "1 OPTIONS");
    const auto size = out.finish().size();
    if (!size) return;
    buffer->trim_back(buffer->size() - *size);
    ++waiting_;
    transports_.send({to, std::move(*buffer), waiting_});
  }
  // [ask]

  void ask_all(std::string_view domain) {
    for (std::size_t i = 0; i < transports_.listener_count(); ++i) ask(static_cast<std::uint16_t>(i), domain);
  }
  bool failed() const noexcept { return failed_; }

 private:
  void answered(int status) {
    if (status != 0) std::printf("answered %d\n", status);
    if (--waiting_ == 0) io_.stop();
  }

  // [members]
  asio::io_context& io_;
  base::buffer_pool pool_;
  net::stderr_log log_;
  net::system_random random_;
  std::optional<net::tls_context> tls_;
  net::transport_set transports_;
  // [members]
  std::uint64_t waiting_ = 0;
  bool failed_ = false;
};

}  // namespace

// transports [CHAIN KEY NAME]: a certificate for NAME that is its own authority opens the secure listeners,
// too.
int main(int argc, char** argv) {
  // [run]
  asio::io_context io;
  options_server server(io);
  const base::socket_address anywhere{base::ip_address::loopback_v4(), 0};
  bool opened = server.open(sip::transport::udp, anywhere) && server.open(sip::transport::tcp, anywhere) &&
                server.open(sip::transport::ws, anywhere);
  // [run]
  if (argc > 3) {
    opened = opened && server.use_certificate(argv[1], argv[2]) &&
             server.open(sip::transport::tls, anywhere) && server.open(sip::transport::wss, anywhere);
  }
  if (!opened) return 1;
  server.ask_all(argc > 3 ? argv[3] : "");
  io.run();
  return server.failed() ? 1 : 0;
}
