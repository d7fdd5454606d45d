#pragma once

#include "outcome.hpp"

#include <cstddef>
#include <string>

namespace relay {

/// The files that commands name. The machine has no access to them of its own.
class files {
 public:
  files() = default;
  files(const files&) = delete;
  files& operator=(const files&) = delete;
  virtual ~files() = default;

  /// *Errors:* a sentence; also for a file of more than `most` bytes.
  virtual outcome<std::string> read(const std::string& path, std::size_t most) = 0;

  /// Writes a whole file anew. *Errors:* a sentence.
  virtual outcome<void> write(const std::string& path, const std::string& text) = 0;
};

}  // namespace relay
