#pragma once

#include <parley/transaction/layer.hpp>

#include "support/operation_bytes.hpp"
#include "support/transaction_harness.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>

namespace parley::test {

/// Carries out a sequence of operations on a transaction layer, in virtual time and with queues that often
/// are full, and checks what the layer promises whatever happens: counts stay within their limits; no event
/// and no message speaks of a transaction that does not exist; each one ends exactly once; and when all
/// timers have run out nothing is left.
class transaction_model {
 public:
  /// Returns nullptr where all promises are kept, else the one that is broken.
  static const char* run(std::span<const std::uint8_t> bytes) {
    operation_bytes operations(bytes);
    transaction_model model(operations.u8());
    while (!operations.empty() && model.broken_ == nullptr) model.step(operations);
    return model.drain_everything();
  }

 private:
  using server_id = transaction::server_id;
  using client_id = transaction::client_id;
  using kind = transaction::received::kind;

  static constexpr std::size_t max_servers = 12;
  static constexpr std::size_t max_clients = 9;
  static constexpr std::size_t max_pending = 6;
  static constexpr std::size_t remembered = 8;

  struct server {
    std::uint64_t id = 0;
    std::string request;
    std::string tag;
  };
  struct client {
    std::uint64_t id = 0;
    std::string request;
  };

  static transaction::layer_options options(std::uint8_t choices) {
    transaction::layer_options out;
    out.max_server_transactions = max_servers;
    out.max_client_transactions = max_clients;
    out.max_pending_invites = max_pending;
    out.max_queue = 8 + choices % 32U;
    out.detect_merged = (choices & 0x80U) != 0;
    return out;
  }

  explicit transaction_model(std::uint8_t choices) : harness_(options(choices)) {
    harness_.collecting = false;
  }

  /// What a driver may say of what it was given to send.
  void tell(std::uint64_t ticket, std::uint8_t choice) {
    const std::uint64_t flow = 1 + choice % 3U;
    switch (choice / 64U) {
      case 0:
      case 1: return harness_.layer.handle_send_failure(harness_.now(), ticket);
      case 2: return harness_.layer.handle_sent(ticket, flow);
      default: return harness_.layer.handle_flow_closed(harness_.now(), flow);
    }
  }

  void step(operation_bytes& operations) {
    const std::uint8_t operation = operations.u8();
    const std::uint8_t choice = operations.u8();
    const bool over_stream = (choice & 0x40U) != 0;
    harness_.peer.transport = over_stream ? sip::transport::tcp : sip::transport::udp;
    switch (operation % 16) {
      case 0:
      case 1: receive(request_of(choice), (choice & 0x20U) != 0); break;
      case 2: receive(request_of(choice).with_method("ACK").with_to_tag("bob"), false); break;
      case 3: receive(request_of(choice).with_method("CANCEL"), (choice & 0x20U) != 0); break;
      case 4: respond(choice, operations.u8()); break;
      case 5: answer(choice, operations.u8()); break;
      case 6: request(choice); break;
      case 7: response(choice, operations.u8()); break;
      case 8: {
        const client_id id{pick(clients_, choice).id};
        if (harness_.layer.cancel(harness_.now(), id) &&
            live_clients_.count(pick(clients_, choice).id) == 0) {
          fail("a transaction that is gone was cancelled");
        }
        break;
      }
      case 9:
        harness_.layer.set_deadline(client_id{pick(clients_, choice).id},
                                    harness_.now() + std::chrono::milliseconds(operations.u16()));
        break;
      case 10: tell(tickets_[choice % tickets_.size()], choice); break;
      case 11: harness_.run_for(operations.u16() % 50'000); break;
      case 12: pass_time(); break;
      case 13: poll_transmits(choice % 8U); break;
      case 14: poll_events(choice % 8U); break;
      default:
        if (choice % 4U == 0) {
          poll_transmits(1000);
          poll_events(1000);
        } else {
          for (unsigned i = choice / 4U; i > 0; --i) {
            std::ignore = harness_.layer.send(harness_.peer, harness_.buffer("x"));
          }
        }
    }
    check_counts();
  }

  // A few branches with and without cookie, so that retransmissions, twins and collisions are common.
  static request_text request_of(std::uint8_t choice) {
    static constexpr std::array methods{"OPTIONS", "INVITE", "INVITE", "BYE"};
    request_text out;
    out.method = methods[choice % 4U];
    const unsigned number = choice / 4U % 8U;
    switch (number) {
      case 6: out.via = "SIP/2.0/UDP 192.0.2.1"; break;
      case 7: out.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK;maddr=224.0.1.75"; break;
      default: out.via = "SIP/2.0/UDP h;rport;branch=z9hG4bK-" + std::to_string(number);
    }
    return out;
  }

  void receive(const request_text& what, bool ignore) {
    const auto got = harness_.receive(what.text());
    if (got.server != server_id::none && live_servers_.count(static_cast<std::uint64_t>(got.server)) == 0) {
      fail("a message was matched to a server transaction that is gone");
    }
    if (ignore || (got.what != kind::request && got.what != kind::merged && got.what != kind::cancel)) return;
    const auto user = ++users_;
    const auto id = harness_.accept(got, user);
    if (!id) return;
    const auto number = static_cast<std::uint64_t>(*id);
    if (!live_servers_.emplace(number, user).second) fail("two server transactions have one id");
    servers_[next_server_++ % remembered] = {number, what.text(), "bob"};
  }

  void respond(std::uint8_t choice, std::uint8_t status) {
    const server& s = pick(servers_, choice);
    const std::string text = response_text(s.request.empty() ? request_text{}.text() : s.request, 200);
    note(s.id,
         harness_.layer.respond(harness_.now(), server_id{s.id}, status_of(status), harness_.buffer(text)));
  }
  void answer(std::uint8_t choice, std::uint8_t status) {
    const server& s = pick(servers_, choice);
    note(s.id, harness_.layer.answer(harness_.now(), server_id{s.id}, status_of(status), {{}, "bob", {}}));
  }
  void note(std::uint64_t id, const base::result<void>& done) {
    if (done && live_servers_.count(id) == 0) fail("a transaction that is gone was answered");
  }

  void request(std::uint8_t choice) {
    static constexpr std::array methods{"OPTIONS", "INVITE", "INVITE", "ACK"};
    const auto user = ++users_;
    const auto id = harness_.request(methods[choice % 4U], user);
    if (!id) return;
    const auto number = static_cast<std::uint64_t>(*id);
    if (!live_clients_.emplace(number, user).second) fail("two client transactions have one id");
    clients_[next_client_++ % remembered] = {number, harness_.last_request};
  }

  void response(std::uint8_t choice, std::uint8_t status) {
    const client& c = pick(clients_, choice);
    std::string text = c.request.empty() ? request_text{}.text() : c.request;
    if ((choice & 0x80U) != 0 && !cancel_.empty()) text = cancel_;
    const auto got = harness_.receive(response_text(text, status_of(status)));
    if (got.what == kind::response) {
      const auto live = live_clients_.find(static_cast<std::uint64_t>(got.client));
      if (live == live_clients_.end() || live->second != got.user)
        fail("a response for a client transaction that is gone");
    }
  }

  static int status_of(std::uint8_t choice) {
    static constexpr std::array statuses{100, 180, 183, 200, 202, 302, 404, 408, 486, 487, 503, 603};
    return statuses[choice % statuses.size()];
  }

  void pass_time() {
    const auto wake = harness_.layer.poll_timeout();
    if (wake == base::never || wake < harness_.now()) return;
    harness_.run_for(1 +
                     std::chrono::duration_cast<std::chrono::milliseconds>(wake - harness_.now()).count());
  }

  void poll_transmits(std::size_t count) {
    sip::outgoing out;
    while (count-- > 0 && harness_.layer.poll_transmit(out)) {
      if (out.data.empty()) fail("an empty message was sent");
      if (out.ticket != 0) tickets_[next_ticket_++ % tickets_.size()] = out.ticket;
      if (out.data.text().starts_with("CANCEL")) cancel_ = out.data.text();
    }
  }

  void poll_events(std::size_t count) {
    transaction::event e;
    while (count-- > 0 && harness_.layer.poll_event(e)) {
      using happened = transaction::event::kind;
      const bool of_server = e.server != server_id::none;
      if (of_server == (e.client != client_id::none)) fail("an event is not of one transaction");
      auto& live = of_server ? live_servers_ : live_clients_;
      const auto id = of_server ? static_cast<std::uint64_t>(e.server) : static_cast<std::uint64_t>(e.client);
      const auto found = live.find(id);
      if (found == live.end()) return fail("an event of a transaction that has ended, or never was");
      if (found->second != e.user) fail("an event with another user");
      if (e.what == happened::server_ended || e.what == happened::client_ended) live.erase(found);
      if (of_server != (e.what <= happened::server_ended)) fail("an event of the wrong side");
    }
  }

  void check_counts() {
    const auto& layer = harness_.layer;
    if (layer.server_count() > max_servers) fail("too many server transactions");
    if (layer.pending_invites() > max_pending) fail("too many pending INVITEs");
    if (layer.client_count() > 2 * max_clients) fail("too many client transactions");
    if (layer.server_count() > live_servers_.size()) fail("a server transaction ended and lives");
  }

  // INVITEs that wait for their user are answered; everything else goes by itself.
  const char* drain_everything() {
    for (int round = 0; round < 2000 && broken_ == nullptr; ++round) {
      poll_transmits(1000);
      poll_events(1000);
      harness_.layer.handle_timeout(harness_.now());
      if (round % 50 == 0) {
        for (const auto& [id, user] : std::map(live_servers_)) {
          std::ignore = harness_.layer.answer(harness_.now(), server_id{id}, 500, {});
          poll_transmits(1000);
        }
        for (const auto& [id, user] : std::map(live_clients_)) {
          std::ignore = harness_.layer.cancel(harness_.now(), client_id{id});
          poll_transmits(1000);
        }
      }
      if (harness_.layer.poll_timeout() == base::never && live_clients_.empty() && live_servers_.empty())
        break;
      pass_time();
      check_counts();
    }
    if (harness_.layer.server_count() != 0) fail("a server transaction never ends");
    if (harness_.layer.client_count() != 0) fail("a client transaction never ends");
    if (harness_.layer.pending_invites() != 0) fail("pending INVITEs are miscounted");
    if (harness_.layer.poll_timeout() != base::never) fail("a timer of nothing");
    if (!live_servers_.empty() || !live_clients_.empty()) fail("an end was not reported");
    harness_.view = {};
    harness_.data.reset();
    if (harness_.pool.stats().blocks_in_use != 0) fail("a buffer was leaked");
    return broken_;
  }

  template <class T>
  static const T& pick(const std::array<T, remembered>& from, std::uint8_t choice) {
    return from[choice % remembered];
  }

  void fail(const char* promise) {
    if (broken_ == nullptr) broken_ = promise;
  }

  transaction_harness harness_;
  std::map<std::uint64_t, std::uint64_t> live_servers_;  // from an id to its user's number
  std::map<std::uint64_t, std::uint64_t> live_clients_;
  std::array<server, remembered> servers_;
  std::array<client, remembered> clients_;
  std::array<std::uint64_t, 16> tickets_{};
  std::string cancel_;
  std::size_t next_server_ = 0;
  std::size_t next_client_ = 0;
  std::size_t next_ticket_ = 0;
  std::uint64_t users_ = 0;
  const char* broken_ = nullptr;
};

}  // namespace parley::test
