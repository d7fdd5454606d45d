#include <parley/sip/chars.hpp>
#include <parley/sip/multipart.hpp>
#include <parley/sip/parse.hpp>

#include <algorithm>
#include <cstring>

namespace parley::sip {
namespace {

// RFC 2046 5.1.1
constexpr std::size_t max_boundary = 70;

bool is_boundary(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_boundary || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && u < 0x7f && c != '"' && c != '\\';
  });
}

const char* end_of(std::string_view text) noexcept { return text.data() + text.size(); }

std::string_view text_between(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// The character behind the next LF, `end` where there is none.
const char* next_line(const char* at, const char* end) noexcept {
  if (at == end) return end;
  const void* const feed = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return feed == nullptr ? end : static_cast<const char*>(feed) + 1;
}

/// `begin` to `end` without the line end at its end.
const char* cut_line_end(const char* begin, const char* end) noexcept {
  if (end != begin && end[-1] == '\n') --end;
  if (end != begin && end[-1] == '\r') --end;
  return end;
}

}  // namespace

struct multipart_reader::delimiter {
  const char* line = nullptr;         ///< the first hyphen
  const char* content_end = nullptr;  ///< the line end in front belongs to the boundary
  const char* behind = nullptr;       ///< the next line
  bool last = false;
};

std::string_view body_part::value_of(header_id id) const noexcept {
  for (const part_header& h : headers()) {
    if (h.id == id) return h.value;
  }
  return {};
}

std::string_view body_part::value_of(std::string_view name) const noexcept {
  for (const part_header& h : headers()) {
    if (iequals(h.name, name)) return h.value;
  }
  return {};
}

parsed<content_type_header> body_part::content_type() const noexcept {
  const std::string_view value = value_of(header_id::content_type);
  if (value.data() != nullptr) return parse<content_type_header>(value);
  content_type_header plain;
  plain.type = "text";
  plain.subtype = "plain";
  return plain;
}

parsed<multipart_reader> multipart_reader::make(std::string_view body, const content_type_header& type,
                                                const limits& limits) noexcept {
  if (type.boundary.empty()) return parse_error{errc::missing_boundary, 0};
  if (!is_boundary(type.boundary)) return parse_error{errc::bad_parameter, 0};
  if (body.size() > limits.body_bytes) return parse_error{errc::body_too_large, 0};
  return multipart_reader(body, type.boundary, limits);
}

parsed<multipart_reader> multipart_reader::open(std::string_view body, const content_type_header& type,
                                                const limits& limits) noexcept {
  if (limits.body_depth == 0) return parse_error{errc::too_deep, 0};
  return make(body, type, limits);
}

parsed<multipart_reader> multipart_reader::open_nested(const body_part& part,
                                                       const content_type_header& type) const noexcept {
  const auto offset = static_cast<std::uint32_t>(part.content().data() - root_);
  if (depth_ >= limits_.body_depth) return parse_error{errc::too_deep, offset};
  parsed<multipart_reader> nested = make(part.content(), type, limits_);
  if (!nested) return parse_error{nested.error().code, offset};
  nested->root_ = root_;
  nested->depth_ = depth_ + 1;
  return nested;
}

bool multipart_reader::fail(errc code, const char* where) noexcept {
  error_ = {code, static_cast<std::uint32_t>(where - root_)};
  ended_ = true;
  return false;
}

/// Finds the next boundary at the beginning of a line; `from` begins one.
bool multipart_reader::find_delimiter(const char* from, delimiter& out) const noexcept {
  const char* const end = end_of(body_);
  for (const char* line = from; line != end; line = next_line(line, end)) {
    std::string_view rest = text_between(line, end);
    if (!rest.starts_with("--") || !rest.substr(2).starts_with(boundary_)) continue;
    rest.remove_prefix(2 + boundary_.size());
    out.last = rest.starts_with("--");
    if (out.last) rest.remove_prefix(2);
    // RFC 2046 5.1.1: transport-padding. Any other text makes it a longer boundary, perhaps that of a body
    // inside.
    while (!rest.empty() && is(rest.front(), char_lws)) rest.remove_prefix(1);
    if (!rest.empty() && !rest.starts_with("\r\n") && rest.front() != '\n') continue;
    out.line = line;
    out.content_end = cut_line_end(from, line);
    out.behind = next_line(rest.data(), end);
    return true;
  }
  return false;
}

/// Reads header lines from `at` on, and leaves it where the content begins; `end` is the boundary's line.
bool multipart_reader::read_headers(const char*& at, const char* end, body_part& out) noexcept {
  const char* const start = at;
  out.count_ = 0;
  while (at != end) {
    const char* line_end = next_line(at, end);
    if (cut_line_end(at, line_end) == at) {
      at = line_end;
      return true;
    }
    // Lines that begin with white space go on with the one before.
    while (line_end != end && is(*line_end, char_lws)) line_end = next_line(line_end, end);
    if (static_cast<std::size_t>(line_end - start) > limits_.header_bytes)
      return fail(errc::headers_too_large, at);
    const std::string_view line = text_between(at, cut_line_end(at, line_end));
    for (const char& c : line) {
      const auto u = static_cast<unsigned char>(c);
      if (u == 0) return fail(errc::nul_in_message, &c);
      if ((u < 0x20 && c != '\t' && c != '\r' && c != '\n') || u == 0x7f)
        return fail(errc::control_in_message, &c);
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fail(errc::missing_colon, at);
    std::string_view name = line.substr(0, colon);
    while (!name.empty() && is(name.back(), char_lws)) name.remove_suffix(1);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return is(c, char_token); })) {
      return fail(errc::bad_header_name, at);
    }
    const auto is_space = [](char c) { return is(c, char_lws) || c == '\r' || c == '\n'; };
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    if (out.count_ == body_part::max_headers) return fail(errc::too_many_headers, at);
    out.headers_[out.count_++] = {header_id_of(name), name, value};
    at = line_end;
  }
  return true;
}

bool multipart_reader::next(body_part& out) noexcept {
  if (ended_) return false;
  delimiter found;
  if (next_part_ == nullptr) {
    if (!find_delimiter(body_.data(), found)) return fail(errc::bad_multipart, end_of(body_));
    if (found.last) {
      ended_ = true;
      return false;
    }
    next_part_ = found.behind;
  }
  const char* const start = next_part_;
  if (!find_delimiter(start, found)) return fail(errc::bad_multipart, end_of(body_));
  if (parts_ == limits_.body_parts) return fail(errc::too_many_parts, start);
  const char* content = start;
  if (!read_headers(content, found.line, out)) return false;
  // Headers without an empty line behind them have no content; neither has an empty line that the boundary
  // claims.
  out.content_ =
      content < found.content_end ? text_between(content, found.content_end) : text_between(content, content);
  ++parts_;
  next_part_ = found.behind;
  ended_ = found.last;
  return true;
}

std::string make_boundary(base::random_source& random) {
  std::string out = "parley-";
  for (int word = 0; word < 2; ++word) {
    std::uint64_t bits = random.u64();
    for (int i = 0; i < 16; ++i, bits >>= 4U) out.push_back("0123456789abcdef"[bits & 15U]);
  }
  return out;
}

parsed<void> multipart_writer::add(std::span<const part_header> headers, std::string_view content) {
  for (const part_header& h : headers) {
    const bool token = std::all_of(h.name.begin(), h.name.end(), [](char c) { return is(c, char_token); });
    if (h.name.empty() || !token) return parse_error{errc::bad_header_name, 0};
    for (char c : h.value) {
      const auto u = static_cast<unsigned char>(c);
      if ((u < 0x20 && c != '\t') || u == 0x7f) return parse_error{errc::control_in_message, 0};
    }
  }
  // A line that merely begins as the boundary does is refused too: not every reader looks at what follows.
  for (std::size_t at = 0; at < content.size();) {
    const std::string_view line = content.substr(at);
    if (line.starts_with("--") && line.substr(2).starts_with(boundary_)) {
      return parse_error{errc::bad_multipart, static_cast<std::uint32_t>(at)};
    }
    const std::size_t feed = line.find('\n');
    if (feed == std::string_view::npos) break;
    at += feed + 1;
  }
  std::string& out = *out_;
  out += "--";
  out += boundary_;
  out += "\r\n";
  for (const part_header& h : headers) {
    out += h.name;
    out += ": ";
    out += h.value;
    out += "\r\n";
  }
  out += "\r\n";
  out += content;
  out += "\r\n";
  return {};
}

void multipart_writer::finish() {
  *out_ += "--";
  *out_ += boundary_;
  *out_ += "--\r\n";
}

std::string multipart_writer::content_type(std::string_view subtype) const {
  std::string out = "multipart/";
  out += subtype;
  out += ";boundary=\"";
  out += boundary_;
  out += '"';
  return out;
}

}  // namespace parley::sip
