#include <parley/sip/chars.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/multipart.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/session_description.hpp>

namespace parley::ua {
namespace {

using sip::header_id;

/// What Content-Disposition says of a body (RFC 3261 20.11). One that can't be read asks for all that a body
/// without it does.
struct disposition {
  bool session = true;  ///< describes a session, as far as the type fits
  bool optional = false;
};

disposition disposition_of(const sip::parsed<sip::content_disposition_header>& header) noexcept {
  if (!header) return {};
  return {sip::iequals(header->type, "session"), header->handling == sip::content_handling::optional};
}

disposition disposition_of(const sip::body_part& part) noexcept {
  const std::string_view text = part.value_of(header_id::content_disposition);
  if (text.empty()) return {};
  sip::cursor in(text);
  sip::content_disposition_header header;
  if (!sip::content_disposition_header::read(in, header)) return {};
  return disposition_of(sip::parsed<sip::content_disposition_header>(header));
}

bool is_encoded(const sip::message_view& message) {
  bool encoded = false;
  const auto walked = message.for_each<sip::content_encoding_header>([&](const auto& coding) {
    encoded = !sip::iequals(coding.value, "identity");
    return !encoded;
  });
  return encoded || !walked;
}

}  // namespace

base::result<std::optional<std::string_view>> session_description_of(const sip::message_view& message) {
  using found = std::optional<std::string_view>;
  if (message.body().empty()) return found();
  const auto type = message.get<sip::content_type_header>();
  // RFC 3261 20.15: whoever sends a body says what it is.
  if (!type) return errc::bad_message;
  const disposition whole = disposition_of(message.get<sip::content_disposition_header>());
  if (is_encoded(message)) {
    if (whole.optional) return found();
    return errc::unsupported_body;
  }
  if (type->matches("application", "sdp")) return whole.session ? found(message.body()) : found();
  if (!type->is_multipart()) {
    // RFC 3261 8.2.3: what isn't understood may be left alone only where the peer says so.
    if (whole.optional || !whole.session) return found();
    return errc::unsupported_body;
  }
  found description;
  const auto walked =
      sip::for_each_part(message.body(), *type,
                         [&](const sip::body_part& part, const sip::content_type_header& kind, std::size_t) {
                           if (kind.matches("application", "sdp") && disposition_of(part).session)
                             description = part.content();
                           return !description;
                         });
  if (!walked) return errc::bad_message;
  return description;
}

}  // namespace parley::ua
