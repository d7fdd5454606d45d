// One header, `Name: value`. A name that is not known picks a header by its first byte.
#include <parley/sip/parse.hpp>
#include <parley/sip/typed.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using namespace parley::sip;

void require(bool held) {
  if (!held) std::abort();
}

struct outcome {
  parse_error error;
  std::size_t elements = 0;
  std::size_t end = 0;

  friend bool operator==(const outcome&, const outcome&) = default;
};

void check_parameters(const parameters& list) {
  for (const parameter& one : list) require(list.contains(one.name));
  require(list.empty() == (list.begin() == list.end()));
}

template <class Header>
void check_element(const Header& one, std::string_view text) {
  if constexpr (requires { one.parameters.begin(); }) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(one.parameters)>, parameters>)
      check_parameters(one.parameters);
  }
  if constexpr (requires { one.raw.data(); }) {
    require(one.raw.data() >= text.data() && one.raw.data() + one.raw.size() <= text.data() + text.size());
    // What an element was read from reads as that element.
    const auto again = parse<Header>(one.raw);
    require(again.has_value() && again->raw == one.raw);
  }
}

template <class Header>
outcome read_all(std::string_view text) {
  outcome out;
  cursor in(text);
  parse_list<Header>(in, [&](const Header& one) {
    ++out.elements;
    check_element(one, text);
  });
  out.error = in.error();
  out.end = in.offset();
  require(out.error.offset <= text.size() && in.offset() <= text.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t colon = text.find(':');
  header_id id = colon == std::string_view::npos ? header_id::unknown : header_id_of(text.substr(0, colon));
  std::string_view value = text.substr(colon + 1);
  if (id == header_id::unknown) {
    id = static_cast<header_id>(data[0] % header_id_count);
    value = text.substr(1);
  }
  // A copy of the exact size, so that a sanitizer sees each byte read before or behind it.
  const std::vector<char> copy(value.begin(), value.end());
  const std::string_view exact(copy.data(), copy.size());
  visit_typed(id, [&]<class Header>(std::type_identity<Header>) {
    const outcome first = read_all<Header>(exact);
    require(first == read_all<Header>(exact));
    require(first == read_all<Header>(value));

    const auto single = parse<Header>(exact);
    require(single.has_value() || single.error().code != errc{});
    if (first.error.code == errc{} && first.elements == 1) require(single.has_value());
    if (single) require(first.elements == 1 && first.error.code == errc{});
  });
  return 0;
}
