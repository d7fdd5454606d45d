#pragma once

#include "files.hpp"

namespace relay {

/// The host's files.
class local_files final : public files {
 public:
  outcome<std::string> read(const std::string& path, std::size_t most) override;
  outcome<void> write(const std::string& path, const std::string& text) override;
};

}  // namespace relay
