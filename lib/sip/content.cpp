#include <parley/sip/content.hpp>

#include "sip/detail/known_parameter.hpp"

namespace parley::sip {
namespace {

// m-type SLASH m-subtype
bool read_type(cursor& in, std::string_view& type, std::string_view& subtype) noexcept {
  if (!in.read_token(type)) return false;
  if (!in.consume_separator('/')) return in.fail(errc::expected_slash);
  return in.read_token(subtype);
}

}  // namespace

bool content_type_header::read(cursor& in, content_type_header& out) noexcept {
  return read_type(in, out.type, out.subtype) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           if (iequals(one.name, "boundary")) return detail::take_value(in, one, where, out.boundary);
           if (iequals(one.name, "charset")) return detail::take_value(in, one, where, out.charset);
           return true;
         });
}

bool content_disposition_header::read(cursor& in, content_disposition_header& out) noexcept {
  std::string_view handling;
  if (!in.read_token(out.type)) return false;
  const bool good =
      read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
        return !iequals(one.name, "handling") || detail::take_value(in, one, where, handling);
      });
  if (!good) return false;
  if (handling.empty() || iequals(handling, "required")) {
    out.handling = content_handling::required;
  } else {
    out.handling = iequals(handling, "optional") ? content_handling::optional : content_handling::other;
  }
  return true;
}

bool accept_header::covers(std::string_view other_type, std::string_view other_subtype) const noexcept {
  if (type == "*") return true;
  return iequals(type, other_type) && (subtype == "*" || iequals(subtype, other_subtype));
}

bool accept_header::read(cursor& in, accept_header& out) noexcept {
  bool seen = false;
  return read_type(in, out.type, out.subtype) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           if (!iequals(one.name, "q")) return true;
           if (seen) return in.fail(errc::duplicate_parameter, where);
           seen = true;
           return (!one.quoted && read_qvalue(one.value, out.q)) || in.fail(errc::bad_qvalue, where);
         });
}

}  // namespace parley::sip
