#include <parley/proxy/flow_token.hpp>
#include <parley/sip/writer.hpp>

#include <charconv>
#include <span>

namespace parley::proxy {
namespace {

constexpr std::string_view prefix = "flow-";
constexpr std::size_t flow_digits = 16;
constexpr std::size_t port_digits = 4;
constexpr std::size_t v4_digits = 8;
constexpr std::size_t v6_digits = 32;
constexpr std::size_t seal_digits = 16;

/// The parts of a token; views into its text.
struct parts {
  std::string_view sealed;  ///< all before the dash of the seal
  std::string_view listener;
  std::string_view peer;
  std::string_view seal;
};

std::optional<parts> split(std::string_view text) noexcept {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::size_t first = text.find('-', prefix.size());
  const std::size_t second = first == std::string_view::npos ? first : text.find('-', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const parts out{text.substr(0, second), text.substr(prefix.size(), first - prefix.size()),
                  text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  const bool sized = out.peer.size() == flow_digits || out.peer.size() == v4_digits + port_digits ||
                     out.peer.size() == v6_digits + port_digits;
  if (out.listener.empty() || !sized || out.seal.size() != seal_digits) return std::nullopt;
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& out, int base) noexcept {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && stop == text.data() + text.size();
}

bool read_v6(std::string_view digits, base::ip_address::v6_bytes& out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!read_number(digits.substr(2 * i, 2), out[i], 16)) return false;
  }
  return true;
}

}  // namespace

bool flow_token::is_token(std::string_view user) noexcept { return split(user).has_value(); }

std::uint64_t flow_tokens::seal(std::string_view text) const noexcept { return base::siphash64(key_, text); }

flow_token flow_tokens::write(const sip::hop& flow) const noexcept {
  flow_token out;
  sip::text_writer text{std::span<char>(out.text_)};
  text << prefix << flow.listener << '-';
  if (flow.flow != 0) {
    text.hex(flow.flow, flow_digits);
  } else {
    const base::ip_address ip = flow.remote.ip.unmapped();
    if (ip.is_v4()) {
      text.hex(ip.to_v4(), v4_digits);
    } else {
      for (const auto byte : ip.to_v6_bytes()) text.hex(byte, 2);
    }
    text.hex(flow.remote.port, port_digits);
  }
  const std::uint64_t sealed = seal(text.text());
  text << '-';
  text.hex(sealed, seal_digits);
  out.size_ = static_cast<std::uint8_t>(text.size());
  return out;
}

std::optional<sip::hop> flow_tokens::read(std::string_view user) const noexcept {
  const auto found = split(user);
  if (!found) return std::nullopt;
  std::uint64_t sealed = 0;
  if (!read_number(found->seal, sealed, 16) || sealed != seal(found->sealed)) return std::nullopt;
  // What bears the seal was written by `write`; the checks below are for what a caller may make of it.
  sip::hop out;
  out.only_flow = true;
  if (!read_number(found->listener, out.listener, 10)) return std::nullopt;
  if (found->peer.size() == flow_digits) {
    if (!read_number(found->peer, out.flow, 16)) return std::nullopt;
    return out;
  }
  const std::string_view address = found->peer.substr(0, found->peer.size() - port_digits);
  if (!read_number(found->peer.substr(address.size()), out.remote.port, 16)) return std::nullopt;
  if (address.size() == v4_digits) {
    std::uint32_t ip = 0;
    if (!read_number(address, ip, 16)) return std::nullopt;
    out.remote.ip = base::ip_address::v4(ip);
  } else {
    base::ip_address::v6_bytes ip{};
    if (!read_v6(address, ip)) return std::nullopt;
    out.remote.ip = base::ip_address::v6(ip);
  }
  return out;
}

}  // namespace parley::proxy
