#include <parley/ua/dialog_info.hpp>

#include "ua/detail/xml_reader.hpp"
#include "ua/detail/xml_writer.hpp"

#include <array>
#include <string>
#include <utility>

namespace parley::ua {
namespace {

constexpr std::string_view dialog_info_name_space = "urn:ietf:params:xml:ns:dialog-info";

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> dialog_states{"trying", "proceeding", "early", "confirmed",
                                                        "terminated"};
constexpr std::array<std::string_view, 8> dialog_events{"",          "cancelled",  "rejected", "replaced",
                                                        "local-bye", "remote-bye", "error",    "timeout"};
constexpr std::array<std::string_view, 3> directions{"", "initiator", "recipient"};

dialog_info_party read_party(const pugi::xml_node& of) {
  dialog_info_party out;
  const pugi::xml_node identity = detail::child_of(of, "identity", dialog_info_name_space);
  out.identity = detail::text_of(identity);
  // Peers write either name: the RFC is of two minds.
  out.display_name = detail::attribute_of(identity, "display");
  if (out.display_name.empty()) out.display_name = detail::attribute_of(identity, "display-name");
  out.target = detail::attribute_of(detail::child_of(of, "target", dialog_info_name_space), "uri");
  return out;
}

void write_party(detail::xml_writer& out, std::string_view name, const dialog_info_party& party) {
  if (party.identity.empty() && party.target.empty()) return;
  out.open(name);
  if (!party.identity.empty()) {
    out.open("identity").attribute_if("display", party.display_name).text(party.identity).close();
  }
  if (!party.target.empty()) out.open("target").attribute("uri", party.target).close();
  out.close();
}

base::result<dialog_info_dialog> read_dialog(const pugi::xml_node& node) {
  dialog_info_dialog out;
  out.id = detail::attribute_of(node, "id");
  out.call_id = detail::attribute_of(node, "call-id");
  out.local_tag = detail::attribute_of(node, "local-tag");
  out.remote_tag = detail::attribute_of(node, "remote-tag");
  const auto direction = detail::index_of(directions, detail::attribute_of(node, "direction"));
  out.direction = static_cast<dialog_info_direction>(direction.value_or(0));
  const pugi::xml_node state = detail::child_of(node, "state", dialog_info_name_space);
  const auto which = detail::index_of(dialog_states, detail::text_of(state));
  if (!which) return errc::bad_body;
  out.state = static_cast<dialog_info_state>(*which);
  const auto event = detail::index_of(dialog_events, detail::attribute_of(state, "event"));
  out.event = static_cast<dialog_info_event>(event.value_or(0));
  const auto code = detail::number_of(detail::attribute_of(state, "code"));
  if (code && *code >= 100 && *code <= 699) out.code = static_cast<std::uint16_t>(*code);
  out.duration =
      detail::number_of(detail::text_of(detail::child_of(node, "duration", dialog_info_name_space)));
  out.local = read_party(detail::child_of(node, "local", dialog_info_name_space));
  out.remote = read_party(detail::child_of(node, "remote", dialog_info_name_space));
  return out;
}

void write_dialog(detail::xml_writer& out, const dialog_info_dialog& one) {
  out.open("dialog").attribute("id", one.id);
  out.attribute_if("call-id", one.call_id);
  out.attribute_if("local-tag", one.local_tag);
  out.attribute_if("remote-tag", one.remote_tag);
  out.attribute_if("direction", directions[static_cast<std::size_t>(one.direction)]);
  out.open("state").attribute_if("event", dialog_events[static_cast<std::size_t>(one.event)]);
  if (one.code) out.attribute("code", std::to_string(*one.code));
  out.text(dialog_states[static_cast<std::size_t>(one.state)]).close();
  if (one.duration) out.leaf("duration", std::to_string(*one.duration));
  write_party(out, "local", one.local);
  write_party(out, "remote", one.remote);
  out.close();
}

}  // namespace

base::result<dialog_info> dialog_info::read(std::string_view body) {
  pugi::xml_document document;
  const auto root = detail::read_xml(document, body, "dialog-info", dialog_info_name_space);
  if (!root) return root.error();
  const auto version = detail::number_of(detail::attribute_of(*root, "version"));
  if (!version) return errc::bad_body;
  dialog_info out;
  out.version = *version;
  out.full = detail::attribute_of(*root, "state") != "partial";
  out.entity = detail::attribute_of(*root, "entity");
  bool good = true;
  detail::for_each_child(*root, "dialog", dialog_info_name_space, [&](const pugi::xml_node& node) {
    auto one = read_dialog(node);
    good = good && one;
    if (one) out.dialogs.push_back(std::move(*one));
  });
  if (!good) return errc::bad_body;
  return out;
}

std::string dialog_info::write() const {
  detail::xml_writer out;
  out.open("dialog-info")
      .attribute("xmlns", dialog_info_name_space)
      .attribute("version", std::to_string(version));
  out.attribute("state", full ? "full" : "partial").attribute("entity", entity);
  for (const dialog_info_dialog& one : dialogs) write_dialog(out, one);
  out.close();
  return std::move(out).take();
}

}  // namespace parley::ua
