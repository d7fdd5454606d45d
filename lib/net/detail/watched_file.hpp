#pragma once

#include <parley/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace parley::net::detail {

/// A file of the system's that may change while the program runs. It is looked at once a second at most.
class watched_file {
 public:
  /// An empty path is a file that never changes.
  explicit watched_file(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  /// True where it is not what it was at the last call, also when it has come or gone; true the first time.
  bool has_changed(base::time_point now);

 private:
  struct stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  ///< -1 where there is no file
    friend bool operator==(const stamp&, const stamp&) = default;
  };
  static constexpr base::duration interval = std::chrono::seconds(1);

  std::string path_;
  bool looked_ = false;
  base::time_point next_look_{};
  stamp seen_;
};

}  // namespace parley::net::detail
