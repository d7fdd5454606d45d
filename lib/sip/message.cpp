#include <parley/sip/chars.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/status.hpp>

#include "sip/detail/quoted_pairs.hpp"

#include <algorithm>
#include <utility>

namespace parley::sip {
namespace {

constexpr std::size_t max_name = 255;  // as message_view has it

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is(c, char_token); });
}

/// The first character that may not stand in a header value, `npos` where all may. A folded value keeps its
/// folds.
std::size_t find_bad_character(std::string_view text) noexcept {
  // Without a branch in it this is done for many characters at once.
  unsigned char least = ' ';
  for (const char c : text) least = std::min(least, static_cast<unsigned char>(c));
  if (least == ' ') return std::string_view::npos;
  detail::quoted_pairs pairs(text.data());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c > 0x1f || c == '\t') continue;
    const std::size_t line_end = c == '\n' ? 1 : text.substr(i).starts_with("\r\n") ? 2 : 0;
    if (line_end != 0 && i + line_end < text.size() && is(text[i + line_end], char_lws)) {
      i += line_end;
      continue;
    }
    if (line_end != 0 || c == '\r' || !pairs.cover(text.data() + i)) return i;
  }
  return std::string_view::npos;
}

bool is_space(char c) noexcept { return is(c, char_lws) || c == '\r' || c == '\n'; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// What an INVITE has, in headers and in bytes of them.
constexpr std::size_t usual_lines = 12;
constexpr std::size_t usual_text = 480;

}  // namespace

parsed<message> message::request(std::string_view method, std::string_view uri) {
  if (!is_token(method)) return parse_error{errc::bad_method, 0};
  const auto bad =
      std::find_if(uri.begin(), uri.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
  if (uri.empty() || bad != uri.end()) {
    return parse_error{errc::bad_request_uri, static_cast<std::uint32_t>(bad - uri.begin())};
  }
  if (uri[0] == '<' || uri[0] == '"') return parse_error{errc::bad_request_uri, 0};
  message out;
  out.lines_.reserve(usual_lines);
  out.text_.reserve(usual_text);
  out.first_word_ = method;
  out.second_word_ = uri;
  return out;
}

parsed<message> message::response(int status, std::string_view reason_phrase) {
  if (status < 100 || status > 699) return parse_error{errc::bad_status_code, 0};
  const auto bad = std::find_if(reason_phrase.begin(), reason_phrase.end(),
                                [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; });
  if (bad != reason_phrase.end()) {
    return parse_error{errc::control_in_message, static_cast<std::uint32_t>(bad - reason_phrase.begin())};
  }
  message out;
  out.status_ = status;
  out.second_word_ = reason_phrase.empty() ? default_reason(status) : reason_phrase;
  return out;
}

message::message(const message_view& view)
    : status_(view.status()),
      first_word_(view.method_name()),
      second_word_(view.is_request() ? view.request_uri() : view.reason_phrase()),
      body_(view.body()) {
  lines_.reserve(view.header_count());
  text_.reserve(view.text().size() - body_.size() + view.header_count() * 4);
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    const header_line from = view.header(i);
    if (from.id != header_id::content_length) append(from.id, from.name, from.value);
  }
}

parsed<message> message::parse(std::string_view text, const limits& limits) {
  message_view view;
  if (const auto indexed = view.parse(text, limits); !indexed) return indexed.error();
  return message(view);
}

std::size_t message::find(header_id id) const noexcept {
  const auto found = std::find_if(lines_.begin(), lines_.end(), [id](const line& l) { return l.id == id; });
  return static_cast<std::size_t>(found - lines_.begin());
}

std::string_view message::value_of(header_id id) const noexcept {
  const std::size_t index = find(id);
  return index == lines_.size() ? std::string_view{} : header(index).value;
}

parsed<void> message::add(std::string_view name, std::string_view value) {
  if (!is_token(name) || name.size() > max_name) return parse_error{errc::bad_header_name, 0};
  return add_checked(header_id_of(name), name, value);
}

parsed<void> message::add(header_id id, std::string_view value) {
  return id == header_id::unknown ? add(name_of(id), value) : add_checked(id, name_of(id), value);
}

parsed<void> message::add_checked(header_id id, std::string_view name, std::string_view value) {
  const char* const start = value.data();
  value = trim(value);
  if (const std::size_t bad = find_bad_character(value); bad != std::string_view::npos) {
    return parse_error{errc::control_in_message,
                       static_cast<std::uint32_t>(value.data() - start + static_cast<std::ptrdiff_t>(bad))};
  }
  if (id == header_id::content_length) return {};  // to_string writes the true one
  constexpr std::size_t max_text = 0xffffffff;
  if (value.size() > max_text - max_name - 4 || text_.size() > max_text - max_name - 4 - value.size())
    return parse_error{errc::message_too_large, 0};
  const bool own = value.data() >= text_.data() && value.data() < text_.data() + text_.size();
  if (own) {
    append(id, name, std::string(value));
  } else {
    append(id, name, value);
  }
  return {};
}

void message::append(header_id id, std::string_view name, std::string_view value) {
  lines_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(value.size()),
                    static_cast<std::uint8_t>(name.size()), id});
  text_.append(name).append(separator).append(value).append(line_end);
}

// The lines from `from` on have moved: `added` bytes stand before them in the place of `removed`.
void message::move_lines(std::size_t from, std::size_t removed, std::size_t added) noexcept {
  for (std::size_t i = from; i < lines_.size(); ++i)
    lines_[i].offset = static_cast<std::uint32_t>(lines_[i].offset - removed + added);
}

void message::erase(std::size_t index) noexcept {
  const line& gone = lines_[index];
  const std::size_t size = gone.name_length + separator.size() + gone.value_length + line_end.size();
  text_.erase(gone.offset, size);
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(index));
  move_lines(index, size, 0);
}

parsed<void> message::set(header_id id, std::string_view value) {
  const std::size_t first = find(id);
  const std::size_t last = lines_.size();
  if (const auto added = add(id, value); !added || id == header_id::content_length) return added;
  if (first == last) return {};
  // Its value, which is checked and trimmed now, takes the place of the first one's.
  const std::string fresh(header(last).value);
  line& l = lines_[first];
  const std::size_t before = std::exchange(l.value_length, static_cast<std::uint32_t>(fresh.size()));
  text_.replace(l.offset + l.name_length + separator.size(), before, fresh);
  move_lines(first + 1, before, fresh.size());
  for (std::size_t i = last; i > first; --i) {
    if (lines_[i].id == id) erase(i);
  }
  return {};
}

std::size_t message::remove(header_id id) {
  const std::size_t before = lines_.size();
  for (std::size_t i = before; i > 0; --i) {
    if (lines_[i - 1].id == id) erase(i - 1);
  }
  return before - lines_.size();
}

parsed<void> message::set_body(std::string body, std::string_view content_type) {
  if (content_type.empty()) {
    remove(header_id::content_type);
  } else if (const auto typed = set(header_id::content_type, content_type); !typed) {
    return typed;
  }
  body_ = std::move(body);
  return {};
}

std::string message::to_string() const {
  std::string out;
  out.reserve(first_word_.size() + second_word_.size() + text_.size() + body_.size() + 64);
  if (is_request()) {
    out.append(first_word_).append(" ").append(second_word_).append(" SIP/2.0\r\n");
  } else {
    out.append("SIP/2.0 ").append(std::to_string(status_)).append(" ").append(second_word_).append("\r\n");
  }
  out.append(text_);
  out.append("Content-Length: ").append(std::to_string(body_.size())).append("\r\n\r\n").append(body_);
  return out;
}

}  // namespace parley::sip
