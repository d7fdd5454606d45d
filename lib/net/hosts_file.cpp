#include "net/detail/hosts_file.hpp"

#include <parley/sip/chars.hpp>

#include <algorithm>
#include <fstream>

namespace parley::net::detail {
namespace {

/// Takes the next word off the text; empty where there is none.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t\r\f\v";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

const std::vector<base::ip_address>* hosts_file::find(base::time_point now, const std::string& name) {
  if (file_.has_changed(now)) read();
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

void hosts_file::read() {
  names_.clear();
  std::ifstream in(file_.path(), std::ios::binary);
  std::size_t bytes = 0;
  for (std::string line; std::getline(in, line) && (bytes += line.size() + 1) <= max_bytes;) take_line(line);
}

void hosts_file::take_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const auto ip = base::ip_address::from_string(take_word(line));
  if (!ip) return;
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    std::string name(word);
    std::transform(name.begin(), name.end(), name.begin(), sip::lower);
    auto& addresses = names_[name];
    if (std::find(addresses.begin(), addresses.end(), *ip) == addresses.end()) addresses.push_back(*ip);
  }
}

}  // namespace parley::net::detail
