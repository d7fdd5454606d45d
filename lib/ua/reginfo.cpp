#include <parley/sip/parameters.hpp>
#include <parley/ua/reginfo.hpp>

#include "ua/detail/xml_reader.hpp"
#include "ua/detail/xml_writer.hpp"

#include <array>
#include <string>
#include <utility>

namespace parley::ua {
namespace {

constexpr std::string_view reginfo_name_space = "urn:ietf:params:xml:ns:reginfo";

// In the order of the enumerations.
constexpr std::array<std::string_view, 3> registration_states{"init", "active", "terminated"};
constexpr std::array<std::string_view, 9> contact_events{"registered", "created",      "refreshed",
                                                         "shortened",  "expired",      "deactivated",
                                                         "probation",  "unregistered", "rejected"};

std::optional<reginfo_state> read_state(const pugi::xml_node& of) {
  const auto index = detail::index_of(registration_states, detail::attribute_of(of, "state"));
  return index ? std::optional(static_cast<reginfo_state>(*index)) : std::nullopt;
}

base::result<reginfo_contact> read_contact(const pugi::xml_node& node) {
  reginfo_contact out;
  const auto state = read_state(node);
  if (!state || *state == reginfo_state::init) return errc::bad_body;
  out.state = *state;
  const auto event = detail::index_of(contact_events, detail::attribute_of(node, "event"));
  out.event = static_cast<reginfo_event>(event.value_or(static_cast<std::size_t>(reginfo_event::other)));
  out.id = detail::attribute_of(node, "id");
  out.expires = detail::number_of(detail::attribute_of(node, "expires"));
  out.retry_after = detail::number_of(detail::attribute_of(node, "retry-after"));
  out.duration_registered = detail::number_of(detail::attribute_of(node, "duration-registered"));
  std::uint16_t q = 0;
  if (sip::read_qvalue(detail::attribute_of(node, "q"), q)) out.q = q;
  out.call_id = detail::attribute_of(node, "callid");
  out.cseq = detail::number_of(detail::attribute_of(node, "cseq"));
  out.uri = detail::text_of(detail::child_of(node, "uri", reginfo_name_space));
  out.display_name = detail::text_of(detail::child_of(node, "display-name", reginfo_name_space));
  return out;
}

base::result<reginfo_registration> read_registration(const pugi::xml_node& node) {
  reginfo_registration out;
  const auto state = read_state(node);
  if (!state) return errc::bad_body;
  out.state = *state;
  out.aor = detail::attribute_of(node, "aor");
  out.id = detail::attribute_of(node, "id");
  bool good = true;
  detail::for_each_child(node, "contact", reginfo_name_space, [&](const pugi::xml_node& child) {
    auto contact = read_contact(child);
    good = good && contact;
    if (contact) out.contacts.push_back(std::move(*contact));
  });
  if (!good) return errc::bad_body;
  return out;
}

void write_number(detail::xml_writer& out, std::string_view name, std::optional<std::uint32_t> value) {
  if (value) out.attribute(name, std::to_string(*value));
}

void write_contact(detail::xml_writer& out, const reginfo_contact& one) {
  const auto event = one.event == reginfo_event::other ? reginfo_event::registered : one.event;
  out.open("contact").attribute("id", one.id);
  out.attribute("state", registration_states[static_cast<std::size_t>(one.state)]);
  out.attribute("event", contact_events[static_cast<std::size_t>(event)]);
  write_number(out, "expires", one.expires);
  write_number(out, "retry-after", one.retry_after);
  write_number(out, "duration-registered", one.duration_registered);
  if (one.q) out.attribute("q", detail::qvalue_text(*one.q));
  out.attribute_if("callid", one.call_id);
  write_number(out, "cseq", one.cseq);
  out.leaf("uri", one.uri);
  if (!one.display_name.empty()) out.leaf("display-name", one.display_name);
  out.close();
}

}  // namespace

base::result<reginfo> reginfo::read(std::string_view body) {
  pugi::xml_document document;
  const auto root = detail::read_xml(document, body, "reginfo", reginfo_name_space);
  if (!root) return root.error();
  const auto version = detail::number_of(detail::attribute_of(*root, "version"));
  if (!version) return errc::bad_body;
  reginfo out;
  out.version = *version;
  out.full = detail::attribute_of(*root, "state") != "partial";
  bool good = true;
  detail::for_each_child(*root, "registration", reginfo_name_space, [&](const pugi::xml_node& node) {
    auto one = read_registration(node);
    good = good && one;
    if (one) out.registrations.push_back(std::move(*one));
  });
  if (!good) return errc::bad_body;
  return out;
}

std::string reginfo::write() const {
  detail::xml_writer out;
  out.open("reginfo").attribute("xmlns", reginfo_name_space).attribute("version", std::to_string(version));
  out.attribute("state", full ? "full" : "partial");
  for (const reginfo_registration& one : registrations) {
    out.open("registration").attribute("aor", one.aor).attribute("id", one.id);
    out.attribute("state", registration_states[static_cast<std::size_t>(one.state)]);
    for (const reginfo_contact& contact : one.contacts) write_contact(out, contact);
    out.close();
  }
  out.close();
  return std::move(out).take();
}

}  // namespace parley::ua
