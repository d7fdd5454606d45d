#include "net/detail/watched_file.hpp"

#include <sys/stat.h>

namespace parley::net::detail {

bool watched_file::has_changed(base::time_point now) {
  if (path_.empty() || (looked_ && now < next_look_)) return false;
  next_look_ = base::add_saturated(now, interval);
  stamp found;
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) {
    found = {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino, status.st_size};
  }
  const bool changed = !looked_ || !(found == seen_);
  looked_ = true;
  seen_ = found;
  return changed;
}

}  // namespace parley::net::detail
