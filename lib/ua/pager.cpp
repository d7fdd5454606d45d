#include <parley/base/error.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/date.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/status.hpp>
#include <parley/ua/pager.hpp>

#include "ua/detail/request_series.hpp"
#include "ua/detail/soft_state.hpp"

#include <chrono>
#include <tuple>
#include <utility>

namespace parley::ua {

using sip::header_id;

pager::pager(pager_options options, base::random_source& random)
    : options_(std::move(options)),
      requests_(std::make_unique<detail::request_series>(random, options_.first_cseq)) {}

pager::~pager() = default;

base::result<sip::message> pager::write(detail::request_series& requests,
                                        const pager_message& message) const {
  auto request = requests.write("MESSAGE", {options_.to, options_.to, options_.from, &options_.routes});
  if (!request) return errc::bad_message;
  if (message.date) {
    std::ignore = request->add(header_id::date, sip::format_date(*message.date).view());
  }
  if (message.expires) std::ignore = request->add(header_id::expires, std::to_string(*message.expires));
  if (!request->set_body(message.text, message.type)) return errc::bad_message;
  return std::move(*request);
}

base::result<std::uint64_t> pager::send(pager_message message) {
  const std::size_t size =
      options_.to.size() + options_.from.size() + message.type.size() + detail::text_size(options_.routes);
  if (size > max_text || options_.routes.size() > sip::limits{}.values || message.text.size() > max_body) {
    return errc::too_large;
  }
  if (!detail::is_sound({options_.to, options_.to, options_.from, &options_.routes}) ||
      !sip::parse<sip::content_type_header>(message.type)) {
    return errc::bad_message;
  }
  detail::request_series draft = *requests_;
  const auto written = write(draft, message);
  if (!written) return written.error();
  // RFC 3428 8: a large message would hold up a network that nobody slows down.
  if (!options_.congestion_controlled && written->to_string().size() + via_room > max_request) {
    return errc::too_large;
  }
  if (queue_.size() == max_waiting) return base::errc::queue_full;
  queue_.push_back({++last_number_, std::move(message)});
  return last_number_;
}

bool pager::poll_request(base::time_point /*now*/, sip::message& out) {
  if (under_way_ || queue_.empty() || event_.kind != event_kind::none) return false;
  auto request = write(*requests_, queue_.front().message);
  // `send` has seen all of these texts.
  if (!request) return false;
  under_way_ = true;
  out = std::move(*request);
  return true;
}

void pager::handle_response(base::time_point /*now*/, const sip::message_view& response) {
  if (!under_way_ || !sip::is_final(response.status())) return;
  requests_->handle_response(response);
  finish(response.status(), detail::reason_of(response), detail::retry_after_of(response));
}

void pager::handle_failure(base::time_point /*now*/, int status) {
  if (!under_way_) return;
  requests_->handle_failure();
  finish(status, std::string(sip::default_reason(status)), std::nullopt);
}

void pager::finish(int status, std::string reason, std::optional<std::uint32_t> retry_after) {
  under_way_ = false;
  event_ = {.kind = sip::is_success(status) ? event_kind::delivered : event_kind::failed,
            .number = queue_.front().number,
            .status = status,
            .reason = std::move(reason),
            .retry_after = retry_after};
  queue_.pop_front();
}

pager::event pager::poll_event() { return std::exchange(event_, {}); }

bool has_expired(const sip::message_view& request, base::wall_time now) noexcept {
  const auto expires = request.get<sip::expires_header>();
  const auto date = request.get<sip::date_header>();
  return expires && date && date->time + std::chrono::seconds(expires->value) < now;
}

}  // namespace parley::ua
