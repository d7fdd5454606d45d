#include "report.hpp"

#include "describe.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <type_traits>

namespace parley_inspect {
namespace {

namespace sip = parley::sip;

/// More than a message within the limits can have: one for each line, and those of the message as a whole.
constexpr std::size_t max_findings = 2 * sip::max_header_lines + 16;

struct place {
  std::size_t line = 1;
  std::size_t column = 1;  ///< in bytes
};

place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t last = before.rfind('\n');
  return {lines + 1, before.size() - (last == std::string_view::npos ? 0 : last + 1) + 1};
}

std::string_view header_name(const sip::finding& of) { return sip::name_of(of.id); }

json describe_finding(const report& from, const sip::finding& found) {
  const place at = place_of(from.text, found.error.offset);
  json out{{"offset", found.error.offset},
           {"line", at.line},
           {"column", at.column},
           {"rule", sip::rule(found.error.code)}};
  if (!header_name(found).empty()) out["header"] = header_name(found);
  if (found.header != sip::message_view::npos) out["header_index"] = found.header;
  return out;
}

json describe_start_line(const sip::message_view& view) {
  if (view.is_response()) return {{"status", view.status()}, {"reason", view.reason_phrase()}};
  json out{{"method", view.method_name()}, {"request_uri", view.request_uri()}};
  if (const auto uri = sip::parse_uri(view.request_uri())) out["uri"] = describe(*uri);
  return out;
}

json describe_header(const sip::message_view& view, std::size_t index) {
  const sip::header_line line = view.header(index);
  json out{{"name", line.name}};
  if (line.id != sip::header_id::unknown) out["header"] = sip::name_of(line.id);
  out["offset"] = view.line_offset(index);
  out["value"] = line.value;
  sip::visit_typed(line.id, [&]<class Header>(std::type_identity<Header>) {
    json values = json::array();
    std::size_t room = view.max_values();
    const auto read = view.for_each_at<Header>(
        index, room, [&](const Header& value) { values.push_back(describe(value)); });
    if (sip::is_list(Header::id)) {
      out["typed"] = std::move(values);  // those in front of one that is broken, too
    } else if (read) {
      out["typed"] = std::move(values.at(0));
    }
  });
  return out;
}

}  // namespace

report inspect(std::string name, std::string_view text) {
  report out{std::move(name), text, {}, {}};
  const auto parsed = out.view.parse(text);
  if (!parsed) out.findings.push_back({parsed.error(), sip::message_view::npos, sip::header_id::unknown});
  std::array<sip::finding, max_findings> found;
  const std::size_t count = sip::find_violations(out.view, found);
  // The Request-URI of a start line that is broken says nothing more.
  const bool bad_start = !parsed && parsed.error().offset < out.view.first_line_offset();
  for (std::size_t i = 0; i < count; ++i) {
    const bool in_start_line =
        found[i].id == sip::header_id::unknown && found[i].header == sip::message_view::npos;
    if (bad_start && in_start_line) continue;
    // What the index refused is refused again by the header's own reader, which knows its name.
    if (!parsed && found[i].error == parsed.error()) {
      out.findings[0] = found[i];
    } else {
      out.findings.push_back(found[i]);
    }
  }
  return out;
}

std::string to_text(const report& from) {
  if (from.well_formed()) return from.name + ": well formed\n";
  std::string out = from.name + ": malformed\n";
  for (const sip::finding& found : from.findings) {
    const place at = place_of(from.text, found.error.offset);
    out += "  offset " + std::to_string(found.error.offset) + " (line " + std::to_string(at.line) +
           ", column " + std::to_string(at.column) + ")";
    if (!header_name(found).empty()) out.append(", ").append(header_name(found));
    out.append(": ").append(sip::rule(found.error.code)).append("\n");
  }
  return out;
}

json to_json(const report& from) {
  json out{{"file", from.name}, {"well_formed", from.well_formed()}};
  out["errors"] = json::array();
  for (const sip::finding& found : from.findings) out["errors"].push_back(describe_finding(from, found));
  out["start_line"] = describe_start_line(from.view);
  out["headers"] = json::array();
  for (std::size_t i = 0; i < from.view.header_count(); ++i)
    out["headers"].push_back(describe_header(from.view, i));
  out["body"] = {
      {"offset", from.view.body_offset()}, {"size", from.view.body().size()}, {"text", from.view.body()}};
  return out;
}

}  // namespace parley_inspect
