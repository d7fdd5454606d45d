#pragma once

#include <parley/sdp/error.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace parley::sdp {

/// What stands in a line, as a value: it is read from the text and appends itself to one.
///
/// `read` takes what the line holds: for an attribute what stands behind the colon, nothing where there is no
/// colon. Offsets of its errors count from there. Whatever it accepts, `write` puts down so that it is read
/// again as an equal value.
template <class T>
concept line_value =
    std::equality_comparable<T> && requires(const T& value, std::string_view text, std::string& out) {
      { T::read(text) } -> std::same_as<parsed<T>>;
      { value.write(out) } -> std::same_as<void>;
    };

/// An attribute (RFC 8866 5.13), as `rtpmap`. This is how attributes of your own are added: a struct with
/// `name`, `read` and `write` works with each function of `section`.
///
/// ```cpp
/// struct label {  // RFC 4574
///   static constexpr std::string_view name = "label";
///   std::string value;
///   static parley::sdp::parsed<label> read(std::string_view text) { return label{std::string(text)}; }
///   void write(std::string& out) const { out += value; }
///   friend bool operator==(const label&, const label&) = default;
/// };
/// const auto labelled = media.get<label>();
/// ```
template <class T>
concept attribute = line_value<T> && requires {
  { T::name } -> std::convertible_to<std::string_view>;
};

/// A line of a type of its own, as `connection_data` with `type` 'c'. The m= line belongs to
/// `media_description`, which keeps it in step with what it holds.
template <class T>
concept own_line = line_value<T> && requires {
  { T::type } -> std::convertible_to<char>;
} && T::type != 'm';

/// What `section` reads and writes.
template <class T>
concept typed_line = attribute<T> || own_line<T>;

/// A line that knows whether it can be written: `is_writable` is true only where what `write` puts down is
/// read again as an equal value, controls left aside. Other lines are read again for that when they are
/// added.
template <class T>
concept self_checking = typed_line<T> && requires(const T& value) {
  { value.is_writable() } -> std::same_as<bool>;
};

/// A line that, where it stands in the session's section, counts for each media description that has none of
/// its own. Such a type says `static constexpr bool inherited = true`.
template <class T>
concept inherited_line = typed_line<T> && requires { requires T::inherited; };

/// A name as a template argument.
template <std::size_t Size>
struct literal {
  char text[Size]{};
  // Implicit, so that a string literal is one.
  constexpr literal(const char (&from)[Size]) { std::copy_n(from, Size, text); }
};

/// An attribute that has no value: it is there or it isn't (RFC 8866 5.13, "property attributes").
template <literal Name, bool Inherited = false>
struct flag {
  static constexpr std::string_view name{Name.text, sizeof(Name.text) - 1};
  static constexpr bool inherited = Inherited;

  /// *Errors:* `trailing_text` where there is a value.
  static parsed<flag> read(std::string_view text) {
    const std::size_t at = text.find_first_not_of(" \t");
    if (at != std::string_view::npos) {
      return parse_error{errc::trailing_text, static_cast<std::uint32_t>(at)};
    }
    return flag{};
  }
  void write(std::string&) const {}
  bool is_writable() const noexcept { return true; }

  friend bool operator==(const flag&, const flag&) = default;
};

}  // namespace parley::sdp
