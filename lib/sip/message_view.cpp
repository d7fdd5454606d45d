#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/uri.hpp>

#include "sip/detail/header_table.hpp"
#include "sip/detail/quoted_pairs.hpp"
#include "sip/detail/scan.hpp"

#include <algorithm>
#include <bit>

namespace parley::sip {

/// The state of one pass over a message. It goes on behind a broken line, so that what is sound can still be
/// answered.
class message_indexer {
 public:
  message_indexer(message_view& out, std::string_view text, const limits& limits) noexcept
      : out_(out),
        limits_(limits),
        begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        controls_(begin_, end_) {}

  parsed<void> run() noexcept {
    out_.text_ = {begin_, static_cast<std::size_t>(end_ - begin_)};
    out_.first_word_ = out_.second_word_ = {};
    out_.status_ = 0;
    out_.method_ = method::unknown;
    out_.count_ = 0;
    out_.first_.fill(message_view::no_line);
    out_.start_offset_ = out_.first_line_offset_ = out_.headers_end_ = out_.body_offset_ = out_.body_length_ =
        0;
    out_.max_values_ = limits_.values;
    out_.max_parameters_ = limits_.parameters;
    out_.from_tag_ = out_.to_tag_ = {};

    if (out_.text_.size() > limits_.message_bytes) {
      // What is too large is still indexed up to the limit of its headers, for the 513; offsets have 32 bits.
      if (out_.text_.size() > 0xffffffffU) {
        out_.text_ = {};
        return parse_error{errc::message_too_large, 0};
      }
      fail(errc::message_too_large, begin_ + limits_.message_bytes);
    }
    // RFC 3261 7.5: CRLFs before the start line are ignored.
    while (const std::size_t length = line_end_at(at_)) at_ += length;
    out_.start_offset_ = offset(at_);
    if (at_ == end_) {
      out_.first_line_offset_ = out_.headers_end_ = out_.body_offset_ = out_.start_offset_;
      fail(errc::empty_message, at_);
      return error_;
    }
    headers_limit_ =
        static_cast<std::size_t>(end_ - at_) > limits_.header_bytes ? at_ + limits_.header_bytes : end_;
    read_start_line();
    out_.first_line_offset_ = offset(at_);
    read_headers();
    find_body();
    if (error_.code != errc{}) return error_;
    return {};
  }

 private:
  std::uint32_t offset(const char* where) const noexcept {
    return static_cast<std::uint32_t>(where - begin_);
  }

  [[gnu::cold, gnu::noinline]] void fail(errc code, const char* where) noexcept {
    if (error_.code == errc{}) error_ = {code, offset(where)};
  }

  static std::string_view between(const char* from, const char* to) noexcept {
    return {from, static_cast<std::size_t>(to - from)};
  }

  /// The length of the line end at `where`, 0 where none is.
  std::size_t line_end_at(const char* where) const noexcept {
    if (where == end_) return 0;
    if (*where == '\n') return 1;
    return *where == '\r' && where + 1 != end_ && where[1] == '\n' ? 2 : 0;
  }

  void read_start_line() noexcept {
    const char* line = at_;
    const bool response = end_ - line >= 4 && iequals(between(line, line + 4), "SIP/");
    const char* stop = controls_.next(at_);
    while (stop != end_ && line_end_at(stop) == 0) {
      // RFC 3261 25.1: a Reason-Phrase may hold tabs, and nothing else of this line.
      if (!response || *stop != '\t') fail_control(stop);
      stop = controls_.next(stop + 1);
    }
    at_ = stop + line_end_at(stop);

    if (response) {
      read_status_line(line, stop);
    } else {
      read_request_line(line, stop);
    }
  }

  // RFC 3261 7.1: Request-Line = Method SP Request-URI SP SIP-Version CRLF
  void read_request_line(const char* line, const char* stop) noexcept {
    const char* at = line;
    while (at != stop && is(*at, char_token)) ++at;
    out_.first_word_ = between(line, at);
    out_.method_ = method_of(out_.first_word_);
    if (at == line || (at != stop && *at != ' ')) return fail(errc::bad_method, at);
    if (at == stop) return fail(errc::bad_start_line, at);
    const char* uri = ++at;
    at += std::min(between(at, stop).find(' '), static_cast<std::size_t>(stop - at));
    out_.second_word_ = between(uri, at);
    if (at == uri || at == stop) return fail(errc::bad_start_line, at);
    if (*uri == '<' || *uri == '"') return fail(errc::bad_request_uri, uri);
    read_version(at + 1, stop);
  }

  // Anything between the URI and the version, or behind the version, would be read differently by different
  // hops.
  void read_version(const char* at, const char* stop) noexcept {
    const std::string_view version = between(at, stop);
    if (version == "SIP/2.0" || iequals(version, "SIP/2.0")) return;
    if (version.size() < 4 || !iequals(version.substr(0, 4), "SIP/")) return fail(errc::bad_start_line, at);
    cursor in(version);
    in.advance(4);
    std::uint32_t number = 0;
    if (!in.read_number(number) || !in.consume('.') || !in.read_number(number))
      return fail(errc::bad_version, at);
    if (in.peek() == ' ') return fail(errc::bad_start_line, in.position());
    fail(in.at_end() ? errc::unsupported_version : errc::bad_version, at);
  }

  // RFC 3261 7.2: Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF. The second SP is often
  // forgotten where the phrase is empty.
  void read_status_line(const char* line, const char* stop) noexcept {
    const std::string_view text = between(line, stop);
    const std::size_t space = text.find(' ');
    out_.status_ = 699;  // a response, whatever the number turns out to be
    if (space == std::string_view::npos) return fail(errc::bad_start_line, stop);
    read_version(line, line + space);
    const char* code = line + space + 1;
    if (stop - code < 3 || !is(code[0], char_digit) || !is(code[1], char_digit) || !is(code[2], char_digit)) {
      return fail(errc::bad_status_code, code);
    }
    const int status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    if (status < 100 || status > 699) return fail(errc::bad_status_code, code);
    if (code + 3 != stop && code[3] != ' ') return fail(errc::bad_status_code, code);
    out_.status_ = static_cast<std::uint16_t>(status);
    out_.second_word_ = code + 3 == stop ? between(stop, stop) : between(code + 4, stop);
  }

  void fail_control(const char* where) noexcept {
    fail(*where == '\r'   ? errc::bare_cr
         : *where == '\0' ? errc::nul_in_message
                          : errc::control_in_message,
         where);
  }

  void read_headers() noexcept {
    while (true) {
      if (at_ == end_) {
        out_.headers_end_ = offset(at_);
        return fail(errc::unterminated_headers, at_);
      }
      if (const std::size_t length = line_end_at(at_); length != 0) {
        out_.headers_end_ = offset(at_);
        at_ += length;
        return;
      }
      if (at_ >= headers_limit_) {
        out_.headers_end_ = offset(at_);
        fail(errc::headers_too_large, headers_limit_);
        at_ = end_;
        return;
      }
      read_line();
    }
  }

  void read_line() noexcept {
    const char* const line = at_;
    const char* const stop = controls_.next(line);
    // The plain case: a known name with its colon right behind it. Two blocks hold the longest.
    if (static_cast<std::size_t>(end_ - line) >= 2 * detail::block::width) {
      const detail::block front(line);
      const std::uint32_t colons = front.equal_to(':');
      header_id id = header_id::unknown;
      std::size_t name_length = 0;
      if (colons != 0) {
        name_length = static_cast<std::size_t>(std::countr_zero(colons));
        id = recognize(line, name_length, front);
      } else {
        name_length = front.width + recognize_long(line, front, id);
      }
      const char* const colon = line + name_length;
      // A control character may look like a letter or a hyphen in lower case.
      if (id != header_id::unknown && colon < stop) return read_value(line, name_length, id, colon + 1, stop);
    }
    read_odd_line(line);
  }

  /// A line whose name is not known, or has white space behind it, or breaks a rule.
  [[gnu::noinline]] void read_odd_line(const char* line) noexcept {
    const char* stop = line;
    while (stop != end_ && is(*stop, char_token)) ++stop;
    const auto name_length = static_cast<std::size_t>(stop - line);
    while (stop != end_ && is(*stop, char_lws)) ++stop;  // RFC 3261 25.1: HCOLON = *( SP / HTAB ) ":" SWS
    if (name_length == 0 || name_length > 0xff || stop == end_ || *stop != ':') {
      fail_name(line, name_length, stop);
      return skip_line();
    }
    const char* const value = stop + 1;
    read_value(line, name_length, header_id_of({line, name_length}), value, controls_.next(value));
  }

  // A name that goes on after white space or a line end would hide a header from the one or the other reader.
  void fail_name(const char* line, std::size_t name_length, const char* stop) noexcept {
    if (stop != end_ && *stop == '\0') return fail(errc::nul_in_message, stop);
    if (name_length > 0xff) return fail(errc::bad_header_name, line);
    if (stop == end_ || line_end_at(stop) != 0) return fail(errc::missing_colon, stop);
    if (*stop == '\r') return fail(errc::bare_cr, stop);
    fail(errc::bad_header_name, name_length == 0 ? line : stop);
  }

  static header_id recognize(const char* name, std::size_t length, const detail::block& front) noexcept {
    if (length < 2)
      return length == 0 ? header_id::unknown : detail::compact_names[static_cast<unsigned char>(name[0])];
    const auto at = [name](std::size_t i) { return static_cast<unsigned char>(name[i] | 0x20); };
    const detail::header_slot& slot =
        detail::header_slots[detail::header_hash(at(0), at(length / 2), at(length - 1), length)];
    const std::uint32_t wanted = (1U << length) - 1;
    return slot.length == length && (front.equal_lower(slot.name.data()) & wanted) == wanted
               ? slot.id
               : header_id::unknown;
  }

  /// The same for a name whose colon lies within the second block; returns the length of the name's part
  /// there.
  static std::size_t recognize_long(const char* name, const detail::block& front, header_id& id) noexcept {
    const detail::block back(name + front.width);
    const std::uint32_t colons = back.equal_to(':');
    const auto rest = static_cast<std::size_t>(std::countr_zero(colons | 0x10000U));
    const std::size_t length = front.width + rest;
    const auto at = [name](std::size_t i) { return static_cast<unsigned char>(name[i] | 0x20); };
    const detail::header_slot& slot =
        detail::header_slots[detail::header_hash(at(0), at(length / 2), at(length - 1), length)];
    const std::uint32_t wanted = (1U << rest) - 1;
    const bool equal = front.equal_lower(slot.name.data()) == 0xffffU &&
                       (back.equal_lower(slot.name.data() + front.width) & wanted) == wanted;
    if (colons != 0 && slot.length == length && equal) id = slot.id;
    return rest;
  }

  /// `stop` is the first control character of the value.
  void read_value(const char* line, std::size_t name_length, header_id id, const char* value,
                  const char* stop) noexcept {
    const std::size_t length = line_end_at(stop);
    if (length != 0 && (stop + length == end_ || !is(stop[length], char_lws))) [[likely]] {
      at_ = stop + length;
    } else {
      stop = find_value_end(value, stop);
      if (stop == nullptr) return skip_line();
    }
    if (at_ > headers_limit_) return fail(errc::headers_too_large, headers_limit_);
    // Most often there is one space in front, and none behind.
    if (value != stop && *value == ' ') ++value;
    while (value != stop && is_space(*value)) [[unlikely]]
      ++value;
    while (stop != value && is_space(stop[-1])) [[unlikely]]
      --stop;
    add(line, name_length, id, value, stop);
  }

  /// The end of a value that is folded or has control characters in it, with `at_` at the line behind it;
  /// null where one may not stand there, with `at_` at its line.
  [[gnu::noinline]] const char* find_value_end(const char* value, const char* stop) noexcept {
    detail::quoted_pairs pairs(value);
    while (true) {
      if (stop == end_) {
        at_ = end_;
        return stop;
      }
      if (const std::size_t length = line_end_at(stop); length != 0) {
        at_ = stop + length;
        if (at_ == end_ || !is(*at_, char_lws)) return stop;
        stop = controls_.next(at_);  // RFC 3261 7.3.1: the value goes on in a folded line
        continue;
      }
      // RFC 3261 25.1: quoted-pair lets any character but CR and LF stand behind a backslash.
      if (*stop != '\t' && (*stop == '\r' || !pairs.cover(stop))) {
        fail_control(stop);
        at_ = stop;
        return nullptr;
      }
      stop = controls_.next(stop + 1);
    }
  }

  // No other control characters stand at the ends of a value: quoted-pairs have their quotes around them.
  static bool is_space(char c) noexcept { return static_cast<unsigned char>(c) <= ' '; }

  void add(const char* line, std::size_t name_length, header_id id, const char* value,
           const char* stop) noexcept {
    if (out_.count_ >= max_header_lines || out_.count_ >= limits_.header_lines) {
      return fail(errc::too_many_headers, line);
    }
    std::uint8_t& first = out_.first_[static_cast<std::size_t>(id)];
    if (first == message_view::no_line) {
      first = out_.count_;
    } else if (detail::header_traits_table[static_cast<std::size_t>(id)].single &&
               id != header_id::content_length) {
      fail(errc::duplicate_header, line);
    }
    out_.lines_[out_.count_++] = {offset(line), offset(value), static_cast<std::uint32_t>(stop - value),
                                  static_cast<std::uint8_t>(name_length), id};
    if (id == header_id::content_length) read_content_length(line, value, stop);
  }

  [[gnu::noinline]] void read_content_length(const char* line, const char* value, const char* stop) noexcept {
    std::uint64_t length = 0;
    if (value == stop) return fail(errc::bad_content_length, value);
    for (const char* at = value; at != stop; ++at) {
      if (!is(*at, char_digit)) return fail(errc::bad_content_length, at);
      length = length * 10 + static_cast<std::uint64_t>(*at - '0');
      if (length > 0xffffffffU) return fail(errc::content_length_overflow, value);
    }
    if (length > limits_.message_bytes) return fail(errc::content_length_overflow, value);
    if (content_length_ != nullptr) {
      return length != body_length_ ? fail(errc::content_length_conflict, value)
                                    : fail(errc::duplicate_header, line);
    }
    content_length_ = value;
    body_length_ = static_cast<std::uint32_t>(length);
  }

  void find_body() noexcept {
    out_.body_offset_ = offset(at_);
    const std::size_t rest = static_cast<std::size_t>(end_ - at_);
    out_.body_length_ = static_cast<std::uint32_t>(rest);
    if (content_length_ != nullptr) {
      if (body_length_ > rest) {
        fail(errc::body_truncated, content_length_);
      } else {
        // RFC 3261 18.3: bytes behind the body are discarded.
        out_.body_length_ = body_length_;
      }
    }
    if (out_.body_length_ > limits_.body_bytes) fail(errc::body_too_large, at_ + limits_.body_bytes);
  }

  void skip_line() noexcept {
    while (at_ != end_ && *at_ != '\n') ++at_;
    if (at_ != end_) ++at_;
  }

  message_view& out_;
  const limits& limits_;
  const char* begin_;
  const char* at_;
  const char* end_;
  detail::control_finder controls_;
  const char* headers_limit_ = nullptr;
  const char* content_length_ = nullptr;
  std::uint32_t body_length_ = 0;
  parse_error error_;
};

parsed<void> message_view::parse(std::string_view text, const limits& limits) noexcept {
  return message_indexer(*this, text, limits).run();
}

parsed<uri_view> message_view::get_request_uri() const noexcept {
  const std::string_view text = request_uri();
  if (text.empty()) return parse_error{errc::bad_request_uri, start_offset_};
  cursor in = reader(text);
  parsed<uri_view> out(boost::system::in_place_value);
  if (!uri_view::read(in, *out)) {
    out = parse_error{in.error().code, in.error().offset + static_cast<std::uint32_t>(offset_of(text))};
  }
  return out;
}

template <class Header>
parsed<std::string_view> message_view::tag_of(remembered_tag& tag) const noexcept {
  if (!tag.known) {
    tag.known = true;
    if (const auto header = get<Header>(); !header) {
      tag.error = header.error();
    } else if (!header->tag.empty()) {
      tag.offset = static_cast<std::uint32_t>(offset_of(header->tag));
      tag.length = static_cast<std::uint32_t>(header->tag.size());
    }
  }
  if (tag.error.code != errc{}) return tag.error;
  return part(tag.offset, tag.length);
}

parsed<std::string_view> message_view::from_tag() const noexcept { return tag_of<from_header>(from_tag_); }
parsed<std::string_view> message_view::to_tag() const noexcept { return tag_of<to_header>(to_tag_); }

std::size_t message_view::find(std::string_view name) const noexcept {
  if (const header_id known = header_id_of(name); known != header_id::unknown) return find(known);
  for (std::size_t i = 0; i < count_; ++i) {
    if (iequals(header(i).name, name)) return i;
  }
  return npos;
}

}  // namespace parley::sip
