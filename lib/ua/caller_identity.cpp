#include <parley/sip/identity.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/ua/caller_identity.hpp>

#include <tuple>
#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

bool is_telephone(const sip::uri_view& uri) noexcept { return uri.scheme == sip::uri_scheme::tel; }

std::string shown_name_of(const sip::name_addr& party) {
  if (!party.display_quoted) return std::string(party.display_name);
  std::string out;
  sip::unquote(party.display_name, out);
  return out;
}

/// RFC 3323 4.1.1.3: a host that can't be, or the name that stands for nobody.
bool is_anonymous(const sip::uri_view& uri) noexcept {
  return sip::iequals(uri.host, "anonymous.invalid") || (sip::iequals(uri.user, "anonymous") && uri.is_sip());
}

std::string in_brackets(std::string_view identity) {
  if (identity.find('<') != std::string_view::npos) return std::string(identity);
  return std::string("<").append(identity).append(">");
}

/// RFC 3325 9.1: one value, or two of which one is tel.
base::result<void> write_identity(header_id id, std::string_view identity, sip::message& message) {
  const std::string value = in_brackets(identity);
  const auto read = sip::parse<sip::p_asserted_identity_header>(value);
  if (!read || (!read->uri.is_sip() && !is_telephone(read->uri))) return errc::bad_message;
  for (std::size_t i = 0; i < message.header_count(); ++i) {
    if (message.header(i).id != id) continue;
    const auto other = sip::parse<sip::p_asserted_identity_header>(message.header(i).value);
    if (!other || is_telephone(other->uri) == is_telephone(read->uri)) return errc::bad_message;
  }
  if (!message.add(id, value)) return errc::bad_message;
  return {};
}

}  // namespace

base::result<caller_identity> caller_of(const sip::message_view& request, bool trusted) {
  const auto from = request.get<sip::from_header>();
  if (!from) return errc::bad_message;
  caller_identity out;
  if (trusted) {
    std::string telephone_name;
    std::ignore = request.for_each<sip::p_asserted_identity_header>(
        [&](const sip::p_asserted_identity_header& identity) {
          const bool telephone = is_telephone(identity.uri);
          std::string& place = telephone ? out.telephone : out.uri;
          if (!place.empty() || (!telephone && !identity.uri.is_sip())) return;
          place = identity.uri.raw;
          (telephone ? telephone_name : out.display_name) = shown_name_of(identity);
          out.asserted = true;
        });
    if (out.uri.empty()) out.uri.swap(out.telephone);
    if (out.display_name.empty()) out.display_name = std::move(telephone_name);
  }
  const auto privacy = request.get<sip::privacy_header>();
  const bool hidden = privacy && (privacy->identity || privacy->user || privacy->header);
  out.anonymous = is_anonymous(from->uri) || (trusted && hidden);
  if (out.anonymous) {
    // RFC 3325 7: whoever asked for `id` is not shown to users.
    out.uri.clear();
    out.telephone.clear();
    out.display_name.clear();
    return out;
  }
  if (!out.asserted) {
    out.uri = from->uri.raw;
    out.display_name = shown_name_of(*from);
  }
  return out;
}

void write_privacy(const privacy& wanted, sip::message& request) {
  std::string value;
  const auto name = [&](bool asked, std::string_view text) {
    if (asked) value.append(value.empty() ? "" : ";").append(text);
  };
  if (wanted.none) {
    value = "none";
  } else {
    name(wanted.header, "header");
    name(wanted.session, "session");
    name(wanted.user, "user");
    name(wanted.id, "id");
    name(wanted.history, "history");
    if (!value.empty()) name(wanted.critical, "critical");
  }
  request.remove(header_id::privacy);
  if (value.empty()) return;
  std::ignore = request.add(header_id::privacy, value);
  if (wanted.critical && !wanted.none) std::ignore = request.add(header_id::proxy_require, "privacy");
}

base::result<void> write_preferred_identity(std::string_view identity, sip::message& request) {
  return write_identity(header_id::p_preferred_identity, identity, request);
}

base::result<void> write_asserted_identity(std::string_view identity, sip::message& message) {
  return write_identity(header_id::p_asserted_identity, identity, message);
}

}  // namespace parley::ua
