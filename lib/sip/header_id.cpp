#include <parley/sip/header_id.hpp>

#include "sip/detail/header_table.hpp"

namespace parley::sip {
namespace {

const detail::header_traits& traits(header_id id) noexcept {
  return detail::header_traits_table[static_cast<std::size_t>(id)];
}

}  // namespace

header_id header_id_of(std::string_view name) noexcept {
  if (name.empty() || name.size() > detail::max_known_name) return header_id::unknown;
  if (name.size() == 1) return detail::compact_names[static_cast<unsigned char>(name[0])];
  const auto at = [name](std::size_t i) { return static_cast<unsigned char>(lower(name[i])); };
  const detail::header_slot& slot =
      detail::header_slots[detail::header_hash(at(0), at(name.size() / 2), at(name.size() - 1), name.size())];
  return iequals(name, {slot.name.data(), slot.length}) ? slot.id : header_id::unknown;
}

std::string_view name_of(header_id id) noexcept { return traits(id).name; }
char compact_name_of(header_id id) noexcept { return traits(id).compact; }
bool is_single(header_id id) noexcept { return traits(id).single; }

}  // namespace parley::sip
