#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace parley::sdp {

/// One parameter of a format: `name=value`, or a value alone, as "0-15", which is then the name.
struct format_parameter {
  std::string_view name;
  std::string_view value;
  bool has_value = false;  ///< whether there is an equals sign
};

/// Parameters as nearly all media types write them: `name=value`, separated by semicolons, white space around
/// each dropped, empty ones left out (RFC 4855 3).
///
/// *Ownership:* a view of the text, as are the parameters.
class PARLEY_API parameter_list {
 public:
  /// Goes over the parameters in their order.
  class PARLEY_API iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = format_parameter;
    using difference_type = std::ptrdiff_t;
    using pointer = const format_parameter*;
    using reference = const format_parameter&;

    iterator() = default;
    explicit iterator(std::string_view rest) noexcept : rest_(rest) { ++*this; }

    reference operator*() const noexcept { return current_; }
    pointer operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept;
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept {
      return a.current_.name.data() == b.current_.name.data();
    }

   private:
    std::string_view rest_;
    format_parameter current_;
  };

  explicit parameter_list(std::string_view text) noexcept : text_(text) {}

  iterator begin() const noexcept { return iterator(text_); }
  iterator end() const noexcept { return {}; }

  /// The value of the first parameter of that name, which is compared without regard to case (RFC 4855 3);
  /// nothing where there is none.
  std::optional<std::string_view> find(std::string_view name) const noexcept;

 private:
  std::string_view text_;
};

}  // namespace parley::sdp
