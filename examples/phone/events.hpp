#pragma once

#include <nlohmann/json.hpp>

#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace parley_phone {

using json = nlohmann::ordered_json;

/// A key of an event and the text that its value must have.
struct condition {
  std::string key;
  std::string value;
};

/// What an event must be to please an `expect`.
struct expectation {
  std::string event;
  std::vector<condition> conditions;
};

/// Whether a phone ever tells of such an event, and with that key; `unknown_event` and `unknown_key` say what
/// there is instead.
bool is_event(std::string_view name);
bool has_key(std::string_view event, std::string_view key);
std::string unknown_event(std::string_view name);
std::string unknown_key(std::string_view event, std::string_view key);

/// Whether that event, as `journal` writes it, is the one that is expected.
bool matches(const json& event, const expectation& wanted);

/// Writes each event as one line of JSON, at once, and keeps it for `expect`.
class journal {
 public:
  explicit journal(std::FILE* out) noexcept : out_(out) {}

  /// Text from the network may be anything: bytes that are not UTF-8 become U+FFFD.
  void tell(std::string_view event, const json& fields = json::object());

  /// Finds such an event among those since the one that was found last, and forgets all up to it. False where
  /// there is none yet.
  bool find(const expectation& wanted);

  /// False once a line could not be written, as on a full disk.
  bool is_good() const noexcept { return good_; }

 private:
  std::FILE* out_;
  std::deque<json> events_;
  bool good_ = true;
};

}  // namespace parley_phone
