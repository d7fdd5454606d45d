#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <cstdint>

namespace parley::net {

/// A UDP port of each family that nobody else gets, and that is never read: what is sent there is dropped by
/// the system. For addresses that a description has to name while there are no media.
///
/// The ports are opened when they are first asked for.
class PARLEY_API reserved_port {
 public:
  reserved_port() = default;
  ~reserved_port();
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;

  /// *Errors:* the system's.
  base::result<std::uint16_t> local_port(bool v6);

 private:
  struct opened {
    int socket = -1;
    std::uint16_t port = 0;
  };
  opened v4_;
  opened v6_;
};

}  // namespace parley::net
