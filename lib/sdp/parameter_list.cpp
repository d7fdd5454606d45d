#include <parley/sdp/parameter_list.hpp>

#include "sdp/detail/cursor.hpp"

#include <algorithm>

namespace parley::sdp {
namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && detail::is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && detail::is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

parameter_list::iterator& parameter_list::iterator::operator++() noexcept {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find(';'), rest_.size());
    const std::string_view one = trim(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    const std::size_t equals = one.find('=');
    const std::string_view name = trim(one.substr(0, equals));
    if (name.empty()) continue;
    current_ = {name, one.substr(one.size()), equals != std::string_view::npos};
    if (current_.has_value) current_.value = trim(one.substr(equals + 1));
    return *this;
  }
  current_ = {};
  return *this;
}

std::optional<std::string_view> parameter_list::find(std::string_view name) const noexcept {
  for (const format_parameter& one : *this) {
    if (detail::iequals(one.name, name)) return one.value;
  }
  return std::nullopt;
}

}  // namespace parley::sdp
