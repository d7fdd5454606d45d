#include "json.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <limits>
#include <utility>

namespace relay {
namespace {

using nlohmann::json;

/// Gets what the parser meets, and stops it at the first rule that is broken.
class receiver final : public nlohmann::json_sax<json> {
 public:
  explicit receiver(const body_limits& limits) : tree_(limits) {}

  bool null() override { return take(tree_.add("")); }
  bool boolean(bool truth) override { return take(tree_.add(truth ? 1 : 0)); }
  bool number_integer(number_integer_t number) override { return take(tree_.add(std::int64_t{number})); }
  bool number_unsigned(number_unsigned_t number) override {
    if (number > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return take("a number has more than 64 bits");
    return take(tree_.add(static_cast<std::int64_t>(number)));
  }
  bool number_float(number_float_t, const string_t&) override { return take("a number has a fraction"); }
  bool string(string_t& text) override { return take(tree_.add(std::move(text))); }
  bool binary(binary_t&) override { return take("binary values have no place in JSON"); }
  bool start_object(std::size_t) override { return take(tree_.begin_dictionary()); }
  bool key(string_t& name) override { return take(tree_.key(std::move(name))); }
  bool end_object() override { return take(tree_.end()); }
  bool start_array(std::size_t) override { return take(tree_.begin_list()); }
  bool end_array() override { return take(tree_.end()); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    error_ = {position == 0 ? 0 : position - 1, "the body is not JSON"};
    return false;
  }

  body_result<value> result() {
    if (!error_.rule.empty()) return error_;
    return tree_.take();
  }

 private:
  bool take(std::string_view rule) {
    if (!rule.empty()) error_ = {0, rule};
    return rule.empty();
  }

  tree_builder tree_;
  body_error error_{};
};

// As deep as what was read or made here, which the limits bound.
json to_json(const value& what) {
  if (const std::int64_t* number = what.integer()) return *number;
  if (const std::string* text = what.text()) return *text;
  if (const value::list* items = what.items()) {
    json out = json::array();
    for (const value& one : *items) out.push_back(to_json(one));
    return out;
  }
  json out = json::object();
  for (const auto& [key, one] : *what.entries()) out.emplace(key, to_json(one));
  return out;
}

}  // namespace

body_result<value> read_json(std::string_view text, const body_limits& limits) {
  if (text.size() > limits.bytes) return body_error{limits.bytes, "the body is too large"};
  receiver sink(limits);
  json::sax_parse(text.begin(), text.end(), &sink);
  return sink.result();
}

void write_json(std::string& out, const value& what) {
  out += to_json(what).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace relay
