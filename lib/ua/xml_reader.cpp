#include "ua/detail/xml_reader.hpp"

#include <parley/ua/error.hpp>

#include <charconv>

namespace parley::ua::detail {
namespace {

constexpr std::string_view white_space = " \t\r\n";

/// Counts elements, depth and attributes of a text, without building anything.
class counter {
 public:
  explicit counter(std::string_view text) noexcept : rest_(text) {}

  /// *Errors:* `bad_body` for a tag without end, a document type and NUL; `too_large`.
  base::result<void> count() noexcept {
    if (rest_.find('\0') != std::string_view::npos) return errc::bad_body;
    for (;;) {
      const std::size_t at = rest_.find('<');
      if (at == std::string_view::npos) return {};
      rest_.remove_prefix(at);
      bool good = false;
      if (rest_.starts_with("<!--")) {
        good = skip("-->", 4);
      } else if (rest_.starts_with("<![CDATA[")) {
        good = skip("]]>", 9);
      } else if (rest_.starts_with("<?")) {
        good = skip("?>", 2);
      } else if (rest_.starts_with("</")) {
        if (depth_ > 0) --depth_;
        good = skip(">", 2);
      } else if (!rest_.starts_with("<!")) {
        if (const auto taken = take_tag(); !taken) return taken;
        good = true;
      }
      if (!good) return errc::bad_body;
    }
  }

 private:
  bool skip(std::string_view end, std::size_t from) noexcept {
    const std::size_t at = rest_.find(end, from);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }

  base::result<void> take_tag() noexcept {
    if (++elements_ > xml_limits::elements) return errc::too_large;
    std::size_t attributes = 0;
    for (std::size_t at = 1;; ++at) {
      at = rest_.find_first_of("'\">", at);
      if (at == std::string_view::npos) return errc::bad_body;
      if (rest_[at] == '>') {
        if (rest_[at - 1] != '/' && ++depth_ > xml_limits::depth) return errc::too_large;
        rest_.remove_prefix(at + 1);
        return {};
      }
      if (++attributes > xml_limits::attributes) return errc::too_large;
      at = rest_.find(rest_[at], at + 1);
      if (at == std::string_view::npos) return errc::bad_body;
    }
  }

  std::string_view rest_;
  std::size_t elements_ = 0;
  std::size_t depth_ = 0;
};

/// The namespace that `prefix`, perhaps empty, stands for at `node`; empty where none is declared.
std::string_view name_space_of(pugi::xml_node node, std::string_view prefix) {
  for (; node; node = node.parent()) {
    for (const pugi::xml_attribute& each : node.attributes()) {
      std::string_view name = each.name();
      if (!name.starts_with("xmlns")) continue;
      name.remove_prefix(5);
      if (prefix.empty() ? name.empty() : name.size() > 1 && name[0] == ':' && name.substr(1) == prefix) {
        return each.value();
      }
    }
  }
  return {};
}

}  // namespace

base::result<pugi::xml_node> read_xml(pugi::xml_document& into, std::string_view body, std::string_view name,
                                      std::string_view name_space) {
  if (body.size() > xml_limits::bytes) return errc::too_large;
  if (const auto counted = counter(body).count(); !counted) return counted.error();
  // The encoding is not guessed: the count above is one of UTF-8.
  const pugi::xml_parse_result parsed =
      into.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return errc::bad_body;
  const pugi::xml_node root = into.document_element();
  if (!is_element(root, name, name_space)) return errc::bad_body;
  return root;
}

bool is_element(const pugi::xml_node& node, std::string_view name, std::string_view name_space) {
  if (node.type() != pugi::node_element) return false;
  const std::string_view whole = node.name();
  const std::size_t colon = whole.find(':');
  const bool prefixed = colon != std::string_view::npos;
  if ((prefixed ? whole.substr(colon + 1) : whole) != name) return false;
  const std::string_view found = name_space_of(node, prefixed ? whole.substr(0, colon) : "");
  return found == name_space || (found.empty() && !prefixed);
}

pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name, std::string_view name_space) {
  for (pugi::xml_node child = node.first_child(); child; child = child.next_sibling()) {
    if (is_element(child, name, name_space)) return child;
  }
  return {};
}

std::string text_of(const pugi::xml_node& node) {
  std::string out;
  for (pugi::xml_node child = node.first_child(); child; child = child.next_sibling()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  }
  const std::size_t first = out.find_first_not_of(white_space);
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of(white_space) - first + 1);
}

std::optional<std::uint32_t> number_of(std::string_view text) noexcept {
  std::uint32_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace parley::ua::detail
