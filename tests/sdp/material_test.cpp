// Descriptions as they are in the field and in RFC 9429 7: the folders sdp-transform and sdp-jsep of
// PARLEY_MATERIAL.
#include <parley/sdp/description.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace parley::sdp;

std::vector<std::filesystem::path> files(std::string_view folder, std::string_view extension) {
  const char* const material = std::getenv("PARLEY_MATERIAL");
  if (material == nullptr) {
    WARN("PARLEY_MATERIAL is unset: the recorded descriptions were not read");
    return {};
  }
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(material) / folder)) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  REQUIRE_FALSE(found.empty());
  return found;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Without white space at the ends of lines and empty lines at the end; each line ends with CRLF.
std::string tidy(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    one = one.substr(0, one.find_last_not_of(" \t\r") + 1);
    if (!one.empty()) out.append(one == "s=" ? "s= " : one).append("\r\n");
  }
  return out;
}

}  // namespace

TEST_CASE("descriptions of the field are reproduced line by line", "[sdp]") {
  for (const std::string_view folder : {"sdp-transform", "sdp-jsep"}) {
    for (const auto& path : files(folder, ".sdp")) {
      INFO(path);
      const std::string text = read(path);
      const auto parsed = description::parse(text);
      REQUIRE(parsed.has_value());
      CHECK(parsed->to_string() == tidy(text));
      CHECK(description::parse(parsed->to_string()).value() == *parsed);
      for (const media_description& media : parsed->media()) {
        if (media.is_rtp()) CHECK(rtp_formats(media).size() == media.media().formats.size());
      }
    }
  }
}

TEST_CASE("the candidates of RFC 9429 7 are read", "[sdp]") {
  for (const auto& path : files("sdp-jsep", ".txt")) {
    INFO(path);
    std::size_t found = 0;
    const std::string text = read(path);
    for (std::size_t at = text.find("candidate:"); at != std::string::npos;
         at = text.find("candidate:", at + 1)) {
      const std::size_t start = at + std::string_view("candidate:").size();
      CHECK(candidate::read(std::string_view(text).substr(start, text.find_first_of("\r\n", start) - start)));
      ++found;
    }
    CHECK(found == 1);
  }
}
