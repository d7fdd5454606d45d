#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/limits.hpp>
#include <parley/sip/method.hpp>
#include <parley/sip/parse.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace parley::sip {

struct uri_view;

/// One header as it stands in the message: the name as written, and the value without the white space around
/// it. A folded value still has its line ends inside.
struct header_line {
  header_id id = header_id::unknown;
  std::string_view name;
  std::string_view value;
};

/// An index over one SIP message that lies somewhere else, made in one pass and without allocating (RFC 3261
/// 7).
///
/// `parse` finds the start line, the headers and the body; what a header holds is read when it is asked for
/// with `get` or `for_each`, and the answer is the same however often that is done.
///
/// *Ownership:* the view points into the text and must not outlive it. Copying a view copies the index only.
/// Whoever keeps a message beyond the call that delivered it keeps the buffer, or makes a `message`. For one
/// thread at a time, since it remembers what it has read; give each its copy.
class message_view {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  message_view() noexcept { first_.fill(no_line); }
  message_view(const message_view& other) noexcept { copy(other); }
  message_view& operator=(const message_view& other) noexcept {
    if (this != &other) copy(other);
    return *this;
  }
  ~message_view() = default;

  /// Indexes `text`, one whole message as a datagram or a `stream_framer` delivers it, in place of what this
  /// view held.
  ///
  /// Line ends may be CRLF or LF; empty lines before the start line are skipped; headers may be folded,
  /// compact and in any case. Without Content-Length the body is all that follows the headers, as RFC
  /// 3261 18.3 says for datagrams; with it, what follows the body is left out.
  ///
  /// *Errors:* the first rule that was broken, with its offset in `text`; for a limit on size that is the
  /// first byte too many. The view then still holds every line that could be read, so that a 400 can be made
  /// from it where it has what a response needs; nothing else may be done with it.
  PARLEY_API parsed<void> parse(std::string_view text, const limits& limits = {}) noexcept;
  /// A string that dies at the end of the statement can't be viewed.
  parsed<void> parse(std::string&& text, const limits& limits = {}) = delete;

  bool is_request() const noexcept { return status_ == 0; }
  bool is_response() const noexcept { return status_ != 0; }

  /// The method of a request; `unknown` for extension methods, whose name is in `method_name()`.
  sip::method method() const noexcept { return method_; }
  std::string_view method_name() const noexcept { return is_request() ? first_word_ : std::string_view{}; }
  std::string_view request_uri() const noexcept { return is_request() ? second_word_ : std::string_view{}; }

  /// The Request-URI, read. *Errors:* the rule that it breaks, with its offset in the message;
  /// `bad_request_uri` for a response and for a request whose start line is broken.
  PARLEY_API parsed<uri_view> get_request_uri() const noexcept;

  /// 100 to 699 for a response, 0 for a request.
  int status() const noexcept { return status_; }
  std::string_view reason_phrase() const noexcept {
    return is_response() ? second_word_ : std::string_view{};
  }

  std::size_t header_count() const noexcept { return count_; }
  header_line header(std::size_t index) const noexcept {
    const line& l = lines_[index];
    return {l.id, part(l.name_offset, l.name_length), part(l.value_offset, l.value_length)};
  }
  header_id id(std::size_t index) const noexcept { return lines_[index].id; }
  std::string_view value(std::size_t index) const noexcept {
    return part(lines_[index].value_offset, lines_[index].value_length);
  }

  /// The first header of that kind, `npos` where there is none.
  std::size_t find(header_id id) const noexcept {
    const std::uint8_t first = first_[static_cast<std::size_t>(id)];
    return first == no_line ? npos : first;
  }
  /// The next header of that kind behind `index`.
  std::size_t find_after(header_id id, std::size_t index) const noexcept {
    for (std::size_t i = index + 1; i < count_; ++i) {
      if (lines_[i].id == id) return i;
    }
    return npos;
  }
  /// The first header of that name, compared without case. For headers that `header_id` does not know; a name
  /// that it knows finds the compact form too.
  PARLEY_API std::size_t find(std::string_view name) const noexcept;

  bool has(header_id id) const noexcept { return find(id) != npos; }

  /// The first header of that kind as text, empty where there is none.
  std::string_view value_of(header_id id) const noexcept {
    const std::size_t index = find(id);
    return index == npos ? std::string_view{} : value(index);
  }

  /// The first value of `Header`'s kind, read as that type: `get<via_header>()` is the topmost Via.
  ///
  /// *Errors:* `missing_header` at offset 0 where there is no such header, or none but empty lists; or the
  /// rule that the value breaks, with its offset in the message.
  template <class Header>
  parsed<Header> get() const noexcept {
    std::size_t index = find(Header::id);
    if constexpr (detail::may_be_empty<Header>) {
      while (index != npos && value(index).empty()) index = find_after(Header::id, index);
    }
    if (index == npos) return parse_error{errc::missing_header, 0};
    cursor in = reader(value(index));
    // Read in place: a copy of a header costs about what reading it does.
    parsed<Header> out(boost::system::in_place_value);
    if (Header::read(in, *out)) {
      in.skip_lws();
      if (in.at_end() || (is_list(Header::id) && in.peek() == ',')) return out;
      in.fail(errc::trailing_text);
    }
    out = at_header(index, in.error());
    return out;
  }

  /// The tag of From or To, empty where there is none; read once and remembered. *Errors:* as those of `get`.
  PARLEY_API parsed<std::string_view> from_tag() const noexcept;
  PARLEY_API parsed<std::string_view> to_tag() const noexcept;

  /// Calls `f(const Header&)` for each value of that kind, over all lines and commas, in order. Where `f`
  /// returns bool, false ends the walk without an error.
  ///
  /// *Errors:* the first value that can't be read ends the walk with its rule and its offset in the message;
  /// so does the first beyond `limits::values`.
  template <class Header, class F>
  parsed<void> for_each(F&& f) const {
    std::size_t room = max_values_;
    bool going_on = true;
    for (std::size_t index = find(Header::id); index != npos && going_on;
         index = find_after(Header::id, index)) {
      cursor in = reader(value(index));
      if (!read_line<Header>(in, f, room, going_on)) return at_header(index, in.error());
    }
    return {};
  }

  /// The same for the one line at `index`, which is of `Header`'s kind. `room` is how many values it may
  /// have; it is less by those that were read when this returns, so that lines can be read one by one within
  /// a limit.
  template <class Header, class F>
  parsed<void> for_each_at(std::size_t index, std::size_t& room, F&& f) const {
    cursor in = reader(value(index));
    bool going_on = true;
    if (!read_line<Header>(in, f, room, going_on)) return at_header(index, in.error());
    return {};
  }

  /// `limits::values` of the limits that it was parsed with.
  std::size_t max_values() const noexcept { return max_values_; }

  std::string_view body() const noexcept { return part(body_offset_, body_length_); }

  /// The message from its start line to the end of its body.
  std::string_view text() const noexcept {
    return part(start_offset_, body_offset_ + body_length_ - start_offset_);
  }

  /// Where things stand in the text that was parsed, for `patch` and for reports. A header's line reaches
  /// from its name up to the next line's, so it includes its line end.
  std::size_t start_offset() const noexcept { return start_offset_; }
  std::size_t line_offset(std::size_t index) const noexcept {
    return index < count_ ? lines_[index].name_offset : headers_end_;
  }
  std::size_t value_offset(std::size_t index) const noexcept { return lines_[index].value_offset; }
  std::size_t first_line_offset() const noexcept { return first_line_offset_; }
  /// The empty line that ends the headers.
  std::size_t headers_end() const noexcept { return headers_end_; }
  std::size_t body_offset() const noexcept { return body_offset_; }
  std::size_t offset_of(std::string_view part) const noexcept {
    return static_cast<std::size_t>(part.data() - text_.data());
  }

 private:
  static constexpr std::uint8_t no_line = 0xff;
  static_assert(max_header_lines < no_line);

  struct line {
    std::uint32_t name_offset;
    std::uint32_t value_offset;
    std::uint32_t value_length;
    std::uint8_t name_length;
    header_id id;
  };

  struct remembered_tag {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    parse_error error;
    bool known = false;
  };

  friend class message_indexer;
  friend class message_reader;

  void copy(const message_view& other) noexcept {
    text_ = other.text_;
    first_word_ = other.first_word_;
    second_word_ = other.second_word_;
    start_offset_ = other.start_offset_;
    first_line_offset_ = other.first_line_offset_;
    headers_end_ = other.headers_end_;
    body_offset_ = other.body_offset_;
    body_length_ = other.body_length_;
    status_ = other.status_;
    method_ = other.method_;
    count_ = other.count_;
    max_values_ = other.max_values_;
    max_parameters_ = other.max_parameters_;
    first_ = other.first_;
    from_tag_ = other.from_tag_;
    to_tag_ = other.to_tag_;
    std::memcpy(lines_.data(), other.lines_.data(), count_ * sizeof(line));
  }

  cursor reader(std::string_view value) const noexcept {
    return {value, text_.data() + text_.size(), max_parameters_};
  }

  // Without the check of substr, which throws.
  std::string_view part(std::size_t offset, std::size_t length) const noexcept {
    return {text_.data() + offset, length};
  }

  template <class Header, class F>
  static bool read_line(cursor& in, F& f, std::size_t& room, bool& going_on) {
    if constexpr (is_list(Header::id)) {
      const std::size_t max = room;
      return parse_list<Header>(
          in,
          [&](const Header& element) {
            --room;
            return going_on = call(f, element);
          },
          max);
    } else {
      if (room == 0) return in.fail(errc::too_many_values);
      Header element;
      if (!Header::read(in, element)) return false;
      if (!in.at_end()) {
        in.skip_lws();
        if (!in.at_end()) return in.fail(errc::trailing_text);
      }
      --room;
      going_on = call(f, element);
      return true;
    }
  }

  template <class F, class Header>
  static bool call(F& f, const Header& element) {
    if constexpr (std::is_same_v<std::invoke_result_t<F&, const Header&>, bool>) {
      return f(element);
    } else {
      f(element);
      return true;
    }
  }

  template <class Header>
  parsed<std::string_view> tag_of(remembered_tag& tag) const noexcept;

  parse_error at_header(std::size_t index, parse_error error) const noexcept {
    error.offset += lines_[index].value_offset;
    return error;
  }

  std::string_view text_;
  std::string_view first_word_;
  std::string_view second_word_;
  std::uint32_t start_offset_ = 0;
  std::uint32_t first_line_offset_ = 0;
  std::uint32_t headers_end_ = 0;
  std::uint32_t body_offset_ = 0;
  std::uint32_t body_length_ = 0;
  std::uint16_t status_ = 0;
  sip::method method_ = method::unknown;
  std::uint8_t count_ = 0;
  std::uint16_t max_values_ = limits{}.values;
  std::uint16_t max_parameters_ = limits{}.parameters;
  std::array<std::uint8_t, header_id_count> first_;
  mutable remembered_tag from_tag_;
  mutable remembered_tag to_tag_;
  std::array<line, max_header_lines> lines_;  // only the first count_ are set
};

/// Reads headers of one message line by line, as `message_view::for_each_at` does. What it finds out about
/// the characters of one line serves the next, so that the whole message is read faster, best in order.
///
/// *Ownership:* refers to the view, which stays as it is meanwhile.
class message_reader {
 public:
  explicit message_reader(const message_view& message) noexcept
      : message_(message), in_(message.reader({})) {}

  /// As `message_view::for_each_at`.
  template <class Header, class F>
  parsed<void> for_each_at(std::size_t index, std::size_t& room, F&& f) {
    in_.restart(message_.value(index));
    bool going_on = true;
    if (!message_view::read_line<Header>(in_, f, room, going_on)) {
      return message_.at_header(index, in_.error());
    }
    return {};
  }

 private:
  const message_view& message_;
  cursor in_;
};

}  // namespace parley::sip
