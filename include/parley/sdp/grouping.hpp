#pragma once

#include <parley/base/api.hpp>
#include <parley/sdp/direction.hpp>
#include <parley/sdp/error.hpp>
#include <parley/sdp/typed_line.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::sdp {

/// a=mid: the name of a media description (RFC 5888 4).
struct PARLEY_API mid {
  static constexpr std::string_view name = "mid";

  std::string id;

  static parsed<mid> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const mid&, const mid&) = default;
};

/// a=group: media descriptions that belong together (RFC 5888 5): "BUNDLE" on one transport (RFC 9143 7),
/// "LS" for lip synchronization, "DUP", "FID". An empty BUNDLE is legal.
struct PARLEY_API group {
  static constexpr std::string_view name = "group";

  std::string semantics = "BUNDLE";
  std::vector<std::string> mids;

  /// Whether the media description of that mid is in it.
  bool contains(std::string_view id) const noexcept;

  static parsed<group> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const group&, const group&) = default;
};

/// a=bundle-only: a medium that is to be refused unless it is bundled (RFC 9143 6).
using bundle_only = flag<"bundle-only">;
/// a=extmap-allow-mixed: one- and two-byte header extensions in one stream (RFC 8285 6).
using extmap_allow_mixed = flag<"extmap-allow-mixed", true>;

/// a=msid: the MediaStream and the track that a medium belongs to (RFC 8830 2). "-" is no stream.
struct PARLEY_API msid {
  static constexpr std::string_view name = "msid";

  std::string stream = "-";
  std::string track;  ///< empty where there is none

  static parsed<msid> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const msid&, const msid&) = default;
};

/// a=ssrc: something about one source (RFC 5576 4.1), as "cname" and its value.
struct PARLEY_API ssrc {
  static constexpr std::string_view name = "ssrc";

  std::uint32_t id = 0;
  std::string attribute;
  std::string value;  ///< empty where there is none

  static parsed<ssrc> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ssrc&, const ssrc&) = default;
};

/// a=ssrc-group: sources that belong together, as "FID" for a stream and its retransmissions (RFC 5576 4.2).
struct PARLEY_API ssrc_group {
  static constexpr std::string_view name = "ssrc-group";

  std::string semantics;
  std::vector<std::uint32_t> ids;

  static parsed<ssrc_group> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const ssrc_group&, const ssrc_group&) = default;
};

/// a=extmap: the id of an RTP header extension (RFC 8285 8). Ids from 4096 on stand only in offers, for those
/// that are to be chosen from.
struct PARLEY_API extmap {
  static constexpr std::string_view name = "extmap";
  static constexpr bool inherited = true;

  std::uint16_t id = 1;  ///< 1 to 255 or 4096 to 4351; up to 14 in one byte
  std::optional<sdp::direction> direction;
  std::string uri;
  std::string attributes;  ///< whatever follows the URI

  static parsed<extmap> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const extmap&, const extmap&) = default;
};

/// a=rid: a stream of a medium with several, and what restricts it (RFC 8851 10).
struct PARLEY_API rid {
  static constexpr std::string_view name = "rid";

  std::string id;
  bool sends = true;                        ///< seen by whoever wrote it; else it receives
  std::vector<std::uint8_t> payload_types;  ///< all of the medium where empty
  /// As "max-width" and "1280"; the value is empty where there is none.
  std::vector<std::pair<std::string, std::string>> restrictions;

  static parsed<rid> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const rid&, const rid&) = default;
};

/// a=simulcast: which rids are sent or taken at a time (RFC 8853 5.1).
struct PARLEY_API simulcast {
  static constexpr std::string_view name = "simulcast";

  /// One rid.
  struct stream {
    std::string rid;
    bool paused = false;

    friend bool operator==(const stream&, const stream&) = default;
  };
  /// Streams at the same time, each by one of its alternatives, the preferred one first.
  using streams = std::vector<std::vector<stream>>;

  streams send;
  streams receive;

  static parsed<simulcast> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const simulcast&, const simulcast&) = default;
};

}  // namespace parley::sdp
