// parley-inspect: says of SIP messages in files whether they are well formed, and if not, where and why.
#include <parley/sip/limits.hpp>

#include "report.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr int all_well_formed = 0;
constexpr int some_malformed = 1;
constexpr int not_read = 2;

/// Reads as much as a message may have and one byte more, so that a file of any size is refused for its size.
std::optional<std::string> read_all(std::istream& in) {
  std::string text(parley::sip::limits{}.message_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::optional<std::string> read_file(const std::string& name) {
  if (name == "-") return read_all(std::cin);
  std::ifstream in(name, std::ios::binary);
  // A folder opens, and fails when it is read.
  if (!in || in.peek() == std::ifstream::traits_type::eof()) {
    if (!in.is_open() || in.bad()) return std::nullopt;
    in.clear();
  }
  return read_all(in);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Says of SIP messages (RFC 3261) whether they are well formed, and if not, at which offset by which "
      "rule.\n"
      "Each file holds one message, as one datagram would.",
      "parley-inspect"};
  app.set_version_flag("--version", "parley-inspect " PARLEY_VERSION);
  app.set_help_flag("--help", "Print this and exit.");
  bool as_json = false;
  std::vector<std::string> files;
  app.add_flag("--json", as_json,
               "Print one JSON object a line for each file: the verdict, the start line, each header with "
               "its typed values,\n"
               "and the body. Bytes that are no UTF-8 are written as U+FFFD.");
  app.add_option("FILE", files, "Files to read; - is the standard input.")->required();
  app.footer(
      "Offsets count bytes from 0; lines and columns count from 1, columns in bytes.\n"
      "Exit status: 0 all are well formed, 1 some are not, 2 a file can't be read or an option is wrong.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "parley-inspect: %s\nTry parley-inspect --help.\n", error.what());
    return not_read;
  }

  int status = all_well_formed;
  for (const std::string& file : files) {
    const std::optional<std::string> text = read_file(file);
    if (!text) {
      std::fprintf(stderr, "parley-inspect: cannot read %s\n", file.c_str());
      status = not_read;
      continue;
    }
    const auto report = parley_inspect::inspect(file == "-" ? "(standard input)" : file, *text);
    if (!report.well_formed() && status == all_well_formed) status = some_malformed;
    const std::string out =
        as_json
            ? to_json(report).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"
            : to_text(report);
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  if (std::fflush(stdout) != 0) {
    std::fprintf(stderr, "parley-inspect: cannot write\n");
    return not_read;
  }
  return status;
}
