#include <parley/sip/chars.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/ua/message_summary.hpp>

#include <algorithm>
#include <array>

namespace parley::ua {
namespace {

// In the order of message_class.
constexpr std::array<std::string_view, 6> classes{"Voice-Message",      "Fax-Message",  "Pager-Message",
                                                  "Multimedia-Message", "Text-Message", "None"};

message_class class_of(std::string_view name) noexcept {
  const auto* const found = std::find_if(classes.begin(), classes.end(),
                                         [&](std::string_view one) { return sip::iequals(one, name); });
  return static_cast<message_class>(found - classes.begin());
}

/// RFC 3842 5.2: newmsgs SLASH oldmsgs [ LPAREN new-urgentmsgs SLASH old-urgentmsgs RPAREN ].
bool read_counts(std::string_view text, message_counts& out) noexcept {
  sip::cursor in(text);
  if (!in.read_number(out.fresh) || !in.consume_separator('/') || !in.read_number(out.old)) return false;
  if (in.consume_separator('(')) {
    std::uint32_t fresh = 0;
    std::uint32_t old = 0;
    if (!in.read_number(fresh) || !in.consume_separator('/') || !in.read_number(old)) return false;
    if (!in.consume_separator(')')) return false;
    out.fresh_urgent = fresh;
    out.old_urgent = old;
  }
  in.skip_lws();
  return in.at_end();
}

std::string_view trim_line(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

base::result<message_summary> message_summary::read(std::string_view body) {
  if (body.size() > max_bytes) return errc::too_large;
  message_summary out;
  bool has_waiting = false;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = trim_line(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.empty()) {
      // Before the first line they mean nothing; behind it the messages themselves follow.
      if (has_waiting) break;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return errc::bad_body;
    const std::string_view name = trim_line(line.substr(0, colon));
    const std::string_view value = trim_line(line.substr(colon + 1));
    if (sip::iequals(name, "Messages-Waiting")) {
      has_waiting = true;
      out.waiting = sip::iequals(value, "yes");
      if (!out.waiting && !sip::iequals(value, "no")) return errc::bad_body;
    } else if (sip::iequals(name, "Message-Account")) {
      out.account = value;
    } else if (const message_class of = class_of(name); of != message_class::other) {
      if (out.counts.size() == max_counts) return errc::too_large;
      message_counts counts;
      counts.of = of;
      if (!read_counts(value, counts)) return errc::bad_body;
      out.counts.push_back(counts);
    }
  }
  // RFC 3842 5.2: it is the one line that must be there.
  if (!has_waiting) return errc::bad_body;
  return out;
}

std::string message_summary::write() const {
  std::string out = waiting ? "Messages-Waiting: yes\r\n" : "Messages-Waiting: no\r\n";
  if (!account.empty()) {
    std::string text = account;
    text.erase(std::remove_if(text.begin(), text.end(),
                              [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }),
               text.end());
    out += "Message-Account: " + text + "\r\n";
  }
  for (const message_counts& one : counts) {
    if (one.of == message_class::other) continue;
    out.append(classes[static_cast<std::size_t>(one.of)]).append(": ");
    out += std::to_string(one.fresh) + '/' + std::to_string(one.old);
    if (one.fresh_urgent || one.old_urgent) {
      out += " (" + std::to_string(one.fresh_urgent.value_or(0)) + '/' +
             std::to_string(one.old_urgent.value_or(0)) + ')';
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace parley::ua
