#include <parley/sip/uri.hpp>

#include "sip/detail/escape.hpp"
#include "sip/detail/host.hpp"

#include <charconv>
#include <utility>

namespace parley::sip {
namespace {

void escape(std::string_view text, int allowed, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is(c, allowed)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

parse_error error_at_start(errc code) noexcept { return {code, 0}; }

}  // namespace

void unescape(std::string_view text, std::string& out) {
  for (detail::unescaper in(text); !in.at_end();) out += static_cast<char>(in.next());
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  unescape(text, out);
  return out;
}

void escape_user(std::string_view text, std::string& out) { escape(text, char_user, out); }
void escape_password(std::string_view text, std::string& out) { escape(text, char_password, out); }
void escape_parameter(std::string_view text, std::string& out) { escape(text, char_param, out); }
void escape_header(std::string_view text, std::string& out) { escape(text, char_header, out); }

parsed<uri> uri::from_string(std::string text) {
  uri out;
  out.text_ = std::move(text);
  const auto view = parse_uri(out.text_);
  if (!view) return view.error();
  out.view_ = *view;
  return out;
}

uri::uri(const uri_view& view) : text_(view.raw) { rebase(view); }

uri::uri(const uri& other) : text_(other.text_) { rebase(other.view_); }

uri::uri(uri&& other) noexcept : text_(std::move(other.text_)) {
  rebase(other.view_);
  other.view_ = {};
}

uri& uri::operator=(const uri& other) {
  if (this != &other) {
    text_ = other.text_;
    rebase(other.view_);
  }
  return *this;
}

uri& uri::operator=(uri&& other) noexcept {
  if (this != &other) {
    text_ = std::move(other.text_);
    rebase(other.view_);
    other.view_ = {};
  }
  return *this;
}

void uri::rebase(const uri_view& from) noexcept {
  const char* const base = from.raw.data();
  const auto moved = [this, base](std::string_view part) {
    return part.data() == nullptr ? part : std::string_view(text_.data() + (part.data() - base), part.size());
  };
  uri_view out = from;
  out.raw = moved(from.raw);
  out.scheme_text = moved(from.scheme_text);
  out.user = moved(from.user);
  out.password = moved(from.password);
  out.host = moved(from.host);
  out.parameters = uri_fields(moved(from.parameters.raw()));
  out.headers = uri_fields(moved(from.headers.raw()));
  view_ = out;
}

parsed<void> uri::replace(std::size_t offset, std::size_t length, std::string_view text) {
  std::string changed;
  changed.reserve(text_.size() + text.size());
  changed.append(text_, 0, offset).append(text).append(text_, offset + length);
  const auto view = parse_uri(changed);
  if (!view) return view.error();
  text_ = std::move(changed);
  rebase(*view);
  return {};
}

parsed<void> uri::set_user(std::string_view user) {
  if (!view_.is_sip()) return error_at_start(errc::expected_scheme);
  std::string text;
  if (!user.empty()) {
    escape_user(user, text);
    if (view_.has_password) text.append(1, ':').append(view_.password);
    text += '@';
  }
  const std::size_t start = view_.scheme_text.size() + 1;
  return replace(start, static_cast<std::size_t>(view_.host.data() - text_.data()) - start, text);
}

parsed<void> uri::set_password(std::string_view password) {
  if (!view_.is_sip()) return error_at_start(errc::expected_scheme);
  if (!view_.has_user) return error_at_start(errc::expected_user);
  std::string text = ":";
  escape_password(password, text);
  const std::size_t start = view_.scheme_text.size() + 1 + view_.user.size();
  return replace(start, view_.has_password ? 1 + view_.password.size() : 0, text);
}

parsed<void> uri::set_host(std::string_view host) {
  if (!view_.is_sip()) return error_at_start(errc::expected_scheme);
  std::string text(host);
  if (host.find(':') != std::string_view::npos && host.front() != '[') text = '[' + text + ']';
  cursor in(text);
  const detail::host_result read = detail::read_host(text.data(), in);
  if (read.kind == host_kind::none) return error_at_start(read.error);
  if (read.stop != text.data() + text.size()) return error_at_start(errc::expected_host);
  return replace(static_cast<std::size_t>(view_.host.data() - text_.data()), view_.host.size(), text);
}

parsed<void> uri::set_port(std::uint16_t port) {
  if (!view_.is_sip()) return error_at_start(errc::expected_scheme);
  const std::size_t start = static_cast<std::size_t>(view_.host.data() - text_.data()) + view_.host.size();
  std::size_t stop = start;
  if (stop < text_.size() && text_[stop] == ':') ++stop;
  while (stop != start && stop < text_.size() && is(text_[stop], char_digit)) ++stop;
  if (port == 0) return replace(start, stop - start, {});
  char text[6] = {':'};
  const auto written = std::to_chars(text + 1, text + sizeof text, port);
  return replace(start, stop - start, {text, static_cast<std::size_t>(written.ptr - text)});
}

parsed<void> uri::put_parameter(std::string_view name, std::string_view text) {
  if (view_.scheme == uri_scheme::other) return error_at_start(errc::expected_scheme);
  if (const auto found = view_.parameters.find(name)) {
    const char* const stop = found->has_value ? found->value.data() + found->value.size()
                                              : found->name.data() + found->name.size();
    return replace(static_cast<std::size_t>(found->name.data() - 1 - text_.data()),
                   static_cast<std::size_t>(stop - found->name.data() + 1), text);
  }
  // Behind the other parameters, before the headers.
  return replace(text_.size() - view_.headers.raw().size(), 0, text);
}

parsed<void> uri::set_parameter(std::string_view name, std::string_view value) {
  if (name.empty() || value.empty()) return error_at_start(errc::bad_parameter);
  std::string text = ";";
  escape_parameter(name, text);
  text += '=';
  escape_parameter(value, text);
  return put_parameter(name, text);
}

parsed<void> uri::set_parameter(std::string_view name) {
  if (name.empty()) return error_at_start(errc::bad_parameter);
  std::string text = ";";
  escape_parameter(name, text);
  return put_parameter(name, text);
}

void uri::remove_parameter(std::string_view name) {
  // Nothing that was valid becomes invalid by losing a parameter.
  while (view_.parameters.contains(name)) static_cast<void>(put_parameter(name, {}));
}

parsed<void> uri::add_header(std::string_view name, std::string_view value) {
  if (!view_.is_sip()) return error_at_start(errc::expected_scheme);
  if (name.empty()) return error_at_start(errc::bad_parameter);
  std::string text = view_.headers.empty() ? "?" : "&";
  escape_header(name, text);
  text += '=';
  escape_header(value, text);
  return replace(text_.size(), 0, text);
}

void uri::remove_headers() {
  if (!view_.headers.empty())
    static_cast<void>(replace(text_.size() - view_.headers.raw().size(), view_.headers.raw().size(), {}));
}

}  // namespace parley::sip
