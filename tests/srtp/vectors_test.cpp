// The RFCs' own vectors, over the parts that they are about, and packets that others have recorded.
#include <parley/srtp/context.hpp>

#include "srtp/detail/packet_crypto.hpp"
#include "srtp/detail/session_keys.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/srtp.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

using namespace parley;
using srtp::profile;
using test::from_hex;
using test::to_hex;

namespace {

srtp::detail::session_keys& fill(srtp::detail::session_keys& out, std::string_view key,
                                 std::string_view salt) {
  std::ranges::copy(from_hex(key), out.cipher_key.begin());
  std::ranges::copy(from_hex(salt), out.salt.begin());
  return out;
}

struct derivation {
  profile which;
  std::string_view key;
  std::string_view salt;
  std::string_view cipher_key;
  std::string_view cipher_salt;
  std::string_view authentication_key;
};

constexpr std::string_view key256 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view quid_pro_quo = "517569642070726f2071756f";
constexpr std::string_view rtp_header = "8040f17b8041f8d35501a0b2";
constexpr std::string_view gallia =
    "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
constexpr std::string_view sender_report =
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbee"
    "f";

struct sealed {
  profile which;
  std::size_t key_bytes;
  std::string_view rtp;       ///< ciphertext and tag
  std::string_view rtcp;      ///< ciphertext and tag
  std::string_view rtcp_tag;  ///< where nothing is encrypted
};

constexpr sealed rfc7714[]{{profile::aead_aes_128_gcm, 16,
                            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d"
                            "7f27beb16a9152cf765ee4390cce",
                            "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded"
                            "0bb9275bc84aa45896cf4d2fc5abf87245d9"
                            "eade",
                            "841dd9683dd78ec92ae58790125f62b3"},
                           {profile::aead_aes_256_gcm, 32,
                            "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3"
                            "db36dfffd6b0f9bb7878d7a76c13",
                            "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de047"
                            "6f1b6fad1d1eb30c4446839f57ff6f6cb26a"
                            "c3be",
                            "91db4afbfeee5a978fab4393ed2615fe"}};

/// The value of the array `name` in the JSON of recorded packets.
std::vector<std::byte> recorded(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"name\": \"" + name + "\"");
  REQUIRE(at != std::string::npos);
  const std::string_view key = "\"hex\": \"";
  const std::size_t start = json.find(key, at);
  REQUIRE(start != std::string::npos);
  return from_hex(std::string_view(json).substr(start + key.size(),
                                                json.find('"', start + key.size()) - start - key.size()));
}

}  // namespace

TEST_CASE("RFC 3711 B.3 and RFC 6188 7.2: session keys from a master key", "[srtp]") {
  const auto each =
      GENERATE(derivation{profile::aes_cm_128_hmac_sha1_80, "E1F97A0D3E018BE0D64FA32C06DE4139",
                          "0EC675AD498AFEEBB6960B3AABE6", "c61e7a93744f39ee10734afe3ff7a087",
                          "30cbbc08863d8c85d49db34a9ae1", "cebe321f6ff7716b6fd4ab49af256a156d38baa4"},
               derivation{profile::aes_256_cm_hmac_sha1_80,
                          "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
                          "3b04803de51ee7c96423ab5b78d2",
                          "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
                          "fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"});
  const auto master = srtp::master_key::make(each.which, from_hex(each.key), from_hex(each.salt));
  REQUIRE(master.has_value());
  srtp::detail::session_keys keys;
  REQUIRE(derive(*master, srtp::detail::rtp_labels, keys));
  CHECK(to_hex(std::span(keys.cipher_key).first(master->key().size())) == each.cipher_key);
  CHECK(to_hex(keys.salt) == each.cipher_salt);
  CHECK(to_hex(keys.authentication_key) == each.authentication_key);
}

TEST_CASE("RFC 3711 B.2: the key stream of AES in counter mode", "[srtp]") {
  srtp::detail::session_keys keys;
  srtp::detail::packet_crypto crypto;
  REQUIRE(crypto.init(profile::aes_cm_128_hmac_sha1_80,
                      fill(keys, "2B7E151628AED2A6ABF7158809CF4F3C", "F0F1F2F3F4F5F6F7F8F9FAFBFCFD"), true));
  std::vector<std::byte> stream(0xFF02 * 16);
  REQUIRE(crypto.apply_counter_mode(0, 0, stream));
  const auto block = [&](std::size_t n) { return to_hex(std::span(stream).subspan(16 * n, 16)); };
  CHECK(block(0) == "e03ead0935c95e80e166b16dd92b4eb4");
  CHECK(block(1) == "d23513162b02d0f72a43a2fe4a5f97ab");
  CHECK(block(2) == "41e95b3bb0a2e8dd477901e4fca894c0");
  CHECK(block(0xFEFF) == "ec8cdf7398607cb0f2d21675ea9ea1e4");
  CHECK(block(0xFF00) == "362b7c3c6773516318a077d7fc5073ae");
  CHECK(block(0xFF01) == "6a2cc3787889374fbeb4c81b17ba6c44");
}

TEST_CASE("RFC 2202 3: HMAC-SHA1 with the last word apart", "[srtp]") {
  const auto code_of = [](std::span<const std::byte> key, std::span<const std::byte> message) {
    srtp::detail::hmac_sha1 hmac;
    hmac.set_key(key);
    std::uint32_t tail = 0;
    for (const std::byte one : message.last(4)) tail = tail << 8U | std::to_integer<std::uint32_t>(one);
    return to_hex(hmac.code_of(message.first(message.size() - 4), tail));
  };
  const std::vector<std::byte> aa(20, std::byte{0xAA});
  CHECK(code_of(std::vector<std::byte>(20, std::byte{0x0B}), from_hex("4869205468657265")) ==
        "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(code_of(std::as_bytes(std::span(std::string_view("Jefe"))),
                std::as_bytes(std::span(std::string_view("what do ya want for nothing?")))) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(code_of(aa, std::vector<std::byte>(50, std::byte{0xDD})) ==
        "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

TEST_CASE("RFC 7714 16 and 17: packets under GCM", "[srtp]") {
  for (const sealed& each : rfc7714) {
    srtp::detail::session_keys keys;
    fill(keys, key256.substr(0, 2 * each.key_bytes), quid_pro_quo);
    srtp::detail::packet_crypto seals;
    srtp::detail::packet_crypto opens;
    REQUIRE(seals.init(each.which, keys, true));
    REQUIRE(opens.init(each.which, keys, false));
    std::vector<std::byte> tag(16);
    const auto check = [&](std::uint32_t ssrc, std::uint64_t index,
                           srtp::detail::packet_crypto::aad_parts aad, std::vector<std::byte> data,
                           std::string_view wanted) {
      const auto plain = data;
      REQUIRE(seals.seal(ssrc, index, aad, data, tag.data()));
      CHECK(to_hex(data) + to_hex(tag) == wanted);
      const auto encrypted = data;
      for (std::size_t i = 0; i < tag.size(); ++i) {
        tag[i] ^= std::byte{1};
        CHECK_FALSE(opens.open(ssrc, index, aad, data, tag.data()));
        CHECK(data == encrypted);
        tag[i] ^= std::byte{1};
      }
      REQUIRE(opens.open(ssrc, index, aad, data, tag.data()));
      CHECK(data == plain);
    };
    const auto header = from_hex(rtp_header);
    check(0x5501a0b2, 0xf17b, {header}, from_hex(gallia), each.rtp);
    const auto report = from_hex(sender_report);
    const auto encrypted_index = from_hex("800005d4");
    const auto plain_index = from_hex("000005d4");
    check(0x4d617273, 0x5d4, {std::span(report).first(8), encrypted_index},
          {report.begin() + 8, report.end()}, each.rtcp);
    check(0x4d617273, 0x5d4, {report, plain_index}, {}, each.rtcp_tag);
  }
}

TEST_CASE("packets that others have protected", "[srtp]") {
  const char* const material = std::getenv("PARLEY_MATERIAL");
  if (material == nullptr) {
    WARN("PARLEY_MATERIAL is not set: the recorded packets of AES in counter mode are left out");
    return;
  }
  std::ifstream file(std::string(material) + "/srtp-vectors/rtpengine-aes-crypt.json");
  REQUIRE(file);
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  const auto check = [&](profile which, const std::string& key, const std::string& plain,
                         const std::string& secret, bool rtcp) {
    CAPTURE(secret);
    const auto bytes = recorded(json, key);
    const srtp::key_sizes each = srtp::sizes(which);
    const auto master = srtp::master_key::make(which, std::span(bytes).first(each.key),
                                               std::span(bytes).subspan(each.key, each.salt));
    REQUIRE(master.has_value());
    for (const srtp::engine_choice engine : test::srtp_engines()) {
      srtp::context_options options;
      options.engine = engine;
      base::buffer_pool pool;
      auto sender = srtp::context::protecting({&*master, 1}, options);
      auto receiver = srtp::context::unprotecting({&*master, 1}, options);
      REQUIRE((sender && receiver));
      auto packet = test::buffer_of(pool, recorded(json, plain));
      REQUIRE((rtcp ? sender->protect_rtcp(packet) : sender->protect_rtp(packet)));
      CHECK(to_hex(packet.bytes()) == to_hex(recorded(json, secret)));
      REQUIRE((rtcp ? receiver->unprotect_rtcp(packet) : receiver->unprotect_rtp(packet)));
      CHECK(to_hex(packet.bytes()) == to_hex(recorded(json, plain)));
    }
  };
  check(profile::aes_cm_128_hmac_sha1_80, "test_key", "rtp_plaintext_ref", "srtp_ciphertext_128", false);
  check(profile::aes_cm_128_hmac_sha1_80, "test_key", "rtcp_plaintext_ref", "srtcp_ciphertext_128", true);
  check(profile::aes_256_cm_hmac_sha1_80, "test_key", "rtp_plaintext_ref", "srtp_ciphertext_256", false);
  check(profile::aes_256_cm_hmac_sha1_80, "test_key", "rtcp_plaintext_ref", "srtcp_ciphertext_256", true);
  check(profile::aes_256_cm_hmac_sha1_80, "aes_256_test_key", "aes_256_rtp_plaintext_ref",
        "aes_256_srtp_ciphertext", false);
}
