#include <parley/sdp/security.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

#include <string>

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 8122 5: a fingerprint is a hash and its bytes", "[sdp]") {
  const auto read = read_as<fingerprint>("sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB");
  CHECK(read.hash == "sha-1");
  CHECK(read.bytes.size() == 20);
  CHECK(read.bytes.front() == 0x4a);
  CHECK(read.bytes.back() == 0xab);
  CHECK(read_as<fingerprint>("SHA-1 42:89:c5:c6:55:9d:6e:c8:e8:83:55:2a:39:f9:b6:eb:e9:a3:a9:e7",
                             "sha-1 42:89:C5:C6:55:9D:6E:C8:E8:83:55:2A:39:F9:B6:EB:E9:A3:A9:E7")
            .hash == "sha-1");
  CHECK(read_as<fingerprint>("sha-999 01").bytes.size() == 1);
}

TEST_CASE("RFC 8122 5: a fingerprint that can't be one is refused", "[sdp]") {
  CHECK(sdp_error<fingerprint>("sha-256 4A:AD") == parse_error{errc::bad_fingerprint, 8});
  CHECK(sdp_error<fingerprint>("sha-999 4A:") == parse_error{errc::bad_fingerprint, 11});
  CHECK(sdp_error<fingerprint>("sha-999 4AAD") == parse_error{errc::trailing_text, 10});
  CHECK(sdp_error<fingerprint>("sha-999 4") == parse_error{errc::bad_fingerprint, 8});
  CHECK(sdp_error<fingerprint>("sha-256") == parse_error{errc::expected_space, 7});
}

TEST_CASE("RFC 4568 9.1: a crypto has a tag, a suite, keys and parameters", "[sdp]") {
  const auto read = read_as<crypto>(
      "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 "
      "FEC_ORDER=FEC_SRTP");
  CHECK(read.tag == 1);
  CHECK(read.suite == "AES_CM_128_HMAC_SHA1_80");
  REQUIRE(read.keys.size() == 1);
  CHECK(std::string(read.keys[0].key_and_salt.begin(), read.keys[0].key_and_salt.end()) ==
        "YS___semctl () {\t220;}\n}\nunles");
  CHECK(read.keys[0].lifetime == 1048576U);
  CHECK(read.keys[0].mki == 1);
  CHECK(read.keys[0].mki_length == 4);
  CHECK(read.session_parameters == std::vector<std::string>{"FEC_ORDER=FEC_SRTP"});
}

TEST_CASE("RFC 4568 9.2: keys with and without lifetime and MKI", "[sdp]") {
  const std::string key = "AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
  CHECK(read_as<crypto>("1 " + key).keys[0].mki_length == 0);
  CHECK(read_as<crypto>("1 " + key + "|1:32").keys[0].mki_length == 32);
  CHECK_FALSE(read_as<crypto>("1 " + key + "|1:32").keys[0].lifetime);
  CHECK(read_as<crypto>("1 " + key + "|1000").keys[0].lifetime == 1000U);
  CHECK(read_as<crypto>("1 " + key + "|1048576", "1 " + key + "|2^20").keys[0].lifetime == 1048576U);
  CHECK(
      read_as<crypto>("1 " + key + "|2^20|1:4;inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|2:4 KDR=4")
          .keys.size() == 2);
  CHECK(read_as<crypto>("000000001 " + key, "1 " + key).tag == 1);
}

TEST_CASE("RFC 4568 6.1: a key that doesn't fit its suite is refused", "[sdp]") {
  const std::string start = "1 AES_CM_128_HMAC_SHA1_80 inline:";
  CHECK(sdp_error<crypto>(start + "AAAA") == parse_error{errc::bad_crypto_key, 33});
  CHECK(sdp_error<crypto>(start + "A=AA") == parse_error{errc::bad_base64, 33});
  CHECK(sdp_error<crypto>(start + "!") == parse_error{errc::bad_base64, 33});
  CHECK(sdp_error<crypto>("1 AES_CM_128_HMAC_SHA1_80 prompt:x") == parse_error{errc::bad_crypto_key, 26});
  CHECK(sdp_error<crypto>("1 X inline:AAAA|2^64") == parse_error{errc::number_out_of_range, 18});
  CHECK(sdp_error<crypto>("1 X inline:AAAA|0") == parse_error{errc::number_out_of_range, 16});
  CHECK(sdp_error<crypto>("1 X inline:AAAA|1:129") == parse_error{errc::number_out_of_range, 18});
  CHECK(sdp_error<crypto>("1000000000 X inline:AAAA") == parse_error{errc::number_out_of_range, 0});
  CHECK(crypto_key_bytes("AES_256_CM_HMAC_SHA1_80") == 46U);
  CHECK(crypto_key_bytes("AEAD_AES_256_GCM") == 44U);
  CHECK_FALSE(crypto_key_bytes("X").has_value());
}

TEST_CASE("RFC 4648 4: base64 has one text for each sequence of bytes", "[sdp]") {
  CHECK(read_as<crypto>("1 X inline:AA==").keys[0].key_and_salt.size() == 1);
  CHECK(read_as<crypto>("1 X inline:AAE=").keys[0].key_and_salt == std::vector<std::uint8_t>{0, 1});
  CHECK(read_as<crypto>("1 X inline:AAE", "1 X inline:AAE=").keys[0].key_and_salt.size() == 2);
  CHECK(sdp_error<crypto>("1 X inline:AAF=") == parse_error{errc::bad_base64, 11});
  CHECK(sdp_error<crypto>("1 X inline:A") == parse_error{errc::bad_base64, 11});
  CHECK(sdp_error<crypto>("1 X inline:AAA=====") == parse_error{errc::bad_base64, 11});
}

TEST_CASE("RFC 8827 5: an identity is text", "[sdp]") {
  CHECK(read_as<identity>("eyJpZHAiOnsiZG9tYWluIjoiZXhhbXBsZS5vcmcifX0= ext=1").assertion.size() == 50);
  CHECK(sdp_error<identity>("") == parse_error{errc::expected_word, 0});
}
