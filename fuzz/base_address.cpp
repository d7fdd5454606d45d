// Whatever text is read as an address is written in one form, which reads back as the same address.
#include <parley/base/address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace {

void require(bool fine) {
  if (!fine) std::abort();
}

template <class Address>
void round_trip(const Address& address) {
  std::array<char, Address::max_text> memory{};
  const std::string_view text = address.to_chars(memory);
  require(!text.empty());
  const auto again = Address::from_string(text);
  require(again.has_value() && *again == address && again->hash() == address.hash());
  // With less room than it takes there is no text at all.
  std::array<char, Address::max_text> smaller{};
  require(address.to_chars(std::span(smaller).first(text.size())) == text);
  require(address.to_chars(std::span(smaller).first(text.size() - 1)).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto ip = ip_address::from_string(text);
  if (ip) {
    round_trip(*ip);
    require(ip->is_v4() ? *ip == ip_address::v4(ip->to_v4_bytes())
                        : *ip == ip_address::v6(ip->to_v6_bytes(), ip->scope()));
    require(!ip->unmapped().is_v4_mapped());
    require(ip->is_loopback() + ip->is_unspecified() + ip->is_multicast() + ip->is_private() +
                ip->is_link_local() <=
            1);
    // A bare address is an endpoint with the caller's port.
    const auto endpoint = socket_address::from_string(text, 5060);
    require(endpoint.has_value() && endpoint->ip == *ip && endpoint->port == 5060);
  }

  const auto endpoint = socket_address::from_string(text);
  if (endpoint) {
    require(!ip.has_value());
    round_trip(*endpoint);
    require(*socket_address::from_string(text, 1) == *endpoint);
  }
  return 0;
}
