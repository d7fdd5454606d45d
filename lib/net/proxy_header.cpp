// The clauses are those of haproxy's doc/proxy-protocol.txt.
#include "net/detail/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace parley::net::detail {
namespace {

using status = proxy_header_step::status;

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view text_signature = "PROXY ";
constexpr std::size_t fixed_size = 16;
constexpr std::size_t version_offset = 12;
constexpr std::size_t family_offset = 13;
constexpr std::size_t length_offset = 14;

constexpr unsigned type_crc32c = 0x03;
constexpr std::size_t crc32c_size = 4;

/// CRC32c as RFC 4960 appendix B has it, a byte a step.
constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1U ^ ((value & 1U) != 0 ? 0x82F63B78U : 0);
    table[i] = value;
  }
  return table;
}();

class crc32c {
 public:
  void update(std::uint8_t byte) noexcept { state_ = state_ >> 8U ^ crc32c_table[(state_ ^ byte) & 0xFFU]; }
  std::uint32_t value() const noexcept { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFFU;
};

proxy_header_step fail(proxy_header_errc why, std::size_t offset) noexcept {
  proxy_header_step step;
  step.what = status::error;
  step.error = why;
  step.offset = offset;
  return step;
}

proxy_header_step need(std::size_t size) noexcept {
  proxy_header_step step;
  step.size = size;
  return step;
}

/// What has arrived, read by offset; whoever asks has looked at the size.
class input {
 public:
  explicit input(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  std::size_t size() const noexcept { return bytes_.size(); }
  std::uint8_t byte(std::size_t at) const noexcept { return std::to_integer<std::uint8_t>(bytes_[at]); }
  std::uint16_t number16(std::size_t at) const noexcept {
    return static_cast<std::uint16_t>(byte(at) << 8U | byte(at + 1));
  }
  std::uint32_t number32(std::size_t at) const noexcept {
    return std::uint32_t{number16(at)} << 16U | number16(at + 2);
  }
  /// How many bytes at the beginning are those of `text`.
  std::size_t matching(std::string_view text) const noexcept {
    const std::size_t most = std::min(text.size(), size());
    std::size_t n = 0;
    while (n < most && byte(n) == static_cast<std::uint8_t>(text[n])) ++n;
    return n;
  }

 private:
  std::span<const std::byte> bytes_;
};

constexpr std::size_t addresses_size(unsigned family) noexcept {
  switch (family) {
    case 1: return 12;    // AF_INET: two addresses, two ports
    case 2: return 36;    // AF_INET6
    default: return 216;  // AF_UNIX: two paths
  }
}

base::socket_address read_source(const input& in, bool v6) noexcept {
  if (!v6) return {base::ip_address::v4(in.number32(fixed_size)), in.number16(fixed_size + 8)};
  base::ip_address::v6_bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = in.byte(fixed_size + i);
  return {base::ip_address::v6(bytes).unmapped(), in.number16(fixed_size + 32)};
}

// 2.2.3: the checksum is of the whole header with the checksum's own bytes 0.
std::uint32_t checksum(const input& in, std::size_t size, std::size_t value_at) noexcept {
  crc32c sum;
  for (std::size_t i = 0; i < size; ++i) {
    sum.update(i >= value_at && i < value_at + crc32c_size ? std::uint8_t{0} : in.byte(i));
  }
  return sum.value();
}

/// Walks over the TLVs from `at` to the header's end and verifies the checksum where there is one.
std::optional<proxy_header_step> check_extensions(const input& in, std::size_t at,
                                                  std::size_t size) noexcept {
  std::size_t checksum_at = 0;
  while (at < size) {
    if (size - at < 3) return fail(proxy_header_errc::extension_cut, at);
    const std::size_t length = in.number16(at + 1);
    if (length > size - at - 3) return fail(proxy_header_errc::extension_cut, at + 1);
    if (in.byte(at) == type_crc32c) {
      if (length != crc32c_size || checksum_at != 0) return fail(proxy_header_errc::bad_checksum_tlv, at);
      checksum_at = at + 3;
    }
    at += 3 + length;
  }
  if (checksum_at != 0 && checksum(in, size, checksum_at) != in.number32(checksum_at)) {
    return fail(proxy_header_errc::wrong_checksum, checksum_at);
  }
  return std::nullopt;
}

class header_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.net.proxy_protocol"; }

  std::string message(int value) const override {
    switch (static_cast<proxy_header_errc>(value)) {
      case proxy_header_errc::not_a_header:
        return "the connection does not begin with a PROXY protocol header";
      case proxy_header_errc::text_version:
        return "the PROXY protocol header is of version 1, and only version 2 is read";
      case proxy_header_errc::unknown_version: return "the PROXY protocol header is not of version 2";
      case proxy_header_errc::unknown_command:
        return "the PROXY protocol header's command is neither LOCAL nor PROXY";
      case proxy_header_errc::unknown_family:
        return "the PROXY protocol header's address family or protocol is unknown";
      case proxy_header_errc::too_long: return "the PROXY protocol header is longer than 4096 bytes";
      case proxy_header_errc::addresses_cut: return "the PROXY protocol header ends inside its addresses";
      case proxy_header_errc::extension_cut: return "the PROXY protocol header ends inside a TLV";
      case proxy_header_errc::bad_checksum_tlv:
        return "the PROXY protocol header's CRC32c is not four bytes, or is there twice";
      case proxy_header_errc::wrong_checksum: return "the PROXY protocol header's CRC32c is wrong";
    }
    return "unknown error";
  }
};

}  // namespace

proxy_header_step read_proxy_header(std::span<const std::byte> received) noexcept {
  const input in(received);
  const std::size_t matched = in.matching(signature);
  if (matched < std::min(signature.size(), in.size())) {
    const std::size_t text = in.matching(text_signature);
    if (text == text_signature.size()) return fail(proxy_header_errc::text_version, 0);
    if (text == in.size()) return need(fixed_size);
    return fail(proxy_header_errc::not_a_header, std::max(matched, text));
  }
  if (in.size() <= version_offset) return need(fixed_size);
  const unsigned version = in.byte(version_offset) >> 4U;
  const unsigned command = in.byte(version_offset) & 0xFU;
  if (version != 2) return fail(proxy_header_errc::unknown_version, version_offset);
  if (command > 1) return fail(proxy_header_errc::unknown_command, version_offset);
  if (in.size() <= family_offset) return need(fixed_size);
  const bool local = command == 0;
  const unsigned family = in.byte(family_offset) >> 4U;
  const unsigned protocol = in.byte(family_offset) & 0xFU;
  // 2.2: what comes with LOCAL is skipped, whatever it is.
  if (!local && (family > 3 || protocol > 2)) return fail(proxy_header_errc::unknown_family, family_offset);
  if (in.size() < fixed_size) return need(fixed_size);
  const std::size_t size = fixed_size + in.number16(length_offset);
  if (size > max_proxy_header) return fail(proxy_header_errc::too_long, length_offset);
  // Without a family nothing says how long the addresses are, so nothing behind them can be found either.
  const bool unspecified = local || family == 0 || protocol == 0;
  const std::size_t extensions = unspecified ? size : fixed_size + addresses_size(family);
  if (extensions > size) return fail(proxy_header_errc::addresses_cut, length_offset);
  if (in.size() < size) return need(size);
  if (const auto broken = check_extensions(in, extensions, size)) return *broken;
  proxy_header_step step;
  step.what = status::done;
  step.size = size;
  // 2.2: datagrams and paths are as good as unspecified to those who have no use for them.
  const bool tcp = !unspecified && family != 3 && protocol == 1;
  if (tcp) step.source = read_source(in, family == 2);
  return step;
}

const base::error_category& proxy_header_category() noexcept {
  static const header_category instance;
  return instance;
}

}  // namespace parley::net::detail
