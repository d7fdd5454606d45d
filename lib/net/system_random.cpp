#include <parley/net/system_random.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#if defined(__linux__)
#include <sys/random.h>
#else
#include <random>
#endif

namespace parley::net {
namespace {

#if defined(__linux__)
// Blocks only while the system starts. Fails only where the call does not exist or is forbidden.
bool fetch(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}
#else
bool fetch(std::span<std::byte> out) noexcept {
  try {
    std::random_device device;
    while (!out.empty()) {
      const unsigned drawn = device();
      const std::size_t n = std::min(out.size(), sizeof drawn);
      std::memcpy(out.data(), &drawn, n);
      out = out.subspan(n);
    }
    return true;
  } catch (...) {
    errno = ENOSYS;
    return false;
  }
}
#endif

void wipe(std::span<std::byte> bytes) noexcept {
  std::memset(bytes.data(), 0, bytes.size());
  // Keeps the compiler from leaving out the write to bytes that nobody reads again.
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

}  // namespace

system_random::system_random() {
  if (!fetch(fetched_)) throw std::system_error(errno, std::generic_category(), "random generator");
}

system_random::~system_random() { wipe(fetched_); }

void system_random::fill(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    if (used_ == fetched_.size()) {
      // What succeeded in the constructor does so again; until it does there is nothing safe to give.
      while (!fetch(fetched_)) {
      }
      used_ = 0;
    }
    const std::size_t n = std::min(out.size(), fetched_.size() - used_);
    std::memcpy(out.data(), fetched_.data() + used_, n);
    wipe(std::span(fetched_).subspan(used_, n));
    used_ += n;
    out = out.subspan(n);
  }
}

}  // namespace parley::net
