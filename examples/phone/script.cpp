#include "script.hpp"

#include <parley/sip/uri.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace parley_phone {
namespace {

/// What may stand behind the name of a step.
enum class argument : std::uint8_t {
  none,
  uri,
  early_status,  ///< may be left out
  refusal,
  keys,
  file,
  frequency,  ///< may be left out
  event_package,
  info_package,
  text,  ///< the rest of the line, as it is
  presence,
  milliseconds,
  event,  ///< with its conditions
};

constexpr int usual_frequency = 440;

struct rule {
  std::string_view name;
  action what;
  std::array<argument, 2> arguments;
  std::string_view help;
};

constexpr std::array rules = {
    rule{"register", action::enroll, {}, "registers the address of --register"},
    rule{"unregister", action::unregister, {}, "removes the registration"},
    rule{"call", action::call, {argument::uri}, "places a call; done when it is answered"},
    rule{"dial", action::dial, {argument::uri}, "places a call; done at once"},
    rule{"cancel", action::cancel, {}, "gives up the call that rings (the same as hangup)"},
    rule{"await", action::await, {}, "waits for a call to come in, as each step does that needs one"},
    rule{"ring",
         action::ring,
         {argument::early_status},
         "sends 180, or that status; 183 has an answer to the offer"},
    rule{"answer", action::answer, {}, "answers the call; done when the ACK is there"},
    rule{"refuse", action::refuse, {argument::refusal}, "refuses the call"},
    rule{"hold", action::hold, {}, "holds the call; done when the peer has agreed"},
    rule{"resume", action::resume, {}, "the end of hold"},
    rule{"refresh", action::refresh, {}, "re-INVITE with the same media"},
    rule{"transfer",
         action::transfer,
         {argument::uri},
         "has the peer call another; done when it has told how that went"},
    rule{"attended",
         action::attended,
         {argument::uri},
         "calls another, and then has the peer take our place there"},
    rule{"tone", action::tone, {argument::frequency}, "sends 440 Hz, or that, from now on; 0 ends it"},
    rule{"play", action::play, {argument::file}, "plays a WAV or Ogg Opus file; done at its end"},
    rule{"record",
         action::record,
         {argument::file},
         "writes what the peer says to that file from now on; - ends it"},
    rule{"dtmf",
         action::dtmf,
         {argument::keys},
         "sends keys 0 to 9 * # A to D !, within the sound, or by INFO"},
    rule{"info",
         action::info,
         {argument::info_package, argument::text},
         "sends INFO with that text; \"-\" for no package"},
    rule{"message", action::message, {argument::uri, argument::text}, "sends an instant message"},
    rule{
        "subscribe", action::subscribe, {argument::event_package, argument::uri}, "done at the first NOTIFY"},
    rule{"unsubscribe", action::unsubscribe, {}, "done at the last NOTIFY"},
    rule{"publish", action::publish, {argument::presence}, "publishes the presence of --from"},
    rule{"options", action::options, {argument::uri}, "asks by OPTIONS; an event has the status"},
    rule{"wait", action::wait, {argument::milliseconds}, "does nothing for so long"},
    rule{"expect",
         action::expect,
         {argument::event},
         "waits for such an event, which may have come since the last expect"},
    rule{"hangup", action::hangup, {}, "hangs up; done when the call is over"},
    rule{"over", action::over, {}, "waits until all calls are over"},
};

std::string_view name_of(argument one) {
  switch (one) {
    case argument::none: return "";
    case argument::uri: return "URI";
    case argument::early_status: return "[STATUS]";
    case argument::refusal: return "CODE";
    case argument::keys: return "KEYS";
    case argument::file: return "FILE";
    case argument::frequency: return "[HZ]";
    case argument::event_package: return "EVENT";
    case argument::info_package: return "PACKAGE";
    case argument::text: return "TEXT";
    case argument::presence: return "open|closed";
    case argument::milliseconds: return "MS";
    case argument::event: return "EVENT [KEY=VALUE]…";
  }
  return "";
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string read_number(std::string_view text, int lowest, int highest, std::string_view what, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc{} && end == text.data() + text.size() && out >= lowest && out <= highest) return {};
  return in_quotes(text) + " is no " + std::string(what) + ", a number from " + std::to_string(lowest) +
         " to " + std::to_string(highest);
}

std::string read_uri(const std::string& text, std::string& out) {
  const auto uri = parley::sip::parse_uri(text);
  if (!uri) {
    return in_quotes(text) + " is no SIP URI: at offset " + std::to_string(uri.error().offset) + ": " +
           std::string(parley::sip::rule(uri.error().code));
  }
  if (!uri->is_sip()) return in_quotes(text) + " is no SIP URI: those begin with sip: or sips:";
  out = text;
  return {};
}

std::string read_keys(const std::string& text, std::string& out) {
  const auto bad = text.find_first_not_of("0123456789*#ABCDabcd!");
  if (bad != std::string::npos) {
    return in_quotes(text.substr(bad, 1)) + " is no key: 0 to 9, *, #, A to D and ! are";
  }
  out = text;
  return {};
}

/// The event, and in what follows it `key=value` each.
std::string read_expectation(const std::vector<std::string>& words, expectation& out) {
  out.event = words[1];
  if (!is_event(out.event)) return unknown_event(out.event);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos) return in_quotes(words[i]) + " is no KEY=VALUE";
    condition one{words[i].substr(0, equals), words[i].substr(equals + 1)};
    // "event" is the name of the event itself.
    if (one.key == "event" && has_key(out.event, "package")) one.key = "package";
    if (!has_key(out.event, one.key)) return unknown_key(out.event, one.key);
    out.conditions.push_back(std::move(one));
  }
  return {};
}

std::string read_argument(argument kind, const std::string& text, step& out) {
  switch (kind) {
    case argument::uri: return read_uri(text, out.uri);
    case argument::early_status:
      return read_number(text, 101, 199, "status of a call that rings", out.number);
    case argument::refusal: return read_number(text, 300, 699, "status of a refusal", out.number);
    case argument::milliseconds: return read_number(text, 0, 86'400'000, "time in milliseconds", out.number);
    case argument::keys: return read_keys(text, out.text);
    case argument::file: out.text = text; return {};
    case argument::frequency: return read_number(text, 0, 4000, "frequency in Hz", out.number);
    case argument::event_package: out.word = text; return {};
    case argument::info_package: out.word = text == "-" ? "" : text; return {};
    case argument::text: out.text = text; return {};
    case argument::presence:
      out.word = text;
      return text == "open" || text == "closed" ? "" : in_quotes(text) + " is neither open nor closed";
    case argument::event:
    case argument::none: break;
  }
  return {};
}

const rule* find_rule(std::string_view name) {
  const auto* const found =
      std::find_if(rules.begin(), rules.end(), [name](const rule& one) { return one.name == name; });
  return found == rules.end() ? nullptr : found;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Takes words off a line: blanks are between them, `"…"` keeps them together, with `\"` and `\\` inside, and
/// `#` in front of one begins a comment.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : rest_(line) {}

  /// False at the end of the line, or where `error` says what is wrong.
  bool next(std::string& word) {
    skip_blanks();
    word.clear();
    if (rest_.empty() || rest_.front() == '#') return false;
    bool quoted = false;
    while (!rest_.empty() && (quoted || !is_blank(rest_.front()))) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        quoted = !quoted;
        continue;
      }
      if (quoted && c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      word += c;
    }
    if (quoted) error = "a quote is not closed";
    return !quoted;
  }

  /// What is left, without the blanks around it.
  std::string rest() {
    skip_blanks();
    while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
    return std::string(std::exchange(rest_, {}));
  }

  std::string error;

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

/// The words of a line; none where it has nothing but a comment.
std::string read_words(std::string_view line, std::vector<std::string>& words) {
  line_reader in(line);
  std::string word;
  while (in.next(word)) {
    words.push_back(word);
    const rule* const found = find_rule(words.front());
    // A text is what is left of the line, so that it needs no quotes.
    if (found != nullptr && words.size() <= 2 && found->arguments[words.size() - 1] == argument::text) {
      words.push_back(in.rest());
      if (words.back().empty()) words.pop_back();
      break;
    }
  }
  return in.error;
}

}  // namespace

std::string read_step(const std::vector<std::string>& words, step& out) {
  const rule* const found = find_rule(words.front());
  if (found == nullptr) {
    std::string why = in_quotes(words.front()) + " is no step; there are";
    for (const rule& one : rules) why += " " + std::string(one.name);
    return why;
  }
  out.what = found->what;
  out.name = words.front();
  const auto wrong = [&out](const std::string& why) { return out.name + ": " + why; };
  if (found->arguments[0] == argument::event) {
    if (words.size() < 2) return wrong("EVENT is missing");
    const std::string why = read_expectation(words, out.expected);
    return why.empty() ? why : wrong(why);
  }
  std::size_t place = 1;
  for (const argument kind : found->arguments) {
    if (kind == argument::none) break;
    if (place == words.size()) {
      if (kind == argument::early_status) break;
      if (kind == argument::frequency) {
        out.number = usual_frequency;
        break;
      }
      std::string why = std::string(name_of(kind)) + " is missing";
      if (kind == argument::keys)
        why += "; a # that begins a word begins a comment, unless the word is in quotes";
      return wrong(why);
    }
    if (const std::string why = read_argument(kind, words[place], out); !why.empty()) return wrong(why);
    ++place;
  }
  return place == words.size() ? "" : wrong(in_quotes(words[place]) + " is one word too many");
}

script read_script(std::string_view text, std::string_view file) {
  script out;
  int line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    std::vector<std::string> words;
    std::string why = read_words(text.substr(0, end), words);
    step one;
    one.line = line;
    if (why.empty() && !words.empty()) why = read_step(words, one);
    if (!why.empty()) {
      out.error = std::string(file) + ":" + std::to_string(line) + ": " + why;
      return out;
    }
    if (!words.empty()) out.steps.push_back(std::move(one));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool takes_calls(const step& one) {
  switch (one.what) {
    case action::await:
    case action::ring:
    case action::answer:
    case action::refuse: return true;
    case action::expect: return one.expected.event == "incoming";
    default: return false;
  }
}

std::string describe_steps() {
  std::string out;
  for (const rule& one : rules) {
    std::string line = "  " + std::string(one.name);
    for (const argument each : one.arguments) {
      if (each != argument::none) line += " " + std::string(name_of(each));
    }
    if (line.size() < 26) line.append(26 - line.size(), ' ');
    out += line + " " + std::string(one.help) + "\n";
  }
  return out;
}

}  // namespace parley_phone
