#include <parley/media/pcap.hpp>

#include "support/catch.hpp"
#include "support/pcap_file.hpp"

#include <algorithm>
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

TEST_CASE("what is written to a capture file is read from it, and in the forms of others", "[media]") {
  const media::captured_datagram v4{base::wall_time(1'700'000'000s + 5us), at("192.0.2.1:4000"),
                                    at("192.0.2.2:5000"), std::as_bytes(std::span(spoken))};
  const media::captured_datagram v6{base::wall_time(1'700'000'000s + 999'999us), at("[2001:db8::1]:4001"),
                                    at("[2001:db8::2]:5001"), std::as_bytes(std::span(spoken))};
  std::vector<std::byte> file(media::pcap_header_bytes + media::pcap_record_bytes(v4) +
                              media::pcap_record_bytes(v6));
  base::byte_writer out(file);
  REQUIRE(media::write_pcap_header(out).has_value());
  REQUIRE(media::write_pcap_record(out, v4).has_value());
  REQUIRE(media::write_pcap_record(out, v6).has_value());
  const std::size_t second = media::pcap_header_bytes + media::pcap_record_bytes(v4);

  SECTION("as it is") {}
  SECTION("in the other byte order") {
    for (const std::size_t word : {0U, 20U}) std::reverse(&file[word], &file[word] + 4);
    for (const std::size_t record : {media::pcap_header_bytes, second}) {
      for (std::size_t word = 0; word < 16; word += 4) {
        std::reverse(&file[record + word], &file[record + word] + 4);
      }
    }
  }
  SECTION("in nanoseconds") {
    file[2] = std::byte{0x3C};
    file[3] = std::byte{0x4D};
    for (const std::size_t record : {media::pcap_header_bytes, second}) {
      const std::uint32_t ns = test::pcap::number(file, record + 4, 4) * 1000;
      for (unsigned i = 0; i < 4; ++i) file[record + 4 + i] = static_cast<std::byte>(ns >> (24U - 8 * i));
    }
  }
  SECTION("in frames of Ethernet, and one of ARP between") {
    file[23] = std::byte{1};
    std::vector<std::byte> frames(file.begin(), file.begin() + media::pcap_header_bytes);
    const auto add = [&](std::size_t from, std::size_t to, unsigned type) {
      const auto begin = file.begin() + static_cast<std::ptrdiff_t>(from);
      frames.insert(frames.end(), begin, begin + 16);
      // How much of it is there, and how long it was.
      frames[frames.size() - 5] = frames[frames.size() - 1] = static_cast<std::byte>(to - from - 16 + 14);
      frames.resize(frames.size() + 12);
      frames.push_back(static_cast<std::byte>(type >> 8U));
      frames.push_back(static_cast<std::byte>(type & 0xFFU));
      frames.insert(frames.end(), begin + 16, file.begin() + static_cast<std::ptrdiff_t>(to));
    };
    add(media::pcap_header_bytes, second, 0x0800);
    add(media::pcap_header_bytes, second, 0x0806);
    add(second, file.size(), 0x86DD);
    file = std::move(frames);
  }

  const auto read = test::read_datagrams(file);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  const std::array written{v4, v6};
  for (std::size_t i = 0; i < written.size(); ++i) {
    CHECK((*read)[i].at.time_since_epoch() == written[i].at.time_since_epoch());
    CHECK((*read)[i].from == written[i].from);
    CHECK((*read)[i].to == written[i].to);
    CHECK(std::ranges::equal((*read)[i].payload, written[i].payload));
  }
  file.pop_back();
  CHECK(!test::read_datagrams(file).has_value());
}
