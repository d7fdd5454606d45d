#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/direction.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp {

/// One line of a description: its letter and what stands behind the equals sign.
struct PARLEY_API line {
  char type = 'a';
  std::string value;
  /// Where the value began in the text that was parsed; 0 for a line that was added since.
  std::uint32_t offset = 0;

  /// The name of an attribute, empty for other lines. *Ownership:* a view into `value`.
  std::string_view attribute_name() const noexcept;

  /// What stands behind the colon of the attribute `name`, empty where there is no colon; nothing where this
  /// is another line. Names are compared with regard to case (RFC 8866 5). *Ownership:* a view into `value`.
  std::optional<std::string_view> attribute_value(std::string_view name) const noexcept;

  friend bool operator==(const line& a, const line& b) { return a.type == b.type && a.value == b.value; }
};

/// The lines that stand for the whole session, or for one medium, in their order and as they were spelled.
/// Lines that are not known here are kept, too, and typed access is a way to look at lines: what is not
/// touched is written as it was read.
///
///  to read           get<rtcp_mux>(), all<candidate>(), for_each<rtcp_fb>(f), has<bundle_only>()
///  to change         set(setup{…}), add(candidate{…}), remove<candidate>()
///  for other lines   find('i'), set_line('i', "Speaker"), add_line('a', "label:1"), remove_lines('i')
///
/// A new line goes to the place that RFC 8866 5 gives its type, behind those of the same type.
class PARLEY_API section {
 public:
  const std::vector<line>& lines() const noexcept { return lines_; }

  /// The first line of that type, null where there is none. *Ownership:* valid until a line is added or taken
  /// out.
  const line* find(char type) const noexcept;

  /// The first attribute of that name, null where there is none. *Ownership:* as `find`.
  const line* find_attribute(std::string_view name) const noexcept;

  /// The value of the first `T`. *Errors:* `missing_attribute` or `missing_line` where there is none, else
  /// what `T::read` says, with an offset into the whole text as it was parsed (into the value for a line that
  /// was added since).
  template <typed_line T>
  parsed<T> get() const;

  /// The values of each `T` in their order, perhaps none. *Errors:* that of the first which can't be read;
  /// use `for_each` where one bad line shall not spoil the others.
  template <typed_line T>
  parsed<std::vector<T>> all() const;

  /// Calls `f(const parsed<T>&)` for each `T` in its order.
  template <typed_line T, class F>
  void for_each(F f) const;

  /// Whether there is a `T`, readable or not.
  template <typed_line T>
  bool has() const noexcept;

  /// Puts `value` in the place of the first `T` and takes the others out, or adds it. *Errors:* `unwritable`,
  /// or what `T::read` says, for a value that would not be read again as the same, as a `mid` with a space in
  /// it; `control_in_text` and its kin for what would begin a line of its own; `misplaced_line` for o= in a
  /// media description. Nothing is changed then.
  template <typed_line T>
  parsed<void> set(const T& value);

  /// Adds `value` behind the others of its kind. *Errors:* as `set`; `duplicate_line` for a line that may
  /// stand only once.
  template <typed_line T>
  parsed<void> add(const T& value);

  /// Takes each `T` out, or each for which `which(const T&)` is true; returns how many those were.
  template <typed_line T>
  std::size_t remove();
  template <typed_line T, class Predicate>
  std::size_t remove(Predicate which);

  /// Puts `value` in the place of the first line of that type, or adds it. Not for attributes, of which there
  /// are many, nor for v= and m=. White space at the end of `value` is dropped. *Errors:* `bad_line` for a
  /// type that is no letter, `misplaced_line` for one that can't be set so, `control_in_text`, `nul_in_text`
  /// or `bare_cr` with its offset for a value with a line end or another control in it.
  parsed<void> set_line(char type, std::string_view value);

  /// Adds a line behind the others of its type. *Errors:* as `set_line`; `duplicate_line` for one that may
  /// stand only once, `bad_attribute_name` for an attribute without a name.
  parsed<void> add_line(char type, std::string_view value);

  /// Takes each line of that type out; returns how many those were. v=, o= and m= stay.
  std::size_t remove_lines(char type);

  /// The direction that stands here, the first where several do; nothing where none does. See
  /// `description::direction_of`.
  std::optional<sdp::direction> direction() const noexcept;

  /// Puts `d` in the place of each direction that stands here.
  void set_direction(sdp::direction d);

  /// The value of the first bandwidth of that kind, in the kind's unit; nothing where there is none that can
  /// be read.
  std::optional<std::uint64_t> bandwidth_of(std::string_view kind) const;

  /// The lines, each ended by CRLF.
  std::string to_string() const;

  friend bool operator==(const section&, const section&) = default;

 protected:
  // Copied and moved only as part of what it is a section of.
  section() = default;
  section(const section&) = default;
  section(section&&) = default;
  section& operator=(const section&) = default;
  section& operator=(section&&) = default;
  ~section() = default;

  bool is_media() const noexcept { return !lines_.empty() && lines_.front().type == 'm'; }

  std::vector<line> lines_;

 private:
  friend class description;
  enum class mode : bool { replace, append };

  /// The text that stands for a T in `one`; nothing where that is another line.
  template <typed_line T>
  static std::optional<std::string_view> text_of(const line& one) noexcept;
  template <typed_line T>
  static parsed<T> read(const line& one, std::string_view text);
  template <typed_line T>
  parsed<void> put(const T& value, mode how);
  static parsed<void> check(char type, std::string_view value);
  parsed<void> insert(char type, std::string_view value);
  bool stands_once(char type) const noexcept;
};

template <typed_line T>
std::optional<std::string_view> section::text_of(const line& one) noexcept {
  if constexpr (attribute<T>) {
    // Each line is asked for each attribute there is: most differ in the first letter.
    const std::string_view name = T::name;
    return !one.value.empty() && one.value.front() == name.front() ? one.attribute_value(name) : std::nullopt;
  } else {
    return one.type == T::type ? std::optional<std::string_view>(one.value) : std::nullopt;
  }
}

template <typed_line T>
parsed<T> section::read(const line& one, std::string_view text) {
  parsed<T> value = T::read(text);
  if (value) return value;
  const auto before = static_cast<std::uint32_t>(text.data() - one.value.data());
  return parse_error{value.error().code, one.offset + before + value.error().offset};
}

template <typed_line T>
parsed<T> section::get() const {
  for (const line& one : lines_) {
    if (const auto text = text_of<T>(one)) return read<T>(one, *text);
  }
  return parse_error{attribute<T> ? errc::missing_attribute : errc::missing_line, 0};
}

template <typed_line T>
parsed<std::vector<T>> section::all() const {
  std::vector<T> values;
  for (const line& one : lines_) {
    const auto text = text_of<T>(one);
    if (!text) continue;
    parsed<T> value = read<T>(one, *text);
    if (!value) return value.error();
    values.push_back(*std::move(value));
  }
  return values;
}

template <typed_line T, class F>
void section::for_each(F f) const {
  for (const line& one : lines_) {
    if (const auto text = text_of<T>(one)) f(read<T>(one, *text));
  }
}

template <typed_line T>
bool section::has() const noexcept {
  return std::any_of(lines_.begin(), lines_.end(),
                     [](const line& one) { return text_of<T>(one).has_value(); });
}

template <typed_line T>
parsed<void> section::put(const T& value, mode how) {
  std::string text;
  char type = 'a';
  if constexpr (attribute<T>) {
    text.append(T::name).append(1, ':');
  } else {
    type = T::type;
  }
  const std::size_t prefix = text.size();
  value.write(text);
  if (const auto checked = check(type, text); !checked) return checked.error();
  const parsed<T> again = T::read(std::string_view(text).substr(prefix));
  if (!again) return again.error();
  if (*again != value) return parse_error{errc::unwritable, 0};
  if constexpr (attribute<T>) {
    if (text.size() == prefix) text.pop_back();
  }

  bool replaced = false;
  for (auto at = lines_.begin(); how == mode::replace && at != lines_.end();) {
    if (!text_of<T>(*at)) {
      ++at;
    } else if (replaced) {
      at = lines_.erase(at);
    } else {
      *at++ = {type, text, 0};
      replaced = true;
    }
  }
  return replaced ? parsed<void>() : insert(type, text);
}

template <typed_line T>
parsed<void> section::set(const T& value) {
  return put(value, mode::replace);
}

template <typed_line T>
parsed<void> section::add(const T& value) {
  return put(value, mode::append);
}

template <typed_line T>
std::size_t section::remove() {
  if constexpr (own_line<T>) {
    return remove_lines(T::type);
  } else {
    return std::erase_if(lines_, [](const line& one) { return text_of<T>(one).has_value(); });
  }
}

template <typed_line T, class Predicate>
std::size_t section::remove(Predicate which) {
  return std::erase_if(lines_, [&which](const line& one) {
    const auto text = text_of<T>(one);
    if (!text) return false;
    const parsed<T> value = read<T>(one, *text);
    return value && which(*value);
  });
}

}  // namespace parley::sdp
