#include <parley/base/error.hpp>
#include <parley/base/network.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace parley::base {
namespace {

constexpr unsigned bits_of(const ip_address& address) noexcept { return address.is_v4() ? 32 : 128; }

/// True where `a` and `b`, which are of one family, are the same up to the bit `prefix`.
bool same_prefix(const ip_address& a, const ip_address& b, unsigned prefix) noexcept {
  const ip_address::v6_bytes left = a.to_v6_bytes();
  const ip_address::v6_bytes right = b.to_v6_bytes();
  // An IPv4 address is the last four bytes.
  std::size_t at = a.is_v4() ? 12 : 0;
  for (; prefix >= 8; prefix -= 8, ++at) {
    if (left[at] != right[at]) return false;
  }
  if (prefix == 0) return true;
  const unsigned differing = static_cast<unsigned>(left[at]) ^ right[at];
  return differing >> (8 - prefix) == 0;
}

}  // namespace

result<ip_network> ip_network::from_string(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto address = ip_address::from_string(text.substr(0, slash));
  if (!address) return address.error();
  if (address->scope() != 0) return errc::invalid_address;
  ip_network out;
  out.address_ = *address;
  out.prefix_ = bits_of(*address);
  if (slash == std::string_view::npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, out.prefix_);
  const bool leading_zero = digits.size() > 1 && digits.front() == '0';
  if (read.ec != std::errc() || read.ptr != end || leading_zero) return errc::invalid_address;
  if (out.prefix_ > bits_of(*address)) return errc::out_of_range;
  ip_address::v6_bytes bytes = address->to_v6_bytes();
  for (std::size_t bit = out.prefix_ + (address->is_v4() ? 96 : 0); bit < 128; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80U >> bit % 8));
  }
  if (bytes != address->to_v6_bytes()) return errc::invalid_address;
  return out;
}

bool ip_network::contains(const ip_address& address) const noexcept {
  if (address.is_v6() == address_.is_v6() && same_prefix(address_, address, prefix_)) return true;
  const ip_address plain = address.unmapped();
  return address.is_v4_mapped() && address_.is_v4() && same_prefix(address_, plain, prefix_);
}

std::string ip_network::to_string() const {
  std::string text = address_.to_string();
  if (prefix_ != bits_of(address_)) text.append("/").append(std::to_string(prefix_));
  return text;
}

}  // namespace parley::base
