#pragma once

#include <parley/base/api.hpp>
#include <parley/base/siphash.hpp>
#include <parley/sip/uri.hpp>

#include <array>
#include <string_view>

namespace parley::proxy {

/// The parameter by which a proxy knows its own Record-Route again, as a Route in requests of the same call:
///
///     Record-Route: <sip:192.0.2.10:5060;lr;seal=89abcdef01234567>
///
/// A keyed hash over the Call-ID, so that nobody can make one up, and whoever has been given one can use it
/// in that call only.
class route_seals {
 public:
  /// What stands before the seal in the URI.
  static constexpr std::string_view parameter = ";seal=";
  using text = std::array<char, 16>;

  /// All shards of a proxy have the same key; so have all hosts that stand for one another.
  explicit route_seals(const base::siphash_key& key) noexcept : key_(key) {}

  PARLEY_API text write(std::string_view call_id) const noexcept;

  /// True where the URI bears the seal for that call.
  PARLEY_API bool is_on(const sip::uri_view& route, std::string_view call_id) const noexcept;

 private:
  base::siphash_key key_;
};

}  // namespace parley::proxy
