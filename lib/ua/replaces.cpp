#include <parley/sip/chars.hpp>
#include <parley/sip/dialog_headers.hpp>
#include <parley/sip/parse.hpp>
#include <parley/ua/replaces.hpp>

namespace parley::ua {
namespace {

using sip::header_id;
using reference = base::result<std::optional<call_reference>>;

reference read_replaces(std::string_view value) {
  const auto read = sip::parse<sip::replaces_header>(value);
  if (!read) return errc::bad_message;
  return call_reference{call_reference::kind::replaces, std::string(read->call_id), std::string(read->to_tag),
                        std::string(read->from_tag), read->early_only};
}

reference read_join(std::string_view value) {
  const auto read = sip::parse<sip::join_header>(value);
  if (!read) return errc::bad_message;
  return call_reference{call_reference::kind::join, std::string(read->call_id), std::string(read->to_tag),
                        std::string(read->from_tag), false};
}

bool is_tag(std::string_view named, std::string_view tag) noexcept {
  // RFC 3891 3: zero stands for the tag of a peer of RFC 2543, which is null.
  return named == tag || (named == "0" && tag.empty());
}

std::string tag_of(const std::string& tag) { return tag.empty() ? "0" : tag; }

}  // namespace

call_reference call_reference::of(const dialog& call, enum kind kind) {
  // RFC 3891 6.1: the receiver's local tag is what is remote here.
  return {kind, call.call_id(), tag_of(call.remote_tag()), tag_of(call.local_tag()), false};
}

reference call_reference::of_request(const sip::message_view& request) {
  const std::size_t replaces = request.find(header_id::replaces);
  const std::size_t join = request.find(header_id::join);
  const bool has_replaces = replaces != sip::message_view::npos;
  const bool has_join = join != sip::message_view::npos;
  if (!has_replaces && !has_join) return std::optional<call_reference>();
  // RFC 3891 3, RFC 3911 4: one of them, once, and only in an INVITE.
  if (request.method() != sip::method::invite || (has_replaces && has_join)) return errc::bad_message;
  const header_id id = has_replaces ? header_id::replaces : header_id::join;
  const std::size_t at = has_replaces ? replaces : join;
  if (request.find_after(id, at) != sip::message_view::npos) return errc::bad_message;
  return has_replaces ? read_replaces(request.value(at)) : read_join(request.value(at));
}

reference call_reference::of_uri(const sip::uri_view& uri) {
  std::optional<call_reference> out;
  for (const sip::parameter& one : uri.headers) {
    const header_id id = sip::header_id_of(sip::unescape(one.name));
    if (id != header_id::replaces && id != header_id::join) continue;
    if (out) return errc::bad_message;
    const std::string value = sip::unescape(one.value);
    auto read = id == header_id::replaces ? read_replaces(value) : read_join(value);
    if (!read) return read;
    out = std::move(*read);
  }
  return out;
}

std::string call_reference::value() const {
  std::string out = call_id + ";to-tag=" + to_tag + ";from-tag=" + from_tag;
  if (early_only && kind == kind::replaces) out += ";early-only";
  return out;
}

base::result<void> call_reference::add_to(sip::uri& target) const {
  const header_id id = kind == kind::join ? header_id::join : header_id::replaces;
  if (!target.add_header(sip::name_of(id), value())) return errc::bad_message;
  return {};
}

base::result<void> call_reference::add_to(sip::message& invite) const {
  const std::string text = value();
  const bool joins = kind == kind::join;
  if (joins ? !sip::parse<sip::join_header>(text) : !sip::parse<sip::replaces_header>(text)) {
    return errc::bad_message;
  }
  if (!invite.set(joins ? header_id::join : header_id::replaces, text)) return errc::bad_message;
  return {};
}

bool call_reference::names(const dialog& call) const noexcept {
  return call_id == call.call_id() && is_tag(to_tag, call.local_tag()) && is_tag(from_tag, call.remote_tag());
}

int call_reference::refusal_for(const dialog& call) const noexcept {
  switch (call.state()) {
    case dialog::state::terminated: return 603;
    case dialog::state::confirmed: return early_only ? 486 : 0;
    case dialog::state::early: break;
  }
  // RFC 3891 3: a call that rings here is not the sender's to take away: that is what a 3xx is for.
  return call.role() == dialog::role::uac ? 0 : 481;
}

}  // namespace parley::ua
