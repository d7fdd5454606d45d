#include <parley/sdp/section.hpp>
#include <parley/sdp/session.hpp>

#include "sdp/detail/text.hpp"

#include <algorithm>

namespace parley::sdp {
namespace {

/// The order of RFC 8866 5, for both kinds of sections. Types that are not known go behind all others.
constexpr std::string_view order = "mvosiuepcbtrzka";

std::size_t rank(char type) noexcept { return std::min(order.find(type), order.size()); }

}  // namespace

std::string_view line::attribute_name() const noexcept {
  if (type != 'a') return {};
  return std::string_view(value).substr(0, value.find(':'));
}

std::optional<std::string_view> line::attribute_value(std::string_view name) const noexcept {
  if (type != 'a' || !value.starts_with(name)) return std::nullopt;
  const std::string_view rest = std::string_view(value).substr(name.size());
  if (rest.empty()) return rest;
  if (rest.front() != ':') return std::nullopt;
  return rest.substr(1);
}

const line* section::find(char type) const noexcept {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [type](const line& one) { return one.type == type; });
  return found == lines_.end() ? nullptr : &*found;
}

const line* section::find_attribute(std::string_view name) const noexcept {
  const auto found = std::find_if(lines_.begin(), lines_.end(),
                                  [name](const line& one) { return one.attribute_value(name).has_value(); });
  return found == lines_.end() ? nullptr : &*found;
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
  if (type == 'v' || type == 'm' || (is_media() && detail::session_only(type))) {
    return parse_error{errc::misplaced_line, 0};
  }
  if (stands_once(type) && find(type) != nullptr) return parse_error{errc::duplicate_line, 0};
  auto place = std::find_if(lines_.rbegin(), lines_.rend(), [type](const line& one) {
                 return one.type == type;
               }).base();
  if (place == lines_.begin()) {
    place = std::find_if(lines_.begin(), lines_.end(),
                         [type](const line& one) { return rank(one.type) > rank(type); });
  }
  lines_.insert(place, line{type, std::string(detail::trim_end(value)), 0});
  return {};
}

parsed<void> section::set_line(char type, std::string_view value) {
  if (type == 'a' || type == 'v' || type == 'm') return parse_error{errc::misplaced_line, 0};
  if (const auto checked = check(type, value); !checked) return checked.error();
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [type](const line& one) { return one.type == type; });
  if (found == lines_.end()) return insert(type, value);
  *found = {type, std::string(detail::trim_end(value)), 0};
  return {};
}

parsed<void> section::add_line(char type, std::string_view value) {
  if (const auto checked = check(type, value); !checked) return checked.error();
  return insert(type, value);
}

std::size_t section::remove_lines(char type) {
  if (type == 'v' || type == 'o' || type == 'm') return 0;
  return std::erase_if(lines_, [type](const line& one) { return one.type == type; });
}

std::optional<sdp::direction> section::direction() const noexcept {
  for (const line& one : lines_) {
    if (one.type != 'a') continue;
    if (const auto found = direction_from(one.value)) return found;
  }
  return std::nullopt;
}

void section::set_direction(sdp::direction d) {
  bool replaced = false;
  std::erase_if(lines_, [&](line& one) {
    if (one.type != 'a' || !direction_from(one.value)) return false;
    if (replaced) return true;
    one = {'a', std::string(name_of(d)), 0};
    replaced = true;
    return false;
  });
  if (!replaced) static_cast<void>(insert('a', name_of(d)));
}

std::optional<std::uint64_t> section::bandwidth_of(std::string_view kind) const {
  std::optional<std::uint64_t> found;
  for_each<bandwidth>([&](const parsed<bandwidth>& one) {
    if (!found && one && one->kind == kind) found = one->value;
  });
  return found;
}

std::string section::to_string() const {
  std::string out;
  std::size_t size = 1;
  for (const line& one : lines_) size += one.value.size() + 4;
  out.reserve(size);
  for (const line& one : lines_) {
    out.append(1, one.type).append(1, '=').append(one.value);
    // RFC 8866 5.3: s= isn't empty; a session without a name has a space there.
    if (one.type == 's' && one.value.empty()) out += ' ';
    out += "\r\n";
  }
  return out;
}

}  // namespace parley::sdp
