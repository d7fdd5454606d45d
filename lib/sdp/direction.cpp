#include <parley/sdp/direction.hpp>

#include <array>
#include <cstddef>

namespace parley::sdp {
namespace {

constexpr std::array<std::string_view, 4> names{"inactive", "sendonly", "recvonly", "sendrecv"};

}  // namespace

std::string_view name_of(direction d) noexcept { return names[static_cast<std::size_t>(d) % names.size()]; }

std::optional<direction> direction_from(std::string_view name) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<direction>(i);
  }
  return std::nullopt;
}

}  // namespace parley::sdp
