#include "ng_options.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace relay {
namespace {

/// Reads one command. The first thing that must be refused ends it.
class options_reader {
 public:
  options_result read(const value& command) {
    const value::dictionary* entries = command.entries();
    if (entries == nullptr) return failure{"a command is a dictionary"};
    for (const auto& [key, what] : *entries) {
      // Of a key that stands twice the first counts.
      if (command.find(key) != &what) continue;
      read_key(key, what);
      if (!refusal_.empty()) return failure{refusal_};
    }
    return std::move(out_);
  }

 private:
  using reading = void (options_reader::*)(const value&);
  struct known_key {
    std::string_view name;
    reading read;
  };
  static const known_key keys[];

  void read_key(const std::string& key, const value& what) {
    const auto* end = keys + key_count();
    const auto* at = std::find_if(keys, end, [&](const known_key& k) { return same_name(k.name, key); });
    if (at == end) {
      leave_out(key);
    } else if (at->read != nullptr) {
      (this->*at->read)(what);
    }
  }
  static std::size_t key_count() noexcept;

  void refuse(std::string why) {
    if (refusal_.empty()) refusal_ = std::move(why);
  }
  void refuse_value(std::string_view key, const std::string& what) {
    refuse("The value \"" + what.substr(0, 64) + "\" of " + std::string(key) + " is not known");
  }
  void leave_out(const std::string& name) {
    constexpr std::size_t most = 8;
    if (out_.unknown.size() < most) out_.unknown.push_back(name.substr(0, 64));
  }

  /// A list of texts, or one text.
  static std::vector<std::string> texts_of(const value& what) {
    std::vector<std::string> out;
    if (const value::list* items = what.items()) {
      for (const value& one : *items) out.push_back(one.as_text());
    } else {
      out.push_back(what.as_text());
    }
    return out;
  }

  /// What stands behind a prefix, where case and hyphens don't count; empty where it doesn't begin so.
  static std::string behind(const std::string& text, std::string_view prefix) {
    if (text.size() <= prefix.size() || !same_name(std::string_view(text).substr(0, prefix.size()), prefix))
      return {};
    return text.substr(prefix.size());
  }

  template <std::string ng_options::*Member>
  void text(const value& what) {
    out_.*Member = what.as_text();
  }

  void flag(const std::string& name) {
    const auto all = known_flags();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const known_flag& f) { return same_name(f.name, name); });
    if (at != all.end()) {
      if (at->state == support::refused)
        refuse("The flag " + name + " is not supported: " + std::string(at->why));
      if (at->apply != nullptr) at->apply(out_);
      return;
    }
    if (const std::string rest = behind(name, "sdes-"); !rest.empty()) return one_sdes(rest);
    if (const std::string rest = behind(name, "rtcp-mux-"); !rest.empty()) return one_rtcp_mux(rest);
    if (const std::string rest = behind(name, "replace-"); !rest.empty()) return one_replacement(rest);
    if (const std::string rest = behind(name, "transcode-"); !rest.empty()) {
      one_codec("transcode", rest);
      return;
    }
    if (const std::string rest = behind(name, "codec-"); !rest.empty()) {
      const std::size_t dash = rest.find('-');
      if (dash != std::string::npos && one_codec(rest.substr(0, dash), rest.substr(dash + 1), true)) return;
    }
    leave_out(name);
  }
  void read_flags(const value& what) {
    for (const std::string& one : texts_of(what)) flag(one);
  }

  void one_replacement(const std::string& name) {
    struct {
      std::string_view name;
      bool replacements::*member;
    } constexpr all[] = {
        {"origin", &replacements::origin},
        {"session-connection", &replacements::session_connection},
        {"session-name", &replacements::session_name},
        {"username", &replacements::username},
        {"sdp-version", &replacements::sdp_version},
        {"zero-address", &replacements::zero_address},
    };
    for (const auto& one : all) {
      if (same_name(one.name, name)) {
        out_.replace.*one.member = true;
        return;
      }
    }
    leave_out("replace " + name);
  }
  void read_replace(const value& what) {
    for (const std::string& one : texts_of(what)) one_replacement(one);
  }

  void read_ice(const value& what) {
    const std::string name = what.as_text();
    for (const std::string_view known : {"remove", "default", "optional"}) {
      if (same_name(known, name)) return;  // candidates are taken out in each case
    }
    refuse("ICE=" + name.substr(0, 64) + " is not supported: this build has no ICE/DTLS");
  }

  void read_dtls(const value& what) {
    for (const std::string& name : texts_of(what)) {
      if (same_name("off", name) || same_name("no", name) || same_name("disable", name)) continue;
      refuse("DTLS=" + name.substr(0, 64) + " is not supported: this build has no ICE/DTLS");
    }
  }

  void one_sdes(const std::string& name) {
    if (same_name("off", name) || same_name("no", name) || same_name("disable", name)) {
      out_.sdes.off = true;
    } else if (same_name("nonew", name)) {
      out_.sdes.nonew = true;
    } else if (same_name("pad", name)) {
      // RFC 4568 6.1: the key's own length says where it ends, and the text must be whole groups of base64.
    } else if (std::string suite = behind(name, "no-"); !suite.empty()) {
      out_.sdes.no.push_back(std::move(suite));
    } else if (suite = behind(name, "only-"); !suite.empty()) {
      out_.sdes.only.push_back(std::move(suite));
    } else {
      refuse_value("SDES", name);
    }
  }
  void read_sdes(const value& what) {
    for (const std::string& one : texts_of(what)) one_sdes(one);
  }

  void read_osrtp(const value& what) {
    for (const std::string& name : texts_of(what)) {
      if (same_name("offer", name)) {
        out_.osrtp_offer = true;
      } else if (same_name("accept", name)) {
        out_.osrtp_accept = true;
      } else {
        refuse_value("OSRTP", name);
      }
    }
  }

  void read_protocol(const value& what) {
    const std::string name = what.as_text();
    for (const std::string_view known : {"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"}) {
      if (same_name(known, name)) {
        out_.protocol = known;
        return;
      }
    }
    if (same_name("off", name)) return;
    for (const std::string_view known : {"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"}) {
      if (same_name(known, name)) {
        refuse("transport-protocol=" + name + " is not supported: this build has no ICE/DTLS");
        return;
      }
    }
    refuse_value("transport-protocol", name);
  }

  void one_rtcp_mux(const std::string& name) {
    struct {
      std::string_view name;
      bool rtcp_mux_wishes::*member;
    } constexpr all[] = {
        {"offer", &rtcp_mux_wishes::offer},   {"require", &rtcp_mux_wishes::require},
        {"demux", &rtcp_mux_wishes::demux},   {"accept", &rtcp_mux_wishes::accept},
        {"reject", &rtcp_mux_wishes::reject},
    };
    for (const auto& one : all) {
      if (same_name(one.name, name)) {
        out_.rtcp_mux.*one.member = true;
        return;
      }
    }
    refuse_value("rtcp-mux", name);
  }
  void read_rtcp_mux(const value& what) {
    for (const std::string& one : texts_of(what)) one_rtcp_mux(one);
  }

  void read_family(const value& what) {
    const std::string name = what.as_text();
    if (same_name("IP4", name)) {
      out_.v6 = false;
    } else if (same_name("IP6", name)) {
      out_.v6 = true;
    } else {
      refuse_value("address-family", name);
    }
  }

  void read_direction(const value& what) {
    const std::vector<std::string> names = texts_of(what);
    if (names.size() != 2) return refuse("direction must name two interfaces");
    std::copy(names.begin(), names.end(), out_.interfaces.begin());
  }

  bool one_codec(std::string_view what, const std::string& codec, bool may_be_unknown = false) {
    struct {
      std::string_view name;
      std::vector<std::string> codec_wishes::*member;
    } constexpr all[] = {
        {"strip", &codec_wishes::strip},         {"mask", &codec_wishes::mask},
        {"consume", &codec_wishes::consume},     {"accept", &codec_wishes::accept},
        {"offer", &codec_wishes::offer},         {"except", &codec_wishes::except},
        {"transcode", &codec_wishes::transcode},
    };
    constexpr std::size_t most = 64;
    for (const auto& one : all) {
      if (!same_name(one.name, what)) continue;
      std::vector<std::string>& list = out_.codecs.*one.member;
      if (list.size() >= most) {
        refuse("codec names too many codecs");
      } else {
        list.push_back(codec);
      }
      return true;
    }
    if (same_name("set", what)) {
      refuse("codec set is not supported: codecs have the parameters that the peers agree on");
    } else if (!may_be_unknown) {
      refuse_value("codec", std::string(what));
    }
    return false;
  }
  void read_codec(const value& what) {
    const value::dictionary* entries = what.entries();
    if (entries == nullptr) return refuse("codec must be a dictionary");
    for (const auto& [name, list] : *entries) {
      for (const std::string& codec : texts_of(list)) one_codec(name, codec);
    }
  }

  void read_received_from(const value& what) {
    // ["IP4", "192.0.2.1"], or the address alone.
    const std::vector<std::string> parts = texts_of(what);
    const auto ip = parts.empty() ? base::result<base::ip_address>(base::ip_address{})
                                  : base::ip_address::from_string(parts.back());
    if (parts.empty() || !ip) return refuse("received-from is not an address");
    out_.received_from = *ip;
  }

  void read_media_address(const value& what) {
    const auto ip = base::ip_address::from_string(what.as_text());
    if (!ip) return refuse("media-address is not an address");
    out_.media_address = *ip;
  }

  void read_record(const value& what) {
    const std::string name = what.as_text();
    if (same_name("yes", name) || same_name("on", name) || name == "1") {
      out_.record = true;
    } else if (same_name("no", name) || same_name("off", name) || name == "0") {
      out_.record = false;
    } else {
      refuse_value("record-call", name);
    }
  }

  /// A whole number in a range; nothing, and a refusal, for anything else.
  std::optional<std::int64_t> number(std::string_view key, const value& what, std::int64_t least,
                                     std::int64_t most) {
    const auto given = what.as_integer();
    if (given && *given >= least && *given <= most) return given;
    refuse(std::string(key) + " must be a number from " + std::to_string(least) + " to " +
           std::to_string(most));
    return std::nullopt;
  }

  void read_ptime(const value& what) {
    if (const auto n = number("ptime", what, 1, 200)) out_.ptime_ms = static_cast<std::uint32_t>(*n);
  }
  void read_tos(const value& what) {
    if (const auto n = number("TOS", what, 0, 255)) out_.tos = static_cast<std::uint8_t>(*n);
  }
  void read_delay(const value& what) {
    // Less than 0 asks for the configured one.
    if (const auto n = number("delete-delay", what, -1, 86400); n && *n >= 0)
      out_.delete_delay = std::chrono::seconds(*n);
  }
  void read_limit(const value& what) {
    if (const auto n = number("limit", what, 0, 1'000'000)) out_.limit = static_cast<std::size_t>(*n);
  }
  void read_repeat(const value& what) {
    if (const auto n = number("repeat-times", what, 1, 1000)) out_.repeat = static_cast<unsigned>(*n);
  }
  void read_length(const value& what) {
    if (const auto n = number("duration", what, 40, 8000)) out_.length = std::chrono::milliseconds(*n);
  }
  void read_pause(const value& what) {
    if (const auto n = number("pause", what, 40, 8000)) out_.pause = std::chrono::milliseconds(*n);
  }
  void read_volume(const value& what) {
    // 0 is the loudest; below it with a sign or without.
    if (const auto n = number("volume", what, -63, 63))
      out_.volume = static_cast<std::uint8_t>(*n < 0 ? -*n : *n);
  }

  void read_drop(const value& what) {
    const std::string name = what.as_text();
    if (same_name("start", name)) {
      out_.drop_traffic = true;
    } else if (same_name("stop", name)) {
      out_.drop_traffic = false;
    } else {
      refuse_value("drop-traffic", name);
    }
  }

  void read_supports(const value& what) {
    for (const std::string& one : texts_of(what))
      out_.load_limit = out_.load_limit || same_name("load limit", one);
  }

  void read_generate(const value& what) {
    const std::string name = what.as_text();
    if (!same_name("off", name) && !same_name("no", name) && !same_name("on", name) &&
        !same_name("yes", name))
      refuse_value("generate RTCP", name);
  }

  void refuse_database(const value&) { refuse("db-id is not supported: there is no database of sounds"); }
  void refuse_start(const value&) {
    refuse("start-pos is not supported: a sound is played from its beginning");
  }

  ng_options out_{};
  std::string refusal_{};
};

// Keys without a function are read elsewhere, or ask for what is the case anyway.
constexpr options_reader::known_key options_reader::keys[] = {
    {"command", nullptr},
    {"call-id", &options_reader::text<&ng_options::call_id>},
    {"from-tag", &options_reader::text<&ng_options::from_tag>},
    {"to-tag", &options_reader::text<&ng_options::to_tag>},
    {"via-branch", &options_reader::text<&ng_options::via_branch>},
    {"label", &options_reader::text<&ng_options::label>},
    {"from-label", &options_reader::text<&ng_options::label>},
    {"set-label", &options_reader::text<&ng_options::set_label>},
    {"sdp", &options_reader::text<&ng_options::sdp>},
    {"address", &options_reader::text<&ng_options::address>},
    {"metadata", &options_reader::text<&ng_options::metadata>},
    {"file", &options_reader::text<&ng_options::file>},
    {"blob", &options_reader::text<&ng_options::blob>},
    {"code", &options_reader::text<&ng_options::digit>},
    {"digit", &options_reader::text<&ng_options::digit>},
    {"flags", &options_reader::read_flags},
    {"replace", &options_reader::read_replace},
    {"ICE", &options_reader::read_ice},
    {"DTLS", &options_reader::read_dtls},
    {"DTLS-reverse", &options_reader::read_dtls},
    {"DTLS-fingerprint", nullptr},
    {"SDES", &options_reader::read_sdes},
    {"OSRTP", &options_reader::read_osrtp},
    {"transport-protocol", &options_reader::read_protocol},
    {"rtcp-mux", &options_reader::read_rtcp_mux},
    {"address-family", &options_reader::read_family},
    {"direction", &options_reader::read_direction},
    {"codec", &options_reader::read_codec},
    {"received-from", &options_reader::read_received_from},
    {"media-address", &options_reader::read_media_address},
    {"record-call", &options_reader::read_record},
    {"ptime", &options_reader::read_ptime},
    {"TOS", &options_reader::read_tos},
    {"delete-delay", &options_reader::read_delay},
    {"limit", &options_reader::read_limit},
    {"repeat-times", &options_reader::read_repeat},
    {"duration", &options_reader::read_length},
    {"pause", &options_reader::read_pause},
    {"volume", &options_reader::read_volume},
    {"drop-traffic", &options_reader::read_drop},
    {"supports", &options_reader::read_supports},
    {"generate-RTCP", &options_reader::read_generate},
    {"db-id", &options_reader::refuse_database},
    {"start-pos", &options_reader::refuse_start},
    {"user-agent", nullptr},
};

std::size_t options_reader::key_count() noexcept { return std::size(keys); }

}  // namespace

options_result read_options(const value& command) { return options_reader{}.read(command); }

}  // namespace relay
