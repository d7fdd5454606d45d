#include "ua/detail/request_series.hpp"

#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/transaction/branch.hpp>

#include <algorithm>
#include <utility>

namespace parley::ua::detail {
namespace {

using sip::header_id;

/// Sixteen random bytes in hexadecimal: a Call-ID, or a tag.
std::string random_token(base::random_source& random) {
  std::string out(transaction::branch_format::write_tag(random.u64()).text());
  return out.append(transaction::branch_format::write_tag(random.u64()).text());
}

/// A bare URI in brackets, since its parameters would be those of the header.
std::string as_name_addr(std::string_view text) {
  if (text.find('<') != std::string_view::npos) return std::string(text);
  return std::string("<").append(text).append(">");
}

bool is_party(std::string_view text) {
  const std::string value = as_name_addr(text);
  const auto read = sip::parse<sip::to_header>(value);
  // RFC 3261 8.1.1.2: a request outside a dialog has no tag in To.
  return read && read->tag.empty();
}

}  // namespace

bool is_sound(const request_parties& parties) {
  const auto is_sip = [](std::string_view text) {
    const auto uri = sip::parse_uri(text);
    return uri && uri->is_sip();
  };
  return std::all_of(parties.routes->begin(), parties.routes->end(), is_sip) && is_sip(parties.request_uri) &&
         is_party(parties.to) && is_party(parties.from);
}

std::size_t text_size(const std::vector<std::string>& texts) noexcept {
  std::size_t size = 0;
  for (const std::string& text : texts) size += text.size();
  return size;
}

request_series::request_series(base::random_source& random, std::uint32_t first_cseq)
    : random_(&random),
      call_id_(random_token(random)),
      tag_(random_token(random)),
      cseq_(std::clamp<std::uint32_t>(first_cseq, 1, max_cseq) - 1) {}

void request_series::restart() {
  call_id_ = random_token(*random_);
  tag_ = random_token(*random_);
  cseq_ = 0;
}

std::optional<sip::message> request_series::write(std::string_view method, const request_parties& parties) {
  // RFC 3261 8.1.1.5: the answers to challenges stay below 2^31, too.
  if (cseq_ >= max_cseq - max_challenges) restart();
  auto made = sip::message::request(method, parties.request_uri);
  if (!made) return std::nullopt;
  bool good = true;
  const auto add = [&](header_id id, std::string_view value) {
    good = made->add(id, value).has_value() && good;
  };
  add(header_id::max_forwards, "70");
  for (const std::string& route : *parties.routes) add(header_id::route, '<' + route + '>');
  add(header_id::from, as_name_addr(parties.from).append(";tag=").append(tag_));
  add(header_id::to, as_name_addr(parties.to));
  add(header_id::call_id, call_id_);
  add(header_id::cseq, std::to_string(++cseq_).append(" ").append(method));
  if (!good) return std::nullopt;
  return std::move(*made);
}

void request_series::handle_response(const sip::message_view& response) noexcept {
  const auto cseq = response.get<sip::cseq_header>();
  // A number that the core can't have come to is a forgery, and would use up ours.
  if (cseq && cseq->number > cseq_ && cseq->number - cseq_ <= max_challenges) cseq_ = cseq->number;
}

void request_series::handle_failure() noexcept { cseq_ = std::min(cseq_ + max_challenges, max_cseq); }

}  // namespace parley::ua::detail
