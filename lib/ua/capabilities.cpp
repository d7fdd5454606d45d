#include <parley/sip/chars.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/capabilities.hpp>

#include <algorithm>
#include <tuple>

namespace parley::ua {
namespace {

using sip::header_id;

constexpr std::string_view session_description = "application/sdp";

bool holds_value(const std::vector<std::string>& list, std::string_view text) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& one) { return sip::iequals(one, text); });
}

void add_list(sip::message& message, header_id id, const std::vector<std::string>& list,
              std::string_view otherwise = {}) {
  std::string value;
  for (const std::string& one : list) value.append(value.empty() ? "" : ", ").append(one);
  if (value.empty()) value = otherwise;
  if (!value.empty()) std::ignore = message.set(id, value);
}

}  // namespace

bool capabilities::accepts(std::string_view type) const noexcept {
  return types.empty() ? sip::iequals(type, session_description) : holds_value(types, type);
}

void write_capabilities(const capabilities& own, bool everything, sip::message& message) {
  add_list(message, header_id::allow, own.methods);
  add_list(message, header_id::supported, own.extensions);
  if (!everything) return;
  write_accepted(own, message);
  add_list(message, header_id::allow_events, own.events);
}

bool understands_body(const sip::message_view& request, const capabilities& own) {
  if (request.body().empty()) return true;
  const auto disposition = request.get<sip::content_disposition_header>();
  if (disposition && disposition->handling == sip::content_handling::optional) return true;
  const auto type = request.get<sip::content_type_header>();
  if (!type) return false;
  if (!own.accepts(std::string(type->type).append("/").append(type->subtype))) return false;
  bool all = true;
  const auto encodings = request.for_each<sip::content_encoding_header>([&](const auto& one) {
    all = all && (sip::iequals(one.value, "identity") || holds_value(own.encodings, one.value));
  });
  const auto languages = request.for_each<sip::content_language_header>([&](const auto& one) {
    all = all && (own.languages.empty() || holds_value(own.languages, one.value));
  });
  return encodings && languages && all;
}

void write_accepted(const capabilities& own, sip::message& response) {
  add_list(response, header_id::accept, own.types, session_description);
  add_list(response, header_id::accept_encoding, own.encodings);
  add_list(response, header_id::accept_language, own.languages);
}

}  // namespace parley::ua
