#include <parley/base/byte_reader.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/parse.hpp>
#include <parley/sip/simple.hpp>
#include <parley/ua/dialog.hpp>

#include <algorithm>
#include <array>

namespace parley::ua {
namespace {

// The first byte of what `save` writes. A change of the layout gets the next number.
constexpr std::uint8_t version = 1;

// The second byte; the two bits above these are the state.
constexpr unsigned uas_flag = 1;
constexpr unsigned sips_flag = 2;
constexpr unsigned local_cseq_flag = 4;
constexpr unsigned remote_cseq_flag = 8;
constexpr unsigned state_shift = 4;
constexpr unsigned state_count = 3;

bool has_controls(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

}  // namespace

std::size_t dialog::text_size() const noexcept {
  std::size_t size = call_id_.size() + local_target_.size() + remote_target_.size();
  for (const party* p : {&local_, &remote_}) size += p->display_name.size() + p->uri.size() + p->tag.size();
  for (const std::string& route : routes_) size += route.size();
  return size;
}

base::result<void> dialog::check() const {
  if (text_size() > max_text || routes_.size() > max_routes) return errc::too_large;
  const auto call_id = sip::parse<sip::call_id_header>(call_id_);
  if (!call_id || call_id->value != call_id_) return errc::bad_message;
  for (const party* p : {&local_, &remote_}) {
    const std::string text = header_of(*p);
    const auto read = sip::parse<sip::from_header>(text);
    if (!read || has_controls(text) || read->uri.raw != p->uri || read->tag != p->tag) {
      return errc::bad_message;
    }
    const std::string_view name = p->display_name;
    const bool same = read->display_quoted
                          ? name.size() >= 2 && read->display_name == name.substr(1, name.size() - 2)
                          : read->display_name == name;
    if (!same) return errc::bad_message;
  }
  const auto target = sip::parse_uri(remote_target_);
  if (!target || !target->is_sip() || has_controls(remote_target_)) return errc::bad_message;
  for (const std::string& route : routes_) {
    const auto uri = sip::parse_uri(route);
    if (!uri || has_controls(route)) return errc::bad_message;
  }
  return {};
}

base::result<void> dialog::check_read() const {
  const auto plain = [](const party& p) {
    return p.display_name.empty() &&
           std::all_of(p.tag.begin(), p.tag.end(), [](char c) { return sip::is(c, sip::char_token); });
  };
  // Names may have been unfolded, and a tag quoted.
  if (!plain(local_) || !plain(remote_)) return check();
  return text_size() > max_text || routes_.size() > max_routes ? base::result<void>(errc::too_large)
                                                               : base::result<void>();
}

std::vector<std::byte> dialog::save() const {
  // `check` bounds the texts, so all lengths have room in two bytes and everything in `max_saved`.
  std::vector<std::byte> out(text_size() + 2 * routes_.size() + 64);
  base::byte_writer to(out);
  const auto put = [&to](std::string_view text) {
    to.u16(static_cast<std::uint16_t>(text.size()));
    to.text(text);
  };
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(
      (role_ == role::uas ? uas_flag : 0) | (secure_ ? sips_flag : 0) | (local_cseq_ ? local_cseq_flag : 0) |
      (remote_cseq_ ? remote_cseq_flag : 0) | static_cast<unsigned>(state_) << state_shift));
  to.u16(usages_);
  to.u32(local_cseq_.value_or(0));
  to.u32(remote_cseq_.value_or(0));
  to.u32(first_cseq_);
  to.u32(local_target_cseq_);
  to.u32(remote_target_cseq_);
  put(call_id_);
  for (const party* p : {&local_, &remote_}) {
    put(p->display_name);
    put(p->uri);
    put(p->tag);
  }
  put(local_target_);
  put(remote_target_);
  to.u8(static_cast<std::uint8_t>(routes_.size()));
  for (const std::string& route : routes_) put(route);
  out.resize(to.position());
  return out;
}

base::result<dialog> dialog::restore(std::span<const std::byte> saved) {
  base::byte_reader from(saved);
  const auto found = from.u8();
  if (!found) return errc::bad_saved_state;
  if (*found != version) return errc::unsupported_version;
  if (saved.size() > max_saved) return errc::bad_saved_state;

  bool good = true;
  const auto number = [&good](const auto& read) -> std::uint32_t {
    good = good && read.has_value();
    return good ? *read : 0U;
  };
  const auto text = [&](std::string& out) {
    const auto size = number(from.u16());
    const auto read = from.text(size);
    good = good && read.has_value();
    if (good) out = *read;
  };
  dialog out;
  const unsigned flags = number(from.u8());
  out.usages_ = static_cast<std::uint16_t>(number(from.u16()));
  std::array<std::uint32_t, 5> cseqs{};
  for (std::uint32_t& cseq : cseqs) cseq = number(from.u32());
  text(out.call_id_);
  for (party* p : {&out.local_, &out.remote_}) {
    text(p->display_name);
    text(p->uri);
    text(p->tag);
  }
  text(out.local_target_);
  text(out.remote_target_);
  const std::size_t routes = number(from.u8());
  if (!good || routes > max_routes) return errc::bad_saved_state;
  out.routes_.resize(routes);
  for (std::string& route : out.routes_) text(route);
  if (!good || !from.empty() || flags >> state_shift >= state_count) return errc::bad_saved_state;

  out.role_ = (flags & uas_flag) != 0 ? role::uas : role::uac;
  out.secure_ = (flags & sips_flag) != 0;
  out.state_ = static_cast<enum state>(flags >> state_shift);
  if ((flags & local_cseq_flag) != 0) out.local_cseq_ = cseqs[0];
  if ((flags & remote_cseq_flag) != 0) out.remote_cseq_ = cseqs[1];
  out.first_cseq_ = cseqs[2];
  out.local_target_cseq_ = cseqs[3];
  out.remote_target_cseq_ = cseqs[4];

  // Whoever restores goes on as if nothing had happened: what could not have come about is refused.
  const auto highest_local = out.local_cseq_.value_or(0);
  const auto highest_remote = out.remote_cseq_.value_or(0);
  const auto& made_by = out.role_ == role::uac ? out.local_cseq_ : out.remote_cseq_;
  const bool numbers_fit = highest_local <= max_cseq && highest_remote <= max_cseq && made_by &&
                           out.first_cseq_ <= *made_by && out.local_target_cseq_ <= highest_local &&
                           out.remote_target_cseq_ <= highest_remote && (out.local_cseq_ || cseqs[0] == 0) &&
                           (out.remote_cseq_ || cseqs[1] == 0);
  if (!numbers_fit || (out.usages_ == 0 && out.state_ != state::terminated) || out.local_.tag.empty()) {
    return errc::bad_saved_state;
  }
  if (!out.local_target_.empty()) {
    const std::string contact = out.local_target_;
    if (has_controls(contact) || !out.set_local_target(contact)) return errc::bad_saved_state;
  }
  if (!out.check()) return errc::bad_saved_state;
  return out;
}

}  // namespace parley::ua
