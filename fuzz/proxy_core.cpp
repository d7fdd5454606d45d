#include <parley/sip/message_view.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include "support/operation_bytes.hpp"
#include "support/proxy_harness.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Sequences of messages, decisions, answers, failures and waits on one core. Whatever comes in: counts stay
// within their limits, a request goes to a target once, responses go to those who have sent something,
// requests only to addresses that somebody named, an ACK has no response, and in the end nothing is left.

namespace {

using namespace parley;
using namespace parley::test;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<std::string_view, 8> methods = {"INVITE",  "ACK",     "CANCEL",    "BYE",
                                                     "MESSAGE", "OPTIONS", "SUBSCRIBE", "X"};
constexpr std::array<std::string_view, 16> uris = {"sip:bob@example.com",
                                                   "sip:bob@192.0.2.40",
                                                   "sip:192.0.2.10;lr",
                                                   "sip:example.com",
                                                   "tel:+12015550123",
                                                   "sips:bob@192.0.2.41",
                                                   "sip:bob@name.example",
                                                   "sip:b@192.0.2.42;maddr=192.0.2.10",
                                                   "sip:b@x;maddr=192.0.2.43",
                                                   "urn:service:sos",
                                                   "sip:bob@[2001:db8::40]",
                                                   "sip:b@192.0.2.44;transport=tcp",
                                                   "sip:b@224.0.0.1",
                                                   "sip:b@b?Subject=x",
                                                   "sip:192.0.2.10:5060;transport=tcp;lr",
                                                   "not a uri"};
constexpr std::array<std::string_view, 12> routes = {
    "",
    "Route: <sip:192.0.2.10;lr>\r\n",
    "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.50;lr>\r\n",
    "Route: <sip:192.0.2.51>\r\n",
    "Route: <sip:192.0.2.10;transport=tcp;lr>\r\nRoute: <sip:192.0.2.10;lr>\r\n",
    "Route: <sip:bob@192.0.2.52>\r\n",
    "Route: <sip:192.0.2.10;lr>,<sip:192.0.2.53;lr>, <sip:bob@192.0.2.54>\r\n",
    "Route: <sip:other.example;lr>\r\n",
    "Route: x\r\n",
    "Proxy-Require: foo\r\n",
    "Proxy-Authorization: Digest x=y\r\n",
    "Max-Forwards: 3\r\n"};
constexpr std::array<std::string_view, 6> vias = {
    "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK",
    "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK",
    "SIP/2.0/TCP 192.0.2.2:5060;branch=z9hG4bK",
    "SIP/2.0/UDP 192.0.2.9;received=198.51.100.9;branch=z9hG4bK",
    "SIP/2.0/UDP host.example;maddr=198.51.100.8;branch=z9hG4bK",
    "SIP/2.0/UDP 192.0.2.1;x="};
constexpr std::array<std::string_view, 12> target_uris = {"",
                                                          "sip:a@192.0.2.60",
                                                          "sip:a@192.0.2.61",
                                                          "sip:a@192.0.2.62;transport=tcp",
                                                          "sip:a@[2001:db8::60]",
                                                          "sip:a@one.example",
                                                          "sip:a@two.example;transport=tcp",
                                                          "tel:+1",
                                                          "sip:a@0.0.0.0",
                                                          "sip:a@192.0.2.63;method=BYE?x=y",
                                                          "bad\r\nX: y",
                                                          "sip:a@192.0.2.64;transport=ws"};
constexpr std::array<int, 12> statuses = {100, 180, 183, 200, 202, 302, 401, 407, 404, 408, 503, 603};

class run {
 public:
  explicit run(operation_bytes bytes) : in_(bytes), h_(options(), pool_limits()) {}

  void go() {
    while (!in_.empty()) {
      step();
      look();
    }
    hoard_.clear();
    h_.collecting = true;
    h_.collect();
    look();
    h_.run_for(2'000'000);
    look();
    forwarded_.clear();
    require(h_.core.requests_under_way() == 0);
    require(h_.core.transactions().server_count() == 0);
    require(h_.core.transactions().client_count() == 0);
    require(h_.core.transactions().pending_invites() == 0);
    require(h_.core.poll_timeout() == base::never);
    require(h_.pool.stats().bytes_in_use == 0);
  }

 private:
  proxy::core_options options() {
    const unsigned flags = in_.u8();
    auto out = proxy_harness::default_options();
    out.stateless = (flags & 1U) != 0;
    out.record_route = (flags & 2U) == 0;
    out.share_calls = (flags & 4U) != 0;
    if ((flags & 8U) != 0) out.max_requests = 6;
    if ((flags & 16U) != 0) out.transactions.max_pending_invites = 3;
    if ((flags & 32U) != 0) out.transactions.max_client_transactions = 4;
    if ((flags & 64U) != 0) out.transactions.max_queue = 8;
    if ((flags & 128U) != 0) out.max_branches = 2;
    out.max_calls = 5;
    options_ = out;
    return out;
  }
  static base::buffer_pool_limits pool_limits() {
    base::buffer_pool_limits limits;
    limits.max_bytes = std::size_t{4} << 20U;
    return limits;
  }

  template <class Table>
  auto pick(const Table& table) {
    return table[in_.u8() % table.size()];
  }

  void step() {
    switch (in_.u8() % 16) {
      case 0:
      case 1:
      case 2: return receive(request());
      case 3:
      case 4:
      case 5: return answer();
      case 6: return decide();
      case 7: return resolve();
      case 8: return fail();
      case 9: return wait();
      case 10: return receive(mutated(request()));
      case 11: return raw();
      case 12: return send_back();
      case 13:
        if (const auto id = h_.waiting(); id != proxy::request_id::none)
          static_cast<void>(h_.respond(pick(statuses)));
        return;
      case 14:
        h_.collecting = !h_.collecting;
        held_ = true;
        h_.collect();
        return;
      default: return odd();
    }
  }

  void odd() {
    switch (in_.u8() % 8) {
      case 0: return h_.core.drain();
      case 1: return h_.core.forget_call(in_.u8());
      case 2: hoard_.clear(); return;
      case 3:
        for (std::size_t size = 65536; size >= 256; size /= 2) {
          while (auto more = h_.pool.allocate(size)) hoard_.push_back(std::move(*more));
        }
        return;
      case 4:
        if (auto head = h_.pool.copy(request())) {
          const sip::hop from = source();
          sources_.insert(from.remote.ip);
          h_.core.handle_framing_error(h_.now(), from, {sip::errc::missing_header, 0}, std::move(*head));
        }
        return;
      case 5:
        static_cast<void>(h_.core.forward(h_.now(), proxy::request_id{in_.scaled(40)}, {}));
        h_.collect();
        return;
      case 6: h_.core.handle_resolved(h_.now(), in_.u8(), {}); return;
      default: static_cast<void>(h_.core.view(proxy::request_id{in_.scaled(40)})); return;
    }
  }

  std::string request() {
    request_text out;
    out.method = pick(methods);
    out.uri = pick(uris);
    const unsigned via = in_.u8();
    out.via = std::string(vias[via % vias.size()]) + std::to_string(via / vias.size() % 6);
    const unsigned more = in_.u8();
    if ((more & 1U) != 0) out.to_tag = "t";
    if ((more & 2U) != 0) out.call_id = std::to_string(more >> 5U);
    out.lines = pick(routes);
    std::string text = out.text();
    if ((more & 12U) == 12U) text.replace(text.find("Max-Forwards: 70"), 16, "Max-Forwards: 0");
    return text;
  }

  std::string mutated(std::string text) {
    mutated_ = true;
    const std::size_t at = in_.u16() % text.size();
    const std::size_t length = in_.u8() % 16;
    std::string bytes;
    for (std::size_t n = in_.u8() % 12; n > 0; --n) bytes += static_cast<char>(in_.u8());
    return text.replace(at, std::min(length, text.size() - at), bytes);
  }

  sip::hop source() {
    switch (in_.u8() % 5) {
      case 0: return peer_at("192.0.2.2:5060");
      case 1: return peer_at("192.0.2.3:40000");
      case 2: return peer_at("192.0.2.2:40001", 1, sip::transport::tcp, 9);
      case 3: return peer_at("[2001:db8::1]:5060", 2);
      default: return peer_at("192.0.2.1:5060");
    }
  }

  void receive(const std::string& text) { receive(text, source()); }
  void receive(const std::string& text, const sip::hop& from) {
    received_ += text;
    sources_.insert(from.remote.ip);
    tcp_seen_ = tcp_seen_ || from.transport == sip::transport::tcp;
    h_.receive(text, from);
  }

  void raw() {
    std::string text;
    for (std::size_t n = in_.u8(); n > 0 && !in_.empty(); --n) text += static_cast<char>(in_.u8());
    receive(text);
  }

  const proxy_message* some_forwarded() {
    return forwarded_.empty() ? nullptr : &forwarded_[in_.u8() % forwarded_.size()];
  }
  void answer() {
    const proxy_message* const request = some_forwarded();
    if (request == nullptr) return;
    const int status = pick(statuses);
    const unsigned how = in_.u8();
    std::string text = response_text(request->text, status, how % 2 == 0 ? "t" : "u");
    if (how % 7 == 6) text = mutated(std::move(text));
    receive(text, how % 11 == 10 ? source() : request->to);
  }
  void send_back() {
    const proxy_message* const request = some_forwarded();
    if (request != nullptr) receive(std::string(request->text), request->to);
  }
  void fail() {
    const proxy_message* const request = some_forwarded();
    h_.core.handle_send_failure(h_.now(), request != nullptr ? request->ticket : in_.u8());
    h_.collect();
  }

  void decide() {
    std::vector<proxy::target> targets;
    std::array<std::string, 5> names;
    for (std::size_t n = in_.u8() % 5; n > 0; --n) {
      const unsigned how = in_.u8();
      const std::string_view uri = target_uris[how % target_uris.size()];
      names_ += uri;
      targets.push_back({uri, how >= 240 ? std::string_view("sip:192.0.2.70") : std::string_view{},
                         static_cast<std::uint16_t>(how >= 128 ? 1000 : 500)});
    }
    if (h_.waiting() != proxy::request_id::none) static_cast<void>(h_.forward(targets));
  }

  void resolve() {
    for (auto e = h_.events.begin(); e != h_.events.end(); ++e) {
      if (e->what != proxy::event::kind::resolve) continue;
      const std::uint64_t lookup = e->lookup;
      // Each name has addresses of its own.
      const std::string base = "203.0." + std::to_string(std::hash<std::string>{}(e->host) % 200) + '.';
      h_.events.erase(e);
      strings addresses;
      for (std::size_t n = in_.u8() % 4; n > 0; --n) {
        const unsigned which = in_.u8();
        addresses.push_back(which > 250   ? "0.0.0.0"
                            : which > 245 ? "2001:db8::99"
                                          : base + std::to_string(which % 3));
        names_ += addresses.back() + ' ';
      }
      return h_.resolve(lookup, addresses);
    }
  }

  void wait() {
    static constexpr std::array<std::int64_t, 8> times = {1, 100, 200, 500, 4'000, 20'000, 32'000, 185'000};
    h_.run_for(pick(times));
  }

  /// Takes what was sent and checks it.
  void look() {
    const auto& transactions = h_.core.transactions();
    require(h_.core.requests_under_way() <= options_.max_requests);
    require(transactions.server_count() <= options_.transactions.max_server_transactions);
    require(transactions.client_count() <= 2 * options_.transactions.max_client_transactions);
    require(transactions.pending_invites() <= options_.transactions.max_pending_invites);
    require(h_.core.calls() <= options_.max_calls);
    for (proxy_message& m : h_.take()) {
      sip::message_view view;
      static_cast<void>(view.parse(m.text));
      const base::ip_address ip = m.to.remote.ip;
      if (m.text.starts_with("SIP/2.0 ")) {
        const auto cseq = view.get<sip::cseq_header>();
        require(!cseq || cseq->method != sip::method::ack || options_.stateless || mutated_);
        require(sources_.contains(ip) || (ip.is_multicast() && received_.find("maddr") != std::string::npos));
        continue;
      }
      if (ip.is_v4()) {
        const std::string text = ip.to_string();
        require(received_.find(text) != std::string::npos || names_.find(text) != std::string::npos ||
                text == "192.0.2.70");
      }
      check_once(m, view);
      forwarded_.push_back(std::move(m));
      if (forwarded_.size() > 12) forwarded_.pop_front();
    }
    for (const proxy::event& e : h_.events) {
      // Only what was found for a name is reported as failed.
      require(e.what != proxy::event::kind::hop_failed ||
              names_.find(e.hop.remote.ip.to_string()) != std::string::npos);
    }
    if (h_.events.size() > 64) h_.events.erase(h_.events.begin(), h_.events.begin() + 32);
  }

  void check_once(const proxy_message& m, const sip::message_view& view) {
    // A server transaction that came by TCP ends with its final response, and may begin again.
    // What was held back in the queue has the time at which it was taken from there.
    if (options_.stateless || tcp_seen_ || held_ || view.method() == sip::method::ack ||
        view.method() == sip::method::cancel)
      return;
    std::vector<sip::via_header> top;
    static_cast<void>(view.for_each<sip::via_header>([&](const sip::via_header& via) {
      top.push_back(via);
      return top.size() < 2;
    }));
    if (top.size() < 2 || !top[1].has_magic_cookie()) return;
    // What names the server transaction, and where it went.
    std::string key = m.summary();
    for (const std::string& route : m.values("Route"))
      key += ' ' + route;  // a strict router finds the target there
    key.append(" ").append(top[1].sent_by).append(" ").append(top[1].branch);
    const auto [known, is_new] = sent_.try_emplace(key, sent{std::string(top[0].branch), m.at});
    if (is_new) return;
    if (known->second.branch == top[0].branch) return;  // a retransmission
    // The server transaction that was there when the other branch began lasts at least this long.
    require(m.at - known->second.at > 4'900);
    known->second = {std::string(top[0].branch), m.at};
  }

  struct sent {
    std::string branch;
    std::int64_t at;
  };

  operation_bytes in_;
  proxy::core_options options_;
  proxy_harness h_;
  std::vector<base::packet_buffer> hoard_;
  std::deque<proxy_message> forwarded_;
  std::string received_;
  std::string names_;
  std::set<base::ip_address> sources_;
  std::map<std::string, sent> sent_;
  bool tcp_seen_ = false;
  bool held_ = false;
  bool mutated_ = false;  ///< messages have come that need not be what the grammar makes
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  run(operation_bytes({data, size})).go();
  return 0;
}
