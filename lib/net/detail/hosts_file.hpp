#pragma once

#include <parley/base/address.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>

#include "net/detail/dns_cache.hpp"
#include "net/detail/watched_file.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::net::detail {

/// The system's table of names (hosts(5)), read again when it changes. A line that can't be read is passed
/// over, and so is what goes beyond 4 MiB.
class hosts_file {
 public:
  explicit hosts_file(std::string path, const base::siphash_key& key)
      : file_(std::move(path)), names_(0, {key}) {}

  /// The addresses of a name in lower case, null where the file does not have it. *Ownership:* until the next
  /// call.
  const std::vector<base::ip_address>* find(base::time_point now, const std::string& name);

 private:
  static constexpr std::size_t max_bytes = std::size_t{4} << 20U;

  void read();
  void take_line(std::string_view line);

  watched_file file_;
  std::unordered_map<std::string, std::vector<base::ip_address>, dns_key_hash> names_;
};

}  // namespace parley::net::detail
