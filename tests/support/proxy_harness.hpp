#pragma once

#include <parley/base/address.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/proxy/core.hpp>

#include "support/seeded_random.hpp"
#include "support/transaction_texts.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

using strings = std::vector<std::string>;

/// A message that the core sent.
struct proxy_message {
  std::int64_t at = -1;  ///< milliseconds from the start; -1 where there is none
  sip::hop to;
  std::string text;
  std::uint64_t ticket = 0;

  std::string_view start_line() const { return std::string_view(text).substr(0, text.find('\r')); }
  /// The values of all lines of that name, which is given as it is written.
  strings values(std::string_view name) const;
  /// The first of them.
  std::string value(std::string_view name) const;
  /// `192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0`, with the transport before it where that isn't UDP.
  std::string summary() const;
};

/// The summaries of all of them.
strings summaries(const std::vector<proxy_message>& messages);

/// How many of them have a start line that begins so.
int count(const std::vector<proxy_message>& messages, std::string_view start);

/// A peer: where its messages come from.
sip::hop peer_at(std::string_view address, std::uint16_t listener = 0,
                 sip::transport transport = sip::transport::udp, std::uint64_t flow = 0);

/// The Route lines of the caller's requests in the dialog that `forwarded` begins.
std::string caller_routes(const proxy_message& forwarded);

/// The Record-Routes of a request without their seals.
strings recorded(const proxy_message& forwarded);

/// A Route line of the harness's listener 0 with the seal for that call.
std::string sealed_route(std::string_view call_id);

/// A proxy core with its pool, in virtual time, and the peers around it. Messages go in as text; what comes
/// out is kept with its time. Without a test library, for unit tests and fuzz targets.
///
///  listener  transport  address
///  0         UDP        192.0.2.10:5060
///  1         TCP        192.0.2.10:5060
///  2         UDP        [2001:db8::10]:5060
class proxy_harness {
 public:
  static proxy::core_options default_options();

  explicit proxy_harness(proxy::core_options options = default_options(),
                         const base::buffer_pool_limits& limits = {});

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at_); }
  std::int64_t at() const noexcept { return at_; }

  void receive(std::string_view text, const sip::hop& from);
  void receive(std::string_view text) { receive(text, alice); }
  /// What the receiver of `request` answers.
  void reply(const proxy_message& request, int status, std::string_view to_tag = "bob",
             std::string_view lines = {});
  void fail(const proxy_message& message);
  void resolve(std::uint64_t lookup, const strings& addresses);

  /// Decide about the oldest request that waits.
  base::result<void> forward(const std::vector<proxy::target>& targets);
  base::result<void> respond(int status, const transaction::response_options& options = {});
  /// The oldest request that waits; `none` where none does.
  proxy::request_id waiting() const;

  /// Goes on to `at`, stopping at each moment in between that the core asks for.
  void run_until(std::int64_t at);
  void run_for(std::int64_t milliseconds) { run_until(at_ + milliseconds); }

  /// What has been sent since the last call.
  std::vector<proxy_message> take();
  /// The only message sent since then; an empty one where it isn't one.
  proxy_message take_one();
  /// What the core wants sent and reports; done by all the others unless `collecting` is off.
  void collect();

  bool collecting = true;
  /// Where it is set, each request goes there at once.
  std::optional<std::vector<proxy::target>> targets;
  std::vector<proxy_message> sent;
  std::vector<proxy::event> events;

  sip::hop alice = peer_at("192.0.2.1:5060");
  sip::hop bob = peer_at("192.0.2.2:5060");

  base::buffer_pool pool;

 private:
  base::time_point start_{std::chrono::seconds(1000)};
  std::int64_t at_ = 0;
  seeded_random random_;

 public:
  proxy::core core;
};

}  // namespace parley::test
