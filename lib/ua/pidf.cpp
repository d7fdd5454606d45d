#include <parley/sip/parameters.hpp>
#include <parley/ua/pidf.hpp>

#include "ua/detail/xml_reader.hpp"
#include "ua/detail/xml_writer.hpp"

#include <string>
#include <utility>

namespace parley::ua {
namespace {

constexpr std::string_view pidf_name_space = "urn:ietf:params:xml:ns:pidf";

std::vector<std::string> read_notes(const pugi::xml_node& of) {
  std::vector<std::string> out;
  detail::for_each_child(of, "note", pidf_name_space,
                         [&](const pugi::xml_node& note) { out.push_back(detail::text_of(note)); });
  return out;
}

pidf_tuple read_tuple(const pugi::xml_node& node) {
  pidf_tuple out;
  out.id = detail::attribute_of(node, "id");
  const pugi::xml_node status = detail::child_of(node, "status", pidf_name_space);
  const std::string basic = detail::text_of(detail::child_of(status, "basic", pidf_name_space));
  // RFC 3863 4.1.4: any other value is none that is known.
  if (basic == "open") out.basic = basic_status::open;
  if (basic == "closed") out.basic = basic_status::closed;
  const pugi::xml_node contact = detail::child_of(node, "contact", pidf_name_space);
  out.contact = detail::text_of(contact);
  std::uint16_t priority = 0;
  if (sip::read_qvalue(detail::attribute_of(contact, "priority"), priority)) out.priority = priority;
  out.notes = read_notes(node);
  out.timestamp = detail::text_of(detail::child_of(node, "timestamp", pidf_name_space));
  return out;
}

}  // namespace

base::result<pidf> pidf::read(std::string_view body) {
  pugi::xml_document document;
  const auto root = detail::read_xml(document, body, "presence", pidf_name_space);
  if (!root) return root.error();
  pidf out;
  out.entity = detail::attribute_of(*root, "entity");
  detail::for_each_child(*root, "tuple", pidf_name_space,
                         [&](const pugi::xml_node& tuple) { out.tuples.push_back(read_tuple(tuple)); });
  out.notes = read_notes(*root);
  return out;
}

std::string pidf::write() const {
  detail::xml_writer out;
  out.open("presence").attribute("xmlns", pidf_name_space).attribute("entity", entity);
  for (const pidf_tuple& tuple : tuples) {
    // The order is that of the schema (RFC 3863 4.4).
    out.open("tuple").attribute("id", tuple.id).open("status");
    if (tuple.basic != basic_status::none) {
      out.leaf("basic", tuple.basic == basic_status::open ? "open" : "closed");
    }
    out.close();
    if (!tuple.contact.empty()) {
      out.open("contact");
      if (tuple.priority) out.attribute("priority", detail::qvalue_text(*tuple.priority));
      out.text(tuple.contact).close();
    }
    for (const std::string& note : tuple.notes) out.leaf("note", note);
    if (!tuple.timestamp.empty()) out.leaf("timestamp", tuple.timestamp);
    out.close();
  }
  for (const std::string& note : notes) out.leaf("note", note);
  out.close();
  return std::move(out).take();
}

}  // namespace parley::ua
