#include "net/detail/binding_server.hpp"

#include <parley/stun/writer.hpp>

#include <array>

namespace parley::net::detail {

binding_answer answer_binding(const stun::message_view& request, const base::socket_address& from,
                              std::span<std::byte> out) noexcept {
  const bool printed = request.find(stun::attribute_type::fingerprint).has_value();
  if (request.kind() != stun::message_class::request || request.method() != stun::method::binding ||
      (printed && !request.check_fingerprint())) {
    return {};
  }
  // Each type that is named has taken twice its place in the request.
  std::array<stun::attribute_type, 16> unknown;
  const std::size_t count = request.unknown({}, unknown);
  stun::writer answer(out, count == 0 ? stun::message_class::success : stun::message_class::error,
                      stun::method::binding, request.transaction());
  if (count == 0) {
    answer.add<stun::xor_mapped_address>(from.unmapped());
  } else {
    answer.add<stun::error_code>({420, {}});
    answer.add<stun::unknown_attributes>(std::span(unknown).first(count));
  }
  if (printed) answer.fingerprint();
  const auto bytes = answer.finish();
  if (!bytes) return {};
  return {*bytes, count != 0};
}

}  // namespace parley::net::detail
