#include "value.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace relay {
namespace {

constexpr char plain(char c) noexcept {
  if (c == ' ') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return plain(x) == plain(y); });
}

value::value(std::uint64_t number)
    : held_(static_cast<std::int64_t>(
          std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()))) {}

const value* value::find(std::string_view key) const noexcept {
  const dictionary* all = entries();
  if (all == nullptr) return nullptr;
  const auto at =
      std::find_if(all->begin(), all->end(), [&](const auto& entry) { return same_name(entry.first, key); });
  return at == all->end() ? nullptr : &at->second;
}

void value::add(std::string key, value what) {
  if (dictionary* all = entries()) all->emplace_back(std::move(key), std::move(what));
}

std::string value::as_text() const {
  if (const std::string* own = text()) return *own;
  if (const std::int64_t* number = integer()) return std::to_string(*number);
  return {};
}

std::optional<std::int64_t> value::as_integer() const noexcept {
  if (const std::int64_t* number = integer()) return *number;
  const std::string* own = text();
  if (own == nullptr || own->empty()) return std::nullopt;
  std::int64_t number = 0;
  const char* end = own->data() + own->size();
  const auto [stopped, error] = std::from_chars(own->data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

std::string_view tree_builder::count() {
  if (complete_) return "something stands behind the end of the body";
  if (++elements_ > limits_.elements) return "the body has too many elements";
  return {};
}

std::string_view tree_builder::open(value container) {
  if (const auto rule = count(); !rule.empty()) return rule;
  if (open_.size() >= limits_.depth) return "lists and dictionaries are too deep within each other";
  if (wants_key()) return "a key of a dictionary must be a text";
  open_.push_back({std::move(container)});
  return {};
}

std::string_view tree_builder::end() {
  if (open_.empty()) return "an end without a beginning";
  if (open_.back().has_key) return "a key of a dictionary has no value";
  value finished = std::move(open_.back().node);
  open_.pop_back();
  return place(std::move(finished));
}

std::string_view tree_builder::key(std::string name) {
  if (const auto rule = count(); !rule.empty()) return rule;
  open_.back().key = std::move(name);
  open_.back().has_key = true;
  return {};
}

std::string_view tree_builder::add(value what) {
  if (const auto rule = count(); !rule.empty()) return rule;
  if (wants_key()) return "a key of a dictionary must be a text";
  return place(std::move(what));
}

std::string_view tree_builder::place(value what) {
  if (open_.empty()) {
    root_ = std::move(what);
    complete_ = true;
    return {};
  }
  level& inner = open_.back();
  if (value::list* items = inner.node.items()) {
    items->push_back(std::move(what));
  } else {
    inner.node.add(std::move(inner.key), std::move(what));
    inner.key.clear();
    inner.has_key = false;
  }
  return {};
}

}  // namespace relay
