#include <parley/sip/chars.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/status.hpp>

#include "sip/detail/quoted_pairs.hpp"

#include <algorithm>

namespace parley::sip {
namespace {

constexpr std::size_t max_name = 255;  // as message_view has it

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is(c, char_token); });
}

/// The first character that may not stand in a header value, `npos` where all may. A folded value keeps its
/// folds.
std::size_t find_bad_character(std::string_view text) noexcept {
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

/// What an INVITE has: fields are large, and would be moved with each step that the list grows by.
constexpr std::size_t usual_fields = 12;

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
  out.fields_.reserve(usual_fields);
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
  fields_.reserve(view.header_count());
  for (std::size_t i = 0; i < view.header_count(); ++i) {
    const header_line line = view.header(i);
    if (line.id == header_id::content_length) continue;
    fields_.push_back({line.id, std::string(line.name), std::string(line.value)});
  }
}

parsed<message> message::parse(std::string_view text, const limits& limits) {
  message_view view;
  if (const auto indexed = view.parse(text, limits); !indexed) return indexed.error();
  return message(view);
}

std::string_view message::value_of(header_id id) const noexcept {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [id](const field& f) { return f.id == id; });
  return found == fields_.end() ? std::string_view{} : std::string_view(found->value);
}

parsed<void> message::add(std::string_view name, std::string_view value) {
  if (!is_token(name) || name.size() > max_name) return parse_error{errc::bad_header_name, 0};
  const char* const start = value.data();
  value = trim(value);
  if (const std::size_t bad = find_bad_character(value); bad != std::string_view::npos) {
    return parse_error{errc::control_in_message,
                       static_cast<std::uint32_t>(value.data() - start + static_cast<std::ptrdiff_t>(bad))};
  }
  const header_id id = header_id_of(name);
  if (id == header_id::content_length) return {};  // to_string writes the true one
  fields_.push_back({id, std::string(name), std::string(value)});
  return {};
}

parsed<void> message::set(header_id id, std::string_view value) {
  const auto first =
      std::find_if(fields_.begin(), fields_.end(), [id](const field& f) { return f.id == id; });
  const auto at = first - fields_.begin();
  const bool there = first != fields_.end();
  if (const auto added = add(name_of(id), value); !added || id == header_id::content_length) return added;
  if (!there) return {};
  std::swap(fields_[static_cast<std::size_t>(at)].value, fields_.back().value);
  fields_.erase(
      std::remove_if(fields_.begin() + at + 1, fields_.end(), [id](const field& f) { return f.id == id; }),
      fields_.end());
  return {};
}

std::size_t message::remove(header_id id) {
  return std::erase_if(fields_, [id](const field& f) { return f.id == id; });
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
  std::size_t size = first_word_.size() + second_word_.size() + body_.size() + 64;
  for (const field& f : fields_) size += f.name.size() + f.value.size() + 4;
  out.reserve(size);
  if (is_request()) {
    out.append(first_word_).append(" ").append(second_word_).append(" SIP/2.0\r\n");
  } else {
    out.append("SIP/2.0 ").append(std::to_string(status_)).append(" ").append(second_word_).append("\r\n");
  }
  for (const field& f : fields_) out.append(f.name).append(": ").append(f.value).append("\r\n");
  out.append("Content-Length: ").append(std::to_string(body_.size())).append("\r\n\r\n").append(body_);
  return out;
}

}  // namespace parley::sip
