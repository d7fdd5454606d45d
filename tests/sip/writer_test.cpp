#include <parley/sip/writer.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <array>
#include <limits>
#include <string>

using namespace parley::sip;
using parley::test::request_with;

namespace {

std::string_view text_of(std::span<const std::byte> memory, std::size_t size) {
  return {reinterpret_cast<const char*>(memory.data()), size};
}

}  // namespace

TEST_CASE("text and numbers are appended", "[writer]") {
  std::array<char, 128> memory{};
  text_writer out(memory);
  out << "a" << 'b' << 7 << std::uint64_t{18446744073709551615U} << std::int64_t{-9223372036854775807} << "";
  CHECK(out.text() == "ab718446744073709551615-9223372036854775807");
  CHECK(out.size() == out.text().size());
  CHECK_FALSE(out.overflowed());

  text_writer hex(memory);
  hex.hex(0x0123456789abcdefU).hex(0xabcU, 4).hex(0xabcU, 2).hex(1, 0).hex(2, 99);
  CHECK(hex.text() == "0123456789abcdef0abcbc0000000000000002");
}

TEST_CASE("a full text takes nothing more", "[writer]") {
  std::array<char, 4> memory{};
  text_writer out(memory);
  out << "abcd"
      << "";
  CHECK_FALSE(out.overflowed());
  out << 'e';
  CHECK(out.overflowed());
  CHECK(out.text() == "abcd");

  text_writer partly(memory);
  partly << "abc"
         << "de"
         << "f";
  CHECK(partly.overflowed());
  CHECK(partly.text() == "abc");
  text_writer number(memory);
  number << 12345 << 1;
  CHECK(number.overflowed());
  CHECK(number.size() == 0);
  text_writer nothing{std::span<char>()};
  nothing << "";
  CHECK_FALSE(nothing.overflowed());
}

TEST_CASE("a message is written top to bottom", "[writer]") {
  const std::string text = request_with("v: SIP/2.0/UDP b\r\nSubject: a\r\n b\r\n");
  message_view request;
  REQUIRE(request.parse(text));
  std::array<std::byte, 1024> memory{};

  writer response(memory);
  response.status_line(200, "OK")
      .copy_all(request, header_id::via)
      .copy(request, 7)
      .copy_all(request, header_id::route)
      .header(header_id::to, request.value_of(header_id::to), ";tag=", 42)
      .header("X-Own")
      .finish("body");
  REQUIRE(response.size());
  CHECK(text_of(memory, *response.size()) ==
        "SIP/2.0 200 OK\r\n"
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1\r\n"
        "v: SIP/2.0/UDP b\r\n"
        "Subject: a\r\n b\r\n"
        "To: <sip:bob@example.com>;tag=42\r\n"
        "X-Own: \r\n"
        "Content-Length: 4\r\n\r\nbody");

  writer ack(memory);
  ack.request_line("ACK", "sip:bob@example.com").header(header_id::max_forwards, 70).finish();
  CHECK(text_of(memory, *ack.size()) ==
        "ACK sip:bob@example.com SIP/2.0\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("what does not fit is reported, at every size", "[writer]") {
  const auto write = [](std::span<std::byte> memory) {
    writer out(memory);
    out.request_line("OPTIONS", "sip:a").header(header_id::cseq, 1, " OPTIONS").finish("hi");
    return out.size();
  };
  std::array<std::byte, 256> memory{};
  const std::size_t size = *write(memory);
  for (std::size_t room = 0; room < size; ++room) {
    memory.fill(std::byte{0xee});
    const auto written = write(std::span(memory).first(room));
    REQUIRE(written.has_error());
    CHECK(written.error().code == errc::no_space);
    CHECK(written.error().offset <= room);
    CHECK(memory[room] == std::byte{0xee});
  }
  CHECK(*write(std::span(memory).first(size)) == size);
}
