#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <string>
#include <string_view>

namespace parley::base {

/// All addresses that begin with the same bits (RFC 4632 3.1, RFC 4291 2.3): 192.0.2.0/24, 2001:db8::/32, or
/// a single address. Default-constructed it holds 0.0.0.0 only.
class PARLEY_API ip_network {
 public:
  constexpr ip_network() noexcept = default;

  /// Reads "192.0.2.0/24", "2001:db8::/32", or an address alone, which is then all that it holds. A zone has
  /// no place in it. *Errors:* `errc::invalid_address`, also where bits are set behind the prefix: one of the
  /// two is a slip, and which can't be known. `errc::out_of_range`: a prefix longer than the address.
  [[nodiscard]] static result<ip_network> from_string(std::string_view text) noexcept;

  /// Looks through mapping: ::ffff:192.0.2.1 is in 192.0.2.0/24. The zone of `address` makes no difference.
  bool contains(const ip_address& address) const noexcept;

  constexpr const ip_address& address() const noexcept { return address_; }
  constexpr unsigned prefix() const noexcept { return prefix_; }
  std::string to_string() const;

  friend constexpr bool operator==(const ip_network&, const ip_network&) noexcept = default;

 private:
  ip_address address_;
  unsigned prefix_ = 32;
};

}  // namespace parley::base
