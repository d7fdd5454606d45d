#pragma once

#include <parley/base/address.hpp>

#include <cstdint>
#include <unistd.h>

namespace parley::test {

/// Tests run beside one another: an address of 127.0.0.0/8 at which no other process has ports.
inline base::ip_address own_address() {
  return base::ip_address::v4(0x7F400000U + (static_cast<std::uint32_t>(::getpid()) & 0x3FFFFFU));
}

}  // namespace parley::test
