// Arbitrary bytes, and protected packets with changes, never crash a context, and what is refused changes
// neither packet nor context. Where libsrtp2 is built in, both engines take and refuse the same, and agree on
// the bytes.
//
// The first byte chooses the profile, the second the options; then come operations of a byte each with what
// they need behind it.
#include <parley/srtp/context.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using bytes = std::vector<std::byte>;

void require(bool held) {
  if (!held) std::abort();
}

class input {
 public:
  explicit input(std::span<const std::byte> all) : rest_(all) {}
  bool empty() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(rest_[0]);
    rest_ = rest_.subspan(1);
    return value;
  }
  bytes take(std::size_t n) {
    const auto part = rest_.first(std::min(n, rest_.size()));
    rest_ = rest_.subspan(part.size());
    return {part.begin(), part.end()};
  }

 private:
  std::span<const std::byte> rest_;
};

base::result<void> apply(srtp::context& by, base::packet_buffer& packet, bool rtcp) {
  if (by.protects()) return rtcp ? by.protect_rtcp(packet) : by.protect_rtp(packet);
  return rtcp ? by.unprotect_rtcp(packet) : by.unprotect_rtp(packet);
}

/// One direction, by one engine or by two that have to agree.
struct twins {
  srtp::context first;
  std::optional<srtp::context> second;

  static twins make(std::span<const srtp::master_key> keys, srtp::context_options options, bool protects) {
    const auto one = [&](srtp::engine_choice engine) {
      options.engine = engine;
      return protects ? srtp::context::protecting(keys, options) : srtp::context::unprotecting(keys, options);
    };
    auto ours = one(srtp::engine_choice::openssl);
    require(ours.has_value());
    twins out{*std::move(ours), std::nullopt};
    if (auto theirs = one(srtp::engine_choice::libsrtp)) out.second = *std::move(theirs);
    return out;
  }

  base::result<bytes> run(base::buffer_pool& pool, const bytes& in, bool rtcp) {
    const auto one = [&](srtp::context& by) -> base::result<bytes> {
      auto packet = *pool.copy(in, 0, 200);
      const std::size_t sources = by.sources();
      const auto done = apply(by, packet, rtcp);
      bytes now(packet.bytes().begin(), packet.bytes().end());
      if (done) return now;
      require(now == in && by.sources() == sources);
      return done.error();
    };
    const auto out = one(first);
    if (second) {
      const auto other = one(*second);
      require(out.has_value() == other.has_value());
      require(!out || *out == *other);
      require(first.sources() == second->sources());
    }
    return out;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(std::as_bytes(std::span(data, size)));
  const auto which = static_cast<srtp::profile>(in.byte() % 6);
  const unsigned settings = in.byte();
  srtp::context_options options;
  options.max_sources = 1 + (settings & 3U);
  options.encrypt_rtcp = (settings & 4U) == 0;
  options.replay_window = (settings & 8U) == 0 ? 64 : 192;
  const bytes mki((settings & 16U) == 0 ? 0 : 3, std::byte{0x4D});
  const srtp::key_sizes each = srtp::sizes(which);
  const auto key =
      srtp::master_key::make(which, bytes(each.key, std::byte{0x6B}), bytes(each.salt, std::byte{0x73}), mki);
  require(key.has_value());
  base::buffer_pool pool;
  twins sender = twins::make({&*key, 1}, options, true);
  twins receiver = twins::make({&*key, 1}, options, false);

  for (unsigned step = 0; step < 64 && !in.empty(); ++step) {
    const unsigned operation = in.byte();
    const bool rtcp = (operation & 1U) != 0;
    bytes packet = in.take(8 + in.byte() % 64);
    if (packet.size() >= 4 && (operation & 2U) != 0)
      packet[0] = (packet[0] & std::byte{0x3F}) | std::byte{0x80};
    if ((operation & 4U) != 0) {
      static_cast<void>(receiver.run(pool, packet, rtcp));
      continue;
    }
    const auto secret = sender.run(pool, packet, rtcp);
    if (!secret) continue;
    bytes arrived = *secret;
    const auto at = in.byte() % arrived.size();
    const auto change = static_cast<std::byte>((operation & 8U) != 0 ? in.byte() : 0);
    arrived[at] ^= change;
    const auto received = receiver.run(pool, arrived, rtcp);
    if (!received) continue;
    require(change == std::byte{0} && *received == packet);
    require(!receiver.run(pool, *secret, rtcp));
  }
  return 0;
}
