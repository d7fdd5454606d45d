#pragma once

#include <parley/sdp/codec.hpp>
#include <parley/sdp/codec_parameters.hpp>
#include <parley/sdp/grouping.hpp>
#include <parley/sdp/h264.hpp>
#include <parley/sdp/ice.hpp>
#include <parley/sdp/security.hpp>
#include <parley/sdp/session.hpp>
#include <parley/sdp/transport.hpp>

namespace parley::sdp {

/// Calls `f.operator()<T>()` for each line and attribute that has a type.
template <class F>
void for_each_typed_line(const F& f) {
  const auto call = [&f]<class... T>() { (f.template operator()<T>(), ...); };
  call.template operator()<origin, connection_data, bandwidth, timing, maxprate>();
  call.template operator()<rtpmap, fmtp, ptime, maxptime, framerate, rtcp_fb, imageattr>();
  call.template operator()<rtcp, rtcp_mux, rtcp_mux_only, rtcp_rsize, setup, connection, tls_id, sctp_port,
                           max_message_size, sctpmap>();
  call.template operator()<fingerprint, crypto, identity>();
  call.template operator()<candidate, remote_candidates, ice_ufrag, ice_pwd, ice_options, ice_pacing,
                           ice_lite, ice_mismatch, end_of_candidates>();
  call.template
  operator()<mid, group, bundle_only, extmap_allow_mixed, msid, ssrc, ssrc_group, extmap, rid, simulcast>();
}

/// The same for what stands in fmtp.
template <class F>
void for_each_codec(const F& f) {
  const auto call = [&f]<class... T>() { (f.template operator()<T>(), ...); };
  call.template operator()<opus_parameters, telephone_event_parameters, vp8_parameters, vp9_parameters,
                           av1_parameters, rtx_parameters, red_parameters, amr_parameters, ilbc_parameters,
                           g729_parameters, g7221_parameters, profile_level_id, h264_parameters>();
}

}  // namespace parley::sdp
