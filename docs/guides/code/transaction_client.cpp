// The client side of the transaction layer, without a socket: an OPTIONS goes out, nobody answers, and the layer says so.

#include <parley/sip/writer.hpp>
#include <parley/transaction/layer.hpp>

#include <cstdio>
#include <random>

namespace base = parley::base;
namespace sip = parley::sip;
namespace transaction = parley::transaction;

namespace {

class system_random final : public base::random_source {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& b : out) b = static_cast<std::byte>(device_());
  }

 private:
  std::random_device device_;
};

// [request]
base::result<transaction::client_id> send_options(base::time_point now, transaction::layer& layer,
                                                  base::buffer_pool& pool, const sip::hop& to,
                                                  std::uint64_t my_number) {
  auto buffer = pool.allocate(1024);
  if (!buffer || !buffer->resize(buffer->tailroom())) return transaction::errc::no_buffer;
  const auto branch = layer.make_branch();
  sip::writer out(buffer->mutable_bytes());
  out.request_line("OPTIONS", "sip:example.com");
  out.header(sip::header_id::via, "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=", branch.text());
  out.header(sip::header_id::max_forwards, 70);
  out.header(sip::header_id::from, "<sip:me@example.com>;tag=", my_number);
  out.header(sip::header_id::to, "<sip:example.com>");
  out.header(sip::header_id::call_id, my_number, "@192.0.2.1");
  out.header(sip::header_id::cseq, "1 OPTIONS");
  const auto size = out.finish().size();
  if (!size) return transaction::errc::no_buffer;
  buffer->trim_back(buffer->size() - *size);
  return layer.request(now, to, std::move(*buffer), "OPTIONS", branch.text(), my_number);
}
// [/request]

}  // namespace

int main() {
  base::buffer_pool pool;
  system_random random;
  base::time_point now{};
  transaction::layer layer({}, pool, random, now);
  const sip::hop to{sip::transport::udp, 0, {base::ip_address::loopback_v4(), 5060}, 0};
  if (!send_options(now, layer, pool, to, 1)) return 1;

  int sent = 0;
  bool timed_out = false;
  // Time passes as fast as this loop turns: the layer has no clock of its own.
  for (; layer.client_count() > 0; now = layer.poll_timeout()) {
    layer.handle_timeout(now);
    sip::outgoing out;
    while (layer.poll_transmit(out)) ++sent;
    transaction::event e;
    while (layer.poll_event(e)) timed_out = timed_out || e.what == transaction::event::kind::client_timed_out;
  }
  std::printf("sent %d times, %s\n", sent, timed_out ? "timed out" : "answered");
  return sent == 11 && timed_out ? 0 : 1;
}
