#include <parley/rtp/fec_receiver.hpp>

#include "fec_support.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"

#include <string>

using namespace parley;
using rtp::errc;
using test::from_hex;
using test::media_packet;
using test::octet_string;
using test::to_hex;

namespace {

struct receiving {
  explicit receiving(const rtp::fec_receiver_limits& limits = {}) : receiver(pool, 3, limits) {}

  base::packet_buffer buffer(const octet_string& bytes) { return pool.copy(bytes).value(); }
  void media(std::uint16_t number) { receiver.handle_media(buffer(media_packet(number))); }
  void ulpfec(std::vector<std::uint16_t> numbers) {
    std::vector<octet_string> packets;
    for (const std::uint16_t n : numbers) packets.push_back(media_packet(n));
    REQUIRE(receiver.handle_ulpfec(buffer(test::make_ulpfec(packets, numbers.front()))).has_value());
  }
  /// The numbers of what was recovered, each of which is as it was sent.
  std::string recovered() {
    std::string out;
    while (const base::packet_buffer packet = receiver.poll_recovered()) {
      const auto number = static_cast<std::uint16_t>(static_cast<unsigned>(packet.bytes()[2]) << 8U |
                                                     static_cast<unsigned>(packet.bytes()[3]));
      CHECK(to_hex(packet.bytes()) == to_hex(media_packet(number)));
      out += std::to_string(number) + " ";
    }
    return out;
  }

  base::buffer_pool pool;
  rtp::fec_receiver receiver;
};

}  // namespace

TEST_CASE("a lost packet is recovered when the last that it takes has come", "[rtp]") {
  receiving r;
  r.media(1);
  r.ulpfec({1, 2, 3});
  CHECK(r.recovered().empty());
  r.media(3);
  CHECK(r.recovered() == "2 ");
  r.media(2);  // comes late, after all
  CHECK(r.recovered().empty());
  r.ulpfec({1, 2, 3});
  CHECK(r.recovered().empty());
}

TEST_CASE("what was recovered helps to recover others", "[rtp]") {
  receiving r;
  r.ulpfec({10, 11, 12});
  r.ulpfec({12, 13});
  r.ulpfec({11, 14});
  r.media(10);
  CHECK(r.recovered().empty());
  r.media(14);
  CHECK(r.recovered() == "11 12 13 ");
}

TEST_CASE("RFC 8627 4.2.2.3: FlexFEC, and packets that it sends once more", "[rtp]") {
  receiving r;
  r.media(20);
  const octet_string repair = test::make_flexfec({media_packet(20), media_packet(22)}, 20, "5000");
  REQUIRE(r.receiver.handle_flexfec(r.buffer(repair)).has_value());
  CHECK(r.recovered() == "22 ");
  octet_string again = from_hex("8070 0002 00000000 00000055");
  test::append(again, media_packet(25));
  REQUIRE(r.receiver.handle_flexfec(r.buffer(again)).has_value());
  REQUIRE(r.receiver.handle_flexfec(r.buffer(again)).has_value());
  CHECK(r.recovered() == "25 ");
  octet_string other = from_hex("8070 0002 00000000 00000055");
  test::append(other, media_packet(26, 4));
  REQUIRE(r.receiver.handle_flexfec(r.buffer(other)).has_value());
  CHECK(r.recovered().empty());
  CHECK(r.receiver.handle_flexfec(r.buffer(from_hex("8070 0002 00000000 00000055 80"))).error().code ==
        errc::truncated_header);
  CHECK(r.receiver.handle_flexfec(r.buffer(from_hex("8070"))).error().code == errc::truncated_header);
  CHECK(r.receiver.handle_flexfec(r.buffer(from_hex("8070 0002 00000000 00000055"))).error().code ==
        errc::fec_truncated);
  CHECK(r.receiver.handle_ulpfec(r.buffer(from_hex("00"))).error().code == errc::fec_truncated);
}

TEST_CASE("only packets of the source count", "[rtp]") {
  receiving r;
  r.receiver.handle_media(r.buffer(media_packet(1, 4)));
  r.receiver.handle_media(r.buffer(from_hex("8000")));
  r.ulpfec({1, 2});
  CHECK(r.recovered().empty());
  r.media(1);
  CHECK(r.recovered() == "2 ");
}

TEST_CASE("as many packets and repairs are kept as the limits say", "[rtp]") {
  receiving r({.packets = 16, .repairs = 2});
  r.ulpfec({1, 2});
  r.ulpfec({3, 4});
  r.ulpfec({5, 6});  // the first one is let go
  r.media(1);
  r.media(3);
  r.media(5);
  CHECK(r.recovered() == "4 6 ");
  for (std::uint16_t n = 7; n < 1000; ++n) {
    r.media(n);
    r.ulpfec({static_cast<std::uint16_t>(n + 500), static_cast<std::uint16_t>(n + 501)});
  }
  CHECK(r.recovered().empty());
  CHECK(r.pool.stats().blocks_in_use <= 16 + 2);
}

TEST_CASE("where nobody takes what was recovered, it waits and nothing is lost", "[rtp]") {
  receiving r({.packets = 64, .repairs = 1});
  r.media(1);
  r.ulpfec({1, 2});
  r.media(3);
  r.ulpfec({3, 4});
  const base::packet_buffer first = r.receiver.poll_recovered();
  CHECK(to_hex(first.bytes()) == to_hex(media_packet(2)));
  CHECK(r.recovered() == "4 ");
}
