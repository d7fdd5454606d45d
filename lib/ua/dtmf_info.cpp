#include <parley/sip/chars.hpp>
#include <parley/sip/content.hpp>
#include <parley/ua/dtmf_info.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {
namespace {

/// In the order of the events of RFC 4733 3.2.
constexpr std::string_view keys = "0123456789*#ABCD!";

constexpr std::uint16_t shortest = 40;
constexpr std::uint16_t longest = 6000;

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

template <class Integer>
std::optional<Integer> number_of(std::string_view text) noexcept {
  Integer out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<char> key_of(std::string_view text) noexcept {
  if (text.size() == 1) {
    const char upper = text[0] >= 'a' && text[0] <= 'd' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
    if (keys.find(upper) != std::string_view::npos) return upper;
    return std::nullopt;
  }
  const auto number = number_of<std::uint8_t>(text);
  if (!number || *number >= keys.size()) return std::nullopt;
  return keys[*number];
}

std::optional<dtmf_body> body_of(const sip::message_view& info) noexcept {
  const auto type = info.get<sip::content_type_header>();
  if (type && type->matches("application", "dtmf-relay")) return dtmf_body::relay;
  if (type && type->matches("application", "dtmf")) return dtmf_body::plain;
  return std::nullopt;
}

}  // namespace

bool is_dtmf_info(const sip::message_view& info) noexcept { return body_of(info).has_value(); }

base::result<dtmf_key> read_dtmf_info(const sip::message_view& info) noexcept {
  const auto body = body_of(info);
  if (!body) return errc::bad_message;
  std::optional<char> key;
  dtmf_key out;
  if (*body == dtmf_body::plain) key = key_of(trim(info.body()));
  std::string_view rest = *body == dtmf_body::relay ? info.body() : std::string_view{};
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, equals));
    const std::string_view value = trim(line.substr(equals + 1));
    if (sip::iequals(name, "signal")) {
      key = key_of(value);
    } else if (sip::iequals(name, "duration")) {
      const auto duration = number_of<std::uint32_t>(value);
      if (!duration) return errc::bad_message;
      out.milliseconds = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(*duration, shortest, longest));
    }
  }
  if (!key) return errc::bad_message;
  out.key = *key;
  return out;
}

base::result<void> write_dtmf_info(sip::message& info, const dtmf_key& key, dtmf_body body) {
  if (sip::method_of(info.method_name()) != sip::method::info) return errc::wrong_method;
  if (keys.find(key.key) == std::string_view::npos) return errc::bad_message;
  std::string text(1, key.key);
  std::string_view type = "application/dtmf";
  if (body == dtmf_body::relay) {
    const auto duration = std::clamp(key.milliseconds, shortest, longest);
    text = "Signal=" + text + "\r\nDuration=" + std::to_string(duration) + "\r\n";
    type = "application/dtmf-relay";
  }
  if (!info.set_body(std::move(text), type)) return errc::bad_message;
  return {};
}

}  // namespace parley::ua
