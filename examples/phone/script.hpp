#pragma once

#include "events.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley_phone {

/// What a step does; its name in a script is the same word.
enum class action : std::uint8_t {
  enroll,  ///< `register`, which C++ keeps for itself
  unregister,
  call,
  dial,
  cancel,
  await,
  ring,
  answer,
  refuse,
  hold,
  resume,
  refresh,
  transfer,
  attended,
  tone,
  play,
  record,
  dtmf,
  info,
  message,
  subscribe,
  unsubscribe,
  publish,
  options,
  wait,
  expect,
  hangup,
  over,
};

/// One step, checked: it has what its action needs.
struct step {
  action what = action::wait;
  std::string name;           ///< as in the script
  int line = 0;               ///< of the script; 0 where an option made it
  std::string uri;            ///< whom to call, ask, tell …
  std::string word;           ///< a package, `open` or `closed`
  std::string text;           ///< a message, keys, or a file
  int number = 0;             ///< a status code, milliseconds, or Hz
  expectation expected = {};  ///< of `expect`
};

/// Steps, or what is wrong with them: then `error` has a sentence.
struct script {
  std::vector<step> steps;
  std::string error;
};

/// Makes a step of its words, `{"call", "sip:bob@example.com"}`. The last argument of a step that takes free
/// text is that text. *Errors:* returns what is wrong, empty where nothing is.
std::string read_step(const std::vector<std::string>& words, step& out);

/// Reads a script, one step a line. *Errors:* `error` names the line, as `file:3: call: URI is missing`.
script read_script(std::string_view text, std::string_view file);

/// Whether that step takes, or waits for, a call that comes in.
bool takes_calls(const step& one);

/// What the steps are, for --help: one line each.
std::string describe_steps();

}  // namespace parley_phone
