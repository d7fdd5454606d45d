#include <parley/rtp/packet_history.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

using namespace parley;

TEST_CASE("the last packets of a source are found by their numbers", "[rtp]") {
  base::buffer_pool pool;
  const auto packet = [&](unsigned number) {
    auto bytes = test::from_hex("8000 0000 00000002 00000003");
    bytes[2] = static_cast<std::byte>(number >> 8U & 0xFFU);
    bytes[3] = static_cast<std::byte>(number & 0xFFU);
    return pool.copy(bytes).value();
  };
  rtp::packet_history history(5);
  CHECK(history.capacity() == 8);
  CHECK(rtp::packet_history(0).capacity() == 1);
  CHECK(rtp::packet_history(1'000'000).capacity() == 32768);
  for (unsigned n = 65530; n < 65540; ++n) CHECK(history.insert(packet(n)));
  for (unsigned n = 65530; n < 65540; ++n) {
    CAPTURE(n);
    CHECK((history.find(static_cast<std::uint16_t>(n)) != nullptr) == (n >= 65532));
  }
  CHECK_FALSE(history.insert(packet(3)));      // there already
  CHECK_FALSE(history.insert(packet(65530)));  // older than the one in its place
  CHECK_FALSE(history.insert(pool.copy(test::from_hex("8000")).value()));
  CHECK_FALSE(history.insert({}));
  const std::size_t held = pool.stats().blocks_in_use;
  CHECK(held == 8);
  history.clear();
  CHECK(pool.stats().blocks_in_use == 0);
  CHECK(history.find(3) == nullptr);
}
