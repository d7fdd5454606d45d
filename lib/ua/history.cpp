#include <parley/sip/identity.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/history.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

constexpr std::size_t longest_index = 64;

/// Takes the headers that tell about the entry off its URI (RFC 7044 5).
void read_uri(const sip::uri_view& uri, history_entry& out) {
  for (const sip::parameter& header : uri.headers) {
    const std::string value = sip::unescape(header.value);
    if (sip::iequals(header.name, "Reason")) {
      const auto why = sip::parse<sip::reason_header>(value);
      if (!why) continue;
      out.why.emplace(reason{.protocol = std::string(why->protocol), .cause = why->cause, .text = {}});
      sip::unquote(why->text, out.why->text);
    } else if (sip::iequals(header.name, "Privacy")) {
      const auto privacy = sip::parse<sip::privacy_header>(value);
      out.is_private = out.is_private || (privacy && privacy->history);
    }
  }
  auto plain = sip::uri(uri);
  plain.remove_headers();
  out.uri = plain.string();
}

std::string_view name_of(retargeting kind) noexcept {
  switch (kind) {
    case retargeting::contact: return "rc";
    case retargeting::other_user: return "mp";
    case retargeting::unchanged: return "np";
    case retargeting::none: break;
  }
  return {};
}

}  // namespace

base::result<history> history::read(const sip::message_view& message) {
  history out;
  errc problem{};
  const auto read = message.for_each<sip::history_info_header>([&](const sip::history_info_header& one) {
    const std::string_view from = !one.rc.empty() ? one.rc : !one.mp.empty() ? one.mp : one.np;
    if (one.index.empty() || one.index.size() > longest_index || from.size() > longest_index) {
      problem = errc::bad_message;
    } else if (out.entries_.size() == max_entries) {
      problem = errc::too_large;
    } else {
      history_entry& entry = out.entries_.emplace_back();
      read_uri(one.uri, entry);
      entry.index = one.index;
      entry.from = from;
      if (!one.np.empty()) entry.kind = retargeting::unchanged;
      if (!one.mp.empty()) entry.kind = retargeting::other_user;
      if (!one.rc.empty()) entry.kind = retargeting::contact;
    }
    return problem == errc{};
  });
  if (problem != errc{}) return problem;
  if (!read) return errc::bad_message;
  return out;
}

const history_entry* history::original_target() const noexcept {
  const auto mapped = std::find_if(entries_.begin(), entries_.end(), [](const history_entry& entry) {
    return entry.kind == retargeting::other_user;
  });
  if (mapped == entries_.end()) return nullptr;
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const history_entry& entry) { return entry.index == mapped->from; });
  return found == entries_.end() ? nullptr : &*found;
}

base::result<void> history::add(std::string_view uri, retargeting kind, std::optional<reason> why) {
  const auto target = sip::parse_uri(uri);
  if (!target) return errc::bad_message;
  if (entries_.size() == max_entries) return errc::too_large;
  history_entry next;
  next.uri = uri;
  next.index = "1";
  if (!entries_.empty()) {
    history_entry& last = entries_.back();
    if (last.index.size() + 2 > longest_index) return errc::too_large;
    next.index = last.index + ".1";
    if (kind != retargeting::none) next.from = last.index;
    next.kind = kind;
    if (why) last.why = std::move(why);
  }
  entries_.push_back(std::move(next));
  return {};
}

void history::write(sip::message& message, bool inside_domain) const {
  message.remove(header_id::history_info);
  for (const history_entry& entry : entries_) {
    const bool hidden = entry.is_private && !inside_domain;
    auto uri = sip::uri::from_string(hidden ? "sip:anonymous@anonymous.invalid" : entry.uri);
    if (!uri) continue;
    // The reasons of SIP URIs only have a place to stand.
    if (entry.why && uri->view().is_sip()) {
      std::ignore = uri->add_header("Reason", format_reason(*entry.why));
    }
    if (entry.is_private && !hidden && uri->view().is_sip()) {
      std::ignore = uri->add_header("Privacy", "history");
    }
    std::string value = "<" + uri->string() + ">;index=" + entry.index;
    if (!entry.from.empty()) value.append(";").append(name_of(entry.kind)).append("=").append(entry.from);
    std::ignore = message.add(header_id::history_info, value);
  }
  if (message.is_request()) std::ignore = message.add(header_id::supported, "histinfo");
}

}  // namespace parley::ua
