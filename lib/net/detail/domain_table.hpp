#pragma once

#include <parley/base/siphash.hpp>

#include "net/detail/dns_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parley::net::detail {

/// Numbers for the names that peers must prove to be, as `sip::hop::domain` has them. Strangers make us look
/// up names, so the ones that were not used for the longest time are forgotten; a number is never given
/// twice.
class domain_table {
 public:
  domain_table(const base::siphash_key& key, std::size_t max) : max_(max), by_name_(0, {key}) {}

  /// The number of `name`, in any case.
  std::uint32_t number_of(std::string_view name);
  /// Null for 0, and for what is forgotten. *Ownership:* until the next call of `number_of`.
  const std::string* find(std::uint32_t number) const;

 private:
  struct entry {
    std::string name;
    std::uint32_t number;
  };
  std::size_t max_;
  std::uint32_t last_ = 0;
  std::list<entry> order_;  // the last used first
  std::unordered_map<std::string_view, std::list<entry>::iterator, dns_key_hash> by_name_;
  std::unordered_map<std::uint32_t, std::list<entry>::iterator> by_number_;
};

}  // namespace parley::net::detail
