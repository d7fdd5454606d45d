#include <parley/media/pcap.hpp>

#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;

namespace {

std::vector<unsigned> record(const media::captured_datagram& datagram) {
  std::vector<std::byte> space(media::pcap_record_bytes(datagram));
  base::byte_writer out(space);
  REQUIRE(media::write_pcap_record(out, datagram).has_value());
  REQUIRE(out.remaining() == 0);
  std::vector<unsigned> bytes;
  for (const std::byte b : space) bytes.push_back(std::to_integer<unsigned>(b));
  return bytes;
}

base::socket_address at(std::string_view text) { return *base::socket_address::from_string(text); }

/// RFC 1071: the sum over what has its checksum in it is all ones.
bool adds_up(const std::vector<unsigned>& bytes, std::size_t from, std::size_t to, unsigned sum = 0) {
  for (std::size_t i = from; i < to; i += 2) sum += bytes[i] << 8U | (i + 1 < to ? bytes[i + 1] : 0U);
  while (sum > 0xFFFFU) sum = (sum >> 16U) + (sum & 0xFFFFU);
  return sum == 0xFFFFU;
}

const std::string_view spoken = "sound";

}  // namespace

TEST_CASE("a capture file begins with microseconds and packets of IP", "[media]") {
  std::array<std::byte, media::pcap_header_bytes> space{};
  base::byte_writer out(space);
  REQUIRE(media::write_pcap_header(out).has_value());
  CHECK((space[0] == std::byte{0xA1} && space[3] == std::byte{0xD4} && space[5] == std::byte{2} &&
         space[7] == std::byte{4} && space[23] == std::byte{101}));
  CHECK(media::write_pcap_header(out).error() == base::errc::no_space);
}

TEST_CASE("a datagram over IPv4 in a capture file", "[media]") {
  const auto bytes = record({base::wall_time(1'700'000'000s + 5us), at("192.0.2.1:4000"),
                             at("192.0.2.2:5000"), std::as_bytes(std::span(spoken))});
  REQUIRE(bytes.size() == 16 + 20 + 8 + 5);
  const std::vector<unsigned> expected{0x65, 0x53, 0xF1, 0x00, 0, 0,  0,    5, 0, 0,
                                       0,    33,   0,    0,    0, 33, 0x45, 0, 0, 33};
  CHECK(std::vector(bytes.begin(), bytes.begin() + 20) == expected);
  CHECK(adds_up(bytes, 16, 36));
  CHECK((bytes[36] << 8U | bytes[37]) == 4000);
  CHECK((bytes[38] << 8U | bytes[39]) == 5000);
  CHECK((bytes[40] << 8U | bytes[41]) == 13);
  CHECK(adds_up(bytes, 28, bytes.size(), 17 + 13));
  CHECK(bytes.back() == 'd');
}

TEST_CASE("a datagram over IPv6 in a capture file", "[media]") {
  const auto bytes = record(
      {base::wall_time(1s), at("[2001:db8::1]:4000"), at("[::1]:65535"), std::as_bytes(std::span(spoken))});
  REQUIRE(bytes.size() == 16 + 40 + 8 + 5);
  CHECK((bytes[16] == 0x60 && bytes[21] == 13 && bytes[22] == 17));
  CHECK(adds_up(bytes, 24, bytes.size(), 17 + 13));
}

TEST_CASE("what no datagram can be is refused", "[media]") {
  std::vector<std::byte> space(70000);
  base::byte_writer out(space);
  const std::vector<std::byte> large(65508);
  const auto refused = [&](const media::captured_datagram& d) {
    return media::write_pcap_record(out, d).error() == base::errc::out_of_range && out.position() == 0;
  };
  CHECK(refused({base::wall_time(1s), at("192.0.2.1:1"), at("[::1]:1"), {}}));
  CHECK(refused({base::wall_time(1s), at("192.0.2.1:1"), at("192.0.2.1:1"), large}));
  CHECK(refused({base::wall_time(1s), at("[::1]:1"), at("[::1]:1"), std::span(large).first(65488)}));
  CHECK(refused({base::wall_time(-1s), at("192.0.2.1:1"), at("192.0.2.1:1"), {}}));
  CHECK(refused({base::wall_time(4'300'000'000s), at("192.0.2.1:1"), at("192.0.2.1:1"), {}}));
  base::byte_writer small{std::span(space).first(30)};
  CHECK(media::write_pcap_record(small, {base::wall_time(1s), at("192.0.2.1:1"), at("192.0.2.1:1"), {}})
            .error() == base::errc::no_space);
}
