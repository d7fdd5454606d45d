// Answers OPTIONS over UDP, statefully, with nothing but the transaction layer and poll(). See
// ../transaction-layer.md.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <span>
#include <tuple>
#include <utility>

#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/layer.hpp>

namespace {

namespace base = parley::base;
namespace sip = parley::sip;
namespace transaction = parley::transaction;

volatile std::sig_atomic_t stopping = 0;

// [clock]
base::time_point now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  const auto since_boot = std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
  return base::time_point(std::chrono::duration_cast<base::duration>(since_boot));
}
// [clock]

// [random]
class system_random final : public base::random_source {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    while (!out.empty()) {
      const ssize_t n = getrandom(out.data(), out.size(), 0);
      if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
    }
  }
};
// [random]

base::socket_address address_of(const sockaddr_in& from) {
  return {base::ip_address::v4(ntohl(from.sin_addr.s_addr)), ntohs(from.sin_port)};
}

sockaddr_in sockaddr_of(const base::socket_address& to) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(to.ip.to_v4());
  out.sin_port = htons(to.port);
  return out;
}

class options_server {
 public:
  explicit options_server(int udp) : socket_(udp), layer_({}, pool_, random_, now()) {}

  // [loop]
  void run() {
    while (stopping == 0) {
      pollfd waiting{socket_, POLLIN, 0};
      poll(&waiting, 1, milliseconds_until(layer_.poll_timeout()));
      if ((waiting.revents & POLLIN) != 0) receive();
      layer_.handle_timeout(now());
      flush();
    }
  }
  // [loop]

 private:
  // [sleep]
  static int milliseconds_until(base::time_point at) {
    if (at == base::never) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - now()).count();
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, 60'000));
  }
  // [sleep]

  // [receive]
  void receive() {
    auto buffer = pool_.allocate(65'535);
    if (!buffer || !buffer->resize(buffer->tailroom())) return;
    sockaddr_in source{};
    socklen_t length = sizeof source;
    const ssize_t n = recvfrom(socket_, buffer->mutable_data(), buffer->size(), MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&source), &length);
    if (n <= 0) return;
    // The layer may keep the request for half a minute: a copy of its size does, not the 64 KiB.
    auto data = pool_.copy(buffer->bytes().first(static_cast<std::size_t>(n)));
    if (!data) return;

    sip::hop from;
    from.remote = address_of(source);
    sip::message_view message;
    if (!message.parse(data->text())) return;
    handle(from, message, *data);
  }
  // [receive]

  // [handle]
  void handle(const sip::hop& from, const sip::message_view& message, const base::packet_buffer& data) {
    using kind = transaction::received::kind;
    const auto got = layer_.handle_message(now(), message);
    if (got.what != kind::request && got.what != kind::cancel) return;

    const auto tag = layer_.make_tag(got, message);
    const auto id = layer_.accept(now(), from, message, data, got, 0);
    if (!id) {
      overloaded(from, message, got, tag);
    } else if (got.what == kind::cancel) {
      // Every INVITE has been refused by now, so the CANCEL has no effect; it is answered all the same (RFC
      // 3261 9.2).
      answer(*id, got.server != transaction::server_id::none ? 200 : 481, {{}, tag.text(), {}});
    } else if (message.method() == sip::method::options) {
      answer(*id, 200, {{}, tag.text(), {{sip::header_id::allow, "OPTIONS"}}});
    } else {
      answer(*id, 405, {{}, tag.text(), {{sip::header_id::allow, "OPTIONS"}}});
    }
  }
  // [handle]

  void answer(transaction::server_id id, int status, const transaction::response_options& options) {
    if (const auto sent = layer_.answer(now(), id, status, options); !sent) {
      std::fprintf(stderr, "%d: %s\n", status, sent.error().message().c_str());
    }
  }

  // [overloaded]
  void overloaded(const sip::hop& from, const sip::message_view& request, const transaction::received& got,
                  const transaction::branch& tag) {
    auto response = transaction::make_response(pool_, request, from.remote, 503,
                                               {{}, tag.text(), {{sip::header_id::retry_after, "10"}}});
    // Where even that finds no room, the client will ask again.
    if (response) std::ignore = layer_.send(transaction::response_hop(from, got.via), std::move(*response));
  }
  // [overloaded]

  // [flush]
  void flush() {
    sip::outgoing out;
    while (layer_.poll_transmit(out)) {
      const sockaddr_in to = sockaddr_of(out.to.remote);
      const ssize_t n = sendto(socket_, out.data.data(), out.data.size(), 0,
                               reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (n < 0 && out.ticket != 0) layer_.handle_send_failure(now(), out.ticket);
    }
    // This server keeps nothing of its own for a request, so there is nothing to clean up when one ends.
    transaction::event happened;
    while (layer_.poll_event(happened)) {
    }
  }
  // [flush]

  int socket_;
  system_random random_;
  base::buffer_pool pool_;
  transaction::layer layer_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto address = base::socket_address::from_string(argc > 1 ? argv[1] : "127.0.0.1:5060");
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  if (!address || !address->ip.is_v4() || udp < 0) return 1;
  const sockaddr_in local = sockaddr_of(*address);
  if (bind(udp, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    std::perror("bind");
    return 1;
  }
  std::signal(SIGINT, [](int) { stopping = 1; });
  options_server(udp).run();
  close(udp);
  return 0;
}
