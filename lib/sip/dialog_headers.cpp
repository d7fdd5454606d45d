#include <parley/sip/dialog_headers.hpp>
#include <parley/sip/simple.hpp>

#include "sip/detail/known_parameter.hpp"

namespace parley::sip {
namespace {

struct tag {
  std::string_view name;
  std::string_view& value;
};

/// Reads a Call-ID and parameters of which two are the tags; `early_only` may be null.
bool read_dialog(cursor& in, std::string_view& call_id, tag first, tag second, bool* early_only,
                 parameters& all) noexcept {
  call_id_header named;
  if (!call_id_header::read(in, named)) return false;
  call_id = named.value;
  const bool good = read_parameters(in, all, [&](const parameter& one, const char* where) noexcept {
    if (iequals(one.name, first.name)) return detail::take_token(in, one, where, first.value);
    if (iequals(one.name, second.name)) return detail::take_token(in, one, where, second.value);
    if (early_only != nullptr && iequals(one.name, "early-only")) {
      if (*early_only) return in.fail(errc::duplicate_parameter, where);
      *early_only = true;
    }
    return true;
  });
  return good && ((!first.value.empty() && !second.value.empty()) || in.fail(errc::missing_parameter));
}

}  // namespace

bool replaces_header::read(cursor& in, replaces_header& out) noexcept {
  return read_dialog(in, out.call_id, {"to-tag", out.to_tag}, {"from-tag", out.from_tag}, &out.early_only,
                     out.parameters);
}

bool join_header::read(cursor& in, join_header& out) noexcept {
  return read_dialog(in, out.call_id, {"to-tag", out.to_tag}, {"from-tag", out.from_tag}, nullptr,
                     out.parameters);
}

bool target_dialog_header::read(cursor& in, target_dialog_header& out) noexcept {
  return read_dialog(in, out.call_id, {"local-tag", out.local_tag}, {"remote-tag", out.remote_tag}, nullptr,
                     out.parameters);
}

bool session_expires_header::read(cursor& in, session_expires_header& out) noexcept {
  return in.read_number(out.seconds) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           if (!iequals(one.name, "refresher")) return true;
           if (out.refresher != session_refresher::none) return in.fail(errc::duplicate_parameter, where);
           if (iequals(one.value, "uac")) {
             out.refresher = session_refresher::uac;
           } else if (iequals(one.value, "uas")) {
             out.refresher = session_refresher::uas;
           } else {
             return in.fail(errc::bad_parameter, where);
           }
           return true;
         });
}

}  // namespace parley::sip
