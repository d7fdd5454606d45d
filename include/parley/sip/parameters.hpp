#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace parley::sip {

/// One `name`, `name=value` or `name="value"`.
struct parameter {
  std::string_view name;
  std::string_view value;  ///< without the quotes where `quoted`, escapes untouched (see `unquote`)
  bool has_value = false;
  bool quoted = false;
};

namespace detail {

/// Reads generic-param (RFC 3261 25.1) at `at` and returns the place behind it, null after `in.fail()`. The
/// place is kept out of the cursor while all is well: it stays in a register.
PARLEY_API const char* read_parameter(cursor& in, const char* at, parameter& out) noexcept;

/// Walks over a list that was validated when it was read. `Grammar::read_next(rest, out)` takes one parameter
/// off `rest`, and is false where none is left.
template <class Grammar>
class parameter_iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = parameter;
  using difference_type = std::ptrdiff_t;
  using pointer = const parameter*;
  using reference = const parameter&;

  parameter_iterator() = default;
  explicit parameter_iterator(std::string_view raw) noexcept : rest_(raw) { read(); }

  reference operator*() const noexcept { return current_; }
  pointer operator->() const noexcept { return &current_; }
  parameter_iterator& operator++() noexcept {
    read();
    return *this;
  }
  parameter_iterator operator++(int) noexcept {
    parameter_iterator before = *this;
    read();
    return before;
  }
  /// Iterators of one list are equal where they stand at the same parameter.
  friend bool operator==(const parameter_iterator& a, const parameter_iterator& b) noexcept {
    return a.current_.name.data() == b.current_.name.data();
  }

 private:
  void read() noexcept {
    if (!Grammar::read_next(rest_, current_)) *this = {};
  }

  parameter current_;
  std::string_view rest_;
};

}  // namespace detail

/// Reads generic-param (RFC 3261 25.1) at the very place of `in` and leaves `in` right behind it.
inline bool read_parameter(cursor& in, parameter& out) noexcept {
  const char* const stop = detail::read_parameter(in, in.position(), out);
  if (stop == nullptr) return false;
  in.seek(stop);
  return true;
}

class parameters;

/// Reads *( SEMI generic-param ) with white space around the semicolons and equals signs, and leaves `in`
/// behind the last parameter. `on(parameter, where)` is called for each, `where` being the place of its name,
/// and extracts what a header knows in the same pass; it returns false after `in.fail()` to give up. An empty
/// parameter (`;;`) is refused.
template <class OnParameter>
bool read_parameters(cursor& in, parameters& out, OnParameter&& on) noexcept;

/// The parameters of a header value, `;tag=9fxced76sl;+sip.instance="<urn:x>"`, read once and known to be
/// well formed.
///
/// Names are compared without regard to case; values are handed out as they stand.
///
/// *Ownership:* a view into the text that was parsed.
class parameters {
 public:
  /// How one of the parameters is taken off the text.
  struct grammar {
    /// False where none is left.
    PARLEY_API static bool read_next(std::string_view& rest, parameter& out) noexcept;
  };
  /// Walks over the parameters in order.
  using iterator = detail::parameter_iterator<grammar>;

  parameters() = default;

  /// The text from the first semicolon to the end of the last parameter; empty where there is none.
  std::string_view raw() const noexcept { return raw_; }
  bool empty() const noexcept { return raw_.empty(); }

  iterator begin() const noexcept { return iterator(raw_); }
  iterator end() const noexcept { return {}; }

  /// The first parameter of that name.
  PARLEY_API std::optional<parameter> find(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

 private:
  template <class OnParameter>
  friend bool read_parameters(cursor& in, parameters& out, OnParameter&& on) noexcept;

  explicit parameters(std::string_view raw) noexcept : raw_(raw) {}

  std::string_view raw_;
};

template <class OnParameter>
bool read_parameters(cursor& in, parameters& out, OnParameter&& on) noexcept {
  const char* const end = in.end();
  const char* at = in.position();
  const char* first = nullptr;
  const char* semicolon = at;
  parameter one;
  for (std::size_t count = 0; at != end && *at != ','; ++count) {
    semicolon = at;
    if (*at == ';' && at + 1 != end && is(at[1], char_token)) {
      ++at;
    } else {
      in.seek(at);
      in.skip_lws();
      semicolon = in.position();
      if (!in.consume(';')) break;
      in.skip_lws();
      at = in.position();
    }
    if (count == 0) first = semicolon;
    const char* const where = at;
    if (count == in.max_parameters()) return in.fail(errc::too_many_parameters, where);
    at = detail::read_parameter(in, at, one);
    if (at == nullptr || !on(static_cast<const parameter&>(one), where)) return false;
  }
  in.seek(at);
  out = first == nullptr ? parameters() : parameters(in.since(first));
  return true;
}

/// Reads `text` as a qvalue (RFC 3261 25.1), `0.7`, in thousandths: 0 to 1000.
PARLEY_API bool read_qvalue(std::string_view text, std::uint16_t& thousandths) noexcept;

/// Appends what stands between the quotes of a quoted string with each quoted-pair as the character it stands
/// for: `a \"b\"` gives `a "b"`.
PARLEY_API void unquote(std::string_view text, std::string& out);

}  // namespace parley::sip
