#include "net/detail/domain_table.hpp"

#include <parley/sip/chars.hpp>

#include <algorithm>

namespace parley::net::detail {

std::uint32_t domain_table::number_of(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), sip::lower);
  if (const auto found = by_name_.find(text); found != by_name_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return found->second->number;
  }
  if (++last_ == 0) ++last_;
  if (order_.size() >= max_ && !order_.empty()) {
    by_name_.erase(order_.back().name);
    by_number_.erase(order_.back().number);
    order_.pop_back();
  }
  order_.push_front({std::move(text), last_});
  by_name_.emplace(order_.front().name, order_.begin());
  by_number_.insert_or_assign(last_, order_.begin());
  return last_;
}

const std::string* domain_table::find(std::uint32_t number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : &found->second->name;
}

}  // namespace parley::net::detail
