// What a call costs in the proxy core by itself, without sockets: INVITE, 180, 200, ACK, BYE, 200 through
// `proxy::core`.
//
//   proxy_core CALLS        prints `proxy_core N calls/s, N ns/call`

#include <parley/proxy/core.hpp>
#include <parley/proxy/route_table.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/via.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace base = parley::base;
namespace proxy = parley::proxy;
namespace sip = parley::sip;

/// Counts up: the bench needs numbers that differ, not numbers that nobody can guess.
class counting_source final : public base::random_source {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& b : out) b = static_cast<std::byte>(++count_);
  }

 private:
  unsigned count_ = 0;
};

const base::socket_address caller{base::ip_address::loopback_v4(), 5070};
const base::socket_address callee{base::ip_address::loopback_v4(), 5080};

class call_bench {
 public:
  call_bench() : core_(options(), pool_, random_, now_) {
    if (!routes_.set_default_route("sip:127.0.0.1:5080")) std::abort();
  }

  void call(long number) {
    now_ += std::chrono::milliseconds(1);
    core_.handle_timeout(now_);
    drop();
    const std::string id = std::to_string(number);
    const std::string dialog =
        "From: \"Caller\" <sip:caller@127.0.0.1:5070>;tag=c" + id + "\r\nCall-ID: " + id + "@127.0.0.1\r\n";
    const std::string to = "To: <sip:service@127.0.0.1:5080>";
    const std::string contact = "Contact: <sip:caller@127.0.0.1:5070;transport=UDP>\r\n";
    std::string invite =
        forward(caller, "INVITE sip:service@127.0.0.1:5080 SIP/2.0\r\n" + via("i" + id) + dialog + to +
                            "\r\nCSeq: 1 INVITE\r\n" + contact + more_ + body_);
    const std::string echoed = echo(invite);
    forward(callee, "SIP/2.0 180 Ringing\r\n" + echoed + dialog + to + ";tag=s\r\nCSeq: 1 INVITE\r\n" +
                        answer_ + "Content-Length: 0\r\n\r\n");
    forward(callee,
            "SIP/2.0 200 OK\r\n" + echoed + dialog + to + ";tag=s\r\nCSeq: 1 INVITE\r\n" + answer_ + body_);
    forward(caller, "ACK sip:127.0.0.1:5080 SIP/2.0\r\n" + via("a" + id) + route_ + dialog + to +
                        ";tag=s\r\nCSeq: 1 ACK\r\n" + end_);
    std::string bye = forward(caller, "BYE sip:127.0.0.1:5080 SIP/2.0\r\n" + via("b" + id) + route_ + dialog +
                                          to + ";tag=s\r\nCSeq: 2 BYE\r\n" + end_);
    forward(callee, "SIP/2.0 200 OK\r\n" + echo(bye) + dialog + to + ";tag=s\r\nCSeq: 2 BYE\r\n" + answer_ +
                        "Content-Length: 0\r\n\r\n");
  }

  std::uint64_t forwarded() const {
    return core_.counters().requests_forwarded + core_.counters().responses_forwarded;
  }
  std::chrono::nanoseconds spent() const { return spent_; }

 private:
  static proxy::core_options options() {
    proxy::core_options out;
    out.listeners.push_back(
        {sip::transport::udp, {base::ip_address::loopback_v4(), 5060}, "127.0.0.1", 5060});
    out.own.add("127.0.0.1", 5060);
    return out;
  }

  static std::string via(const std::string& branch) {
    return "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-" + branch + "\r\n";
  }

  static std::string echo(const std::string& request) {
    sip::message_view view;
    if (!view.parse(std::string_view(request))) std::abort();
    std::string out;
    for (std::size_t i = 0; i < view.header_count(); ++i) {
      if (view.id(i) == sip::header_id::via || view.id(i) == sip::header_id::record_route) {
        out += std::string(view.header(i).name) + ": " + std::string(view.value(i)) + "\r\n";
      }
    }
    return out;
  }

  std::string forward(const base::socket_address& from, const std::string& text) {
    auto buffer = pool_.copy(text);
    if (!buffer) std::abort();
    const sip::hop hop{sip::transport::udp, 0, from, 0};
    const auto begin = std::chrono::steady_clock::now();
    core_.handle_message(now_, hop, std::move(*buffer));
    proxy::event e;
    while (core_.poll_event(e)) {
      routes_.decide(core_.view(e.request), own_, decision_);
      if (!core_.forward(now_, e.request, decision_.targets)) std::abort();
    }
    sip::outgoing out;
    if (!core_.poll_transmit(out)) std::abort();
    spent_ += std::chrono::steady_clock::now() - begin;
    std::string sent(out.data.text());
    drop();
    return sent;
  }

  void drop() {
    sip::outgoing out;
    while (core_.poll_transmit(out)) out.data.reset();
  }

  base::buffer_pool pool_{{.max_bytes = std::size_t{1} << 30U}};
  counting_source random_;
  base::time_point now_{};
  proxy::core core_;
  proxy::route_table routes_;
  proxy::own_addresses own_;
  proxy::route_table::decision decision_;
  std::chrono::nanoseconds spent_{};
  std::string more_ =
      "Max-Forwards: 70\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK\r\n"
      "Supported: replaces, timer\r\nUser-Agent: bench/1.0\r\n";
  std::string body_ = "Content-Type: application/sdp\r\nContent-Length: 129\r\n\r\n" + std::string(129, 'x');
  std::string route_ = "Route: <sip:127.0.0.1:5060;lr>\r\n";
  std::string answer_ = "Contact: <sip:127.0.0.1:5080;transport=UDP>\r\n";
  std::string end_ = "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
};

}  // namespace

int main(int argc, char** argv) {
  const long calls = argc > 1 ? std::atol(argv[1]) : 50000;
  if (calls < 1) {
    std::fprintf(stderr, "usage: proxy_core CALLS\n");
    return 2;
  }
  call_bench bench;
  for (long i = 0; i < calls; ++i) bench.call(i);
  if (bench.forwarded() != static_cast<std::uint64_t>(calls) * 6) {
    std::fprintf(stderr, "only %llu of %ld messages were forwarded\n",
                 static_cast<unsigned long long>(bench.forwarded()), calls * 6);
    return 1;
  }
  const double each = static_cast<double>(bench.spent().count()) / static_cast<double>(calls);
  std::printf("proxy_core %.0f calls/s, %.0f ns/call\n", 1e9 / each, each);
}
