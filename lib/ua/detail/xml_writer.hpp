#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::ua::detail {

/// A qvalue of XML's documents, `0.750`, by its thousandths.
std::string qvalue_text(unsigned thousandths);

/// Writes XML from its front: elements, attributes and text in the order of the calls. Names are the caller's
/// and are written as they are; values are escaped, and what XML can't hold in them becomes `?`.
class xml_writer {
 public:
  xml_writer() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n") {}

  xml_writer& open(std::string_view name);
  /// Of the element opened last, before its text and children.
  xml_writer& attribute(std::string_view name, std::string_view value);
  /// The same, unless `value` is empty.
  xml_writer& attribute_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : attribute(name, value);
  }
  xml_writer& text(std::string_view value);
  xml_writer& close();
  /// An element that has only text.
  xml_writer& leaf(std::string_view name, std::string_view value) { return open(name).text(value).close(); }

  /// The document, when all is closed.
  std::string take() && { return std::move(out_); }

 private:
  void end_tag();
  void escape(std::string_view value);

  std::string out_;
  std::vector<std::string> open_;
  bool in_tag_ = false;
};

}  // namespace parley::ua::detail
