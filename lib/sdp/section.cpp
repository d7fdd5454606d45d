#include <parley/sdp/section.hpp>
#include <parley/sdp/session.hpp>

#include "sdp/detail/text.hpp"

#include <algorithm>

namespace parley::sdp {
namespace {

/// The order of RFC 8866 5, for both kinds of sections. Types that are not known go behind all others.
constexpr std::string_view order = "mvosiuepcbtrzka";

std::size_t rank(char type) noexcept { return std::min(order.find(type), order.size()); }

constexpr std::uint64_t direction_bits =
    detail::kind_bit('a', "sendrecv") | detail::kind_bit('a', "sendonly") |
    detail::kind_bit('a', "recvonly") | detail::kind_bit('a', "inactive");

std::uint64_t kind_of(char type, std::string_view value) noexcept {
  return detail::kind_bit(type, type == 'a' ? value.substr(0, value.find(':')) : std::string_view{});
}

/// What stands behind a value. RFC 8866 5.3: s= isn't empty; a session without a name has a space there.
constexpr std::string_view line_end(char type, std::string_view value) noexcept {
  return type == 's' && value.empty() ? " \r\n" : "\r\n";
}

}  // namespace

std::string_view line::attribute_name() const noexcept {
  if (type != 'a') return {};
  return value.substr(0, value.find(':'));
}

std::optional<std::string_view> line::attribute_value(std::string_view name) const noexcept {
  if (type != 'a' || !value.starts_with(name)) return std::nullopt;
  const std::string_view rest = value.substr(name.size());
  if (rest.empty()) return rest;
  if (rest.front() != ':') return std::nullopt;
  return rest.substr(1);
}

std::optional<line> section::find(char type) const noexcept {
  if (!may_have(detail::kind_bit(type)) && type != 'a') return std::nullopt;
  for (const line one : lines()) {
    if (one.type == type) return one;
  }
  return std::nullopt;
}

std::optional<line> section::find_attribute(std::string_view name) const noexcept {
  for (const line one : lines()) {
    if (one.attribute_value(name)) return one;
  }
  return std::nullopt;
}

void section::reserve(std::size_t bytes, std::size_t lines) {
  text_.reserve(bytes);
  lines_.reserve(lines);
}

std::uint64_t section::push_line(char type, std::string_view value, std::uint32_t offset) {
  lines_.push_back(
      {static_cast<std::uint32_t>(text_.size() + 2), static_cast<std::uint32_t>(value.size()), offset, type});
  text_ += type;
  text_ += '=';
  text_ += value;
  text_ += line_end(type, value);
  const std::uint64_t kind = kind_of(type, value);
  kinds_ |= kind;
  return kind;
}

void section::replace_line(std::size_t index, std::string_view value) {
  detail::line_place& one = lines_[index];
  const std::size_t before = text_.size();
  const std::size_t size = one.size + line_end(one.type, lines()[index].value).size();
  text_.replace(one.start, size, std::string(value).append(line_end(one.type, value)));
  one.size = static_cast<std::uint32_t>(value.size());
  one.offset = 0;
  for (std::size_t later = index + 1; later < lines_.size(); ++later) {
    lines_[later].start = static_cast<std::uint32_t>(lines_[later].start + text_.size() - before);
  }
  kinds_ |= kind_of(one.type, value);
}

parsed<void> section::check(char type, std::string_view value) {
  if (!detail::is_letter(type)) return parse_error{errc::bad_line, 0};
  if (const auto checked = detail::check_text(value); !checked) return checked.error();
  if (type == 'a' && detail::lacks_name(value)) return parse_error{errc::bad_attribute_name, 0};
  return {};
}

bool section::stands_once(char type) const noexcept {
  // Media descriptions may have several c= lines, for addresses in layers (RFC 8866 5.7).
  return type == 'o' || type == 's' || (type == 'c' && !is_media());
}

parsed<void> section::insert(char type, std::string_view value) {
  // A value may be that of another line here.
  const bool own = value.data() >= text_.data() && value.data() < text_.data() + text_.size();
  const std::string kept(own ? value : std::string_view{});
  unfinished_line last(text_, type);
  text_ += own ? std::string_view(kept) : value;
  const auto placed = place_last(type, last.start());
  if (placed) last.keep();
  return placed;
}

// The new line has been written behind all others, from `start` on.
parsed<void> section::place_last(char type, std::size_t start) {
  if (type == 'v' || type == 'm' || (is_media() && detail::session_only(type))) {
    return parse_error{errc::misplaced_line, 0};
  }
  if (stands_once(type) && find(type)) return parse_error{errc::duplicate_line, 0};
  const std::string_view value = detail::trim_end(std::string_view(text_).substr(start));
  detail::line_place added{static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(value.size()), 0,
                           type};
  const std::uint64_t kind = kind_of(type, value);
  const std::string_view end = line_end(type, value);
  auto place = std::find_if(lines_.rbegin(), lines_.rend(), [type](const detail::line_place& one) {
                 return one.type == type;
               }).base();
  if (place == lines_.begin()) {
    place = std::find_if(lines_.begin(), lines_.end(),
                         [type](const detail::line_place& one) { return rank(one.type) > rank(type); });
  }
  text_.resize(start + added.size);
  text_ += end;
  if (place == lines_.end()) {
    lines_.push_back(added);
  } else {
    const std::size_t size = text_.size() - start + 2;
    added.start = place->start;
    auto later = lines_.insert(place, added);
    std::rotate(text_.begin() + added.start - 2, text_.end() - static_cast<std::ptrdiff_t>(size),
                text_.end());
    while (++later != lines_.end()) later->start += static_cast<std::uint32_t>(size);
  }
  kinds_ |= kind;
  return {};
}

parsed<void> section::set_line(char type, std::string_view value) {
  if (type == 'a' || type == 'v' || type == 'm') return parse_error{errc::misplaced_line, 0};
  if (const auto checked = check(type, value); !checked) return checked.error();
  const auto found = std::find_if(lines_.begin(), lines_.end(),
                                  [type](const detail::line_place& one) { return one.type == type; });
  if (found == lines_.end()) return insert(type, value);
  replace_line(static_cast<std::size_t>(found - lines_.begin()), detail::trim_end(value));
  return {};
}

parsed<void> section::add_line(char type, std::string_view value) {
  if (const auto checked = check(type, value); !checked) return checked.error();
  return insert(type, value);
}

std::size_t section::remove_lines(char type) {
  if (type == 'v' || type == 'o' || type == 'm') return 0;
  return erase_lines([type](const line& one) { return one.type == type; });
}

std::optional<sdp::direction> section::direction() const noexcept {
  if (!may_have(direction_bits)) return std::nullopt;
  for (const line one : lines()) {
    if (one.type != 'a') continue;
    if (const auto found = direction_from(one.value)) return found;
  }
  return std::nullopt;
}

void section::set_direction(sdp::direction d) {
  std::optional<std::size_t> first;
  if (may_have(direction_bits)) {
    std::size_t index = 0;
    erase_lines([&](const line& one) {
      if (one.type == 'a' && direction_from(one.value)) {
        if (first) return true;
        first = index;
      }
      ++index;
      return false;
    });
  }
  if (first) {
    replace_line(*first, name_of(d));
  } else {
    static_cast<void>(insert('a', name_of(d)));
  }
}

std::optional<std::uint64_t> section::bandwidth_of(std::string_view kind) const {
  std::optional<std::uint64_t> found;
  for_each<bandwidth>([&](const parsed<bandwidth>& one) {
    if (!found && one && one->kind == kind) found = one->value;
  });
  return found;
}

}  // namespace parley::sdp
