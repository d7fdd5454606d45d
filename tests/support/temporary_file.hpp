#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace parley::test {

/// A file of its own in the system's temporary folder, removed in the end.
class temporary_file {
 public:
  explicit temporary_file(std::string_view content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    path_ = pattern;
    write(content);
  }
  ~temporary_file() { remove(); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  const std::string& path() const noexcept { return path_; }
  void write(std::string_view content) { std::ofstream(path_, std::ios::binary) << content; }
  void remove() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

 private:
  std::string path_;
};

}  // namespace parley::test
