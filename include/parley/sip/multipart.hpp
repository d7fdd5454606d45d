#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::sip {

/// One header of a body part: the name as written, the value without the white space around it.
struct part_header {
  header_id id = header_id::unknown;
  std::string_view name;
  std::string_view value;
};

/// One part of a multipart body (RFC 2046 5.1).
///
/// *Ownership:* views into the body that was read.
class body_part {
 public:
  static constexpr std::size_t max_headers = 16;

  std::span<const part_header> headers() const noexcept { return {headers_.data(), count_}; }

  /// The first header of that kind, or of that name in any case; empty where there is none.
  PARLEY_API std::string_view value_of(header_id id) const noexcept;
  PARLEY_API std::string_view value_of(std::string_view name) const noexcept;

  /// The Content-Type; text/plain where the part has none (RFC 2046 5.1). *Errors:* offsets count from the
  /// header's value.
  PARLEY_API parsed<content_type_header> content_type() const noexcept;

  /// The bytes of the part, as they stand: no Content-Transfer-Encoding is undone.
  std::string_view content() const noexcept { return content_; }

 private:
  friend class multipart_reader;

  std::array<part_header, max_headers> headers_{};
  std::size_t count_ = 0;
  std::string_view content_;
};

/// Goes through the parts of a multipart body in place, without copying or allocating (RFC 2046 5.1, RFC 5621
/// 3). Bodies may hold any bytes. Text before the first boundary and behind the last is passed over; lines
/// may end with LF alone.
///
///     auto reader = multipart_reader::open(message.body(), content_type);
///     body_part part;
///     while (reader->next(part)) use(part);
///     if (reader->failed()) reject(reader->error());
///
/// *Ownership:* points into the body and into the boundary of the Content-Type that it was opened with.
class multipart_reader {
 public:
  /// *Errors:* `missing_boundary`; `bad_parameter` for a boundary longer than 70 characters or with
  /// characters that none may have; `body_too_large`.
  [[nodiscard]] PARLEY_API static parsed<multipart_reader> open(std::string_view body,
                                                                const content_type_header& type,
                                                                const limits& limits = {}) noexcept;

  /// A reader for a part that is a multipart body itself. *Errors:* also `too_deep`.
  [[nodiscard]] PARLEY_API parsed<multipart_reader> open_nested(
      const body_part& part, const content_type_header& type) const noexcept;

  /// Reads the next part. False behind the last one, and on an error; parts that were read before it are
  /// whole.
  ///
  /// *Errors:* in `error()`, with the offset in the outermost body: `bad_multipart` where the end boundary is
  /// missing, at the end of the body; `missing_colon`, `bad_header_name`, `control_in_message`,
  /// `nul_in_message`, `headers_too_large`, `too_many_headers` for the headers of a part; `too_many_parts`.
  PARLEY_API bool next(body_part& out) noexcept;

  bool failed() const noexcept { return error_.code != errc{}; }
  const parse_error& error() const noexcept { return error_; }

  /// How many multipart bodies this one stands in, itself included.
  std::size_t depth() const noexcept { return depth_; }

 private:
  struct delimiter;

  multipart_reader(std::string_view body, std::string_view boundary, const limits& limits) noexcept
      : body_(body), boundary_(boundary), limits_(limits), root_(body.data()) {}

  static parsed<multipart_reader> make(std::string_view body, const content_type_header& type,
                                       const limits& limits) noexcept;
  bool fail(errc code, const char* where) noexcept;
  bool find_delimiter(const char* from, delimiter& out) const noexcept;
  bool read_headers(const char*& at, const char* end, body_part& out) noexcept;

  std::string_view body_;
  std::string_view boundary_;
  sip::limits limits_;
  const char* root_;
  const char* next_part_ = nullptr;  ///< null before the first boundary was looked for
  std::size_t depth_ = 1;
  std::size_t parts_ = 0;
  bool ended_ = false;
  parse_error error_;
};

/// Calls `visit(part, type, depth)` for each part of a multipart body, and behind one that is multipart
/// itself for its parts. `type` is the part's Content-Type; depth is 1 for the outermost parts. Stops where
/// `visit` returns false.
///
/// *Errors:* those of `multipart_reader`; a Content-Type that can't be read, with its offset in the body.
template <class Visit>
[[nodiscard]] parsed<void> for_each_part(std::string_view body, const content_type_header& type,
                                         Visit&& visit, const limits& limits = {});

/// A boundary that stands in no content by chance: 128 random bits.
[[nodiscard]] PARLEY_API std::string make_boundary(base::random_source& random);

/// Builds a multipart body at the end of a string.
///
/// *Ownership:* appends to `out`, which must outlive it.
class multipart_writer {
 public:
  /// `boundary` has 1 to 70 of the characters of RFC 2046 5.1.1, as `make_boundary` gives.
  multipart_writer(std::string& out, std::string_view boundary) : out_(&out), boundary_(boundary) {}

  /// Appends one part. *Errors:* `bad_header_name`, `control_in_message` for what would break out of its
  /// line, and `bad_multipart` where `content` holds the boundary: take another one and begin again. Nothing
  /// is written then.
  [[nodiscard]] PARLEY_API parsed<void> add(std::span<const part_header> headers, std::string_view content);

  /// Ends the body. Nothing may be added behind it.
  PARLEY_API void finish();

  /// The Content-Type to send it with: `multipart/mixed;boundary="…"`.
  PARLEY_API std::string content_type(std::string_view subtype) const;

 private:
  std::string* out_;
  std::string boundary_;
};

namespace detail {

template <class Visit>
parsed<void> visit_parts(multipart_reader& reader, const char* root, Visit& visit, bool& stopped) {
  body_part part;
  while (!stopped && reader.next(part)) {
    const parsed<content_type_header> type = part.content_type();
    if (!type) {
      parse_error error = type.error();
      error.offset += static_cast<std::uint32_t>(part.value_of(header_id::content_type).data() - root);
      return error;
    }
    if (!visit(static_cast<const body_part&>(part), *type, reader.depth())) {
      stopped = true;
      return {};
    }
    if (!type->is_multipart()) continue;
    parsed<multipart_reader> nested = reader.open_nested(part, *type);
    if (!nested) return nested.error();
    parsed<void> inside = visit_parts(*nested, root, visit, stopped);
    if (!inside) return inside;
  }
  if (reader.failed()) return reader.error();
  return {};
}

}  // namespace detail

template <class Visit>
parsed<void> for_each_part(std::string_view body, const content_type_header& type, Visit&& visit,
                           const limits& limits) {
  parsed<multipart_reader> reader = multipart_reader::open(body, type, limits);
  if (!reader) return reader.error();
  bool stopped = false;
  return detail::visit_parts(*reader, body.data(), visit, stopped);
}

}  // namespace parley::sip
