#include <parley/srtp/context.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/result.hpp"
#include "support/srtp.hpp"

#include <cstring>
#include <utility>

using namespace parley;
using srtp::errc;
using srtp::profile;

namespace {

using bytes = std::vector<std::byte>;

/// Both ends of a direction, and the network between them.
struct direction {
  direction(std::span<const srtp::master_key> keys, srtp::context_options options, srtp::engine_choice engine)
      : sender(make(true, keys, options, engine)), receiver(make(false, keys, options, engine)) {}

  static srtp::context make(bool protects, std::span<const srtp::master_key> keys,
                            srtp::context_options options, srtp::engine_choice engine) {
    options.engine = engine;
    auto made =
        protects ? srtp::context::protecting(keys, options) : srtp::context::unprotecting(keys, options);
    REQUIRE(made.has_value());
    return *std::move(made);
  }

  bytes protect(const bytes& plain, bool rtcp = false) {
    auto buffer = test::buffer_of(pool, plain);
    REQUIRE((rtcp ? sender.protect_rtcp(buffer) : sender.protect_rtp(buffer)));
    return {buffer.bytes().begin(), buffer.bytes().end()};
  }

  /// What comes of a packet that arrives; refused ones must be as they were.
  base::result<bytes> receive(const bytes& packet, bool rtcp = false) {
    return receive(receiver, packet, rtcp);
  }

  base::result<bytes> receive(srtp::context& by, const bytes& packet, bool rtcp = false) {
    auto buffer = test::buffer_of(pool, packet);
    const auto done = rtcp ? by.unprotect_rtcp(buffer) : by.unprotect_rtp(buffer);
    bytes now(buffer.bytes().begin(), buffer.bytes().end());
    if (done) return now;
    CHECK(now == packet);
    return done.error();
  }

  base::buffer_pool pool;
  srtp::context sender;
  srtp::context receiver;
};

const bytes first_mki{std::byte{1}, std::byte{2}};
const bytes second_mki{std::byte{1}, std::byte{3}};

/// What libsrtp2 can't unprotect with MKIs.
bool has_short_tags(profile which) { return srtp::sizes(which).rtp_tag != srtp::sizes(which).rtcp_tag; }

/// Each profile by each engine that can do it.
template <class Test>
void for_all(Test test, bool with_mki = false) {
  for (const srtp::engine_choice engine : test::srtp_engines()) {
    for (const profile which : test::srtp_profiles) {
      if (with_mki && engine == srtp::engine_choice::libsrtp && has_short_tags(which)) continue;
      CAPTURE(static_cast<int>(engine), static_cast<int>(which));
      test(which, engine);
    }
  }
}

}  // namespace

TEST_CASE("packets come back as they were sent", "[srtp]") {
  const bool with_mki = GENERATE(false, true);
  const auto test = [&](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(
        which, 1, with_mki ? std::span<const std::byte>(first_mki) : std::span<const std::byte>());
    direction both({&key, 1}, {}, engine);
    CHECK(both.sender.engine() == engine);
    CHECK(both.sender.profile() == which);
    CHECK(both.sender.protects());
    CHECK_FALSE(both.receiver.protects());
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 46U, 160U, 1188U}) {
      const bytes plain = test::rtp_packet(7, static_cast<std::uint16_t>(size), size);
      const bytes secret = both.protect(plain);
      CHECK(secret.size() == plain.size() + both.sender.rtp_overhead());
      CHECK(both.sender.rtp_overhead() == srtp::sizes(which).rtp_tag + key.mki().size());
      CHECK(std::memcmp(secret.data(), plain.data(), 12) == 0);
      if (size >= 15) CHECK(std::memcmp(secret.data() + 12, plain.data() + 12, size) != 0);
      const auto received = both.receive(secret);
      REQUIRE(received.has_value());
      CHECK(*received == plain);
    }
    for (std::size_t words = 0; words < 20; ++words) {
      const bytes plain = test::rtcp_packet(7, words);
      const bytes secret = both.protect(plain, true);
      CHECK(secret.size() == plain.size() + both.sender.rtcp_overhead());
      const auto received = both.receive(secret, true);
      REQUIRE(received.has_value());
      CHECK(*received == plain);
    }
    CHECK(both.sender.sources() == 1);
    CHECK(both.receiver.sources() == 1);
  };
  for_all(test, with_mki);
}

TEST_CASE("CSRCs and the header extension stay readable and are vouched for", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    direction both({&key, 1}, {}, engine);
    bytes plain = test::rtp_packet(7, 1, 60);
    plain[0] = std::byte{0x92};  // two CSRCs, which are the first eight bytes, and an extension of two words
    plain[12 + 8 + 2] = std::byte{0};
    plain[12 + 8 + 3] = std::byte{2};
    const bytes secret = both.protect(plain);
    constexpr std::size_t header = 12 + 8 + 4 + 8;
    CHECK(std::memcmp(secret.data(), plain.data(), header) == 0);
    CHECK(std::memcmp(secret.data() + header, plain.data() + header, 72 - header) != 0);
    bytes changed = secret;
    changed[12 + 8 + 5] ^= std::byte{1};
    CHECK(both.receive(changed).error() == errc::authentication_failed);
    CHECK(*both.receive(secret) == plain);
    bytes beyond = secret;
    beyond[12 + 8 + 3] = std::byte{200};
    CHECK(both.receive(beyond).error() == errc::too_short);
  });
}

TEST_CASE("each bit of a packet counts, and a refusal changes nothing", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    const bool rtcp = GENERATE(false, true);
    direction both({&key, 1}, {}, engine);
    const bytes plain = rtcp ? test::rtcp_packet(7, 3) : test::rtp_packet(7, 1, 20);
    const bytes secret = both.protect(plain, rtcp);
    for (std::size_t bit = 0; bit < secret.size() * 8; ++bit) {
      bytes changed = secret;
      changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      const auto received = both.receive(changed, rtcp);
      REQUIRE(received.has_error());
      CHECK(received.error() != errc::crypto_failed);
    }
    CHECK(both.receiver.sources() == 0);
    for (std::size_t size = 0; size < secret.size(); ++size) {
      REQUIRE(both.receive(bytes(secret.begin(), secret.begin() + static_cast<std::ptrdiff_t>(size)), rtcp)
                  .has_error());
    }
    CHECK(both.receive(bytes(secret.begin(), secret.begin() + 15), rtcp).error() == errc::too_short);
    const auto wrong = test::srtp_key(which, 2);
    direction other({&wrong, 1}, {}, engine);
    CHECK(other.receive(secret, rtcp).error() == errc::authentication_failed);
    CHECK(other.receiver.sources() == 0);
    CHECK(*both.receive(secret, rtcp) == plain);
    CHECK(both.receive(secret, rtcp).error() == errc::replayed);
  });
}

TEST_CASE("what is no packet isn't protected", "[srtp]") {
  for (const srtp::engine_choice engine : test::srtp_engines()) {
    const auto key = test::srtp_key(profile::aes_cm_128_hmac_sha1_80);
    direction both({&key, 1}, {}, engine);
    const auto try_rtp = [&](bytes packet) {
      auto buffer = test::buffer_of(both.pool, packet);
      const auto done = both.sender.protect_rtp(buffer);
      CHECK(buffer.size() == packet.size());
      return done.has_error() ? done.error() : base::error_code();
    };
    bytes packet = test::rtp_packet(7, 1);
    packet[0] = std::byte{0x40};
    CHECK(try_rtp(packet) == errc::bad_header);
    CHECK(try_rtp(bytes(11, std::byte{0x80})) == errc::too_short);
    CHECK(try_rtp(bytes(15, std::byte{0x8F})) == errc::too_short);
    CHECK(try_rtp(bytes(12, std::byte{0x90})) == errc::too_short);
    auto short_report = test::buffer_of(both.pool, bytes(7, std::byte{0x80}));
    CHECK(both.sender.protect_rtcp(short_report).error() == errc::too_short);
    base::packet_buffer none;
    CHECK(both.sender.protect_rtp(none).error() == errc::too_short);
    CHECK(both.receiver.unprotect_rtp(none).error() == errc::too_short);
    CHECK(both.receiver.unprotect_rtcp(none).error() == errc::too_short);

    auto shared = test::buffer_of(both.pool, test::rtp_packet(7, 1));
    const auto other = shared;
    CHECK(both.sender.protect_rtp(shared).error() == base::errc::buffer_shared);
    CHECK(other.size() == 172);
    auto tight = *both.pool.copy(std::span<const std::byte>(test::rtp_packet(7, 1, 256 - 12 - 9)));
    REQUIRE(tight.tailroom() == 9);
    CHECK(both.sender.protect_rtp(tight).error() == base::errc::no_space);
    CHECK(both.sender.sources() == 0);
  }
}

TEST_CASE("RFC 3711 3.3.2: the replay window", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    srtp::context_options options;
    options.replay_window = GENERATE(64, 100, 128, 1000);
    const auto width = static_cast<std::uint16_t>((options.replay_window + 63) / 64 * 64);
    direction both({&key, 1}, options, engine);
    std::vector<bytes> sent;
    for (std::uint16_t i = 0; i < 2 * width; ++i) sent.push_back(both.protect(test::rtp_packet(7, i, 20)));
    REQUIRE(both.receive(sent[width]));
    CHECK(both.receive(sent[width]).error() == errc::replayed);
    CHECK(both.receive(sent[0]).error() == errc::too_old);
    CHECK(both.receive(sent[1]));
    CHECK(both.receive(sent[1]).error() == errc::replayed);
    REQUIRE(both.receive(sent[width + 1U]));
    CHECK(both.receive(sent[1]).error() == errc::too_old);
    CHECK(both.receive(sent[2]));
    REQUIRE(both.receive(sent[2U * width - 1]));
    for (std::uint16_t i = width; i < 2 * width - 1; ++i) {
      CHECK(both.receive(sent[i]).has_value() == (i > width + 1));
    }
    for (std::uint16_t i = 0; i < 2 * width; ++i) CHECK_FALSE(both.receive(sent[i]));
  });
}

TEST_CASE("a sequence number is sent once, or on demand again", "[srtp]") {
  for (const srtp::engine_choice engine : test::srtp_engines()) {
    const auto key = test::srtp_key(profile::aes_cm_128_hmac_sha1_80);
    const bool repeat = GENERATE(false, true);
    srtp::context_options options;
    options.allow_repeat_tx = repeat;
    direction both({&key, 1}, options, engine);
    const bytes first = both.protect(test::rtp_packet(7, 500));
    both.protect(test::rtp_packet(7, 501));
    auto again = test::buffer_of(both.pool, test::rtp_packet(7, 500));
    const auto done = both.sender.protect_rtp(again);
    CHECK(done.has_value() == repeat);
    if (repeat) {
      CHECK(test::to_hex(again.bytes()) == test::to_hex(first));
    } else {
      CHECK(done.error() == errc::replayed);
      CHECK(again.size() == 172);
    }
    auto old = test::buffer_of(both.pool, test::rtp_packet(7, 100));
    CHECK(both.sender.protect_rtp(old).error() == errc::too_old);
  }
}

TEST_CASE("RFC 3711 3.3.1: sequence numbers roll over", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    direction both({&key, 1}, {}, engine);
    std::vector<bytes> sent;
    for (unsigned i = 0; i < 100; ++i) {
      sent.push_back(both.protect(test::rtp_packet(7, static_cast<std::uint16_t>(65500 + i), 20)));
    }
    CHECK(both.sender.roll_over_counter(7) == 1U);
    CHECK_FALSE(both.sender.roll_over_counter(8).has_value());
    CHECK(both.receive(sent[0]));
    CHECK(both.receiver.roll_over_counter(7) == 0U);
    CHECK(both.receive(sent[50]));
    CHECK(both.receiver.roll_over_counter(7) == 1U);
    CHECK(both.receive(sent[20]));
    CHECK(both.receiver.roll_over_counter(7) == 1U);
    CHECK(both.receive(sent[99]));
    CHECK(both.receive(sent[20]).error() == errc::replayed);
  });
}

TEST_CASE("who joins late is told the roll-over counter", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    direction both({&key, 1}, {}, engine);
    REQUIRE(both.sender.set_roll_over_counter(7, 5));
    CHECK(both.sender.roll_over_counter(7) == 5U);
    const bytes plain = test::rtp_packet(7, 30000, 20);
    const bytes secret = both.protect(plain);
    CHECK(both.sender.roll_over_counter(7) == 5U);
    CHECK(both.receive(secret).error() == errc::authentication_failed);
    REQUIRE(both.receiver.set_roll_over_counter(7, 5));
    CHECK(both.receiver.sources() == 1);
    CHECK(*both.receive(secret) == plain);
    CHECK(both.receiver.roll_over_counter(7) == 5U);
    CHECK(both.receive(secret).error() == errc::replayed);
    REQUIRE(both.receiver.set_roll_over_counter(7, 5));
    CHECK(both.receive(secret).error() == errc::replayed);
  });
}

TEST_CASE("SSRCs are bounded, and only what is vouched for takes a place", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    srtp::context_options options;
    options.max_sources = 3;
    direction both({&key, 1}, options, engine);
    srtp::context another = direction::make(true, {&key, 1}, options, engine);
    const auto wrong = test::srtp_key(which, 2);
    direction forger({&wrong, 1}, {}, engine);
    for (std::uint32_t ssrc = 100; ssrc < 150; ++ssrc) {
      CHECK_FALSE(both.receive(forger.protect(test::rtp_packet(ssrc, 1))));
      CHECK_FALSE(both.receive(forger.protect(test::rtcp_packet(ssrc), true), true));
    }
    CHECK(both.receiver.sources() == 0);
    CHECK(both.receive(both.protect(test::rtp_packet(9, 1))));
    CHECK(both.receive(both.protect(test::rtcp_packet(3), true), true));
    CHECK(both.receive(both.protect(test::rtp_packet(5, 1))));
    CHECK(both.receiver.sources() == 3);
    auto fourth = test::buffer_of(both.pool, test::rtp_packet(4, 1));
    CHECK(both.sender.protect_rtp(fourth).error() == errc::too_many_sources);
    REQUIRE(another.protect_rtp(fourth));
    const bytes secret(fourth.bytes().begin(), fourth.bytes().end());
    CHECK(both.receive(secret).error() == errc::too_many_sources);
    CHECK(both.receiver.set_roll_over_counter(4, 1).error() == errc::too_many_sources);
    both.receiver.forget(77);
    CHECK(both.receiver.sources() == 3);
    both.receiver.forget(3);
    CHECK(both.receiver.sources() == 2);
    CHECK(both.receive(secret));
    CHECK(both.receive(both.protect(test::rtp_packet(9, 2))));
    CHECK(both.receive(both.protect(test::rtp_packet(5, 2))));
  });
}

TEST_CASE("RFC 3711 3.2.3: the MKI names the key", "[srtp]") {
  const auto test = [](profile which, srtp::engine_choice engine) {
    const std::vector keys{test::srtp_key(which, 1, first_mki), test::srtp_key(which, 2, second_mki)};
    direction both(keys, {}, engine);
    const bytes plain = test::rtp_packet(7, 1);
    const bytes by_first = both.protect(plain);
    REQUIRE(both.sender.select_key(second_mki));
    CHECK(both.sender.select_key(bytes(2)).error() == errc::unknown_mki);
    const bytes next = test::rtp_packet(7, 2);
    const bytes by_second = both.protect(next);
    const bytes report = both.protect(test::rtcp_packet(7), true);
    direction only_first({keys.data(), 1}, {}, engine);
    CHECK(only_first.receive(by_second).error() == errc::unknown_mki);
    CHECK(only_first.receive(report, true).error() == errc::unknown_mki);
    CHECK(*only_first.receive(by_first) == plain);
    CHECK(*both.receive(by_second) == next);
    CHECK(*both.receive(by_first) == plain);
    CHECK(both.receive(by_first).error() == errc::replayed);
    CHECK(*both.receive(report, true) == test::rtcp_packet(7));
  };
  for_all(test, true);
}

TEST_CASE("RFC 3711 9.2: a master key has a lifetime", "[srtp]") {
  const auto test = [](profile which, srtp::engine_choice engine) {
    const std::vector keys{test::srtp_key(which, 1, first_mki, 2), test::srtp_key(which, 2, second_mki)};
    direction both(keys, {}, engine);
    both.protect(test::rtp_packet(7, 1));
    both.protect(test::rtp_packet(8, 2));
    auto third = test::buffer_of(both.pool, test::rtp_packet(7, 3));
    CHECK(both.sender.protect_rtp(third).error() == errc::key_expired);
    both.protect(test::rtcp_packet(7), true);
    both.protect(test::rtcp_packet(7), true);
    auto report = test::buffer_of(both.pool, test::rtcp_packet(7));
    CHECK(both.sender.protect_rtcp(report).error() == errc::key_expired);
    REQUIRE(both.sender.select_key(second_mki));
    CHECK(both.sender.protect_rtp(third));
    CHECK(both.sender.protect_rtcp(report));
  };
  for_all(test, true);
}

TEST_CASE("RFC 3711 3.4: reports that are not encrypted, but vouched for", "[srtp]") {
  for_all([](profile which, srtp::engine_choice engine) {
    const auto key = test::srtp_key(which);
    srtp::context_options open;
    open.encrypt_rtcp = false;
    direction plain({&key, 1}, open, engine);
    direction secret({&key, 1}, {}, engine);
    const bytes report = test::rtcp_packet(7);
    const bytes readable = plain.protect(report, true);
    CHECK(std::memcmp(readable.data(), report.data(), report.size()) == 0);
    CHECK(secret.receive(readable, true).error() == errc::rtcp_encryption_mismatch);
    CHECK(plain.receive(secret.protect(report, true), true).error() == errc::rtcp_encryption_mismatch);
    bytes changed = readable;
    changed[9] ^= std::byte{1};
    CHECK(plain.receive(changed, true).error() == errc::authentication_failed);
    CHECK(*plain.receive(readable, true) == report);
    CHECK(plain.receive(readable, true).error() == errc::replayed);
  });
}

TEST_CASE("what a context may be made of", "[srtp]") {
  const auto make = [](const std::vector<srtp::master_key>& keys, const srtp::context_options& options = {}) {
    const auto made = srtp::context::protecting(keys, options);
    return made ? base::error_code() : made.error();
  };
  const profile which = profile::aes_cm_128_hmac_sha1_80;
  const auto key = test::srtp_key(which);
  CHECK(make({}) == errc::bad_key_set);
  CHECK(make({key, key}) == errc::bad_key_set);
  CHECK(make({test::srtp_key(which, 1, first_mki), test::srtp_key(which, 2, first_mki)}) ==
        errc::bad_key_set);
  CHECK(make({test::srtp_key(which, 1, first_mki), test::srtp_key(which, 2, bytes(3))}) == errc::bad_key_set);
  CHECK(make({test::srtp_key(which, 1, first_mki),
              test::srtp_key(profile::aead_aes_128_gcm, 2, second_mki)}) == errc::bad_key_set);
  std::vector<srtp::master_key> many;
  for (unsigned i = 0; i < 17; ++i)
    many.push_back(test::srtp_key(which, i, bytes(1, static_cast<std::byte>(i))));
  CHECK(make(many) == errc::bad_key_set);
  many.pop_back();
  CHECK(make(many) == base::error_code());
  for (const std::size_t window : {0U, 63U, 16385U}) {
    srtp::context_options options;
    options.replay_window = window;
    CHECK(make({key}, options) == errc::bad_option);
  }
  for (const std::size_t sources : {0U, 65537U}) {
    srtp::context_options options;
    options.max_sources = sources;
    CHECK(make({key}, options) == errc::bad_option);
  }
  CHECK(srtp::context::protecting({&key, 1})->engine() == srtp::engine_choice::openssl);
}

TEST_CASE("libsrtp2 refuses what it can't do", "[srtp]") {
  if (test::srtp_engines().size() < 2) return;
  srtp::context_options options;
  options.engine = srtp::engine_choice::libsrtp;
  for (const profile which : test::srtp_profiles) {
    const auto key = test::srtp_key(which, 1, first_mki);
    const auto made = srtp::context::unprotecting({&key, 1}, options);
    CHECK(made.has_value() == !has_short_tags(which));
    if (!made) CHECK(made.error() == errc::engine_unavailable);
  }
}

TEST_CASE("a packet of a known SSRC makes no allocation", "[srtp]") {
  for (const profile which : test::srtp_profiles) {
    const auto key = test::srtp_key(which, 1, first_mki);
    direction both({&key, 1}, {}, srtp::engine_choice::openssl);
    const bytes rtp = test::rtp_packet(7, 0);
    const bytes rtcp = test::rtcp_packet(7);
    for (std::uint16_t i = 0; i < 3; ++i) {
      both.receive(both.protect(test::rtp_packet(7, i)));
      both.receive(both.protect(rtcp, true), true);
    }
    auto packet = test::buffer_of(both.pool, rtp);
    auto report = test::buffer_of(both.pool, rtcp);
    bool good = true;
    const test::allocation_counter counter;
    for (unsigned i = 3; i < 1000; ++i) {
      packet.mutable_data()[2] = static_cast<std::byte>(i >> 8U);
      packet.mutable_data()[3] = static_cast<std::byte>(i & 0xFFU);
      good = good && both.sender.protect_rtp(packet) && both.receiver.unprotect_rtp(packet) &&
             both.sender.protect_rtcp(report) && both.receiver.unprotect_rtcp(report);
    }
    CHECK(counter.count() == 0);
    CHECK(good);
  }
}
