#include <parley/media/byte_store.hpp>

#include <algorithm>

namespace parley::media {

base::result<std::size_t> memory_store::read_at(std::uint64_t offset, std::span<std::byte> out) noexcept {
  if (offset >= bytes_.size()) return std::size_t{0};
  const auto from = std::span<const std::byte>(bytes_).subspan(static_cast<std::size_t>(offset));
  const std::size_t count = std::min(from.size(), out.size());
  std::copy_n(from.begin(), count, out.begin());
  return count;
}

base::result<void> memory_store::write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > limit_ || offset > limit_ - bytes.size()) return errc::limit_reached;
  const auto begin = static_cast<std::size_t>(offset);
  try {
    if (begin + bytes.size() > bytes_.size()) bytes_.resize(begin + bytes.size());
  } catch (...) {
    return errc::limit_reached;
  }
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
  return {};
}

}  // namespace parley::media
