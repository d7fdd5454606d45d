#include "ua/detail/soft_state.hpp"

#include <parley/sip/simple.hpp>

#include <algorithm>
#include <chrono>

namespace parley::ua::detail {
namespace {

constexpr std::uint32_t longest_retry_after = 86400;
constexpr std::size_t longest_reason = 128;

}  // namespace

bool is_temporary(int status, bool has_retry_after) noexcept {
  switch (status) {
    case 408:
    case 430:
    case 480: return true;
    case 413:
    case 486:
    case 600:
    case 603: return has_retry_after;
    case 501:
    case 505:
    case 513: return false;
    default: return status >= 500 && status < 600;
  }
}

std::optional<std::uint32_t> retry_after_of(const sip::message_view& response) noexcept {
  const auto read = response.get<sip::retry_after_header>();
  if (!read) return std::nullopt;
  return std::min(read->seconds, longest_retry_after);
}

base::duration refresh_delay(std::uint32_t granted) noexcept {
  using std::chrono::seconds;
  const base::duration whole = seconds(granted);
  return std::max<base::duration>(granted <= 1200 ? whole / 2 : whole - seconds(600), seconds(10));
}

std::string reason_of(const sip::message_view& response) {
  return std::string(response.reason_phrase().substr(0, longest_reason));
}

}  // namespace parley::ua::detail
