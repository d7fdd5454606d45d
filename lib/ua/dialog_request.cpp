#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>
#include <parley/ua/dialog.hpp>

#include <utility>

namespace parley::ua {
namespace {

using sip::header_id;

/// RFC 3261 19.1.1: a Contact or Route may say what a Request-URI may not.
std::string as_request_uri(const std::string& text) {
  auto uri = sip::uri::from_string(text);
  if (!uri) return text;
  uri->remove_headers();
  uri->remove_parameter("method");
  return uri->string();
}

}  // namespace

base::result<sip::message> dialog::write_request(std::string_view method) {
  const sip::method known = sip::method_of(method);
  if (known == sip::method::ack || known == sip::method::cancel) return errc::wrong_method;
  if (state_ == state::terminated) return errc::terminated;
  const auto cseq = next_cseq();
  if (!cseq) return cseq.error();
  auto request = make_request(method, *cseq);
  if (request) local_cseq_ = *cseq;
  return request;
}

base::result<std::uint32_t> dialog::take_cseq() noexcept {
  const auto cseq = next_cseq();
  if (cseq) local_cseq_ = *cseq;
  return cseq;
}

base::result<std::uint32_t> dialog::next_cseq() const noexcept {
  // RFC 3261 12.2.1.1: as UAS the first number is ours to choose.
  const std::uint32_t cseq = local_cseq_ ? *local_cseq_ + 1 : 1;
  if (cseq > max_cseq) return errc::numbers_used_up;
  return cseq;
}

base::result<sip::message> dialog::write_ack(std::uint32_t invite_cseq) const {
  if (!local_cseq_ || invite_cseq > *local_cseq_) return errc::numbers_used_up;
  return make_request("ACK", invite_cseq);
}

base::result<sip::message> dialog::make_request(std::string_view method, std::uint32_t cseq) const {
  const bool strict = !routes_.empty() && [&] {
    const auto first = sip::parse_uri(routes_.front());
    return first && !first->lr();
  }();
  auto made = sip::message::request(method, as_request_uri(strict ? routes_.front() : remote_target_));
  if (!made) return errc::wrong_method;
  sip::message& request = *made;
  bool good = true;
  const auto add = [&](header_id id, std::string_view value) {
    good = request.add(id, value).has_value() && good;
  };
  add(header_id::max_forwards, "70");
  for (std::size_t i = strict ? 1 : 0; i < routes_.size(); ++i) add(header_id::route, '<' + routes_[i] + '>');
  // RFC 3261 12.2.1.1: behind a strict router the target is the last of the routes.
  if (strict) add(header_id::route, '<' + remote_target_ + '>');
  add(header_id::from, header_of(local_));
  add(header_id::to, header_of(remote_));
  add(header_id::call_id, call_id_);
  add(header_id::cseq, std::to_string(cseq).append(" ").append(method));
  if (!local_target_.empty() && is_target_refresh(sip::method_of(method))) {
    add(header_id::contact, local_target_);
  }
  // `check` has seen all of these texts.
  if (!good) return errc::bad_message;
  return std::move(request);
}

std::string dialog::header_of(const party& from) {
  std::string out = from.display_name;
  if (!out.empty()) out += ' ';
  out.append("<").append(from.uri).append(">");
  // RFC 3261 12.2.1.1: where the tag is null, none is written.
  if (!from.tag.empty()) out.append(";tag=").append(from.tag);
  return out;
}

}  // namespace parley::ua
