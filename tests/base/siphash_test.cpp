#include <parley/base/siphash.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <array>
#include <string>
#include <string_view>
#include <unordered_set>

using namespace parley::base;
using parley::test::seeded_random;

namespace {

// Key 00 01 … 0f; message n is the n bytes 00 01 02 …; outputs read with the lowest byte first.
constexpr siphash_key published_key = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

constexpr std::array<std::uint64_t, 64> published64 = {
    0x726fdb47dd0e0e31U, 0x74f839c593dc67fdU, 0x0d6c8009d9a94f5aU, 0x85676696d7fb7e2dU, 0xcf2794e0277187b7U,
    0x18765564cd99a68dU, 0xcbc9466e58fee3ceU, 0xab0200f58b01d137U, 0x93f5f5799a932462U, 0x9e0082df0ba9e4b0U,
    0x7a5dbbc594ddb9f3U, 0xf4b32f46226bada7U, 0x751e8fbc860ee5fbU, 0x14ea5627c0843d90U, 0xf723ca908e7af2eeU,
    0xa129ca6149be45e5U, 0x3f2acc7f57c29bdbU, 0x699ae9f52cbe4794U, 0x4bc1b3f0968dd39cU, 0xbb6dc91da77961bdU,
    0xbed65cf21aa2ee98U, 0xd0f2cbb02e3b67c7U, 0x93536795e3a33e88U, 0xa80c038ccd5ccec8U, 0xb8ad50c6f649af94U,
    0xbce192de8a85b8eaU, 0x17d835b85bbb15f3U, 0x2f2e6163076bcfadU, 0xde4daaaca71dc9a5U, 0xa6a2506687956571U,
    0xad87a3535c49ef28U, 0x32d892fad841c342U, 0x7127512f72f27cceU, 0xa7f32346f95978e3U, 0x12e0b01abb051238U,
    0x15e034d40fa197aeU, 0x314dffbe0815a3b4U, 0x027990f029623981U, 0xcadcd4e59ef40c4dU, 0x9abfd8766a33735cU,
    0x0e3ea96b5304a7d0U, 0xad0c42d6fc585992U, 0x187306c89bc215a9U, 0xd4a60abcf3792b95U, 0xf935451de4f21df2U,
    0xa9538f0419755787U, 0xdb9acddff56ca510U, 0xd06c98cd5c0975ebU, 0xe612a3cb9ecba951U, 0xc766e62cfcadaf96U,
    0xee64435a9752fe72U, 0xa192d576b245165aU, 0x0a8787bf8ecb74b2U, 0x81b3e73d20b49b6fU, 0x7fa8220ba3b2eceaU,
    0x245731c13ca42499U, 0xb78dbfaf3a8d83bdU, 0xea1ad565322a1a0bU, 0x60e61c23a3795013U, 0x6606d7e446282b93U,
    0x6ca4ecb15c5f91e1U, 0x9f626da15c9625f3U, 0xe51b38608ef25f57U, 0x958a324ceb064572U,
};

constexpr std::array<hash128, 64> published128 = {{
    {0xe6a825ba047f81a3U, 0x930255c71472f66dU}, {0x44af996bd8c187daU, 0x45fc229b11597634U},
    {0xc75da4a48d227781U, 0xe4ff0af6de8ba3fcU}, {0x4ea967520cb6709cU, 0x51ed8529b0b6335fU},
    {0xaf8f9c2dc16481f8U, 0x7955cd7b7c6e0f7dU}, {0x886f778059876813U, 0x27960e69077a5254U},
    {0x1386208b33caee14U, 0x5ea1d78f30a05e48U}, {0x53c1dbd8beebf1a1U, 0x3982f01fa64ab8c0U},
    {0x61f55862baa9623bU, 0xb49714f364e2830fU}, {0xabbad90a06994426U, 0xed716dbb028b7fc4U},
    {0x56691478c30d1100U, 0xbafbd0f3d34754c9U}, {0x77666b3868c55101U, 0x18dce5816fdcb4a2U},
    {0x58f35e9066b226d6U, 0x25c13285f64d6382U}, {0x108bc0e947e26998U, 0xf752b9c44f9329d0U},
    {0x9cded766aceffc31U, 0x024949e45f48c77eU}, {0x11a8b03399e99354U, 0xd9c3cf970fec087eU},
    {0xbb54b067caa4e26eU, 0x77052385bf1533fdU}, {0x98b88d73e8063d47U, 0x4077e47ac466c054U},
    {0x8548bf23e4e526a4U, 0x23f7aefe81a44d29U}, {0xb0fa65cf31770178U, 0xb12e51528920d574U},
    {0x7390223f83fc259eU, 0xeb3938e8a544933eU}, {0x215a52be5a498e56U, 0x121d073ecd14228aU},
    {0x9a6bd15245b5294aU, 0xae0aff8e52109c46U}, {0xe0f5a9d5dd84d1c9U, 0x1c69bf9a9ae28ccfU},
    {0xd850bd78ae79b42dU, 0xad32618a178a2a88U}, {0x7b445e2d045fce8eU, 0x6f8f8dcbeab95150U},
    {0xe807c3b3b4530b9cU, 0x661f147886e0ae7eU}, {0xe4eaa669af48f2abU, 0x94eb9e122febd3bfU},
    {0x884b576816da6406U, 0xf4ae587302f335b9U}, {0xe97d33bfc49d4baaU, 0xb76a7c463cfdd40cU},
    {0xde6baf1f477f5ceaU, 0x87226d68d4d71a2bU}, {0xfcfa233218b03929U, 0x353dc4524fde2317U},
    {0x3efcea5eca56397cU, 0x68eb4665559d3e36U}, {0x321cf0467107c677U, 0xcfffa94e5f9db6b6U},
    {0xdf7e84b86c98a637U, 0xde549b30f1f02509U}, {0xf9a8a99de6f005a7U, 0xc88c3c922e1a2407U},
    {0x4648c4291f7dc43dU, 0x11674f90ed769e1eU}, {0x1a0efce601bf620dU, 0x2b69d3c551473c0dU},
    {0x9e667cca8b46038cU, 0xb5e7be4b085efde4U}, {0x9c2caf3bb95b8a52U, 0xd92bd2d0e5cc7344U},
    {0xad5dc9951e306adfU, 0xd83b91c6c80cae97U}, {0x397f852c90891180U, 0xdbb6705e289135e7U},
    {0xbb31c2c96a3417e6U, 0x5b0ccacc34ae5036U}, {0xaa21b7ef3734d927U, 0x89df5aecdc211840U},
    {0x785e9ced9d7d2389U, 0x4273cc66b1c9b1d8U}, {0x657d5ebf91806d4aU, 0x4cb150a294fa8911U},
    {0x89aee75560f9330eU, 0x022949cf3d0efc3fU}, {0xd1190b722b431ce6U, 0x1b1563dc4bd8c88eU},
    {0xcf82f749f5aee5f7U, 0x169b2608a6559037U}, {0x4fa5b7d00f038d43U, 0x03641a20adf237a8U},
    {0xe304bf4feed390a5U, 0x3f4286f2270d7e24U}, {0xc493fe72a1c1e25fU, 0x38f5f9ae7cd35cb1U},
    {0x6eb306bd5c32972cU, 0x7c013a8bd03d13b2U}, {0x94ca6b7a2214c892U, 0x9ed32a009f65f09fU},
    {0x8c32d80b1150e8dcU, 0x871d91d64108d5fbU}, {0x1279dac78449f167U, 0xda832592b52be348U},
    {0xe94ed572cff23819U, 0x362a1da96f16947eU}, {0xfe49ed46961e4874U, 0x8e6904163024620fU},
    {0xd8d6a998dea5fc57U, 0x1d8a3d58d0386400U}, {0xbe1cdcef1cdeec9fU, 0x595357d9743676d4U},
    {0x53f128eb000c04e3U, 0x40e772d8cb73ca66U}, {0xfe1d836a9a009776U, 0x7a0f6793591ca9ccU},
    {0xa067f52123545358U, 0xbd5947f0a447d505U}, {0x4a83502f77d15051U, 0x7cbd3f979a063e50U},
}};

std::string message(std::size_t length) {
  std::string bytes;
  for (std::size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

}  // namespace

TEST_CASE("SipHash-2-4 gives the published outputs") {
  for (std::size_t length = 0; length < published64.size(); ++length) {
    CAPTURE(length);
    CHECK(siphash64(published_key, message(length)) == published64[length]);
    CHECK(siphash128(published_key, message(length)) == published128[length]);
  }
}

TEST_CASE("the hash does not depend on how the input is cut") {
  const std::string whole = message(63);
  for (std::size_t first = 0; first <= 24; ++first) {
    for (std::size_t second = 0; second <= 24; ++second) {
      siphasher h(published_key);
      siphasher wide(published_key, siphash_output::bits128);
      for (siphasher* each : {&h, &wide}) {
        each->update(std::string_view(whole).substr(0, first));
        each->update(std::as_bytes(std::span(whole)).subspan(first, second));
        each->update(std::string_view(whole).substr(first + second));
      }
      REQUIRE(h.finish64() == published64[63]);
      REQUIRE(wide.finish128() == published128[63]);
    }
  }
}

TEST_CASE("a number is eight bytes, the lowest first, behind any piece") {
  for (std::size_t before = 0; before <= 9; ++before) {
    siphasher as_number(published_key);
    siphasher as_bytes(published_key);
    as_number.update(std::string_view(message(before)));
    as_bytes.update(std::string_view(message(before)));
    as_number.update(0x0807060504030201U);
    as_bytes.update(std::string_view("\x01\x02\x03\x04\x05\x06\x07\x08", 8));
    as_number.update("tail");
    as_bytes.update("tail");
    CHECK(as_number.finish64() == as_bytes.finish64());
  }
}

TEST_CASE("finishing does not end the input") {
  siphasher h(published_key);
  CHECK(h.finish64() == published64[0]);
  h.update(std::string_view(message(10)));
  CHECK(h.finish64() == published64[10]);
  CHECK(h.finish64() == h.finish128().lo);
  CHECK(h.finish128().hi != h.finish128().lo);
}

TEST_CASE("update_sized keeps fields apart") {
  siphasher a(published_key);
  siphasher b(published_key);
  a.update_sized("ab");
  a.update_sized("c");
  b.update_sized("a");
  b.update_sized("bc");
  CHECK(a.finish64() != b.finish64());
}

TEST_CASE("a key comes from a random source, and hashes depend on it") {
  seeded_random random(5);
  const siphash_key one = siphash_key::from(random);
  const siphash_key two = siphash_key::from(random);
  CHECK(one.k0 != one.k1);
  CHECK(siphash64(one, "branch") != siphash64(two, "branch"));
  CHECK(siphash128(one, "branch") != siphash128(two, "branch"));
}

TEST_CASE("hash128 is a key of unordered containers") {
  std::unordered_set<hash128> set;
  for (std::size_t i = 0; i < 64; ++i) set.insert(published128[i]);
  CHECK(set.size() == 64);
  CHECK(set.contains(hash128{published128[3]}));
  CHECK_FALSE(set.contains(hash128{}));
}
