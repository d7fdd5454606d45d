#include <parley/proxy/overload_control.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace parley::proxy {
namespace {

/// RFC 7339 4.3: how long a value holds that comes without a time.
constexpr std::uint32_t default_validity_ms = 500;
/// Nobody keeps us away for longer with one response.
constexpr std::uint32_t max_validity_ms = 60'000;
/// From here on there is no time left: the rest is what measuring misses.
constexpr double saturation = 0.98;
/// Least shares, so that somebody gets through and the sender learns that there is too much.
constexpr double least_admitted = 0.01;
constexpr double least_answered = 0.01;
/// Behind a receive buffer that is so full there may be none soon.
constexpr double high_backlog = 0.5;
/// Measurements in a row above the target before anything is shed for it: a burst that is over in half a
/// second is what buffers are for.
constexpr int patience = 5;

/// Which requests are shed needs to be even, not secret (xorshift64).
unsigned draw_percent(std::uint64_t& state) noexcept {
  state ^= state << 13U;
  state ^= state >> 7U;
  state ^= state << 17U;
  return static_cast<unsigned>((state >> 32U) * 100 >> 32U);
}

bool is_emergency_service(std::string_view uri) noexcept {
  constexpr std::string_view sos = "urn:service:sos";
  return uri.size() >= sos.size() && sip::iequals(uri.substr(0, sos.size()), sos) &&
         (uri.size() == sos.size() || uri[sos.size()] == '.');
}

bool names_esnet(const sip::message_view& request) noexcept {
  for (std::size_t i = 0; i < request.header_count(); ++i) {
    const auto line = request.header(i);
    if (line.id == sip::header_id::unknown && sip::iequals(line.name, "Resource-Priority") &&
        line.value.size() > 6 && sip::iequals(line.value.substr(0, 6), "esnet."))
      return true;
  }
  return false;
}

template <class Number>
bool read(std::string_view text, Number& out) noexcept {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

request_rank rank_of(const sip::message_view& request) noexcept {
  const auto to = request.get<sip::to_header>();
  return rank_of(request, (to && !to->tag.empty()) || request.method() == sip::method::ack ||
                              request.method() == sip::method::cancel);
}

request_rank rank_of(const sip::message_view& request, bool in_dialog) noexcept {
  if (in_dialog) return request_rank::in_dialog;
  const auto priority = request.get<sip::priority_header>();
  const bool emergency = is_emergency_service(request.request_uri()) ||
                         (priority && sip::iequals(priority->value, "emergency")) || names_esnet(request);
  return emergency ? request_rank::emergency : request_rank::ordinary;
}

overload_control::overload_control(const overload_options& options, base::random_source& random)
    : options_(options), draw_(random.u64() | 1U) {}

void overload_control::handle_load(double load, double backlog) noexcept {
  ++measurements_;
  saturated_ = load >= saturation ? std::min(saturated_ + 1, 100) : 0;
  above_ = load > options_.target ? std::min(above_ + 1, patience) : 0;
  if (above_ == patience || (above_ != 0 && (backlog > high_backlog || admitted_ < 1))) {
    const double less = std::pow(options_.target / load, std::max(saturated_, 1));
    admitted_ = std::max(admitted_ * less, least_admitted);
  } else {
    admitted_ = std::min(admitted_ * 1.1 + 0.01, 1.0);
  }
  if (backlog > high_backlog) {
    answered_ = std::max(answered_ / 2, least_answered);
  } else {
    answered_ = std::min(answered_ * 1.1 + 0.01, 1.0);
  }
}

unsigned overload_control::reduction() const noexcept {
  return static_cast<unsigned>(std::lround((1 - admitted_) * 100));
}

bool overload_control::admits(request_rank rank) noexcept {
  return rank != request_rank::ordinary || admitted_ >= 1 || draw_percent(draw_) >= reduction();
}

bool overload_control::spares_emergency(base::time_point now) noexcept {
  if (options_.emergency_rate == 0) return false;
  constexpr base::duration second = std::chrono::seconds(1);
  const base::duration each = second / options_.emergency_rate;
  emergencies_ = std::max(emergencies_, now);
  if (emergencies_ - now > second - each) return false;
  emergencies_ += each;
  return true;
}

bool overload_control::answers() noexcept {
  return answered_ >= 1 || draw_percent(draw_) < static_cast<unsigned>(std::lround(answered_ * 100));
}

void overload_control::write(sip::text_writer& out) const noexcept {
  out << "oc=" << reduction() << ";oc-validity=" << options_.validity.count() << ";oc-seq=" << measurements_;
}

std::size_t neighbour_loads::hash::operator()(const base::socket_address& peer) const noexcept {
  base::siphasher h(key);
  const auto bytes = peer.ip.to_v6_bytes();
  h.update(std::as_bytes(std::span(bytes)));
  h.update(std::uint64_t{peer.port});
  return static_cast<std::size_t>(h.finish64());
}

neighbour_loads::neighbour_loads(const overload_options& options, base::random_source& random)
    : max_(options.ask ? options.neighbours : 0),
      draw_(random.u64() | 1U),
      loads_(0, hash{base::siphash_key::from(random)}) {}

void neighbour_loads::handle_response(base::time_point now, const base::socket_address& peer,
                                      const sip::via_header& via) {
  if (max_ == 0) return;
  load said;
  std::uint32_t validity = default_validity_ms;
  bool has_value = false;
  for (const sip::parameter& p : via.parameters) {
    if (sip::iequals(p.name, "oc")) {
      // RFC 7339 4.1: without a value it is our own question.
      has_value = p.has_value && read(p.value, said.reduction);
    } else if (sip::iequals(p.name, "oc-validity")) {
      if (!read(p.value, validity)) return;
    } else if (sip::iequals(p.name, "oc-seq")) {
      if (!read(p.value, said.sequence)) return;
    } else if (sip::iequals(p.name, "oc-algo") && !sip::iequals(p.value, "loss")) {
      return;
    }
  }
  if (!has_value || said.reduction > 100) return;
  said.until = now + std::chrono::milliseconds(std::min(validity, max_validity_ms));
  const auto known = loads_.find(peer);
  if (known != loads_.end()) {
    // RFC 7339 4.4: what was said earlier may arrive later.
    if (known->second.until > now && said.sequence < known->second.sequence) return;
    if (said.reduction == 0 || validity == 0) {
      loads_.erase(known);
    } else {
      known->second = said;
    }
    return;
  }
  if (said.reduction == 0 || validity == 0) return;
  if (loads_.size() >= max_) {
    std::erase_if(loads_, [now](const auto& e) { return e.second.until <= now; });
    if (loads_.size() >= max_) return;
  }
  loads_.emplace(peer, said);
}

bool neighbour_loads::admits(base::time_point now, const base::socket_address& peer,
                             request_rank rank) noexcept {
  if (loads_.empty() || rank != request_rank::ordinary) return true;
  const auto found = loads_.find(peer);
  if (found == loads_.end() || found->second.until <= now) return true;
  return draw_percent(draw_) >= found->second.reduction;
}

}  // namespace parley::proxy
