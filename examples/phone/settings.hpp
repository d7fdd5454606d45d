#pragma once

#include <parley/base/log.hpp>
#include <parley/endpoint/audio.hpp>
#include <parley/endpoint/options.hpp>
#include <parley/endpoint/registration.hpp>

#include "script.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace parley_phone {

/// All that parley-phone can be told.
struct settings {
  parley::endpoint_options endpoint;
  std::vector<std::string> transports;        ///< of its listeners, as `udp`
  parley::registration_options registration;  ///< what the step `register` registers
  std::vector<step> steps;
  bool has_sound = true;
  parley::audio_options sound;       ///< of each call
  std::chrono::seconds timeout{60};  ///< of the whole run
  bool follow_transfers = true;
  parley::base::log_level log_level = parley::base::log_level::warning;
};

/// What came of reading the command line: settings to run with, or a text to print and an exit code.
struct reading {
  bool run = false;
  int exit_code = 0;
  std::string message;  ///< for standard output where `exit_code` is 0, else for standard error
  parley_phone::settings settings;
};

/// Reads the command line, and the script that it names.
reading read_command_line(int argc, const char* const* argv);

/// What the options of one call ask for: the steps in the words of a script. Empty, and 0, stand for options
/// that were not given.
struct plan {
  bool enroll = false;
  std::string call;
  bool answer = false;
  int answer_after = -1;
  int refuse = 0;
  std::string message;
  std::string subscribe;
  std::string to;
  std::string publish;
  int hold = -1;
  std::string transfer;
  std::string attended;
  bool tone = false;
  std::string play;
  std::string record;
  std::string dtmf;
  int duration = -1;
  int calls = 1;
};

/// The same as steps. *Errors:* `error` says what is wrong.
script steps_of(const plan& wanted);

/// `udp:127.0.0.1:5060` as it is, `udp:127.0.0.1` with port 0 behind it. *Errors:* returns what is wrong,
/// empty where nothing is.
std::string read_listener(const std::string& text, parley::endpoint_options& out);

}  // namespace parley_phone
