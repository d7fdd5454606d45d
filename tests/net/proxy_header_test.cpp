#include "net/detail/proxy_header.hpp"

#include "support/catch.hpp"
#include "support/proxy_protocol.hpp"

#include <optional>
#include <string>
#include <string_view>

using namespace parley;
using net::detail::proxy_header_errc;
using net::detail::proxy_header_step;
using net::detail::read_proxy_header;
using test::proxy_header_bytes;
using test::proxy_header_for;
using test::tlv;
using status = proxy_header_step::status;

namespace {

const base::socket_address v4 = base::socket_address::from_string("192.0.2.7:40001").value();
const base::socket_address v6 = base::socket_address::from_string("[2001:db8::7]:40001").value();

proxy_header_step read(std::string_view text) { return read_proxy_header(std::as_bytes(std::span(text))); }

constexpr std::string_view right_checksum = "\x76\x11\x4a\x25";  // computed by another program
/// A header that the checksum above makes right.
std::string checked_header(std::string_view checksum) {
  return proxy_header_for(v4, tlv(0x02, "a.example") + tlv(0x03, checksum));
}

}  // namespace

TEST_CASE("a header names the client", "[net][proxy_protocol]") {
  const base::socket_address mapped = base::socket_address::from_string("[::ffff:192.0.2.7]:40001").value();
  struct row {
    std::string header;
    std::optional<base::socket_address> source;
  };
  const auto& [header, source] = GENERATE_COPY(values<row>({
      {proxy_header_for(v4), v4},
      {proxy_header_for(v6), v6},
      {proxy_header_for(mapped), v4},
      {proxy_header_for(v4, tlv(0x04, "") + tlv(0x05, "id") + tlv(0xEA, std::string(1000, 'x'))), v4},
      {checked_header(right_checksum), v4},
      {proxy_header_for(v4, tlv(0x04, std::string(4096 - 16 - 12 - 3, 'x'))), v4},
      // LOCAL, whatever comes with it; then those without an address of TCP.
      {test::proxy_header_local(), {}},
      {proxy_header_bytes(0x20, 0x11, "anything"), {}},
      {proxy_header_bytes(0x20, 0xFF, "anything"), {}},
      {proxy_header_bytes(0x21, 0x00, ""), {}},
      {proxy_header_bytes(0x21, 0x00, "anything"), {}},
      {proxy_header_bytes(0x21, 0x10, "anything"), {}},
      {proxy_header_bytes(0x21, 0x12, std::string(12, 'x')), {}},
      {proxy_header_bytes(0x21, 0x22, std::string(36, 'x')), {}},
      {proxy_header_bytes(0x21, 0x31, std::string(216, 'x')), {}},
  }));
  const std::string stream = header + "\x16\x03\x01 what follows";
  const proxy_header_step whole = read(stream);
  REQUIRE(whole.what == status::done);
  CHECK(whole.size == header.size());
  CHECK(whole.source == source);

  // However it is cut, nothing behind it is asked for, and each answer brings the reader further.
  for (std::size_t n = 0; n < header.size(); ++n) {
    const proxy_header_step part = read(header.substr(0, n));
    INFO(n << " bytes");
    REQUIRE(part.what == status::need_more);
    REQUIRE(part.size > n);
    REQUIRE(part.size <= header.size());
  }
}

TEST_CASE("what is no header is refused at the byte that shows it", "[net][proxy_protocol]") {
  struct row {
    std::string bytes;
    proxy_header_errc error;
    std::size_t offset;
  };
  const std::string cut_in_length = proxy_header_for(v4, std::string_view("\x05\x00", 2));
  const std::string cut_in_value = proxy_header_for(v4, std::string_view("\x05\x00\x05"
                                                                         "abcd",
                                                                         7));
  const auto& [bytes, error, offset] = GENERATE_COPY(values<row>({
      {"OPTIONS sip:example.com SIP/2.0\r\n", proxy_header_errc::not_a_header, 0},
      {"\x16\x03\x01\x02", proxy_header_errc::not_a_header, 0},
      {"\r\n\r\n\r\n\r\n", proxy_header_errc::not_a_header, 4},
      {std::string("\r\n\r\n\0\r\nQUIX\n", 12), proxy_header_errc::not_a_header, 10},
      {"PROXI", proxy_header_errc::not_a_header, 4},
      {"PROXY TCP4 192.0.2.7 192.0.2.1 40001 5060\r\n", proxy_header_errc::text_version, 0},
      {proxy_header_bytes(0x11, 0x11, std::string(12, 'x')), proxy_header_errc::unknown_version, 12},
      {proxy_header_bytes(0x31, 0x11, std::string(12, 'x')), proxy_header_errc::unknown_version, 12},
      {proxy_header_bytes(0x22, 0x11, std::string(12, 'x')), proxy_header_errc::unknown_command, 12},
      {proxy_header_bytes(0x21, 0x41, std::string(12, 'x')), proxy_header_errc::unknown_family, 13},
      {proxy_header_bytes(0x21, 0x13, std::string(12, 'x')), proxy_header_errc::unknown_family, 13},
      {proxy_header_bytes(0x21, 0x11, std::string(11, 'x')), proxy_header_errc::addresses_cut, 14},
      {proxy_header_bytes(0x21, 0x21, std::string(35, 'x')), proxy_header_errc::addresses_cut, 14},
      {proxy_header_bytes(0x21, 0x31, std::string(215, 'x')), proxy_header_errc::addresses_cut, 14},
      {proxy_header_bytes(0x20, 0, std::string(4081, 'x')), proxy_header_errc::too_long, 14},
      {proxy_header_bytes(0x21, 0x11, std::string(65535, 'x')), proxy_header_errc::too_long, 14},
      {cut_in_length, proxy_header_errc::extension_cut, 28},
      {cut_in_value, proxy_header_errc::extension_cut, 29},
      {proxy_header_for(v4, tlv(0x03, "abc")), proxy_header_errc::bad_checksum_tlv, 28},
      {proxy_header_for(v4, tlv(0x03, "abcd") + tlv(0x03, "abcd")), proxy_header_errc::bad_checksum_tlv, 35},
      {checked_header("abcd"), proxy_header_errc::wrong_checksum, 43},
  }));
  const proxy_header_step whole = read(bytes);
  REQUIRE(whole.what == status::error);
  CHECK(whole.error == error);
  CHECK(whole.offset == offset);

  // Byte by byte the outcome is the same, and comes no later than the byte that shows it.
  std::size_t n = 0;
  proxy_header_step part = read(bytes.substr(0, n));
  while (part.what == status::need_more) {
    REQUIRE(n < bytes.size());
    part = read(bytes.substr(0, ++n));
  }
  CHECK(part.what == status::error);
  CHECK(part.error == error);
  CHECK(part.offset == offset);
}

TEST_CASE("a wrong bit anywhere in a checked header is found", "[net][proxy_protocol]") {
  const std::string good = checked_header(right_checksum);
  for (std::size_t bit = 16 * 8; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit);
    // In the type of the checksum's TLV the bit hides the checksum itself.
    const bool hidden = bit / 8 == 40;
    CHECK((read(bad).what == status::done) == hidden);
  }
}

TEST_CASE("each reason has its words", "[net][proxy_protocol]") {
  for (int i = 1; i <= static_cast<int>(proxy_header_errc::wrong_checksum); ++i) {
    const base::error_code code = static_cast<proxy_header_errc>(i);
    CHECK(code.message().find("PROXY protocol") != std::string::npos);
    CHECK(std::string(code.category().name()) == "parley.net.proxy_protocol");
  }
}
