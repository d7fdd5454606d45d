#include "local_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace relay {

outcome<std::string> local_files::read(const std::string& path, std::size_t most) {
  // A pipe or a device would keep all calls waiting.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return failure{path + " is not a file that can be read"};
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > most) return failure{path + " is larger than what is played"};
  std::ifstream in(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())))
    return failure{path + " can't be read"};
  return outcome<std::string>{boost::system::in_place_value, std::move(text)};
}

outcome<void> local_files::write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) return failure{path + " can't be written"};
  return {};
}

}  // namespace relay
