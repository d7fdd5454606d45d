#include <parley/sdp/description.hpp>
#include <parley/sdp/grouping.hpp>

#include "sdp/detail/cursor.hpp"

namespace parley::sdp {

parsed<media_line> media_line::read(std::string_view text) {
  detail::cursor in(text);
  media_line out;
  const auto read_formats = [&] {
    do {
      if (!in.space() || !in.word(out.formats.emplace_back())) return false;
    } while (in.more());
    return true;
  };
  const auto is_protocol = [](char c) { return detail::is_token(c) || c == '/'; };
  static_cast<void>(in.token(out.media) && in.space() && in.number(out.port) &&
                    (!in.consume('/') || in.number(out.port_count, 1)) && in.space() &&
                    in.run(out.protocol, is_protocol, errc::expected_token) && read_formats());
  return in.finish(std::move(out));
}

void media_line::write(std::string& out) const {
  detail::append_number(out.append(media).append(1, ' '), port);
  if (port_count != 1) detail::append_number(out.append(1, '/'), port_count);
  out.append(1, ' ').append(protocol);
  for (const std::string& format : formats) out.append(1, ' ').append(format);
}

parsed<media_description> media_description::create(const media_line& line) {
  media_description out;
  out.lines_.reserve(8);
  out.lines_.push_back({'m', {}, 0});
  if (const auto made = out.set_media(line); !made) return made.error();
  return out;
}

parsed<void> media_description::set_media(const media_line& line) {
  std::string text;
  line.write(text);
  const auto again = media_line::read(text);
  if (!again) return again.error();
  if (*again != line) return parse_error{errc::unwritable, 0};
  lines_.front() = {'m', std::move(text), 0};
  media_ = line;
  return {};
}

bool media_description::is_rtp() const noexcept {
  return media_.protocol.starts_with("RTP/") || media_.protocol.find("/RTP/") != std::string::npos;
}

bool media_description::is_rejected() const noexcept { return media_.port == 0 && !has<bundle_only>(); }

parsed<description> description::create(const origin& from) {
  description out;
  out.lines_.reserve(4);
  out.lines_.push_back({'v', "0", 0});
  if (const auto made = out.add(from); !made) return made.error();
  out.lines_.push_back({'s', "-", 0});
  out.lines_.push_back({'t', "0 0", 0});
  return out;
}

const media_description* description::find_mid(std::string_view id) const {
  for (const media_description& medium : media_) {
    const auto found = medium.get<mid>();
    if (found && found->id == id) return &medium;
  }
  return nullptr;
}

sdp::direction description::direction_of(const media_description& medium) const noexcept {
  if (const auto own = medium.direction()) return *own;
  return direction().value_or(sdp::direction::sendrecv);
}

std::string description::to_string() const {
  std::string out = section::to_string();
  for (const media_description& medium : media_) out += medium.to_string();
  return out;
}

}  // namespace parley::sdp
