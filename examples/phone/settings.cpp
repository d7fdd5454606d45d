#include "settings.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/transport.hpp>
#include <parley/sip/uri.hpp>

#include "settings/settings.hpp"

#include <utility>

namespace parley_phone {
namespace {

/// Collects steps until one of them is wrong.
class step_list {
 public:
  void add(const std::vector<std::string>& words) {
    if (!out.error.empty()) return;
    step one;
    out.error = read_step(words, one);
    out.steps.push_back(std::move(one));
  }

  script out;
};

/// `heard.wav` for the first call, `heard-2.wav` for the second.
std::string numbered(const std::string& file, int number) {
  if (number == 1) return file;
  const auto name = file.rfind('/') + 1;
  const auto ending = file.rfind('.');
  const auto at = ending == std::string::npos || ending <= name ? file.size() : ending;
  return file.substr(0, at) + '-' + std::to_string(number) + file.substr(at);
}

/// What is done with a call that was answered, to its end.
void add_conversation(const plan& wanted, int number, step_list& steps) {
  if (!wanted.record.empty()) steps.add({"record", numbered(wanted.record, number)});
  if (wanted.tone) steps.add({"tone"});
  if (wanted.hold >= 0) {
    steps.add({"hold"});
    steps.add({"wait", std::to_string(wanted.hold)});
    steps.add({"resume"});
  }
  if (!wanted.play.empty()) steps.add({"play", wanted.play});
  if (!wanted.dtmf.empty()) steps.add({"dtmf", wanted.dtmf});
  if (!wanted.transfer.empty()) steps.add({"transfer", wanted.transfer});
  if (!wanted.attended.empty()) steps.add({"attended", wanted.attended});
  const bool transfers = !wanted.transfer.empty() || !wanted.attended.empty();
  if (wanted.duration >= 0) steps.add({"wait", std::to_string(wanted.duration)});
  if (wanted.duration >= 0 || transfers) {
    steps.add({"hangup"});
  } else {
    steps.add({"over"});
  }
}

}  // namespace

script steps_of(const plan& wanted) {
  step_list steps;
  if (wanted.enroll) steps.add({"register"});
  if (!wanted.call.empty()) {
    steps.add({"call", wanted.call});
    add_conversation(wanted, 1, steps);
  } else if (wanted.answer) {
    for (int i = 0; i < wanted.calls; ++i) {
      if (wanted.answer_after >= 0) {
        steps.add({"ring"});
        steps.add({"wait", std::to_string(wanted.answer_after)});
      }
      steps.add({"answer"});
      add_conversation(wanted, i + 1, steps);
    }
  } else if (wanted.refuse != 0) {
    for (int i = 0; i < wanted.calls; ++i) steps.add({"refuse", std::to_string(wanted.refuse)});
  } else {
    if (!wanted.message.empty()) steps.add({"message", wanted.to, wanted.message});
    if (!wanted.subscribe.empty()) steps.add({"subscribe", wanted.subscribe, wanted.to});
    if (!wanted.publish.empty()) steps.add({"publish", wanted.publish});
    if (wanted.duration >= 0) steps.add({"wait", std::to_string(wanted.duration)});
  }
  return std::move(steps.out);
}

std::string read_listener(const std::string& text, parley::endpoint_options& out) {
  parley::net::listener_options listener;
  if (std::string why = parley_settings::read_listener(text, listener, 0); !why.empty()) return why;
  out.listen.push_back(text.substr(0, text.find(':') + 1) + listener.bind.to_string());
  return {};
}

}  // namespace parley_phone
