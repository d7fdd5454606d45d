#include "sdp_edit.hpp"

#include <parley/sdp/grouping.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/session.hpp>
#include <parley/sdp/transport.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace relay {
namespace {

using edit_result = outcome<void>;

template <class... Lines>
void remove_all(sdp::section& from) {
  (from.remove<Lines>(), ...);
}

void remove_ice(sdp::section& from) {
  remove_all<sdp::candidate, sdp::remote_candidates, sdp::ice_ufrag, sdp::ice_pwd, sdp::ice_options,
             sdp::ice_pacing, sdp::ice_lite, sdp::ice_mismatch, sdp::end_of_candidates>(from);
}

void remove_dtls(sdp::section& from) { remove_all<sdp::fingerprint, sdp::setup, sdp::tls_id>(from); }

template <class T>
edit_result worked(const sdp::parsed<T>& done) {
  if (done) return {};
  return failure{"The description can't be changed: " + std::string(sdp::rule(done.error().code))};
}

/// Takes all formats out, with the lines that belong to them, and puts others there.
edit_result replace_formats(sdp::media_description& medium, sdp::media_line& line,
                            const std::vector<sdp::rtp_format>& formats) {
  std::vector<std::string> named = std::move(line.formats);
  const auto has = [](const auto& all, const std::string& type) {
    return std::find(all.begin(), all.end(), type) != all.end();
  };
  std::vector<std::string> wanted;
  wanted.reserve(formats.size());
  for (const sdp::rtp_format& one : formats) wanted.push_back(std::to_string(one.payload_type()));
  // What stays is left as it was spelled.
  const auto before = sdp::rtp_formats(medium);
  std::vector<std::string> staying;
  for (const sdp::rtp_format& one : before) {
    if (std::find(formats.begin(), formats.end(), one) != formats.end())
      staying.push_back(std::to_string(one.payload_type()));
  }
  medium.remove<sdp::rtpmap>(
      [&](const sdp::rtpmap& m) { return !has(staying, std::to_string(m.payload_type)); });
  medium.remove<sdp::fmtp>([&](const sdp::fmtp& f) { return !has(staying, f.format); });
  medium.remove<sdp::rtcp_fb>([&](const sdp::rtcp_fb& f) {
    return f.payload_type && !has(staying, std::to_string(*f.payload_type));
  });
  for (const sdp::rtp_format& one : formats) {
    const std::string type = std::to_string(one.payload_type());
    if (has(staying, type)) continue;
    if (const auto added = medium.add(one.codec); !added) return worked(added);
    if (!one.parameters.empty()) {
      if (const auto added = medium.add(sdp::fmtp{type, one.parameters}); !added) return worked(added);
    }
  }
  line.formats = std::move(wanted);
  return {};
}

edit_result edit_rtp(sdp::media_description& medium, sdp::media_line& line, const edited_medium& wanted) {
  remove_all<sdp::rtcp_mux, sdp::rtcp_mux_only, sdp::crypto, sdp::bundle_only>(medium);
  remove_dtls(medium);
  if (!wanted.protocol.empty()) line.protocol = wanted.protocol;
  if (!wanted.feedback) medium.remove<sdp::rtcp_fb>();
  if (wanted.formats) {
    if (auto done = replace_formats(medium, line, *wanted.formats); !done) return done;
  }
  if (wanted.rtp.port == 0 || wanted.attribute == rtcp_attribute::none) {
    medium.remove<sdp::rtcp>();
  } else {
    sdp::rtcp rtcp;
    rtcp.port = wanted.rtcp.port;
    if (wanted.attribute == rtcp_attribute::full) {
      rtcp.network_type = "IN";
      rtcp.address_type = wanted.rtcp.ip.is_v6() ? "IP6" : "IP4";
      rtcp.address = wanted.rtcp.ip.to_string();
    }
    if (const auto done = medium.set(rtcp); !done) return worked(done);
  }
  if (wanted.rtp.port == 0) return {};
  if (wanted.rtcp_mux) {
    if (const auto done = medium.add(sdp::rtcp_mux{}); !done) return worked(done);
  }
  for (const sdp::crypto& key : wanted.keys) {
    if (const auto done = medium.add(key); !done) return worked(done);
  }
  if (wanted.ptime_ms) {
    if (const auto done = medium.set(sdp::ptime{*wanted.ptime_ms * 1000}); !done) return worked(done);
  }
  return {};
}

edit_result edit_medium(const sdp::description& text, sdp::media_description& medium,
                        const edited_medium& wanted) {
  if (wanted.leave) {
    // The c= line of the session, which is about to change, was that of this medium.
    if (medium.has<sdp::connection_data>()) return {};
    const auto own = text.get<sdp::connection_data>();
    return own ? worked(medium.set(*own)) : edit_result{};
  }
  remove_ice(medium);
  sdp::media_line line = medium.media();
  line.port = wanted.rtp.port;
  const bool rtp = rtp_profile::from(line.protocol).has_value();
  if (rtp) {
    if (auto done = edit_rtp(medium, line, wanted); !done) return done;
  }
  if (const auto done = medium.set_media(std::move(line)); !done) return worked(done);
  const bool has_own = medium.has<sdp::connection_data>();
  if (wanted.rtp.port == 0 || wanted.keep_zero_address || (!has_own && text.has<sdp::connection_data>()))
    return {};
  return worked(medium.set(sdp::connection_data::to(wanted.rtp.ip)));
}

edit_result edit_origin(sdp::description& text, const edited_session& wanted) {
  if (!wanted.origin && !wanted.username && !wanted.version) return {};
  auto origin = text.get<sdp::origin>();
  if (!origin) return worked(origin);
  if (wanted.origin) {
    origin->address_type = wanted.origin->is_v6() ? "IP6" : "IP4";
    origin->address = wanted.origin->to_string();
  }
  if (wanted.username) origin->username = *wanted.username;
  if (wanted.version) origin->session_version = *wanted.version;
  return worked(text.set(*origin));
}

/// c= of the session, for the media that have none of their own.
edit_result edit_connection(sdp::description& text, const edited_session& session,
                            const std::vector<edited_medium>& media) {
  if (!text.has<sdp::connection_data>()) return {};
  bool needed = session.connection;
  bool zero = false;
  const edited_medium* first = nullptr;
  for (std::size_t i = 0; i < media.size(); ++i) {
    if (media[i].leave || media[i].rtp.port == 0) continue;
    if (first == nullptr) first = &media[i];
    if (text.media()[i].has<sdp::connection_data>()) continue;
    needed = true;
    zero = zero || media[i].keep_zero_address;
  }
  if (!needed || zero || first == nullptr) return {};
  return worked(text.set(sdp::connection_data::to(first->rtp.ip)));
}

}  // namespace

edit_result edit_description(sdp::description& text, const edited_session& session,
                             const std::vector<edited_medium>& media) {
  remove_ice(text);
  remove_dtls(text);
  text.remove<sdp::group>([](const sdp::group& one) { return one.semantics == "BUNDLE"; });
  for (std::size_t i = 0; i < media.size(); ++i) {
    if (auto done = edit_medium(text, text.media()[i], media[i]); !done) return done;
  }
  if (auto done = edit_connection(text, session, media); !done) return done;
  if (session.session_name) {
    if (const auto done = text.set_line('s', *session.session_name); !done) return worked(done);
  }
  return edit_origin(text, session);
}

}  // namespace relay
