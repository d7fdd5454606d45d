// A whole call between two user agents without a socket and without a clock: the network is a list, time is a
// number, and the ACK is lost once, so that the callee has to repeat its 200.

#include <parley/ua/core.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base = parley::base;
namespace sip = parley::sip;
namespace ua = parley::ua;
using namespace std::chrono_literals;

namespace {

// [random]
class seeded_random final : public base::random_source {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& b : out) b = static_cast<std::byte>(engine_());
  }

 private:
  std::mt19937 engine_{1};
};
// [/random]

base::socket_address address(std::string_view text) {
  return base::socket_address::from_string(text).value();
}

ua::core_options listening_at(std::string_view where) {
  ua::core_options options;
  sip::listener udp;
  udp.local = address(where);
  options.listeners.push_back(udp);
  return options;
}

// [agent]
struct agent {
  agent(std::string_view where, base::time_point now)
      : at(address(where)), core(listening_at(where), pool, random, now) {}

  base::socket_address at;
  base::buffer_pool pool;
  seeded_random random;
  ua::core core;
  std::vector<ua::core_event> events;
};
// [/agent]

// [network]
class network {
 public:
  base::time_point now{};
  agent alice{"192.0.2.1:5060", now};
  agent bob{"192.0.2.2:5060", now};
  int repeated = 0;

  void run_for(base::duration time) {
    const base::time_point end = now + time;
    carry();
    while (true) {
      const base::time_point next = std::min(alice.core.poll_timeout(), bob.core.poll_timeout());
      if (next > end) break;
      now = next;
      alice.core.handle_timeout(now);
      bob.core.handle_timeout(now);
      carry();
    }
    now = end;
  }

 private:
  void carry() {
    for (bool any = true; any;) {
      any = move(alice, bob);
      any = move(bob, alice) || any;
    }
  }

  bool move(agent& from, agent& to) {
    bool any = false;
    sip::outgoing out;
    while (from.core.poll_transmit(out)) {
      any = true;
      const bool is_ack = out.data.text().starts_with("ACK");
      if (is_ack && std::exchange(lose_ack_, false)) continue;
      const bool is_answer = out.data.text().starts_with("SIP/2.0 200") &&
                             out.data.text().find("CSeq: 1 INVITE") != std::string_view::npos;
      if (is_answer && ++answers_ > 1) ++repeated;
      sip::hop hop;
      hop.remote = from.at;
      to.core.handle_message(now, hop, to.pool.copy(out.data.text()).value());
    }
    ua::core_event event;
    while (from.core.poll_event(event)) from.events.push_back(std::exchange(event, {}));
    return any;
  }

  bool lose_ack_ = true;
  int answers_ = 0;
};
// [/network]

bool happened(const agent& who, ua::session_event::kind what) {
  for (const auto& event : who.events) {
    if (event.what == ua::core_event::kind::session && event.session.what == what) return true;
  }
  return false;
}

}  // namespace

int main() {
  // [call]
  network net;
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.2";
  options.from = "<sip:alice@192.0.2.1>";
  options.description = "v=0 and so on";
  const auto call = net.alice.core.invite(net.now, options);
  net.run_for(100ms);

  const ua::call_id incoming = net.bob.events.front().call;
  if (!net.bob.core.accept(net.now, incoming, "v=0, the answer")) return 1;
  net.run_for(0ms);
  // The ACK was lost: Bob waits, and repeats his answer after T1.
  const bool waits = net.bob.core.find(incoming)->awaits_ack();
  net.run_for(500ms);
  const bool goes_on = net.bob.core.find(incoming)->state() == ua::session::state::confirmed;
  // [/call]

  // [end]
  if (!net.alice.core.hang_up(net.now, *call)) return 1;
  net.run_for(60s);
  const bool over = net.alice.core.calls() == 0 && net.bob.core.calls() == 0 &&
                    net.alice.core.poll_timeout() == base::never &&
                    net.bob.core.poll_timeout() == base::never;
  // [/end]
  std::printf("answered: %d, waited: %d, repeated: %d, nothing left: %d\n",
              happened(net.alice, ua::session_event::kind::answer), waits, net.repeated, over);
  return waits && goes_on && over && net.repeated == 1 ? 0 : 1;
}
