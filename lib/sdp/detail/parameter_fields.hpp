#pragma once

#include <parley/sdp/parameter_list.hpp>

#include "sdp/detail/cursor.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// A codec names its fields once, in a function `fields_of(const codec&, field)` that calls `field(name,
// member, rule)` for each; reading and writing both follow from that.
namespace parley::sdp::detail {

/// What a number may be.
struct range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

/// The two words that stand for false and true.
using words = std::array<std::string_view, 2>;
inline constexpr words zero_one{"0", "1"};

/// Reads the value of each field that the text has.
class field_reader {
 public:
  explicit field_reader(std::string_view text) noexcept : text_(text), list_(text) {}

  void operator()(std::string_view name, bool& out, const words& spelled = zero_one) {
    const auto value = list_.find(name);
    if (!value) return;
    if (!iequals(*value, spelled[0]) && !iequals(*value, spelled[1])) return fail(*value);
    out = iequals(*value, spelled[1]);
  }
  template <std::unsigned_integral Number>
  void operator()(std::string_view name, Number& out, range allowed) {
    const auto value = list_.find(name);
    if (!value) return;
    cursor in(*value);
    if (!in.number(out, allowed.least, allowed.most) || !in.at_end()) fail(*value);
  }
  template <std::unsigned_integral Number>
  void operator()(std::string_view name, std::optional<Number>& out, range allowed) {
    if (!list_.find(name)) return;
    Number value = 0;
    (*this)(name, value, allowed);
    out = value;
  }
  void operator()(std::string_view name, std::string& out) {
    if (const auto value = list_.find(name)) out = *value;
  }

  std::optional<std::string_view> find(std::string_view name) const noexcept { return list_.find(name); }

  /// Records that `value`, a part of the text, breaks its grammar, unless something did before.
  void fail(std::string_view value, errc code = errc::bad_format_parameter) noexcept {
    if (error_.code != errc{}) return;
    error_ = {code, static_cast<std::uint32_t>(value.data() - text_.data())};
  }
  void fail(errc code) noexcept {
    if (error_.code == errc{}) error_ = {code, static_cast<std::uint32_t>(text_.size())};
  }

  template <class T>
  parsed<T> finish(T value) const {
    if (error_.code != errc{}) return error_;
    return value;
  }

 private:
  std::string_view text_;
  parameter_list list_;
  parse_error error_;
};

/// Writes parameters, separated as `parameter_list` reads them.
class field_writer {
 public:
  explicit field_writer(std::string& out) noexcept : out_(out) {}

  std::string& begin(std::string_view name) {
    if (any_) out_ += ';';
    any_ = true;
    return out_.append(name).append(1, '=');
  }
  void operator()(std::string_view name, bool value, const words& spelled = zero_one) {
    begin(name).append(spelled[value ? 1 : 0]);
  }
  template <std::unsigned_integral Number>
  void operator()(std::string_view name, Number value, range = {}) {
    append_number(begin(name), value);
  }
  template <std::unsigned_integral Number>
  void operator()(std::string_view name, const std::optional<Number>& value, range = {}) {
    if (value) append_number(begin(name), *value);
  }
  void operator()(std::string_view name, const std::string& value) { begin(name).append(value); }

 private:
  std::string& out_;
  bool any_ = false;
};

template <class T>
void read_fields(field_reader& in, T& out) {
  fields_of(out, [&](std::string_view name, auto T::*member, const auto&... rule) {
    in(name, out.*member, rule...);
  });
}

/// Those that differ from what `T` begins with.
template <class T>
void write_fields(field_writer& out, const T& value) {
  const T usual;
  fields_of(value, [&](std::string_view name, auto T::*member, const auto&... rule) {
    if (value.*member != usual.*member) out(name, value.*member, rule...);
  });
}

}  // namespace parley::sdp::detail
