#pragma once

#include <parley/sip/message_view.hpp>
#include <parley/sip/validate.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley_inspect {

/// All that is to be said of one message.
struct report {
  std::string name;       ///< of the file
  std::string_view text;  ///< what was read from it
  parley::sip::message_view view;
  std::vector<parley::sip::finding> findings;

  bool well_formed() const noexcept { return findings.empty(); }
};

/// *Ownership:* the report points into `text`.
report inspect(std::string name, std::string_view text);

/// One line for the verdict, and one for each finding, with their line ends.
std::string to_text(const report& from);

nlohmann::ordered_json to_json(const report& from);

}  // namespace parley_inspect
