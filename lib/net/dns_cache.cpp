#include "net/detail/dns_cache.hpp"

#include <utility>

namespace parley::net::detail {

std::string dns_key(std::string_view name, record_type type) {
  std::string out(name);
  out += '/';  // in no name that is asked for
  out += std::to_string(static_cast<unsigned>(type));
  return out;
}

const dns_result* dns_cache::find(base::time_point now, std::string_view key) {
  return find_until(now, key, {});
}

const dns_result* dns_cache::find_stale(base::time_point now, std::string_view key) {
  return find_until(now, key, stale_for_);
}

const dns_result* dns_cache::find_until(base::time_point now, std::string_view key, base::duration longer) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto known = found->second;
  if (base::add_saturated(known->until, longer) <= now) {
    if (base::add_saturated(known->until, stale_for_) <= now) erase(known);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, known);
  return &known->result;
}

void dns_cache::put(base::time_point now, std::string key, dns_result result, base::duration holds_for) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
  if (holds_for <= base::duration::zero() || max_names_ == 0) return;
  if (order_.size() >= max_names_) erase(std::prev(order_.end()));
  order_.push_front({std::move(key), base::add_saturated(now, holds_for), std::move(result)});
  by_key_.emplace(order_.front().key, order_.begin());
}

void dns_cache::erase(order::iterator known) {
  by_key_.erase(known->key);
  order_.erase(known);
}

}  // namespace parley::net::detail
