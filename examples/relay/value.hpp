#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace relay {

/// What the body of a control message is made of: bencode's four kinds, to which JSON's are mapped.
class value {
 public:
  using list = std::vector<value>;
  /// In the order in which the keys stood. Of a key that stands twice the first counts.
  using dictionary = std::vector<std::pair<std::string, value>>;

  value() : held_(dictionary{}) {}
  value(std::int64_t number) : held_(number) {}
  value(int number) : held_(std::int64_t{number}) {}
  /// Counters beyond what an integer of the protocol holds are written as its largest.
  value(std::uint64_t number);
  value(std::string text) : held_(std::move(text)) {}
  value(std::string_view text) : held_(std::string(text)) {}
  value(const char* text) : held_(std::string(text)) {}
  value(list items) : held_(std::move(items)) {}
  value(dictionary entries) : held_(std::move(entries)) {}

  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&held_); }
  const std::string* text() const noexcept { return std::get_if<std::string>(&held_); }
  const list* items() const noexcept { return std::get_if<list>(&held_); }
  const dictionary* entries() const noexcept { return std::get_if<dictionary>(&held_); }
  list* items() noexcept { return std::get_if<list>(&held_); }
  dictionary* entries() noexcept { return std::get_if<dictionary>(&held_); }

  /// The value of a key of a dictionary, null where there is none. Case doesn't count, and a space is a
  /// hyphen: "record call" is "record-call". *Ownership:* valid until the dictionary changes.
  const value* find(std::string_view key) const noexcept;

  /// Puts an entry at the end of a dictionary.
  void add(std::string key, value what);

  /// A text, or a number as text; empty for anything else.
  std::string as_text() const;
  /// An integer, or a text that is one.
  std::optional<std::int64_t> as_integer() const noexcept;

  friend bool operator==(const value&, const value&) = default;

 private:
  std::variant<std::int64_t, std::string, list, dictionary> held_;
};

/// Whether two names are the same where case doesn't count and a space is a hyphen.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// What is accepted of one body. The defaults take any offer that a proxy sends.
struct body_limits {
  std::size_t bytes = 1U << 20U;  ///< more than a datagram holds: TCP and WebSocket bring sound files, too
  std::size_t depth = 12;         ///< lists and dictionaries within each other
  std::size_t elements = 8192;    ///< numbers, texts, lists, dictionaries and keys together
};

/// Why a body can't be read, and where.
struct body_error {
  std::size_t offset = 0;
  std::string_view rule{};  ///< a sentence; static storage
};

template <class T>
using body_result = boost::system::result<T, body_error>;

/// Puts a tree together from what a reader meets, from the outside to the inside, with a stack of its own:
/// how deep a body goes costs no stack of the thread. Each function returns the rule that is broken, empty
/// for none.
class tree_builder {
 public:
  explicit tree_builder(const body_limits& limits) noexcept : limits_(limits) {}

  std::string_view begin_list() { return open(value(value::list{})); }
  std::string_view begin_dictionary() { return open(value(value::dictionary{})); }
  std::string_view end();
  std::string_view key(std::string name);
  std::string_view add(value what);

  bool in_dictionary() const noexcept { return !open_.empty() && open_.back().node.entries() != nullptr; }
  bool wants_key() const noexcept { return in_dictionary() && !open_.back().has_key; }
  bool is_complete() const noexcept { return complete_; }
  value take() { return std::move(root_); }

 private:
  struct level {
    value node;
    std::string key{};
    bool has_key = false;
  };

  std::string_view open(value container);
  std::string_view count();
  std::string_view place(value what);

  body_limits limits_;
  std::vector<level> open_{};
  value root_{};
  std::size_t elements_ = 0;
  bool complete_ = false;
};

}  // namespace relay
