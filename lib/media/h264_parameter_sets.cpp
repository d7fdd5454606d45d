#include <parley/media/h264_parameter_sets.hpp>
#include <parley/sdp/h264.hpp>

#include "media/detail/nal_unit.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace parley::media {
namespace {

using detail::nal_type;

bool is_parameter_set(nal_type type) noexcept {
  return type == nal_type::sequence_parameters || type == nal_type::picture_parameters ||
         type == nal_type::sequence_extension || type == nal_type::subset_sequence_parameters;
}

}  // namespace

base::result<void> describe_parameter_sets(std::span<const std::byte> frame,
                                           sdp::h264_parameters& description) {
  detail::nal_stream stream(frame);
  if (!stream.clean()) return errc::bad_frame;
  constexpr std::size_t most =
      64;  // H.264 7.4.2.1: 32 of the one kind, and more than anybody sends of the other
  sdp::h264_units sets;
  std::optional<sdp::profile_level_id> profile;
  bool picture = false;
  while (const auto unit = stream.next()) {
    const auto type = detail::nal_type_of((*unit)[0]);
    if (!is_parameter_set(type)) continue;
    std::vector<std::uint8_t> bytes(unit->size());
    std::ranges::transform(*unit, bytes.begin(), std::to_integer<std::uint8_t>);
    // H.264 7.3.2.1.1: profile_idc, the constraints and level_idc come first, and none of them is 0, 0, 3.
    if (type == nal_type::sequence_parameters) {
      if (bytes.size() < 4) return errc::bad_frame;
      if (!profile) profile = sdp::profile_level_id{bytes[1], bytes[2], bytes[3]};
    }
    picture = picture || type == nal_type::picture_parameters;
    if (sets.size() < most && std::ranges::find(sets, bytes) == sets.end()) sets.push_back(std::move(bytes));
  }
  if (!profile || !picture) return errc::bad_frame;
  description.profile = *profile;
  description.sprop_parameter_sets.clear();
  sdp::write_parameter_sets(sets, description.sprop_parameter_sets);
  return {};
}

base::result<std::vector<std::byte>> parameter_sets_of(std::string_view sprop_parameter_sets) {
  const auto units = sdp::read_parameter_sets(sprop_parameter_sets);
  if (!units) return errc::bad_parameters;
  std::vector<std::byte> out;
  for (const auto& unit : *units) {
    const auto bytes = std::as_bytes(std::span(unit));
    if (!is_parameter_set(detail::nal_type_of(bytes[0]))) return errc::bad_parameters;
    const std::size_t begin = out.size();
    constexpr std::array start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    out.insert(out.end(), start_code.begin(), start_code.end());
    out.insert(out.end(), bytes.begin(), bytes.end());
    // A start code in it would make it two, and zeros at its end are not its own.
    const auto seen = detail::nal_stream(std::span(out).subspan(begin)).next();
    if (!seen || seen->size() != bytes.size()) return errc::bad_parameters;
  }
  return out;
}

}  // namespace parley::media
