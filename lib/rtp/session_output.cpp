#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/session.hpp>

#include <algorithm>
#include <array>

namespace parley::rtp {
namespace {

constexpr std::size_t most_blocks_a_report = 31;
constexpr std::size_t most_answers = 16;
// What a report takes without its blocks, and a description beside its name, in bytes.
constexpr std::size_t report_bytes = 28;
constexpr std::size_t chunk_bytes = 12;
// Kept free of blocks, for extended reports and feedback.
constexpr std::size_t kept_free = 200;

}  // namespace

void session::add_reports(compound_writer& out, base::time_point now, base::wall_time wall,
                          std::span<const local_source> from, std::size_t most_blocks) {
  std::array<report_block, most_blocks_a_report> blocks;
  std::size_t count = 0;
  // Where there are more sources than blocks, the next report goes on where this one ends (RFC 3550 6.4).
  const auto& all = sources_.all();
  const auto start =
      std::find_if(all.begin(), all.end(), [&](const auto& s) { return s->received.ssrc() >= next_block_; });
  const auto offset = static_cast<std::size_t>(start - all.begin());
  for (std::size_t i = 0; i < all.size() && count < most_blocks; ++i) {
    remote_source& s = *all[(offset + i) % all.size()];
    if (!s.member || s.left || !s.received.heard_since_report()) continue;
    blocks[count++] = s.received.report(now);
    next_block_ = s.received.ssrc() + 1;
  }
  const field_list<report_block> list{std::span<const report_block>(blocks).first(count)};
  for (const local_source& l : from) {
    if (l.sends) {
      sender_report report = l.statistics.report(now, wall);
      report.blocks = list;
      out.add(report);
      sent_reports_.handle_sent(now, report.ntp_time);
    } else {
      out.add(receiver_report{l.statistics.ssrc(), list});
    }
  }
}

void session::add_descriptions(compound_writer& out, std::span<const std::uint32_t> of) const noexcept {
  const std::array<sdes_item, 1> name{sdes_item{sdes_type::cname, options_.cname}};
  std::array<sdes_chunk, most_blocks_a_report> chunks;
  const std::size_t count = std::min(of.size(), chunks.size());
  for (std::size_t i = 0; i < count; ++i) chunks[i] = {of[i], item_list<sdes_item>(name)};
  out.add(source_description{item_list<sdes_chunk>(std::span<const sdes_chunk>(chunks).first(count))});
}

void session::add_extended(compound_writer& out, base::time_point now, base::wall_time wall) {
  std::array<std::byte, 512> memory;
  xr_writer blocks(memory);
  bool any = false;
  const bool sending =
      std::any_of(local_.begin(), local_.end(), [](const local_source& l) { return l.sends; });
  const std::uint64_t ntp = to_ntp(wall);
  const bool reference = options_.reference_time && !sending;
  if (reference) {
    blocks.add(receiver_reference_time{ntp});
    any = true;
  }
  std::array<dlrr_entry, most_answers> answers;
  std::size_t count = 0;
  for (const auto& s : sources_.all()) {
    if (s->last_rr == 0 || s->left || count == answers.size()) continue;
    answers[count++] = {s->received.ssrc(), s->last_rr, to_ntp_length(now - s->last_rr_at)};
  }
  if (count != 0) {
    blocks.add(
        delay_since_last_rr{field_list<dlrr_entry>(std::span<const dlrr_entry>(answers).first(count))});
    any = true;
  }
  if (voip_metrics_) {
    blocks.add(*voip_metrics_);
    any = true;
  }
  if (!any || !out.add(extended_report{local_.front().statistics.ssrc(), blocks.blocks()}).fits()) return;
  if (reference) sent_reports_.handle_sent(now, ntp);
  // Each question is answered once.
  for (std::size_t i = 0; i < count; ++i) {
    if (remote_source* const s = sources_.find(answers[i].ssrc)) s->last_rr = 0;
  }
  voip_metrics_.reset();
}

void session::add_feedback(compound_writer& out, base::time_point now) {
  const std::uint32_t us = local_.front().statistics.ssrc();
  if (transport_wide_waits_) {
    if (auto feedback = transport_feedback_->collect(now)) {
      feedback->sender_ssrc = us;
      const auto& all = sources_.all();
      if (!all.empty()) feedback->media_ssrc = all.front()->received.ssrc();
      out.add(*feedback);
    }
    transport_wide_waits_ = false;
  }
  while (!lost_.empty()) {
    const std::uint32_t source = lost_.front().source;
    std::array<std::uint16_t, 64> numbers;
    std::array<nack_entry, 64> entries;
    std::size_t count = 0;
    for (const lost_packet& l : lost_) {
      if (l.source == source && count < numbers.size()) numbers[count++] = l.sequence;
    }
    const std::size_t made = make_nack_entries(std::span<const std::uint16_t>(numbers).first(count), entries);
    const auto list = field_list<nack_entry>(std::span<const nack_entry>(entries).first(made));
    if (!out.add(generic_nack{us, source, list}).fits()) return;
    std::size_t taken = 0;
    std::erase_if(lost_, [&](const lost_packet& l) { return l.source == source && taken++ < count; });
  }
  while (!key_frames_.empty()) {
    const key_frame frame = key_frames_.front();
    if (frame.full_intra) {
      remote_source* const s = sources_.find(frame.source);
      const std::uint8_t number = s != nullptr ? s->intra_requests : std::uint8_t{0};
      const std::array<intra_entry, 1> entry{intra_entry{frame.source, number}};
      if (!out.add(full_intra_request{us, 0, entry}).fits()) return;
      if (s != nullptr) ++s->intra_requests;
    } else if (!out.add(picture_loss{us, frame.source}).fits()) {
      return;
    }
    key_frames_.erase(key_frames_.begin());
  }
  if (bitrate_) {
    std::array<std::uint32_t, most_blocks_a_report> of;
    std::size_t count = 0;
    for (const auto& s : sources_.all()) {
      if (s->sends && count < of.size()) of[count++] = s->received.ssrc();
    }
    const auto list = field_list<std::uint32_t>(std::span<const std::uint32_t>(of).first(count));
    if (out.add(bandwidth_estimate{us, 0, *bitrate_, list}).fits()) bitrate_.reset();
  }
}

base::result<std::span<const std::byte>> session::poll_transmit(base::time_point now, base::wall_time wall,
                                                                std::span<std::byte> out) {
  using due = rtcp_schedule::due;
  const auto state = schedule_.state();
  const bool joined = state == rtcp_schedule::state::joined || state == rtcp_schedule::state::leaving;
  if (!joined || local_.empty()) byes_.clear();
  if (byes_.empty() && (due_ == due::nothing || local_.empty())) return std::span<const std::byte>{};
  const std::size_t described = std::max(local_.size(), byes_.size());
  const std::size_t least =
      described * (report_bytes + chunk_bytes + options_.cname.size()) + 8 * described + 300;
  if (out.size() < least) return make_error_code(errc::no_space);

  compound_writer writer(out);
  if (!byes_.empty()) {
    // RFC 3550 6.1: also a BYE stands behind a report and a name.
    writer.add(receiver_report{byes_.front(), {}});
    add_descriptions(writer, byes_);
    writer.add(bye{field_list<std::uint32_t>(std::span<const std::uint32_t>(byes_)), {}});
    byes_.clear();
    const auto written = writer.written();
    schedule_.handle_received(written.size());
    return written;
  }

  std::array<std::uint32_t, most_blocks_a_report> names;
  std::size_t count = 0;
  for (const local_source& l : local_) names[count++] = l.statistics.ssrc();
  const auto all = std::span<const std::uint32_t>(names).first(count);
  const std::span<const local_source> us(local_);
  switch (due_) {
    case due::nothing: break;
    case due::regular: {
      const std::size_t room = out.size() - std::min(out.size(), least + kept_free);
      add_reports(writer, now, wall, us,
                  std::min(most_blocks_a_report, room / report_block::wire_bytes / count));
      add_descriptions(writer, all);
      add_extended(writer, now, wall);
      add_feedback(writer, now);
      break;
    }
    case due::feedback:
      if (!options_.reduced_size) {
        add_reports(writer, now, wall, us.first(1), 0);
        add_descriptions(writer, all.first(1));
      }
      add_feedback(writer, now);
      break;
    case due::bye:
      add_reports(writer, now, wall, us, 0);
      add_descriptions(writer, all);
      writer.add(bye{field_list<std::uint32_t>(all), reason_});
      break;
  }
  const auto written = writer.written();
  due_ = due::nothing;
  schedule_.handle_sent(now, written.size() / count);
  // What did not fit goes with the next.
  if (feedback_waits() && schedule_.request_feedback(now) == rtcp_schedule::feedback_fate::dropped) {
    lost_.clear();
    key_frames_.clear();
    bitrate_.reset();
  }
  return written;
}

}  // namespace parley::rtp
