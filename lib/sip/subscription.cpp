#include <parley/sip/subscription.hpp>

#include "sip/detail/known_parameter.hpp"

#include <array>

namespace parley::sip {
namespace {

constexpr std::array<std::string_view, 4> state_names{"", "active", "pending", "terminated"};

constexpr std::array<std::string_view, 8> reason_names{"",        "deactivated", "probation",  "rejected",
                                                       "timeout", "giveup",      "noresource", "invariant"};

}  // namespace

bool event_header::read(cursor& in, event_header& out) noexcept {
  return in.read_token(out.package) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           return !iequals(one.name, "id") || detail::take_token(in, one, where, out.event_id);
         });
}

bool subscription_state_header::read(cursor& in, subscription_state_header& out) noexcept {
  if (!in.read_token(out.state_text)) return false;
  for (std::size_t i = 1; i < state_names.size(); ++i) {
    if (iequals(out.state_text, state_names[i])) out.state = static_cast<subscription_state>(i);
  }
  const bool good =
      read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
        if (iequals(one.name, "reason")) return detail::take_value(in, one, where, out.reason_text);
        if (iequals(one.name, "expires"))
          return detail::take_number(in, one, where, 0xffffffffU, out.expires);
        if (iequals(one.name, "retry-after"))
          return detail::take_number(in, one, where, 0xffffffffU, out.retry_after);
        return true;
      });
  if (!good || out.reason_text.empty()) return good;
  out.reason = subscription_reason::other;
  for (std::size_t i = 1; i < reason_names.size(); ++i) {
    if (iequals(out.reason_text, reason_names[i])) out.reason = static_cast<subscription_reason>(i);
  }
  return true;
}

}  // namespace parley::sip
