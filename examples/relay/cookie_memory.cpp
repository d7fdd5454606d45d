#include "cookie_memory.hpp"

#include <utility>

namespace relay {

base::hash128 cookie_memory::name_of(const base::ip_address& from, std::string_view message) const {
  base::siphasher hash(key_, base::siphash_output::bits128);
  hash.update_sized(from.unmapped().to_string());
  hash.update_sized(message);
  return hash.finish128();
}

void cookie_memory::forget_oldest() {
  const auto oldest = answers_.find(order_.front().name);
  bytes_ -= oldest->second.size();
  answers_.erase(oldest);
  order_.pop_front();
}

const std::string* cookie_memory::find(base::time_point now, const base::ip_address& from,
                                       std::string_view message) {
  while (!order_.empty() && order_.front().until <= now) forget_oldest();
  const auto at = answers_.find(name_of(from, message));
  return at == answers_.end() ? nullptr : &at->second;
}

void cookie_memory::put(base::time_point now, const base::ip_address& from, std::string_view message,
                        std::string answer) {
  const std::size_t size = answer.size();
  if (limits_.count == 0 || size > limits_.bytes) return;
  const base::hash128 name = name_of(from, message);
  if (answers_.contains(name)) return;
  while (!order_.empty() && (order_.size() >= limits_.count || bytes_ + size > limits_.bytes))
    forget_oldest();
  answers_.emplace(name, std::move(answer));
  order_.push_back({now + limits_.kept, name});
  bytes_ += size;
}

}  // namespace relay
