#include <parley/srtp/exported_keys.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/result.hpp"
#include "support/srtp.hpp"

#include <string>
#include <vector>

using namespace parley;
using srtp::dtls_role;
using srtp::profile;

TEST_CASE("RFC 5764 4.2: what DTLS exports is two keys and two salts", "[srtp]") {
  for (const profile which : test::srtp_profiles) {
    const srtp::key_sizes each = srtp::sizes(which);
    std::vector<std::byte> exported(each.key, std::byte{0xC1});
    exported.insert(exported.end(), each.key, std::byte{0x51});
    exported.insert(exported.end(), each.salt, std::byte{0xC2});
    exported.insert(exported.end(), each.salt, std::byte{0x52});
    REQUIRE(exported.size() == srtp::exported_bytes(which));

    const auto client = srtp::split_exported(which, exported, dtls_role::client);
    const auto server = srtp::split_exported(which, exported, dtls_role::server);
    REQUIRE((client && server));
    const auto of = [](std::span<const std::byte> bytes) { return test::to_hex(bytes); };
    CHECK(of(client->local.key()) == of(std::vector(each.key, std::byte{0xC1})));
    CHECK(of(client->local.salt()) == of(std::vector(each.salt, std::byte{0xC2})));
    CHECK(of(client->remote.key()) == of(std::vector(each.key, std::byte{0x51})));
    CHECK(of(client->remote.salt()) == of(std::vector(each.salt, std::byte{0x52})));
    CHECK(of(server->local.key()) == of(client->remote.key()));
    CHECK(of(server->local.salt()) == of(client->remote.salt()));
    CHECK(of(server->remote.key()) == of(client->local.key()));
    CHECK(of(server->remote.salt()) == of(client->local.salt()));
    CHECK(client->local.mki().empty());
    CHECK(client->local.lifetime() == srtp::max_rtp_packets);

    exported.pop_back();
    CHECK(srtp::split_exported(which, exported, dtls_role::client).error() == srtp::errc::bad_key_length);
  }
}

TEST_CASE("profiles have numbers in DTLS", "[srtp]") {
  CHECK(srtp::dtls_number(profile::aes_cm_128_hmac_sha1_80) == std::uint16_t{0x0001});
  CHECK(srtp::dtls_number(profile::aes_cm_128_hmac_sha1_32) == std::uint16_t{0x0002});
  CHECK(srtp::dtls_number(profile::aead_aes_128_gcm) == std::uint16_t{0x0007});
  CHECK(srtp::dtls_number(profile::aead_aes_256_gcm) == std::uint16_t{0x0008});
  CHECK_FALSE(srtp::dtls_number(profile::aes_256_cm_hmac_sha1_80).has_value());
  CHECK_FALSE(srtp::dtls_number(profile::aes_256_cm_hmac_sha1_32).has_value());
  for (std::uint16_t number = 0; number < 100; ++number) {
    if (const auto which = srtp::profile_of_dtls_number(number)) CHECK(srtp::dtls_number(*which) == number);
  }
}
