#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/writer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace parley::sip {

/// Edits to a received message, kept beside it and written out in one pass: what a proxy changes on the way
/// through, while all other bytes stay as they came.
///
/// Edits are added in any order; those at one place are written in the order in which they were added. An
/// edit that can't be taken is not applied and makes `status()` an error: check it once, after the last edit.
///
/// ```cpp
/// sip::patch edit(request);
/// edit.add_first(header_id::via, {"SIP/2.0/UDP 192.0.2.1;branch=", branch});
/// edit.remove_first<sip::route_header>();
/// if (edit.status()) { auto out = pool.allocate(edit.size()); … edit.write(out); }
/// ```
///
/// Parts are written as they are given. What comes from outside and could hold a line end goes through the
/// parser or an escaping function first.
///
/// *Ownership:* refers to the message, its text and to the texts of the edits; all must live until `write`.
/// `note` keeps short texts inside the patch. Nothing allocates.
class patch {
 public:
  explicit patch(const message_view& message) noexcept : message_(&message) {}
  patch(const patch&) = delete;
  patch& operator=(const patch&) = delete;

  /// Puts a new Request-URI in the place of the old one.
  void set_request_uri(std::string_view uri) noexcept { replace(message_->request_uri(), {uri}); }

  /// Adds a header line before all others, its value made of `parts`.
  void add_first(header_id id, std::initializer_list<std::string_view> parts) noexcept {
    add_line(message_->first_line_offset(), name_of(id), parts);
  }
  /// The same for a header that `header_id` does not know.
  void add_first(std::string_view name, std::initializer_list<std::string_view> parts) noexcept {
    add_line(message_->first_line_offset(), name, parts);
  }
  /// Adds a header line before the line at `index`.
  void add_before(std::size_t index, header_id id, std::initializer_list<std::string_view> parts) noexcept {
    add_line(message_->line_offset(index), name_of(id), parts);
  }
  /// Adds a header line behind all others.
  void add_last(header_id id, std::initializer_list<std::string_view> parts) noexcept {
    add_line(message_->headers_end(), name_of(id), parts);
  }

  /// Puts `parts` in the place of `old`, which is part of the message's text; an empty `old` that points
  /// between two characters inserts there.
  PARLEY_API void replace(std::string_view old, std::initializer_list<std::string_view> parts) noexcept;

  PARLEY_API void set_value(std::size_t index, std::string_view value) noexcept;

  /// Takes out the whole line at `index`, folded parts included.
  PARLEY_API void remove_line(std::size_t index) noexcept;

  /// Takes out each line of that kind.
  void remove_all(header_id id) noexcept {
    for (std::size_t i = message_->find(id); i != message_view::npos; i = message_->find_after(id, i))
      remove_line(i);
  }

  /// Takes out the first `count` values of `Header`'s kind, with their lines where nothing else stands on
  /// them. *Errors:* in `status()`: `bad_edit` where there are fewer or one can't be read.
  template <class Header>
  void remove_first(std::size_t count = 1) noexcept {
    std::size_t index = message_->find(Header::id);
    while (count > 0) {
      if (index == message_view::npos) return fail(errc::bad_edit);
      cursor in(message_->value(index));
      in.skip_lws();
      const char* start = in.position();
      bool more = true;
      for (; more && count > 0; --count) {
        Header value;
        if (!Header::read(in, value)) return fail(errc::bad_edit);
        more = is_list(Header::id) && in.consume_separator(',');
      }
      if (more) return replace(in.since(start), {});
      in.skip_lws();
      if (!in.at_end()) return fail(errc::bad_edit);
      remove_line(index);
      index = message_->find_after(Header::id, index);
    }
  }

  /// Puts `body` in the place of the body and sets Content-Length, once; `content_type` replaces
  /// Content-Type, or leaves it where it is empty. An empty body takes Content-Type away.
  PARLEY_API void set_body(std::string_view body, std::string_view content_type) noexcept;

  /// Keeps a short text inside the patch and returns it as it lies there. A text that does not fit makes
  /// `status()` an error.
  PARLEY_API std::string_view note(std::string_view text) noexcept;
  /// Room for a text that a `text_writer` composes; give what was written to `note_written`.
  std::span<char> scratch() noexcept { return std::span<char>(notes_).subspan(notes_used_); }
  PARLEY_API std::string_view note_written(const text_writer& written) noexcept;

  /// *Errors:* the first edit that could not be taken: `too_many_edits`, `bad_edit`, or `no_space` for a
  /// note.
  parsed<void> status() const noexcept {
    if (failed_ != errc{}) return parse_error{failed_, 0};
    return {};
  }

  /// The size of the message with all edits, in bytes.
  std::size_t size() const noexcept { return message_->text().size() - erased_ + inserted_; }

  /// Writes the edited message to `out`, which has at least `size()` bytes, and returns its size; 0 where it
  /// does not fit or `status()` is an error.
  PARLEY_API std::size_t write(std::span<std::byte> out) const noexcept;

 private:
  static constexpr std::size_t max_edits = 24;
  static constexpr std::size_t max_pieces = 96;

  struct edit {
    std::uint32_t offset;
    std::uint32_t erase;
    std::uint16_t first_piece;
    std::uint16_t pieces;
  };

  void fail(errc code) noexcept {
    if (failed_ == errc{}) failed_ = code;
  }
  PARLEY_API void add_line(std::size_t offset, std::string_view name,
                           std::initializer_list<std::string_view> parts) noexcept;
  edit* begin_edit(std::size_t offset, std::size_t erase) noexcept;
  void add_piece(edit& to, std::string_view text) noexcept;

  const message_view* message_;
  std::size_t erased_ = 0;
  std::size_t inserted_ = 0;
  std::uint16_t edit_count_ = 0;
  std::uint16_t piece_count_ = 0;
  std::uint16_t notes_used_ = 0;
  bool body_set_ = false;
  errc failed_{};
  std::array<edit, max_edits> edits_;  // sorted by offset
  std::array<std::string_view, max_pieces> pieces_;
  std::array<char, 1024> notes_;
};

}  // namespace parley::sip
