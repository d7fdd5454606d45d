#include "table_reader.hpp"

#include <array>
#include <cstdio>

namespace parley_proxy {
namespace {

std::string decimal_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

}  // namespace

void table_reader::allow(std::initializer_list<std::string_view> keys) {
  for (const auto& [key, node] : table_) {
    bool known = false;
    for (const std::string_view k : keys) known = known || key.str() == k;
    if (!known) fail(node, "there is no setting \"" + std::string(key.str()) + "\"");
  }
}

void table_reader::text(std::string_view key, std::string& out) {
  if (const toml::node* const n = table_.get(key)) {
    if (const auto value = n->value_exact<std::string>()) {
      out = *value;
    } else {
      fail(*n, "\"" + std::string(key) + "\" is a text in quotes");
    }
  }
}

void table_reader::flag(std::string_view key, bool& out) {
  if (const toml::node* const n = table_.get(key)) {
    if (const auto value = n->value_exact<bool>()) {
      out = *value;
    } else {
      fail(*n, "\"" + std::string(key) + "\" is true or false");
    }
  }
}

bool table_reader::read_number(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high) {
  const toml::node* const n = table_.get(key);
  if (n == nullptr) return false;
  const auto value = n->value_exact<std::int64_t>();
  if (value && *value >= low && *value <= high) {
    out = *value;
    return true;
  }
  fail(*n, "\"" + std::string(key) + "\" is a whole number from " + std::to_string(low) + " to " +
               std::to_string(high));
  return false;
}

double table_reader::decimal(std::string_view key, double fallback, double low, double high) {
  const toml::node* const n = table_.get(key);
  if (n == nullptr) return fallback;
  const auto value = n->value<double>();
  if (value && *value >= low && *value <= high) return *value;
  fail(*n,
       "\"" + std::string(key) + "\" is a number from " + decimal_text(low) + " to " + decimal_text(high));
  return fallback;
}

void table_reader::fail(const toml::node& where, const std::string& why) {
  if (error_.empty()) error_ = "line " + std::to_string(where.source().begin.line) + ": " + why;
}

}  // namespace parley_proxy
