#pragma once

#include <parley/base/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace parley::ua::detail {

/// What an XML body may be at most. It is counted in the text before anything is built of it.
struct xml_limits {
  static constexpr std::size_t bytes = 65535;
  static constexpr std::size_t elements = 2048;
  static constexpr std::size_t depth = 16;
  static constexpr std::size_t attributes = 32;  // of one element, namespaces included
};

/// Reads `body` as UTF-8 and gives its outermost element, which has that name and namespace. A document type
/// is refused, so there are no entities but the five of XML. *Errors:* `bad_body`, `too_large`.
base::result<pugi::xml_node> read_xml(pugi::xml_document& into, std::string_view body, std::string_view name,
                                      std::string_view name_space);

/// True where `node` is that element, whatever its prefix is. One in no namespace at all counts as well: some
/// peers leave the declaration out.
bool is_element(const pugi::xml_node& node, std::string_view name, std::string_view name_space);

/// The first child that is that element, null where there is none.
pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name, std::string_view name_space);

/// The text of an element, without the white space around it.
std::string text_of(const pugi::xml_node& node);

/// The value of an attribute without a prefix, empty where there is none.
inline std::string_view attribute_of(const pugi::xml_node& node, const char* name) {
  return node.attribute(name).value();
}

/// 1*DIGIT below 2^32.
std::optional<std::uint32_t> number_of(std::string_view text) noexcept;

/// Where `text` stands among `names`, nothing where it does not.
template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
  }
  return std::nullopt;
}

/// Calls `on(child)` for each child that is that element.
template <class F>
void for_each_child(const pugi::xml_node& node, std::string_view name, std::string_view name_space, F&& on) {
  for (pugi::xml_node child = node.first_child(); child; child = child.next_sibling()) {
    if (is_element(child, name, name_space)) on(static_cast<const pugi::xml_node&>(child));
  }
}

}  // namespace parley::ua::detail
