#include <parley/proxy/route_seal.hpp>
#include <parley/sip/writer.hpp>

#include <span>

namespace parley::proxy {

route_seals::text route_seals::write(std::string_view call_id) const noexcept {
  // The first word keeps this apart from whatever else a key is used for: callers choose the Call-ID.
  base::siphasher hash(key_);
  hash.update_sized("route");
  hash.update_sized(call_id);
  text out{};
  sip::text_writer writer{std::span<char>(out)};
  writer.hex(hash.finish64(), out.size());
  return out;
}

bool route_seals::is_on(const sip::uri_view& route, std::string_view call_id) const noexcept {
  if (!route.is_sip()) return false;
  const auto found = route.parameters.find("seal");
  if (!found || !found->has_value) return false;
  const text expected = write(call_id);
  return found->value == std::string_view(expected.data(), expected.size());
}

}  // namespace parley::proxy
