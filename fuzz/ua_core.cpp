#include <parley/ua/core.hpp>
#include <parley/ua/refer.hpp>

#include "support/operation_bytes.hpp"
#include "support/ua_network.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Sequences of commands at two user agents that call each other, and of a stranger's messages to both:
// answers to what they sent, requests in their dialogs, copies and distorted copies of what has gone over the
// network. REFERs and their NOTIFYs share the dialogs of the calls, and go on when these have ended. Whatever
// comes: an offer is followed by one answer, a call ends once and says nothing afterwards but what its other
// usages hear, and in the end nothing is left.

namespace {

using namespace parley;
using namespace parley::test;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

constexpr std::array<std::string_view, 6> uris = {"sip:a@192.0.2.1",  "sip:b@192.0.2.2",
                                                  "sip:s@192.0.2.99", "sip:n@example.com",
                                                  "tel:+1",           "sips:s@192.0.2.99"};
constexpr std::array<std::string_view, 8> tags = {"", "one", "two", "three", "four", "five", "six", "seven"};
constexpr std::array<std::string_view, 15> lines = {
    "",
    "Contact: <sip:s@192.0.2.99>\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nAllow: INVITE, UPDATE\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nRequire: 100rel\r\nRSeq: 1\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nRequire: 100rel\r\nRSeq: 2\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nRecord-Route: <sip:192.0.2.98;lr>\r\nSession-Expires: "
    "90;refresher=uac\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nSupported: timer, 100rel\r\nSession-Expires: 90\r\nMin-SE: 90\r\n",
    "Contact: tel:1\r\n",
    "Min-SE: 4000\r\nRetry-After: 1\r\n",
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n",
    "RAck: 1 1 INVITE\r\nContact: <sip:x@example.com>\r\n",
    "Contact: <sip:s@192.0.2.99;transport=tcp>\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nExpires: 5\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nRefer-To: <sip:r@192.0.2.98>\r\n",
    "Contact: <sip:s@192.0.2.99>\r\nEvent: refer\r\nSubscription-State: terminated\r\n"};
constexpr std::array<std::string_view, 11> methods = {
    "INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "PRACK", "INFO", "REFER", "OPTIONS", "NOTIFY", "FLY"};
constexpr std::array<int, 16> statuses = {100, 180, 183, 200, 202, 302, 401, 407,
                                          408, 422, 481, 486, 487, 491, 503, 603};

class run {
 public:
  explicit run(operation_bytes bytes) : in_(bytes), net_(2, 1, {}, options()) {
    net_.on_event = [this](std::size_t agent, ua::core_event& event) { note(agent, event); };
    for (std::size_t i = 0; i < 2; ++i) {
      require(
          net_[i].core.accounts().set_account({.realm = "r", .username = "u", .password = "p", .ha1 = {}}));
    }
  }

  void go() {
    while (!in_.empty()) {
      step();
      net_.collect();
      for (usage& one : usages_) drive(one);
      net_.collect();
    }
    net_.conditions = {};
    // Calls that are under way may come in meanwhile, copies of their INVITEs for 32 s.
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < 2; ++i) {
        for (const auto& [call, over] : calls_[i]) {
          if (!over) std::ignore = net_[i].core.hang_up(net_.now(), ua::call_id{call});
        }
      }
      net_.run_for(40'000);
    }
    for (usage& one : usages_) end(one);
    net_.run_for(400'000);
    for (std::size_t i = 0; i < 2; ++i) {
      for (const auto& [call, over] : calls_[i]) require(over);
      require(net_[i].core.calls() == 0);
      require(net_[i].core.transactions().server_count() == 0);
      require(net_[i].core.transactions().client_count() == 0);
      require(net_[i].core.poll_timeout() == base::never);
      require(net_[i].core.is_idle());
      require(net_[i].pool.stats().blocks_in_use == 0);
    }
  }

 private:
  static ua::core_options options() {
    ua::core_options out;
    out.max_calls = 40;
    out.max_forks = 4;
    out.max_requests = 100;
    return out;
  }

  void note(std::size_t agent, const ua::core_event& event) {
    using kind = ua::core_event::kind;
    const auto call = static_cast<std::uint64_t>(event.call);
    switch (event.what) {
      case kind::incoming: require(calls_[agent].emplace(call, false).second); return;
      case kind::session:
        if (event.session.what == ua::session_event::kind::response)
          note_response(agent, event);
        else
          require(!calls_[agent].at(call));
        return;
      case kind::ended:
        require(!calls_[agent].at(call));
        calls_[agent][call] = true;
        return;
      case kind::request:
        require(event.call == ua::call_id::none || !calls_[agent].at(call) || used_.contains({agent, call}));
        requests_[agent].push_back({event.request, event.call, std::string(event.message.text())});
        return;
      case kind::resolve: lookups_[agent].push_back(event.lookup); return;
      case kind::response:
      case kind::none: return;
    }
  }

  template <class List>
  auto pick(const List& list) {
    return list[in_.u8() % list.size()];
  }
  std::string description() { return in_.u8() % 4 == 0 ? std::string() : "text " + std::to_string(in_.u8()); }
  ua::call_id some_call(std::size_t agent) {
    if (calls_[agent].empty()) return ua::call_id::none;
    auto at = calls_[agent].begin();
    std::advance(at, in_.u8() % calls_[agent].size());
    return ua::call_id{at->first};
  }

  /// Something that shares the dialog of a call: either end of a REFER, or nothing in particular.
  struct usage {
    std::size_t agent = 0;
    ua::call_id call{};
    std::optional<ua::client_refer> asks = std::nullopt;
    std::optional<ua::server_refer> does = std::nullopt;
    std::set<std::uint32_t> sent = {};
    bool over = false;
  };
  /// A request that waits for its answer.
  struct incoming {
    ua::request_id id;
    ua::call_id call;
    std::string text;
  };

  usage* add_usage(std::size_t agent, ua::call_id call) {
    if (!net_[agent].core.add_usage(call)) return nullptr;
    used_.emplace(agent, static_cast<std::uint64_t>(call));
    return &usages_.emplace_back(usage{agent, call});
  }

  void end(usage& one) {
    if (!std::exchange(one.over, true)) net_[one.agent].core.end_usage(one.call);
  }

  template <class Refer>
  void drive(usage& one, Refer& refer) {
    const auto now = net_.now();
    if (refer.poll_timeout() <= now) refer.handle_timeout(now);
    const auto write = [&](ua::dialog& in, sip::message& out) { return refer.poll_request(now, in, out); };
    if (const auto sent = net_[one.agent].core.request(now, one.call, write)) one.sent.insert(*sent);
    if (refer.poll_event() == Refer::event::ended) end(one);
  }
  void drive(usage& one) {
    if (one.over) return;
    if (one.asks) drive(one, *one.asks);
    if (one.does) drive(one, *one.does);
  }

  void note_response(std::size_t agent, const ua::core_event& event) {
    const auto call = static_cast<std::uint64_t>(event.call);
    require(!calls_[agent].at(call) || used_.contains({agent, call}));
    sip::message_view response;
    const bool has_message = event.message && response.parse(event.message.text()) && response.is_response();
    const auto tell = [&](auto& refer) {
      if (has_message)
        refer.handle_response(net_.now(), response);
      else
        refer.handle_failure(net_.now(), event.session.status);
    };
    for (usage& one : usages_) {
      if (one.agent != agent || one.call != event.call || one.sent.erase(event.session.cseq) == 0) continue;
      if (one.asks) tell(*one.asks);
      if (one.does) tell(*one.does);
    }
  }

  /// Answers a request; a NOTIFY and an accepted REFER by the usage that it is of.
  void answer(std::size_t agent) {
    if (requests_[agent].empty()) return;
    const incoming request = std::move(requests_[agent].back());
    requests_[agent].pop_back();
    int status = pick(statuses);
    const std::string_view tag = pick(tags);
    sip::message_view view;
    require(view.parse(request.text).has_value());
    usage* made = nullptr;
    for (usage& one : usages_) {
      if (!one.over && one.asks && one.agent == agent && one.call == request.call &&
          one.asks->match_notify(view) == ua::subscription::match::yes) {
        status = one.asks->handle_notify(net_.now(), view);
      }
    }
    if (view.method() == sip::method::refer && request.call != ua::call_id::none && status / 100 == 2) {
      auto taken = ua::server_refer::accept(net_.now(), view);
      made = taken ? add_usage(agent, request.call) : nullptr;
      if (made != nullptr) made->does = std::move(*taken);
    }
    std::ignore =
        net_[agent].core.respond(net_.now(), request.id, sip::message::response(status).value(), tag);
    if (made != nullptr) drive(*made);
  }

  void step() {
    const std::size_t agent = in_.u8() % 2;
    ua::core& core = net_[agent].core;
    const auto now = net_.now();
    switch (in_.u8() % 23) {
      case 0: {
        const std::string_view uri = pick(uris);
        const std::string offer = description();
        ua::invite_options options;
        options.uri = uri;
        options.from = "<sip:me@example.com>";
        options.description = offer;
        options.expires = std::exchange(expires_, {});
        if (const auto call = core.invite(now, options))
          calls_[agent].emplace(static_cast<std::uint64_t>(*call), false);
        return;
      }
      case 1: {
        const ua::call_id call = some_call(agent);
        const std::string text = description();
        std::ignore = core.progress(now, call, pick(statuses), text, in_.u8() % 2 == 0);
        return;
      }
      case 2: std::ignore = core.accept(now, some_call(agent), description()); return;
      case 3: std::ignore = core.refuse(now, some_call(agent), pick(statuses)); return;
      case 4: {
        const ua::call_id call = some_call(agent);
        std::ignore = core.offer(now, call, description(), static_cast<ua::session::offer_by>(in_.u8() % 3));
        return;
      }
      case 5: std::ignore = core.answer(now, some_call(agent), description()); return;
      case 6: std::ignore = core.hang_up(now, some_call(agent)); return;
      case 7: std::ignore = core.request(now, some_call(agent), pick(methods)); return;
      case 8: {
        auto message = sip::message::request(pick(methods), pick(uris)).value();
        std::ignore = message.add(sip::header_id::from, "<sip:me@example.com>");
        std::ignore = message.add(sip::header_id::to, "<sip:you@example.com>");
        std::ignore = core.request(now, std::move(message));
        return;
      }
      case 9: return answer(agent);
      case 10: net_.run_for(static_cast<std::int64_t>(in_.scaled(18))); return;
      case 11:
        net_.conditions.lost = in_.u8() * 4U;
        net_.conditions.doubled = in_.u8();
        net_.conditions.most_delay = 5 + in_.u8() * 4U;
        return;
      case 12: {
        if (net_.sent.empty()) return;
        const network_message request = net_.sent[net_.sent.size() - 1 - in_.u8() % net_.sent.size()];
        const int status = pick(statuses);
        const std::string_view tag = pick(tags);
        const std::string_view more = pick(lines);
        net_.reply(request, status, tag, more, description());
        return;
      }
      case 13: return inject_request(agent);
      case 14: {
        if (net_.sent.empty()) return;
        std::string text = net_.sent[net_.sent.size() - 1 - in_.u8() % net_.sent.size()].text;
        if (const unsigned at = in_.u16(); in_.u8() % 2 == 0)
          text[at % text.size()] = static_cast<char>(in_.u8());
        net_.inject(agent, text);
        return;
      }
      case 15: {
        if (lookups_[agent].empty()) return;
        std::vector<sip::hop> hops(in_.u8() % 4);
        for (sip::hop& hop : hops) {
          hop.remote =
              base::socket_address::from_string("192.0.2.9" + std::to_string(in_.u8() % 10) + ":5060")
                  .value();
        }
        core.handle_resolved(now, lookups_[agent].back(), hops);
        lookups_[agent].pop_back();
        return;
      }
      case 16: {
        if (net_.sent.empty()) return;
        const network_message& message = net_.sent[net_.sent.size() - 1 - in_.u8() % net_.sent.size()];
        net_[message.from].core.handle_send_failure(now, message.ticket);
        return;
      }
      case 17: net_.run_for(in_.u8()); return;
      case 18: {
        ua::referral somewhere;
        somewhere.target = "sip:r@192.0.2.98";
        if (usage* const made = add_usage(agent, some_call(agent)); made != nullptr) {
          made->asks.emplace(timers_, somewhere);
        }
        return;
      }
      case 19: {
        const int status = pick(statuses);
        for (usage& one : usages_) {
          if (one.agent == agent && one.does && !one.over) one.does->report(now, status);
        }
        return;
      }
      case 20: std::ignore = add_usage(agent, some_call(agent)); return;
      case 21: {
        const auto found = std::find_if(usages_.begin(), usages_.end(),
                                        [&](const usage& one) { return one.agent == agent && !one.over; });
        if (found != usages_.end()) end(*found);
        return;
      }
      default: expires_ = std::chrono::seconds(in_.u8()); return;
    }
  }

  /// A stranger's request, in a dialog where it knows one.
  void inject_request(std::size_t agent) {
    std::string call_id = "strange";
    std::string local;
    std::string remote = "s";
    if (const ua::session* const session = net_[agent].core.find(some_call(agent));
        session != nullptr && in_.u8() % 4 != 0) {
      call_id = session->dialog().call_id();
      local = session->dialog().local_tag();
      remote = session->dialog().remote_tag();
    }
    const std::string method(pick(methods));
    const std::string more(pick(lines));
    const std::string body = description();
    net_.inject(
        agent, method + " sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK" +
                   std::to_string(in_.u8()) + "\r\nMax-Forwards: 70\r\nFrom: <sip:s@example.com>;tag=" +
                   remote + "\r\nTo: <sip:x@example.com>" + (local.empty() ? "" : ";tag=" + local) +
                   "\r\nCall-ID: " + call_id + "\r\nCSeq: " + std::to_string(in_.u8()) + ' ' + method +
                   "\r\n" + more + (body.empty() ? "" : "Content-Type: application/sdp\r\n") + "\r\n" + body);
  }

  operation_bytes in_;
  ua_network net_;
  std::array<std::map<std::uint64_t, bool>, 2> calls_;  // and whether each is over
  std::array<std::vector<incoming>, 2> requests_;
  std::chrono::seconds expires_{};  // of the next call
  transaction::timers timers_;
  std::list<usage> usages_;
  std::set<std::pair<std::size_t, std::uint64_t>> used_;  // calls that have had usages
  std::array<std::vector<std::uint64_t>, 2> lookups_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  run(operation_bytes({data, size})).go();
  return 0;
}
