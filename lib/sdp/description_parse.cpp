#include <parley/sdp/description.hpp>
#include <parley/sdp/ice.hpp>

#include "sdp/detail/text.hpp"

#include <algorithm>

namespace parley::sdp {

/// Cuts a text into lines and puts each where it belongs.
class description::reader {
 public:
  reader(std::string_view text, const limits& bounds) noexcept : text_(text), bounds_(bounds) {}

  parsed<description> read() {
    if (text_.size() > bounds_.text_bytes) return fail(errc::text_too_large, bounds_.text_bytes);
    // What comes out is as long, but for what becomes CRLF.
    out_.reserve(std::min(text_.find("\nm="), text_.size()) + line_ends, 8);
    while (at_ < text_.size()) {
      if (const auto taken = take_line(); !taken) return taken.error();
    }
    if (out_.lines_.empty()) return fail(errc::missing_version, 0);
    if (!out_.find('o')) return fail(errc::missing_origin, text_.size());
    return std::move(out_);
  }

 private:
  static parse_error fail(errc code, std::size_t where) { return {code, static_cast<std::uint32_t>(where)}; }

  parsed<void> take_line() {
    const std::size_t start = at_;
    const std::size_t end = std::min(text_.find('\n', start), text_.size());
    at_ = end + 1;
    std::string_view found = text_.substr(start, end - start);
    if (end != text_.size() && found.ends_with('\r')) found.remove_suffix(1);
    if (const auto checked = detail::check_text(found); !checked) {
      return fail(checked.error().code, start + checked.error().offset);
    }
    found = detail::trim_end(found);
    if (found.empty()) {
      if (!empty_seen_) empty_at_ = start;
      empty_seen_ = true;
      return {};
    }
    if (empty_seen_) return fail(errc::empty_line, empty_at_);
    if (++lines_ > bounds_.lines) return fail(errc::too_many_lines, start);
    if (found.size() < 2 || !detail::is_letter(found[0]) || found[1] != '=') {
      return fail(lines_ == 1 ? errc::missing_version : errc::bad_line, start);
    }
    return place({found[0], found.substr(2), static_cast<std::uint32_t>(start + 2)}, start);
  }

  parsed<void> place(const line& one, std::size_t start) {
    if (lines_ == 1 && one.type != 'v') return fail(errc::missing_version, start);
    if (one.type == 'm') return begin_medium(one);
    section& into = current();
    if (into.is_media() && detail::session_only(one.type)) return fail(errc::misplaced_line, start);
    if ((one.type == 'v' || into.stands_once(one.type)) && into.find(one.type)) {
      return fail(errc::duplicate_line, start);
    }
    if (one.type == 'v' && one.value != "0") return fail(errc::unsupported_version, one.offset);
    if (one.type == 'a') {
      if (detail::lacks_name(one.value)) return fail(errc::bad_attribute_name, one.offset);
      if (++attributes_ > bounds_.attributes) return fail(errc::too_many_attributes, start);
    }
    const std::uint64_t kind = into.push_line(one.type, one.value, one.offset);
    if (kind == detail::kind_bit('a', candidate::name) && one.attribute_name() == candidate::name &&
        ++candidates_ > bounds_.candidates) {
      return fail(errc::too_many_candidates, start);
    }
    return {};
  }

  parsed<void> begin_medium(const line& one) {
    if (out_.media_.size() == bounds_.media) return fail(errc::too_many_media, one.offset - 2);
    auto media = media_line::read(one.value);
    if (!media) return fail(media.error().code, one.offset + media.error().offset);
    if (media->formats.size() > bounds_.formats) return fail(errc::too_many_formats, one.offset);
    media_description next;
    next.media_ = *std::move(media);
    next.reserve(std::min(text_.find("\nm=", at_), text_.size()) - at_ + one.value.size() + line_ends, 16);
    next.push_line(one.type, one.value, one.offset);
    out_.media_.push_back(std::move(next));
    attributes_ = candidates_ = 0;
    return {};
  }

  section& current() noexcept {
    return out_.media_.empty() ? static_cast<section&>(out_) : out_.media_.back();
  }

  static constexpr std::size_t line_ends = 32;  // room for those that are written longer

  std::string_view text_;
  const limits& bounds_;
  std::size_t at_ = 0;
  std::size_t lines_ = 0;
  std::size_t attributes_ = 0;  // of the current section, as candidates_
  std::size_t candidates_ = 0;
  bool empty_seen_ = false;
  std::size_t empty_at_ = 0;
  description out_;
};

parsed<description> description::parse(std::string_view text, const limits& limits) {
  return reader(text, limits).read();
}

}  // namespace parley::sdp
