#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace parley_proxy {

/// Reads one table's keys one by one and remembers the first thing that is wrong, with its line. A key that
/// is not there leaves `out` as it is.
///
/// *Ownership:* the table and the error outlive it.
class table_reader {
 public:
  table_reader(const toml::table& table, std::string& error) : table_(table), error_(error) {}

  /// Refuses keys that nothing reads: a setting with a slip in its name must not go unnoticed.
  void allow(std::initializer_list<std::string_view> keys);

  void text(std::string_view key, std::string& out);
  void flag(std::string_view key, bool& out);

  template <class Value>
  void choice(std::string_view key, Value& out,
              std::initializer_list<std::pair<std::string_view, Value>> choices) {
    const toml::node* const n = table_.get(key);
    if (n == nullptr) return;
    const auto value = n->value_exact<std::string>();
    std::string all;
    for (const auto& [name, meant] : choices) {
      if (value && *value == name) {
        out = meant;
        return;
      }
      all.append(all.empty() ? "" : ", ").append(name);
    }
    fail(*n, "\"" + std::string(key) + "\" is one of " + all);
  }

  template <class Number>
  void number(std::string_view key, Number& out, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    if (read_number(key, value, low, high)) out = static_cast<Number>(value);
  }
  double decimal(std::string_view key, double fallback, double low, double high);

  /// Calls `f(text, node)` for each text of a list.
  template <class F>
  void texts(std::string_view key, F&& f) {
    const toml::node* const n = table_.get(key);
    if (n == nullptr) return;
    const toml::array* const list = n->as_array();
    if (list == nullptr) return fail(*n, "\"" + std::string(key) + "\" is a list of texts");
    for (const toml::node& item : *list) {
      const auto value = item.value_exact<std::string>();
      if (!value) return fail(item, "\"" + std::string(key) + "\" is a list of texts");
      f(*value, item);
    }
  }

  /// The same for a list in which tables may stand, too: `g(reader, node)` is called for each of those.
  template <class F, class G>
  void texts_or_tables(std::string_view key, F&& f, G&& g) {
    const toml::node* const n = table_.get(key);
    if (n == nullptr) return;
    const toml::array* const list = n->as_array();
    if (list == nullptr) return fail(*n, "\"" + std::string(key) + "\" is a list");
    for (const toml::node& item : *list) {
      if (const auto value = item.value_exact<std::string>()) {
        f(*value, item);
      } else if (const toml::table* const inner = item.as_table()) {
        table_reader reader(*inner, error_);
        g(reader, item);
      } else {
        return fail(item, "\"" + std::string(key) + "\" is a list of texts and tables");
      }
    }
  }

  /// Calls `f(reader)` with a reader of the table that is the key's value.
  template <class F>
  void table(std::string_view key, F&& f) {
    const toml::node* const n = table_.get(key);
    if (n == nullptr) return;
    if (const toml::table* const inner = n->as_table()) {
      table_reader reader(*inner, error_);
      f(reader);
    } else {
      fail(*n, "\"" + std::string(key) + "\" is a table: [" + std::string(key) + "]");
    }
  }

  /// Calls `f(reader, node)` for each table of a list.
  template <class F>
  void tables(std::string_view key, F&& f) {
    const toml::node* const n = table_.get(key);
    if (n == nullptr) return;
    const toml::array* const list = n->as_array();
    if (list == nullptr)
      return fail(*n, "\"" + std::string(key) + "\" is a list of tables: [[" + std::string(key) + "]]");
    for (const toml::node& item : *list) {
      const toml::table* const inner = item.as_table();
      if (inner == nullptr) return fail(item, "\"" + std::string(key) + "\" is a list of tables");
      table_reader reader(*inner, error_);
      f(reader, item);
    }
  }

  void fail(const toml::node& where, const std::string& why);

 private:
  bool read_number(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high);

  const toml::table& table_;
  std::string& error_;
};

}  // namespace parley_proxy
