#pragma once

#include <parley/sip/cursor.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/limits.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace parley::sip {

/// Reads `value`, the text of one header, as one element of `Header`: `parse<cseq_header>("2 INVITE")`. White
/// space around it is skipped.
///
/// All headers are read through their `read(cursor&, Header&)`, which sets what it finds in an object that is
/// as its constructor left it, and leaves the cursor behind the element.
///
/// *Ownership:* the views in the result point into `value`.
///
/// *Errors:* the rule that was broken with its offset in `value`; `trailing_text` where something follows the
/// element, as in a list of two.
template <class Header>
[[nodiscard]] parsed<Header> parse(std::string_view value) noexcept {
  cursor in(value);
  in.skip_lws();
  // Read in place: a copy of a header costs about what reading it does.
  parsed<Header> out(boost::system::in_place_value);
  if (Header::read(in, *out)) {
    in.skip_lws();
    if (in.at_end()) return out;
    in.fail(errc::trailing_text);
  }
  out = in.error();
  return out;
}

namespace detail {

template <class Header>
concept may_be_empty = requires { requires Header::may_be_empty; };

}  // namespace detail

/// Reads a comma-separated list to the end of the text and calls `on(const Header&)` for each element, in
/// order. Where `on` returns bool, false ends the walk without an error.
///
/// An element is handed out when it is known to be whole: a comma or the end follows it.
///
/// A list without elements is taken where the grammar has one (`Supported:`); an empty element (`a,,b`) never
/// is.
///
/// *Errors:* returns false with the rule in `in.error()`; `too_many_values` beyond `max` elements.
template <class Header, class OnElement>
bool parse_list(cursor& in, OnElement&& on, std::size_t max = limits{}.values) {
  in.skip_lws();
  if constexpr (detail::may_be_empty<Header>) {
    if (in.at_end()) return true;
  }
  for (std::size_t count = 0;; ++count) {
    if (count == max) return in.fail(errc::too_many_values);
    Header element;
    if (!Header::read(in, element)) return false;
    const bool more = in.consume_separator(',');
    if (!more) {
      in.skip_lws();
      if (!in.at_end()) return in.fail(errc::trailing_text);
    }
    if constexpr (std::is_same_v<std::invoke_result_t<OnElement&, const Header&>, bool>) {
      if (!on(static_cast<const Header&>(element))) return true;
    } else {
      on(static_cast<const Header&>(element));
    }
    if (!more) return true;
  }
}

/// The same over a text.
template <class Header, class OnElement>
[[nodiscard]] parsed<void> parse_list(std::string_view value, OnElement&& on,
                                      std::size_t max = limits{}.values) {
  cursor in(value);
  if (!parse_list<Header>(in, on, max)) return in.error();
  return {};
}

}  // namespace parley::sip
