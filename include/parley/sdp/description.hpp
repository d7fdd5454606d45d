#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/direction.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/limits.hpp>
#include <parley/sdp/section.hpp>
#include <parley/sdp/session.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp {

/// What an m= line says (RFC 8866 5.14).
struct PARLEY_API media_line {
  static constexpr char type = 'm';

  std::string media;                 ///< "audio", "video", "application", "image", "text", "message"
  std::uint16_t port = 0;            ///< 0 refuses the medium or, with bundle-only, leaves it to the bundle
  std::uint32_t port_count = 1;      ///< ports in a row, of layered multicast
  std::string protocol;              ///< as "UDP/TLS/RTP/SAVPF"
  std::vector<std::string> formats;  ///< payload types where the protocol is RTP

  static parsed<media_line> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const media_line&, const media_line&) = default;
};

/// An m= line and the lines that belong to it.
class PARLEY_API media_description : public section {
 public:
  /// With an m= line alone. *Errors:* what `media_line::read` says, or `unwritable`, where `line` breaks the
  /// grammar.
  static parsed<media_description> create(media_line line);

  const media_line& media() const noexcept { return media_; }

  /// Another m= line. *Errors:* as `create`; nothing is changed then.
  parsed<void> set_media(media_line line);

  /// Whether the protocol carries RTP, so that formats are payload types.
  bool is_rtp() const noexcept;

  /// Whether this medium was refused or ended (RFC 3264 6, 8.2): its port is 0 and it isn't only waiting for
  /// its bundle (RFC 9143 6).
  bool is_rejected() const noexcept;

  friend bool operator==(const media_description&, const media_description&) = default;

 private:
  friend class description;
  media_description() = default;

  media_line media_;
};

/// A session description (RFC 8866): the lines of the session, then a section for each medium. It owns its
/// text, since descriptions are small and live as long as their session.
///
/// ```cpp
/// const auto offer = description::parse(body);
/// if (!offer) return refuse(488, rule(offer.error().code));
/// for (const media_description& medium : offer->media()) {
///   const auto setup_role = offer->effective<setup>(medium);
///   const direction d = offer->direction_of(medium);
///   …
/// ```
class PARLEY_API description : public section {
 public:
  /// v=0, `from`, an empty session name and t=0 0. *Errors:* what `origin::read` says, or `unwritable`, where
  /// `from` breaks the grammar.
  static parsed<description> create(const origin& from);

  /// Reads a whole text. Only its frame and the m= lines are looked into here; each other line when it is
  /// asked for.
  ///
  ///  taken     LF alone, white space at the end of a line, empty lines at the end, a last line without an
  ///  end,
  ///            any order behind v=, no s=, no t=, types and attributes that are not known
  ///  refused   what `errc` lists under "the frame of a description" and "limits"
  ///
  /// *Errors:* the first rule that is broken, and its offset: answer as `errc` says. Nothing is kept then.
  static parsed<description> parse(std::string_view text, const limits& limits = {});

  const std::vector<media_description>& media() const noexcept { return media_; }
  std::vector<media_description>& media() noexcept { return media_; }

  /// The first medium whose mid is `id` (RFC 5888 4), null where there is none. *Ownership:* valid until the
  /// media change.
  const media_description* find_mid(std::string_view id) const;

  /// The section whose lines of `T` count for `medium`: its own where it has one, else the session's.
  template <inherited_line T>
  const section& scope(const media_description& medium) const noexcept {
    return medium.has<T>() ? static_cast<const section&>(medium) : *this;
  }

  /// As `get` of the medium, with the session's line where the medium has none.
  template <inherited_line T>
  parsed<T> effective(const media_description& medium) const {
    return scope<T>(medium).template get<T>();
  }

  /// The direction of a medium: its own, else the session's, else sendrecv (RFC 8866 6.7).
  sdp::direction direction_of(const media_description& medium) const noexcept;

  /// The whole text. What was parsed comes out line by line as it came in, but for white space at the ends of
  /// lines, and with CRLF.
  std::string to_string() const;

  friend bool operator==(const description&, const description&) = default;

 private:
  class reader;
  description() = default;

  std::vector<media_description> media_;
};

}  // namespace parley::sdp
