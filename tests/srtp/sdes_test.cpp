#include <parley/srtp/sdes.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"
#include "support/srtp.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using srtp::errc;
using srtp::profile;

namespace {

constexpr std::string_view key30 = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

base::result<srtp::sdes_parameters> read(const std::string& text) {
  const auto attribute = sdp::crypto::read(text);
  REQUIRE(attribute.has_value());
  return srtp::read_sdes(*attribute);
}

base::error_code error_of(const std::string& text) {
  const auto got = read(text);
  return got ? base::error_code() : got.error();
}

std::string with(std::string_view key, std::string_view parameters = "") {
  return "1 AES_CM_128_HMAC_SHA1_80 " + std::string(key) + std::string(parameters);
}

}  // namespace

TEST_CASE("RFC 4568 6.1: an inline key", "[srtp]") {
  const auto got = read(with(key30));
  REQUIRE(got.has_value());
  REQUIRE(got->keys.size() == 1);
  const srtp::master_key& key = got->keys.front();
  CHECK(key.profile() == profile::aes_cm_128_hmac_sha1_80);
  CHECK(test::to_hex(key.key()) == "59535f5f5f73656d63746c202829207b");
  CHECK(test::to_hex(key.salt()) == "093232303b7d0a7d0a756e6c6573");
  CHECK(key.mki().empty());
  CHECK(key.lifetime() == srtp::max_rtp_packets);
  CHECK_FALSE(got->window_hint.has_value());
}

TEST_CASE("RFC 4568 6.1: lifetime and MKI", "[srtp]") {
  const auto got = read(with(std::string(key30) + "|2^20|1:4"));
  REQUIRE(got.has_value());
  CHECK(got->keys.front().lifetime() == 1U << 20U);
  CHECK(test::to_hex(got->keys.front().mki()) == "00000001");
  CHECK(read(with(std::string(key30) + "|2^48"))->keys.front().lifetime() == srtp::max_rtp_packets);
  CHECK(read(with(std::string(key30) + "|1000"))->keys.front().lifetime() == 1000);
  CHECK(test::to_hex(read(with(std::string(key30) + "|258:12"))->keys.front().mki()) ==
        "000000000000000000000102");
  CHECK(error_of(with(std::string(key30) + "|2^49")) == errc::bad_lifetime);
  CHECK(error_of(with(std::string(key30) + "|256:1")) == errc::bad_mki);
  const std::string two = with(std::string(key30) + "|2^20|1:4;" + std::string(key30) + "|2^20|2:4");
  REQUIRE(read(two).has_value());
  CHECK(read(two)->keys.size() == 2);
  CHECK(error_of(with(std::string(key30) + "|2^20|1:4;" + std::string(key30) + "|2^20|1:4")) ==
        errc::bad_key_set);
  CHECK(error_of(with(std::string(key30) + "|2^20|1:4;" + std::string(key30) + "|2^20|2:2")) ==
        errc::bad_key_set);
  CHECK(error_of(with(std::string(key30) + ";" + std::string(key30))) == errc::bad_key_set);
}

TEST_CASE("RFC 4568 6.2: suites", "[srtp]") {
  CHECK(error_of("1 F8_128_HMAC_SHA1_80 " + std::string(key30)) == errc::unknown_suite);
  CHECK(error_of("1 NO_SUCH_SUITE " + std::string(key30)) == errc::unknown_suite);
  for (const profile which : test::srtp_profiles) {
    CHECK(srtp::profile_of_suite(srtp::suite_name(which)) == which);
    CHECK(sdp::crypto_key_bytes(srtp::suite_name(which)) == srtp::sizes(which).key + srtp::sizes(which).salt);
  }
  sdp::crypto attribute;
  attribute.suite = "AEAD_AES_256_GCM";
  CHECK(srtp::read_sdes(attribute).error() == errc::bad_key_set);
  attribute.keys.resize(1);
  attribute.keys.front().key_and_salt.resize(46);
  CHECK(srtp::read_sdes(attribute).error() == errc::bad_key_length);
  attribute.keys.front().key_and_salt.resize(44);
  CHECK(srtp::read_sdes(attribute).has_value());
  attribute.keys.front().mki_length = 200;
  CHECK(srtp::read_sdes(attribute).error() == errc::bad_mki);
  attribute.keys.resize(17);
  CHECK(srtp::read_sdes(attribute).error() == errc::bad_key_set);
}

TEST_CASE("RFC 4568 6.3: session parameters", "[srtp]") {
  CHECK(read(with(key30, " WSH=64"))->window_hint == 64U);
  CHECK(read(with(key30, " -X=1 WSH=1024 FEC_ORDER=FEC_SRTP -KDR=3"))->window_hint == 1024U);
  CHECK(read(with(key30, " WSH=99999999999999999999999999"))->window_hint == std::size_t{1} << 20U);
  for (const std::string_view bad : {" WSH=63", " WSH=", " WSH", " WSH=64x", " WSH=-70", " WSH=64 WSH=64"}) {
    CAPTURE(bad);
    CHECK(error_of(with(key30, bad)) == errc::bad_session_parameter);
  }
  for (const std::string_view other :
       {" KDR=0", " KDR=24", " UNENCRYPTED_SRTP", " UNENCRYPTED_SRTCP", " UNAUTHENTICATED_SRTP",
        " FEC_ORDER=SRTP_FEC", " FEC_KEY=inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", " NEW=1",
        " wsh=64"}) {
    CAPTURE(other);
    CHECK(error_of(with(key30, other)) == errc::unsupported_session_parameter);
  }
}

TEST_CASE("keys are told to the peer, who reads the same ones", "[srtp]") {
  test::seeded_random random(3);
  for (const profile which : test::srtp_profiles) {
    const auto drawn = srtp::generate_key(random, which);
    const auto other = srtp::generate_key(random, which);
    CHECK(drawn.profile() == which);
    CHECK(test::to_hex(drawn.key()) != test::to_hex(other.key()));
    const std::vector<std::byte> one(9, std::byte{0});
    std::vector<std::byte> two = one;
    two[1] = std::byte{0xFE};
    two[8] = std::byte{7};
    const std::vector keys{
        *srtp::master_key::make(which, drawn.key(), drawn.salt(), one, 1U << 20U),
        *srtp::master_key::make(which, other.key(), other.salt(), two, srtp::max_rtp_packets)};
    const auto attribute = srtp::write_sdes(5, keys);
    REQUIRE(attribute.has_value());
    std::string text;
    attribute->write(text);
    CHECK(text.starts_with("5 " + std::string(srtp::suite_name(which)) + " inline:"));
    const auto got = read(text);
    REQUIRE(got.has_value());
    REQUIRE(got->keys.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(test::to_hex(got->keys[i].key()) == test::to_hex(keys[i].key()));
      CHECK(test::to_hex(got->keys[i].salt()) == test::to_hex(keys[i].salt()));
      CHECK(test::to_hex(got->keys[i].mki()) == test::to_hex(keys[i].mki()));
      CHECK(got->keys[i].lifetime() == keys[i].lifetime());
    }
  }
  const std::vector<std::byte> long_mki(9, std::byte{1});
  const auto key = test::srtp_key(profile::aead_aes_128_gcm, 1, long_mki);
  CHECK(srtp::write_sdes(1, {&key, 1}).error() == errc::bad_mki);
  CHECK(srtp::write_sdes(1, {}).error() == errc::bad_key_set);
}

TEST_CASE("a master key has the lengths of its profile", "[srtp]") {
  const std::vector<std::byte> bytes(200);
  const auto all = std::span<const std::byte>(bytes);
  const auto make = [&](std::size_t key, std::size_t salt, std::size_t mki, std::uint64_t lifetime) {
    const auto made = srtp::master_key::make(profile::aes_cm_128_hmac_sha1_80, all.first(key),
                                             all.first(salt), all.first(mki), lifetime);
    return made ? base::error_code() : made.error();
  };
  CHECK(make(16, 14, 128, srtp::max_rtp_packets) == base::error_code());
  CHECK(make(15, 14, 0, 1) == errc::bad_key_length);
  CHECK(make(16, 12, 0, 1) == errc::bad_key_length);
  CHECK(make(32, 14, 0, 1) == errc::bad_key_length);
  CHECK(make(16, 14, 129, 1) == errc::bad_mki);
  CHECK(make(16, 14, 0, 0) == errc::bad_lifetime);
  CHECK(make(16, 14, 0, srtp::max_rtp_packets + 1) == errc::bad_lifetime);
}
