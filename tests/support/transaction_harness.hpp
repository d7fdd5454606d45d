#pragma once

#include <parley/base/address.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/layer.hpp>

#include "support/seeded_random.hpp"
#include "support/transaction_texts.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

inline sip::hop hop_to(std::string_view address, sip::transport transport = sip::transport::udp,
                       std::uint64_t flow = 0) {
  sip::hop out;
  out.transport = transport;
  out.remote = base::socket_address::from_string(address).value();
  out.flow = flow;
  return out;
}

/// A transaction layer with its pool, in virtual time: messages go in as text; what comes out is kept with
/// the millisecond, from the start, at which it came.
class transaction_harness {
 public:
  struct message {
    std::int64_t at = 0;
    sip::hop to;
    std::string text;
    std::uint64_t ticket = 0;

    /// The first line without its line end.
    std::string_view start_line() const { return std::string_view(text).substr(0, text.find('\r')); }
  };
  struct happening {
    std::int64_t at = 0;
    transaction::event what;
  };

  explicit transaction_harness(const transaction::layer_options& options = {},
                               const base::buffer_pool_limits& limits = {})
      : pool(limits), layer(options, pool, random_, start_) {}

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at_); }
  std::int64_t at() const noexcept { return at_; }
  base::packet_buffer buffer(std::string_view text) { return pool.copy(text).value(); }

  /// Hands in a message from the network. `view` and `data` show it until the next one.
  transaction::received receive(std::string_view text, const sip::hop& from) {
    data = buffer(text);
    from_ = from;
    if (!view.parse(data.text())) return {};
    auto got = layer.handle_message(now(), view);
    collect();
    return got;
  }
  transaction::received receive(std::string_view text) { return receive(text, peer); }

  /// Starts a transaction for the request that came last.
  base::result<transaction::server_id> accept(const transaction::received& got, std::uint64_t user = 7) {
    return layer.accept(now(), from_, view, data, got, user);
  }
  /// Receives a new request and accepts it.
  transaction::server_id serve(const request_text& request, std::uint64_t user = 7) {
    const auto id = accept(receive(request.text()), user);
    return id ? *id : transaction::server_id::none;
  }

  base::result<void> respond(transaction::server_id id, int status, std::string_view text) {
    auto done = layer.respond(now(), id, status, buffer(text));
    collect();
    return done;
  }
  base::result<void> answer(transaction::server_id id, int status, std::string_view to_tag = "bob") {
    auto done = layer.answer(now(), id, status, {{}, to_tag, {}});
    collect();
    return done;
  }

  /// Sends a request with a branch of its own to `peer`; its text is in `last_request`.
  base::result<transaction::client_id> request(std::string_view method, std::uint64_t user = 9,
                                               std::string_view lines = {}) {
    const auto branch = layer.make_branch();
    request_text what;
    what.method = method;
    what.via = std::string("SIP/2.0/UDP 192.0.2.9;branch=").append(branch.text());
    what.lines = lines;
    last_request = what.text();
    last_branch = branch.text();
    auto id = layer.request(now(), peer, buffer(last_request), method, branch.text(), user);
    collect();
    return id;
  }
  base::result<void> cancel(transaction::client_id id) {
    auto done = layer.cancel(now(), id);
    collect();
    return done;
  }
  void fail(std::uint64_t ticket) {
    layer.handle_send_failure(now(), ticket);
    collect();
  }

  /// Goes on to `at`, stopping at each moment in between that the layer asks for.
  void run_until(std::int64_t at) {
    const auto target = start_ + std::chrono::milliseconds(at);
    while (layer.poll_timeout() <= target) {
      const auto wake =
          std::chrono::duration_cast<std::chrono::milliseconds>(layer.poll_timeout() - start_).count();
      at_ = std::max(at_, wake);
      layer.handle_timeout(now());
      if (!collecting) break;
      collect();
    }
    at_ = at;
    layer.handle_timeout(now());
    collect();
  }
  void run_for(std::int64_t milliseconds) { run_until(at_ + milliseconds); }

  /// Takes what waits to be polled, unless `collecting` is off.
  void collect() {
    if (!collecting) return;
    sip::outgoing out;
    while (layer.poll_transmit(out)) sent.push_back({at_, out.to, std::string(out.data.text()), out.ticket});
    transaction::event e;
    while (layer.poll_event(e)) events.push_back({at_, e});
  }

  std::vector<std::int64_t> send_times() const {
    std::vector<std::int64_t> out;
    for (const message& m : sent) out.push_back(m.at);
    return out;
  }
  std::vector<transaction::event::kind> event_kinds() const {
    std::vector<transaction::event::kind> out;
    for (const happening& e : events) out.push_back(e.what.what);
    return out;
  }
  void clear() {
    sent.clear();
    events.clear();
  }

  bool collecting = true;
  sip::hop peer = hop_to("192.0.2.1:5060");
  base::buffer_pool pool;

 private:
  base::time_point start_{std::chrono::seconds(1000)};
  std::int64_t at_ = 0;
  seeded_random random_;
  sip::hop from_;

 public:
  transaction::layer layer;
  base::packet_buffer data;
  sip::message_view view;
  std::string last_request;
  std::string last_branch;
  std::vector<message> sent;
  std::vector<happening> events;
};

}  // namespace parley::test
