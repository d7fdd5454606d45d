#include "offer_answer/detail/section_plan.hpp"

#include <parley/offer_answer/error.hpp>

#include <algorithm>
#include <utility>

namespace parley::offer_answer::detail {
namespace {

/// Adds lines to a section until one can't be written.
class section_writer {
 public:
  explicit section_writer(sdp::media_description& out) : out_(out) {}

  template <class T>
  void add(const T& value) {
    if (!error_) note(out_.add(value));
  }
  template <class T>
  void add(const std::optional<T>& value) {
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& values) {
    for (const T& value : values) add(value);
  }
  template <class T>
  void add_flag(bool present) {
    if (present) add(T{});
  }
  /// What belongs to a format that the m= line has. Feedback for all formats stands once, with the first.
  void add_format(const sdp::rtp_format& format, const std::string& number, bool is_first) {
    add(format.codec);
    if (!format.parameters.empty()) add(sdp::fmtp{number, format.parameters});
    for (const sdp::rtcp_fb& feedback : format.feedback) {
      if (is_first || feedback.payload_type) add(feedback);
    }
  }
  void add_attribute(const std::string& text) {
    if (!error_) note(out_.add_line('a', text));
  }

  base::error_code error() const noexcept { return error_; }

 private:
  void note(const sdp::parsed<void>& done) {
    if (!done) error_ = make_error_code(done.error());
  }

  sdp::media_description& out_;
  base::error_code error_;
};

void add_transport(section_writer& out, const section_plan& plan) {
  const local_transport& local = *plan.local;
  if (local.rtcp && plan.with_rtcp) {
    const auto to = sdp::connection_data::to(local.rtcp->ip);
    sdp::rtcp rtcp{.port = local.rtcp->port, .network_type = {}, .address_type = {}, .address = {}};
    if (local.rtcp->ip != local.rtp.ip) {
      rtcp.network_type = to.network_type;
      rtcp.address_type = to.address_type;
      rtcp.address = to.address;
    }
    out.add(rtcp);
  }
  out.add(plan.keys);
  if (plan.setup) {
    out.add(local.fingerprints);
    out.add(sdp::setup{*plan.setup});
    if (plan.with_tls_id && !local.tls_id.empty()) out.add(sdp::tls_id{local.tls_id});
  }
  if (!plan.with_ice || !local.ice) return;
  out.add(sdp::ice_ufrag{local.ice->ufrag});
  out.add(sdp::ice_pwd{local.ice->pwd});
  out.add(local.ice->candidates);
  out.add_flag<sdp::end_of_candidates>(local.ice->complete);
}

/// The feedback of a format, out of the lines that `write_section` writes.
std::vector<sdp::rtcp_fb> feedback_of(std::uint8_t type, const std::vector<sdp::rtp_format>& formats) {
  std::vector<sdp::rtcp_fb> out;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    for (const sdp::rtcp_fb& one : formats[i].feedback) {
      if ((i == 0 || one.payload_type) && one.covers(type)) out.push_back(one);
    }
  }
  return out;
}

void tell_transport(transport_reading& out, const section_plan& plan) {
  out.on_hold = plan.bundle_only || plan.local->rtp.ip.is_unspecified();
  if (!plan.with_transport) return;
  const local_transport& local = *plan.local;
  out.keys = plan.keys;
  if (plan.setup) {
    out.fingerprints = local.fingerprints;
    out.setup = plan.setup;
    if (plan.with_tls_id) out.tls_id = local.tls_id;
  }
  if (plan.with_ice && local.ice) {
    out.on_hold = false;
    remote_ice& ice = out.ice.emplace();
    ice.ufrag = local.ice->ufrag;
    ice.pwd = local.ice->pwd;
  }
}

/// What is read in a section that was written as `plan` says.
media_reading reading_of(section_plan plan) {
  media_reading out;
  out.media = plan.own->media;
  out.traits = traits_of(plan.protocol);
  out.port = plan.bundle_only ? 0 : plan.local->rtp.port;
  out.bundle_only = plan.bundle_only;
  if (!out.traits.sctp) out.direction = plan.direction;
  out.mixed_extensions = plan.mixed_extensions;
  out.transport.rtcp_mux_only = plan.rtcp_mux_only;
  out.transport.rtcp_mux = plan.rtcp_mux || plan.rtcp_mux_only;
  out.transport.rtcp_rsize = plan.rtcp_rsize;
  tell_transport(out.transport, plan);
  const bool has_feedback = std::any_of(plan.formats.begin(), plan.formats.end(),
                                        [](const sdp::rtp_format& one) { return !one.feedback.empty(); });
  if (has_feedback) {
    const std::vector<sdp::rtp_format> formats = plan.formats;
    for (sdp::rtp_format& one : plan.formats) one.feedback = feedback_of(one.payload_type(), formats);
  }
  out.protocol = std::move(plan.protocol);
  out.mid = std::move(plan.mid);
  out.formats = std::move(plan.formats);
  out.format_texts = std::move(plan.other_formats);
  out.extensions = std::move(plan.extensions);
  return out;
}

}  // namespace

base::result<sdp::media_description> write_section(const section_plan& plan) {
  const medium& own = *plan.own;
  sdp::media_line line;
  line.media = own.media;
  line.port = plan.bundle_only ? 0 : plan.local->rtp.port;
  line.protocol = plan.protocol;
  if (plan.formats.empty()) line.formats = plan.other_formats;
  line.formats.reserve(plan.formats.size());
  for (const sdp::rtp_format& format : plan.formats) {
    std::string number = std::to_string(format.payload_type());
    if (std::find(line.formats.begin(), line.formats.end(), number) != line.formats.end())
      return make_error_code(sdp::errc::duplicate_line);
    line.formats.push_back(std::move(number));
  }
  auto section = sdp::media_description::create(std::move(line));
  if (!section) return make_error_code(section.error());
  section_writer out(*section);
  out.add(plan.bundle_only ? sdp::connection_data::to(base::ip_address::any_v4())
                           : sdp::connection_data::to(plan.local->rtp.ip));
  out.add(own.bandwidths);
  if (!plan.mid.empty()) out.add(sdp::mid{plan.mid});
  for (std::size_t i = 0; i < plan.formats.size(); ++i) {
    out.add_format(plan.formats[i], section->media().formats[i], i == 0);
  }
  out.add(own.ptime);
  out.add(own.maxptime);
  // RFC 8841 has no directions: data channels go both ways.
  if (!traits_of(plan.protocol).sctp) section->set_direction(plan.direction);
  out.add_flag<sdp::bundle_only>(plan.bundle_only);
  out.add(plan.extensions);
  out.add_flag<sdp::extmap_allow_mixed>(plan.mixed_extensions);
  if (plan.with_sctpmap) {
    out.add(sdp::sctpmap{.port = own.sctp_port.value_or(sdp::sctp_port{}).value, .streams = {}});
  } else {
    out.add(own.sctp_port);
  }
  out.add(own.max_message_size);
  if (sends(plan.direction)) {
    out.add(own.streams);
    out.add(own.sources);
  }
  out.add_flag<sdp::rtcp_mux>(plan.rtcp_mux);
  out.add_flag<sdp::rtcp_mux_only>(plan.rtcp_mux_only);
  out.add_flag<sdp::rtcp_rsize>(plan.rtcp_rsize);
  if (plan.with_transport) add_transport(out, plan);
  for (const std::string& text : own.attributes) out.add_attribute(text);
  if (out.error()) return out.error();
  return *std::move(section);
}

base::result<sdp::media_description> write_rejected(const sdp::media_line& line, const std::string& mid) {
  sdp::media_line refused = line;
  refused.port = 0;
  refused.port_count = 1;
  auto section = sdp::media_description::create(refused);
  if (!section) return make_error_code(section.error());
  section_writer out(*section);
  // RFC 8866 5.7: each medium has an address, since the session has none.
  out.add(sdp::connection_data::to(base::ip_address::any_v4()));
  if (!mid.empty()) out.add(sdp::mid{mid});
  if (section->is_rtp()) section->set_direction(sdp::direction::inactive);
  if (out.error()) return out.error();
  return *std::move(section);
}

base::result<sdp::media_description> section_author::write(section_plan plan) {
  auto section = write_section(plan);
  if (!section) return section;
  knows_all_ = knows_all_ && plan.own->attributes.empty();
  if (knows_all_) said_.push_back(reading_of(std::move(plan)));
  return section;
}

base::result<sdp::media_description> section_author::write_rejected(const sdp::media_line& line,
                                                                    const std::string& mid) {
  media_reading said;
  said.media = line.media;
  said.protocol = line.protocol;
  said.traits = traits_of(line.protocol);
  said.mid = mid;
  said.direction = sdp::direction::inactive;
  said_.push_back(std::move(said));
  return detail::write_rejected(line, mid);
}

description_reading section_author::reading(const sdp::description& made, std::vector<bundle> bundles) {
  return knows_all_ ? description_reading(std::move(said_), std::move(bundles)) : description_reading(made);
}

}  // namespace parley::offer_answer::detail
