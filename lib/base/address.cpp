#include <parley/base/address.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace parley::base {
namespace {

// A decimal number without sign or leading zeros that takes up all of `text`.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t most) noexcept {
  if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > most) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> parse_quad(std::string_view text) noexcept {
  std::uint32_t bits = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t end = part < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = parse_decimal(text.substr(0, end), 255);
    if (!value) return std::nullopt;
    bits = bits << 8U | *value;
    text.remove_prefix(part < 3 ? end + 1 : end);
  }
  return bits;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

using groups = std::array<std::uint16_t, 8>;

std::optional<groups> parse_groups(std::string_view text) noexcept {
  groups found{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // the "::" stands before this group
  std::size_t i = 0;
  if (text.starts_with("::")) {
    gap = 0;
    i = 2;
  }
  while (i < text.size()) {
    if (count == found.size()) return std::nullopt;
    const std::size_t start = i;
    unsigned value = 0;
    while (i < text.size() && i - start < 4 && hex_value(text[i]) >= 0) {
      value = value << 4U | static_cast<unsigned>(hex_value(text[i]));
      ++i;
    }
    if (i == start) return std::nullopt;
    if (i < text.size() && text[i] == '.') {  // RFC 4291 2.2, form 3: the last 32 bits as IPv4
      const auto quad = parse_quad(text.substr(start));
      if (!quad || count + 2 > found.size()) return std::nullopt;
      found[count++] = static_cast<std::uint16_t>(*quad >> 16U);
      found[count++] = static_cast<std::uint16_t>(*quad);
      break;
    }
    found[count++] = static_cast<std::uint16_t>(value);
    if (i == text.size()) break;
    if (text[i] != ':') return std::nullopt;
    ++i;
    if (i == text.size()) return std::nullopt;
    if (text[i] == ':') {
      if (gap) return std::nullopt;
      gap = count;
      ++i;
    }
  }
  if (!gap) return count == found.size() ? std::optional(found) : std::nullopt;
  if (count == found.size()) return std::nullopt;  // "::" stands for one group or more
  const auto at = found.begin() + static_cast<std::ptrdiff_t>(*gap);
  std::rotate(at, found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
  return found;
}

// Appends to a span of characters and remembers whether everything has found room.
class text_writer {
 public:
  explicit text_writer(std::span<char> out) noexcept : out_(out) {}

  void put(char c) noexcept {
    if (size_ < out_.size()) {
      out_[size_++] = c;
    } else {
      full_ = true;
    }
  }
  void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  void put(std::uint32_t number, int base = 10) noexcept {
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
    put(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  void put_quad(std::uint32_t bits) noexcept {
    for (unsigned shift = 32; shift > 0; shift -= 8) {
      if (shift < 32) put('.');
      put(bits >> (shift - 8) & 0xFFU);
    }
  }

  std::string_view text() const noexcept {
    return full_ ? std::string_view() : std::string_view(out_.data(), size_);
  }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
  bool full_ = false;
};

// RFC 5952 4.2: the longest run of zero groups is shortened, the first of equal ones, but never a single
// group.
void put_groups(text_writer& out, const groups& g) noexcept {
  std::size_t gap = g.size();
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < g.size();) {
    std::size_t end = i;
    while (end < g.size() && g[end] == 0) ++end;
    if (end - i > gap_length) {
      gap = i;
      gap_length = end - i;
    }
    i = std::max(end, i + 1);
  }
  for (std::size_t i = 0; i < g.size();) {
    if (i == gap) {
      out.put("::");
      i += gap_length;
      continue;
    }
    if (i != 0 && (gap == g.size() || i != gap + gap_length)) out.put(':');
    out.put(g[i], 16);
    ++i;
  }
}

void put_address(text_writer& out, const ip_address& a) noexcept {
  if (a.is_v4()) {
    out.put_quad(a.to_v4());
    return;
  }
  if (a.is_v4_mapped()) {  // RFC 5952 5
    out.put("::ffff:");
    out.put_quad(a.unmapped().to_v4());
  } else {
    const auto bytes = a.to_v6_bytes();
    groups g{};
    for (std::size_t i = 0; i < g.size(); ++i) {
      g[i] = static_cast<std::uint16_t>(unsigned{bytes[2 * i]} << 8U | bytes[2 * i + 1]);
    }
    put_groups(out, g);
  }
  if (a.scope() != 0) {
    out.put('%');
    out.put(a.scope());
  }
}

constexpr bool within(std::uint32_t bits, std::uint32_t prefix, unsigned length) noexcept {
  return (bits ^ prefix) >> (32U - length) == 0;
}

// A bijection of 64 bits in which every input bit changes about half of the output bits.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x ^= x >> 32U;
  x *= 0xD6E8FEB86659FD93U;
  x ^= x >> 32U;
  x *= 0xD6E8FEB86659FD93U;
  x ^= x >> 32U;
  return x;
}

result<std::uint16_t> parse_port(std::string_view text) noexcept {
  const auto port = parse_decimal(text, 65535);
  if (!port) return errc::invalid_port;
  return static_cast<std::uint16_t>(*port);
}

struct address_and_port {
  ip_address ip;
  std::optional<std::uint16_t> port;
};

// IPv6 without brackets is allowed here; it cannot have a port then.
result<address_and_port> parse_endpoint(std::string_view text) noexcept {
  std::string_view host = text;
  std::optional<std::string_view> port_text;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return errc::invalid_address;
    host = text.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos) return errc::invalid_address;
    const std::string_view after = text.substr(close + 1);
    if (!after.empty()) {
      if (after[0] != ':') return errc::invalid_port;
      port_text = after.substr(1);
    }
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
  }
  const auto ip = ip_address::from_string(host);
  if (!ip) return ip.error();
  address_and_port found{*ip, std::nullopt};
  if (port_text) {
    const auto port = parse_port(*port_text);
    if (!port) return port.error();
    found.port = *port;
  }
  return found;
}

}  // namespace

result<ip_address> ip_address::from_string(std::string_view text) noexcept {
  if (text.find(':') == std::string_view::npos) {
    const auto quad = parse_quad(text);
    if (!quad) return errc::invalid_address;
    return v4(*quad);
  }
  std::uint32_t scope = 0;
  if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
    const auto zone = parse_decimal(text.substr(percent + 1), 0xFFFFFFFFU);
    if (!zone) return errc::invalid_address;
    scope = *zone;
    text = text.substr(0, percent);
  }
  const auto parsed = parse_groups(text);
  if (!parsed) return errc::invalid_address;
  v6_bytes bytes{};
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>((*parsed)[i] >> 8U);
    bytes[2 * i + 1] = static_cast<std::uint8_t>((*parsed)[i]);
  }
  return v6(bytes, scope);
}

bool ip_address::is_loopback() const noexcept {
  const ip_address a = unmapped();
  return a.is_v6_ ? a.high_ == 0 && a.low_ == 1 : within(a.to_v4(), 0x7F000000U, 8);
}

bool ip_address::is_unspecified() const noexcept {
  const ip_address a = unmapped();
  return a.high_ == 0 && a.low_ == 0;
}

bool ip_address::is_multicast() const noexcept {
  const ip_address a = unmapped();
  return a.is_v6_ ? a.high_ >> 56U == 0xFFU : within(a.to_v4(), 0xE0000000U, 4);
}

bool ip_address::is_private() const noexcept {
  const ip_address a = unmapped();
  if (a.is_v6_) return a.high_ >> 57U == 0xFCU >> 1U;
  const std::uint32_t bits = a.to_v4();
  return within(bits, 0x0A000000U, 8) || within(bits, 0xAC100000U, 12) || within(bits, 0xC0A80000U, 16);
}

bool ip_address::is_link_local() const noexcept {
  const ip_address a = unmapped();
  return a.is_v6_ ? a.high_ >> 54U == 0xFE80U >> 6U : within(a.to_v4(), 0xA9FE0000U, 16);
}

std::string_view ip_address::to_chars(std::span<char> out) const noexcept {
  text_writer writer(out);
  put_address(writer, *this);
  return writer.text();
}

std::string ip_address::to_string() const {
  std::array<char, max_text> text{};
  return std::string(to_chars(text));
}

std::size_t ip_address::hash() const noexcept {
  return static_cast<std::size_t>(
      mix(mix(mix(high_) + low_) + (std::uint64_t{scope_} << 1U | (is_v6_ ? 1U : 0U))));
}

result<socket_address> socket_address::from_string(std::string_view text) noexcept {
  const auto found = parse_endpoint(text);
  if (!found) return found.error();
  if (!found->port) return errc::invalid_port;
  return socket_address{found->ip, *found->port};
}

result<socket_address> socket_address::from_string(std::string_view text,
                                                   std::uint16_t default_port) noexcept {
  const auto found = parse_endpoint(text);
  if (!found) return found.error();
  return socket_address{found->ip, found->port.value_or(default_port)};
}

std::string_view socket_address::to_chars(std::span<char> out) const noexcept {
  text_writer writer(out);
  if (ip.is_v6()) writer.put('[');
  put_address(writer, ip);
  if (ip.is_v6()) writer.put(']');
  writer.put(':');
  writer.put(std::uint32_t{port});
  return writer.text();
}

std::string socket_address::to_string() const {
  std::array<char, max_text> text{};
  return std::string(to_chars(text));
}

std::size_t socket_address::hash() const noexcept {
  return static_cast<std::size_t>(mix(std::uint64_t{ip.hash()} + port));
}

}  // namespace parley::base
