// Both engines, packet by packet: the same bytes on the wire, the same packets taken and refused.
#include <parley/srtp/context.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"
#include "support/srtp.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

using namespace parley;
using srtp::engine_choice;
using srtp::profile;

namespace {

using bytes = std::vector<std::byte>;

struct sent_packet {
  bytes plain;
  bytes secret;
  bool rtcp;
};

struct engine_pair {
  engine_pair(std::span<const srtp::master_key> keys, srtp::context_options options)
      : ours_out(make(true, keys, options, engine_choice::openssl)),
        ours_in(make(false, keys, options, engine_choice::openssl)),
        theirs_out(make(true, keys, options, engine_choice::libsrtp)),
        theirs_in(make(false, keys, options, engine_choice::libsrtp)) {}

  static srtp::context make(bool protects, std::span<const srtp::master_key> keys,
                            srtp::context_options options, engine_choice engine) {
    options.engine = engine;
    auto made =
        protects ? srtp::context::protecting(keys, options) : srtp::context::unprotecting(keys, options);
    REQUIRE(made.has_value());
    return *std::move(made);
  }

  static base::result<bytes> apply(base::buffer_pool& pool, srtp::context& by, const bytes& in, bool rtcp) {
    auto buffer = test::buffer_of(pool, in);
    const auto done = by.protects() ? (rtcp ? by.protect_rtcp(buffer) : by.protect_rtp(buffer))
                                    : (rtcp ? by.unprotect_rtcp(buffer) : by.unprotect_rtp(buffer));
    bytes now(buffer.bytes().begin(), buffer.bytes().end());
    if (!done) {
      REQUIRE(now == in);
      return done.error();
    }
    return now;
  }

  /// What both make of it, which has to be one.
  base::result<bytes> protect(const bytes& in, bool rtcp) { return agreed(ours_out, theirs_out, in, rtcp); }
  base::result<bytes> unprotect(const bytes& in, bool rtcp) { return agreed(ours_in, theirs_in, in, rtcp); }

  base::result<bytes> agreed(srtp::context& a, srtp::context& b, const bytes& in, bool rtcp) {
    const auto first = apply(pool, a, in, rtcp);
    const auto second = apply(pool, b, in, rtcp);
    REQUIRE(first.has_value() == second.has_value());
    if (first) {
      REQUIRE(*first == *second);
    } else if (first.error() != srtp::errc::unknown_mki && second.error() != srtp::errc::unknown_mki) {
      // Of a packet with a wrong MKI and an old number each names what it has looked at first.
      REQUIRE(first.error() == second.error());
    }
    REQUIRE(a.sources() == b.sources());
    return first;
  }

  base::buffer_pool pool;
  srtp::context ours_out;
  srtp::context ours_in;
  srtp::context theirs_out;
  srtp::context theirs_in;
};

/// A call with losses, packets out of order, repeated ones, changed ones, several SSRCs and two keys.
void run(profile which, std::uint64_t seed) {
  test::seeded_random random(seed);
  const bool with_mki = srtp::sizes(which).rtp_tag == srtp::sizes(which).rtcp_tag && random.uniform(2) == 0;
  const bytes one(with_mki ? 2 : 0, std::byte{1});
  const bytes two(2, std::byte{2});
  std::vector keys{test::srtp_key(which, static_cast<unsigned>(seed), one)};
  if (with_mki) keys.push_back(test::srtp_key(which, static_cast<unsigned>(seed) + 1, two));
  srtp::context_options options;
  options.max_sources = 3;
  options.replay_window = 64 + 64 * random.uniform(4);
  engine_pair pair(keys, options);

  std::array<std::uint16_t, 4> next{65500, 0, 32700, 65530};
  std::vector<sent_packet> on_the_way;
  std::size_t delivered = 0;
  for (unsigned step = 0; step < 600; ++step) {
    const auto who = static_cast<std::size_t>(random.uniform(next.size()));
    const auto ssrc = static_cast<std::uint32_t>(1000 + who);
    sent_packet sent;
    sent.rtcp = random.uniform(8) == 0;
    if (with_mki && random.uniform(16) == 0) {
      const bytes& mki = random.uniform(2) == 0 ? one : two;
      REQUIRE(pair.ours_out.select_key(mki));
      REQUIRE(pair.theirs_out.select_key(mki));
    }
    if (sent.rtcp) {
      sent.plain = test::rtcp_packet(ssrc, random.uniform(12));
    } else {
      next[who] =
          static_cast<std::uint16_t>(next[who] + 1 + (random.uniform(20) == 0 ? random.uniform(300) : 0));
      sent.plain = test::rtp_packet(ssrc, next[who], random.uniform(200));
    }
    if (auto secret = pair.protect(sent.plain, sent.rtcp)) {
      sent.secret = *std::move(secret);
      on_the_way.push_back(std::move(sent));
    }
    // Some wait, so that they arrive out of order, or too late.
    while (!on_the_way.empty() && (on_the_way.size() > 400 || random.uniform(3) != 0)) {
      const std::size_t reach =
          random.uniform(10) == 0 ? on_the_way.size() : std::min<std::size_t>(8, on_the_way.size());
      const auto at = on_the_way.begin() + static_cast<std::ptrdiff_t>(random.uniform(reach));
      const sent_packet arrived = *at;
      if (random.uniform(6) != 0) on_the_way.erase(at);  // else it comes once more
      if (random.uniform(12) == 0) continue;             // lost
      bytes packet = arrived.secret;
      const bool changed = random.uniform(5) == 0;
      if (changed) packet[random.uniform(packet.size())] ^= static_cast<std::byte>(1U << random.uniform(8));
      const auto received = pair.unprotect(packet, arrived.rtcp);
      if (received) {
        REQUIRE_FALSE(changed);
        REQUIRE(*received == arrived.plain);
        ++delivered;
      }
      const auto who_sent = static_cast<std::uint32_t>(1000 + random.uniform(next.size()));
      REQUIRE(pair.ours_in.roll_over_counter(who_sent) == pair.theirs_in.roll_over_counter(who_sent));
      REQUIRE(pair.ours_out.roll_over_counter(who_sent) == pair.theirs_out.roll_over_counter(who_sent));
    }
  }
  CHECK(delivered > 100);
}

}  // namespace

TEST_CASE("both engines agree on calls with losses, disorder and attacks", "[srtp]") {
  if (test::srtp_engines().size() < 2) {
    WARN("built without libsrtp2: there is nothing to compare with");
    return;
  }
  for (const profile which : test::srtp_profiles) {
    CAPTURE(static_cast<int>(which));
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      CAPTURE(seed);
      run(which, seed);
    }
  }
}
