#pragma once

#include <parley/base/result.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/net/name_source.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parley::net::detail {

/// What is known about one name and type: records, or why there are none.
struct dns_result {
  base::error_code error;
  std::shared_ptr<const name_records> records;  ///< never null
};

/// A name in lower case and a type, as one text.
std::string dns_key(std::string_view name, record_type type);

/// Hashes names, which strangers choose, with a secret.
struct dns_key_hash {
  base::siphash_key key;
  std::size_t operator()(std::string_view text) const noexcept {
    return static_cast<std::size_t>(base::siphash64(key, text));
  }
};

/// Remembers what is known for as long as it holds, and `stale_for` longer for when nothing newer is to be
/// had (RFC 8767). Where it is full, what was not asked for the longest time gives way.
class dns_cache {
 public:
  dns_cache(const base::siphash_key& key, std::size_t max_names, base::duration stale_for = {})
      : max_names_(max_names), stale_for_(stale_for), by_key_(0, {key}) {}

  std::size_t size() const noexcept { return order_.size(); }

  /// *Ownership:* valid until the next call that is not `const`.
  const dns_result* find(base::time_point now, std::string_view key);
  /// The same also for what holds no longer.
  const dns_result* find_stale(base::time_point now, std::string_view key);
  /// Takes the place of what was known before. A result that holds no longer than `now` is not kept.
  void put(base::time_point now, std::string key, dns_result result, base::duration holds_for);

 private:
  struct entry {
    std::string key;
    base::time_point until;
    dns_result result;
  };
  using order = std::list<entry>;

  const dns_result* find_until(base::time_point now, std::string_view key, base::duration longer);
  void erase(order::iterator known);

  std::size_t max_names_;
  base::duration stale_for_;
  order order_;  // the last used first
  std::unordered_map<std::string_view, order::iterator, dns_key_hash> by_key_;
};

}  // namespace parley::net::detail
