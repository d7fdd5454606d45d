#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/direction.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::sdp {

/// One line of a description: its letter and what stands behind the equals sign. *Ownership:* a view into its
/// section, valid until a line of that is added, changed or taken out, or it is moved or ends.
struct PARLEY_API line {
  char type = 'a';
  std::string_view value;
  /// Where the value began in the text that was parsed; 0 for a line that was added since.
  std::uint32_t offset = 0;

  /// The name of an attribute, empty for other lines.
  std::string_view attribute_name() const noexcept;

  /// What stands behind the colon of the attribute `name`, empty where there is no colon; nothing where this
  /// is another line. Names are compared with regard to case (RFC 8866 5).
  std::optional<std::string_view> attribute_value(std::string_view name) const noexcept;

  friend bool operator==(const line& a, const line& b) { return a.type == b.type && a.value == b.value; }
};

namespace detail {

/// Where the value of a line is in the text of its section.
struct line_place {
  std::uint32_t start = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
  char type = 'a';
};

/// A bit for the lines of a type, and for the attributes of a name. Several share one: where it is not set,
/// no such line is there.
constexpr std::uint64_t kind_bit(char type, std::string_view name = {}) noexcept {
  const auto number = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)); };
  const unsigned slot =
      type != 'a' || name.empty()
          ? number(type)
          // No two attributes of the RFCs that telephones write meet here.
          : number(name.front()) * 5 + number(name.back()) * 60 + static_cast<unsigned>(name.size()) * 13;
  return std::uint64_t{1} << (slot & 63U);
}

}  // namespace detail

/// The lines of a section, in their order. *Ownership:* as `line`.
class line_list {
 public:
  /// Makes each line as it is looked at.
  class iterator {
   public:
    using value_type = line;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    line operator*() const noexcept {
      return {at_->type, std::string_view(text_ + at_->start, at_->size), at_->offset};
    }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    friend class line_list;
    iterator(const char* text, const detail::line_place* at) noexcept : text_(text), at_(at) {}

    const char* text_ = nullptr;
    const detail::line_place* at_ = nullptr;
  };

  std::size_t size() const noexcept { return places_.size(); }
  bool empty() const noexcept { return places_.empty(); }
  line operator[](std::size_t index) const noexcept { return *iterator(text_, places_.data() + index); }
  line front() const noexcept { return (*this)[0]; }
  line back() const noexcept { return (*this)[size() - 1]; }
  iterator begin() const noexcept { return {text_, places_.data()}; }
  iterator end() const noexcept { return {text_, places_.data() + places_.size()}; }

 private:
  friend class section;
  line_list(const char* text, std::span<const detail::line_place> places) noexcept
      : text_(text), places_(places) {}

  const char* text_;
  std::span<const detail::line_place> places_;
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
  line_list lines() const noexcept { return {text_.data(), lines_}; }

  /// The first line of that type, nothing where there is none. *Ownership:* as `line`.
  std::optional<line> find(char type) const noexcept;

  /// The first attribute of that name, nothing where there is none. *Ownership:* as `line`.
  std::optional<line> find_attribute(std::string_view name) const noexcept;

  /// The value of the first `T`. *Errors:* `missing_attribute` or `missing_line` where there is none, else
  /// what `T::read` says, with an offset into the whole text as it was parsed (into the value for a line that
  /// was added since).
  template <typed_line T>
  parsed<T> get() const;

  /// The values of each `T` in their order, perhaps none. *Errors:* that of the first which can't be read;
  /// use `for_each` where one bad line shall not spoil the others.
  template <typed_line T>
  parsed<std::vector<T>> all() const;

  /// Calls `f(parsed<T>)` for each `T` in its order.
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

  /// The lines, each ended by CRLF. *Ownership:* as `line`.
  std::string_view text() const noexcept { return text_; }
  std::string to_string() const { return text_; }

  friend bool operator==(const section& a, const section& b) noexcept { return a.text_ == b.text_; }

 protected:
  // Copied and moved only as part of what it is a section of.
  section() = default;
  section(const section&) = default;
  section(section&&) = default;
  section& operator=(const section&) = default;
  section& operator=(section&&) = default;
  ~section() = default;

  bool is_media() const noexcept { return !lines_.empty() && lines_.front().type == 'm'; }

  void reserve(std::size_t bytes, std::size_t lines);
  /// Puts a line behind all others, and returns the bit of its kind.
  std::uint64_t push_line(char type, std::string_view value, std::uint32_t offset);
  void replace_line(std::size_t index, std::string_view value);

 private:
  friend class description;
  class unfinished_line;

  /// Whether there may be lines of that bit.
  bool may_have(std::uint64_t bit) const noexcept { return (kinds_ & bit) != 0; }
  template <typed_line T>
  bool may_have() const noexcept;
  /// The text that stands for a T in `one`; nothing where that is another line.
  template <typed_line T>
  static std::optional<std::string_view> text_of(const line& one) noexcept;
  template <typed_line T>
  static parsed<T> read(const line& one, std::string_view text);
  template <typed_line T>
  static parsed<void> append_to(std::string& text, const T& value);
  static parsed<void> check(char type, std::string_view value);
  parsed<void> insert(char type, std::string_view value);
  parsed<void> place_last(char type, std::size_t start);
  template <class Predicate>
  std::size_t erase_lines(Predicate which);
  bool stands_once(char type) const noexcept;

  // The lines as they are written. What is found in them is behind each, so that a section is two blocks of
  // memory, however many lines it has.
  std::string text_;
  std::vector<detail::line_place> lines_;
  std::uint64_t kinds_ = 0;  // of each line that there is or was
};

template <typed_line T>
bool section::may_have() const noexcept {
  if constexpr (own_line<T>) {
    return may_have(detail::kind_bit(T::type));
  } else {
    constexpr std::string_view name = T::name;
    // Lines are known by what stands before their first colon.
    return name.find(':') != std::string_view::npos || may_have(detail::kind_bit('a', name));
  }
}

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
  if (may_have<T>()) {
    for (const line one : lines()) {
      if (const auto text = text_of<T>(one)) return read<T>(one, *text);
    }
  }
  return parse_error{attribute<T> ? errc::missing_attribute : errc::missing_line, 0};
}

template <typed_line T>
parsed<std::vector<T>> section::all() const {
  std::vector<T> values;
  if (!may_have<T>()) return values;
  for (const line one : lines()) {
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
  if (!may_have<T>()) return;
  for (const line one : lines()) {
    if (const auto text = text_of<T>(one)) f(read<T>(one, *text));
  }
}

template <typed_line T>
bool section::has() const noexcept {
  if (!may_have<T>()) return false;
  const line_list all = lines();
  return std::any_of(all.begin(), all.end(), [](const line& one) { return text_of<T>(one).has_value(); });
}

/// The end of a section's text while a line is written there, which is as it was where that is given up.
class section::unfinished_line {
 public:
  unfinished_line(std::string& text, char type) : text_(text), start_(text.size()) {
    text_ += type;
    text_ += '=';
  }
  unfinished_line(const unfinished_line&) = delete;
  unfinished_line& operator=(const unfinished_line&) = delete;
  ~unfinished_line() {
    if (!kept_) text_.resize(start_);
  }

  std::size_t start() const noexcept { return start_ + 2; }
  void keep() noexcept { kept_ = true; }

 private:
  std::string& text_;
  std::size_t start_;
  bool kept_ = false;
};

template <typed_line T>
parsed<void> section::append_to(std::string& text, const T& value) {
  const std::size_t start = text.size();
  char type = 'a';
  if constexpr (attribute<T>) {
    text += T::name;
    text += ':';
  } else {
    type = T::type;
  }
  const std::size_t prefix = text.size();
  value.write(text);
  const auto written = std::string_view(text);
  if (const auto checked = check(type, written.substr(start)); !checked) return checked.error();
  bool known = false;
  if constexpr (self_checking<T>) known = value.is_writable();
  if (!known) {
    const parsed<T> again = T::read(written.substr(prefix));
    if (!again) return again.error();
    if (*again != value) return parse_error{errc::unwritable, 0};
  }
  if constexpr (attribute<T>) {
    if (text.size() == prefix) text.pop_back();
  }
  return {};
}

template <typed_line T>
parsed<void> section::set(const T& value) {
  std::string text;
  if (const auto written = append_to(text, value); !written) return written;
  char type = 'a';
  if constexpr (own_line<T>) type = T::type;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < lines_.size() && !first; ++i) {
    if (text_of<T>(lines()[i])) first = i;
  }
  if (!first) return insert(type, text);
  std::size_t index = 0;
  erase_lines([&](const line& one) { return index++ > *first && text_of<T>(one); });
  replace_line(*first, text);
  return {};
}

template <typed_line T>
parsed<void> section::add(const T& value) {
  char type = 'a';
  if constexpr (own_line<T>) type = T::type;
  unfinished_line last(text_, type);
  if (const auto written = append_to(text_, value); !written) return written;
  const auto placed = place_last(type, last.start());
  if (placed) last.keep();
  return placed;
}

template <class Predicate>
std::size_t section::erase_lines(Predicate which) {
  section kept;
  kept.reserve(text_.size(), lines_.size());
  for (const line one : lines()) {
    if (!which(one)) kept.push_line(one.type, one.value, one.offset);
  }
  const std::size_t erased = lines_.size() - kept.lines_.size();
  if (erased != 0) *this = std::move(kept);
  return erased;
}

template <typed_line T>
std::size_t section::remove() {
  if constexpr (own_line<T>) {
    return remove_lines(T::type);
  } else {
    if (!may_have<T>()) return 0;
    return erase_lines([](const line& one) { return text_of<T>(one).has_value(); });
  }
}

template <typed_line T, class Predicate>
std::size_t section::remove(Predicate which) {
  return erase_lines([&which](const line& one) {
    const auto text = text_of<T>(one);
    if (!text) return false;
    const parsed<T> value = read<T>(one, *text);
    return value && which(*value);
  });
}

}  // namespace parley::sdp
