#include <parley/sip/patch.hpp>

#include <algorithm>
#include <functional>

namespace parley::sip {

patch::edit* patch::begin_edit(std::size_t offset, std::size_t erase) noexcept {
  if (failed_ != errc{}) return nullptr;
  if (edit_count_ == max_edits) {
    fail(errc::too_many_edits);
    return nullptr;
  }
  edit* const begin = edits_.data();
  edit* const end = begin + edit_count_;
  // Behind all edits at the same place, so that they are written in the order of the calls; an insertion at
  // the start of what another edit erases comes before that.
  edit* place =
      std::upper_bound(begin, end, offset, [](std::size_t at, const edit& e) { return at < e.offset; });
  if (erase == 0) {
    while (place != begin && place[-1].offset == offset && place[-1].erase != 0) --place;
  }
  const bool hits_earlier = place != begin && place[-1].offset + place[-1].erase > offset;
  const bool hits_later = place != end && offset + erase > place->offset;
  if (hits_earlier || hits_later) {
    fail(errc::bad_edit);
    return nullptr;
  }
  std::move_backward(place, end, end + 1);
  ++edit_count_;
  *place = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(erase), piece_count_, 0};
  erased_ += erase;
  return place;
}

void patch::add_piece(edit& to, std::string_view text) noexcept {
  if (text.empty()) return;
  if (piece_count_ == max_pieces) return fail(errc::too_many_edits);
  pieces_[piece_count_++] = text;
  ++to.pieces;
  inserted_ += text.size();
}

void patch::replace(std::string_view old, std::initializer_list<std::string_view> parts) noexcept {
  const std::string_view text = message_->text();
  const std::less<const char*> before;
  if (before(old.data(), text.data()) || before(text.data() + text.size(), old.data() + old.size())) {
    return fail(errc::bad_edit);
  }
  edit* const e = begin_edit(message_->offset_of(old), old.size());
  if (e == nullptr) return;
  for (std::string_view part : parts) add_piece(*e, part);
}

void patch::set_value(std::size_t index, std::string_view value) noexcept {
  if (index >= message_->header_count()) return fail(errc::bad_edit);
  replace(message_->value(index), {value});
}

void patch::remove_line(std::size_t index) noexcept {
  if (index >= message_->header_count()) return fail(errc::bad_edit);
  const std::size_t offset = message_->line_offset(index);
  begin_edit(offset, message_->line_offset(index + 1) - offset);
}

void patch::add_line(std::size_t offset, std::string_view name,
                     std::initializer_list<std::string_view> parts) noexcept {
  edit* const e = begin_edit(offset, 0);
  if (e == nullptr) return;
  add_piece(*e, name);
  add_piece(*e, ": ");
  for (std::string_view part : parts) add_piece(*e, part);
  add_piece(*e, "\r\n");
}

void patch::set_body(std::string_view body, std::string_view content_type) noexcept {
  if (body_set_) return fail(errc::bad_edit);
  body_set_ = true;
  text_writer length(scratch());
  length << body.size();
  const std::string_view digits = note_written(length);
  remove_all(header_id::content_length);
  if (body.empty() || !content_type.empty()) remove_all(header_id::content_type);
  if (!body.empty() && !content_type.empty()) add_last(header_id::content_type, {content_type});
  add_last(header_id::content_length, {digits});
  replace(message_->body(), {body});
}

std::string_view patch::note(std::string_view text) noexcept {
  text_writer out(scratch());
  out << text;
  return note_written(out);
}

std::string_view patch::note_written(const text_writer& written) noexcept {
  if (written.overflowed()) {
    fail(errc::no_space);
    return {};
  }
  notes_used_ = static_cast<std::uint16_t>(notes_used_ + written.size());
  return written.text();
}

std::size_t patch::write(std::span<std::byte> out) const noexcept {
  if (failed_ != errc{} || out.size() < size()) return 0;
  const char* const base = message_->text().data() - message_->start_offset();
  char* to = reinterpret_cast<char*>(out.data());
  const auto put = [&to](const char* from, std::size_t n) {
    if (n != 0) std::memcpy(to, from, n);
    to += n;
  };
  std::size_t done = message_->start_offset();
  for (const edit& e : std::span(edits_).first(edit_count_)) {
    put(base + done, e.offset - done);
    for (std::size_t i = 0; i < e.pieces; ++i) {
      const std::string_view piece = pieces_[e.first_piece + i];
      put(piece.data(), piece.size());
    }
    done = e.offset + e.erase;
  }
  put(base + done, message_->start_offset() + message_->text().size() - done);
  return static_cast<std::size_t>(to - reinterpret_cast<char*>(out.data()));
}

}  // namespace parley::sip
