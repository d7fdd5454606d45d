#include <parley/sip/uri.hpp>

#include "sip/detail/escape.hpp"

#include <algorithm>
#include <string_view>

namespace parley::sip {
namespace {

enum class letters : bool { as_they_are, without_case };

/// RFC 3261 19.1.4: a character equals its escape, unless it is one of the reserved set.
int next_unit(detail::unescaper& in, letters compared) noexcept {
  const unsigned char c = in.next();
  constexpr std::string_view reserved = ";/?:@&=+$,";
  if (in.was_escape() && reserved.find(static_cast<char>(c)) != std::string_view::npos) return 0x100 + c;
  return compared == letters::without_case ? static_cast<unsigned char>(lower(static_cast<char>(c))) : c;
}

bool same(std::string_view a, std::string_view b, letters compared) noexcept {
  detail::unescaper left(a);
  detail::unescaper right(b);
  while (!left.at_end() && !right.at_end()) {
    if (next_unit(left, compared) != next_unit(right, compared)) return false;
  }
  return left.at_end() && right.at_end();
}

bool same_host(const uri_view& a, const uri_view& b) noexcept {
  if (a.host_kind != b.host_kind) return false;
  // RFC 5954 4.2: the bits count, not how the address is written.
  if (a.host_kind == host_kind::ipv6) return a.ip() == b.ip();
  return iequals(a.host, b.host);
}

const parameter* find(const uri_fields& fields, std::string_view name, parameter& found) noexcept {
  for (const parameter& one : fields) {
    if (!same(one.name, name, letters::without_case)) continue;
    found = one;
    return &found;
  }
  return nullptr;
}

/// RFC 3261 19.1.4: any of these in one URI only makes the two different. `transport` is among them by the
/// examples.
bool must_be_in_both(std::string_view name) noexcept {
  constexpr std::string_view names[] = {"transport", "user", "ttl", "method", "maddr"};
  return std::any_of(std::begin(names), std::end(names),
                     [name](std::string_view one) { return detail::iequals_unescaped(name, one); });
}

/// Each parameter of `a` against its like in `b`. Where a name stands more than once the first one counts.
bool parameters_agree(const uri_fields& a, const uri_fields& b, bool all) noexcept {
  parameter mine;
  parameter other;
  for (const parameter& one : a) {
    find(a, one.name, mine);
    if (find(b, one.name, other) == nullptr) {
      if (all || must_be_in_both(one.name)) return false;
    } else if (mine.has_value != other.has_value || !same(mine.value, other.value, letters::without_case)) {
      return false;
    }
  }
  return true;
}

bool same_header(const parameter& a, const parameter& b) noexcept {
  if (!same(a.name, b.name, letters::without_case)) return false;
  // RFC 3261 7.3.1: values are compared without case, but a body is no header value.
  const bool is_body = detail::iequals_unescaped(a.name, "body");
  return same(a.value, b.value, is_body ? letters::as_they_are : letters::without_case);
}

std::ptrdiff_t count(const uri_fields& fields, const parameter& wanted) noexcept {
  return std::count_if(fields.begin(), fields.end(),
                       [&wanted](const parameter& one) { return same_header(one, wanted); });
}

/// Header components are never ignored; their order is.
bool same_headers(const uri_fields& a, const uri_fields& b) noexcept {
  if (std::distance(a.begin(), a.end()) != std::distance(b.begin(), b.end())) return false;
  return std::all_of(a.begin(), a.end(),
                     [&](const parameter& one) { return count(a, one) == count(b, one); });
}

/// RFC 3966 3: visual separators don't count, nor does the case of hexadecimal digits.
bool same_number(std::string_view a, std::string_view b) noexcept {
  const auto next = [](std::string_view text, std::size_t& at) {
    while (at < text.size() && std::string_view("-.()").find(text[at]) != std::string_view::npos) ++at;
    return at < text.size() ? lower(text[at++]) : '\0';
  };
  std::size_t i = 0;
  std::size_t k = 0;
  while (true) {
    const char left = next(a, i);
    if (left != next(b, k)) return false;
    if (left == '\0') return true;
  }
}

}  // namespace

bool equivalent(const uri_view& a, const uri_view& b) noexcept {
  if (a.scheme != b.scheme) return false;
  switch (a.scheme) {
    case uri_scheme::other:
      return iequals(a.scheme_text, b.scheme_text) &&
             a.raw.substr(a.scheme_text.size()) == b.raw.substr(b.scheme_text.size());
    case uri_scheme::tel:
      // RFC 3966 4: all parameters count.
      return same_number(a.user, b.user) && parameters_agree(a.parameters, b.parameters, true) &&
             parameters_agree(b.parameters, a.parameters, true);
    case uri_scheme::sip:
    case uri_scheme::sips: break;
  }
  return a.has_user == b.has_user && a.has_password == b.has_password && a.port == b.port &&
         same(a.user, b.user, letters::as_they_are) && same(a.password, b.password, letters::as_they_are) &&
         same_host(a, b) && parameters_agree(a.parameters, b.parameters, false) &&
         parameters_agree(b.parameters, a.parameters, false) && same_headers(a.headers, b.headers);
}

}  // namespace parley::sip
