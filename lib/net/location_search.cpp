#include "net/detail/location_search.hpp"

#include <parley/base/siphash.hpp>
#include <parley/net/error.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/next_hop.hpp>

#include "net/detail/srv_order.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

namespace parley::net::detail {
namespace {

using sip::transport;

/// A transport, its NAPTR service (RFC 3263 4.1, RFC 7118 6) and the labels of its SRV name.
struct service_name {
  sip::transport over;
  std::string_view naptr;
  std::string_view srv;
};
constexpr std::array<service_name, 5> service_names = {{{transport::udp, "SIP+D2U", "_sip._udp."},
                                                        {transport::tcp, "SIP+D2T", "_sip._tcp."},
                                                        {transport::tls, "SIPS+D2T", "_sips._tcp."},
                                                        {transport::ws, "SIP+D2W", "_sip._ws."},
                                                        {transport::wss, "SIPS+D2W", "_sips._ws."}}};

/// Draws that follow from a number.
class chosen_random final : public base::random_source {
 public:
  explicit chosen_random(std::uint64_t choice) noexcept : key_{choice, ~choice} {}

  void fill(std::span<std::byte> out) noexcept override {
    while (!out.empty()) {
      base::siphasher hash(key_);
      hash.update(count_++);
      const std::uint64_t word = hash.finish64();
      const std::size_t n = std::min(out.size(), sizeof word);
      std::memcpy(out.data(), &word, n);
      out = out.subspan(n);
    }
  }

 private:
  base::siphash_key key_;
  std::uint64_t count_ = 0;
};

std::optional<base::ip_address> as_address(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto ip = base::ip_address::from_string(host);
  return ip ? std::optional(ip->unmapped()) : std::nullopt;
}

bool is_answer(const base::error_code& error) noexcept {
  return error == errc::name_not_found || error == errc::no_records;
}

}  // namespace

location_search::location_search(location_query query, std::span<const usable_transport> transports,
                                 base::random_source& random, const locator_options& options)
    : query_(std::move(query)), transports_(transports), random_(random), options_(options) {
  if (!query_.host.empty() && query_.host.back() == '.') query_.host.pop_back();
  if (query_.secure && query_.transport) query_.transport = sip::secured(*query_.transport);
  begin();
}

const usable_transport* location_search::usable(transport over) const noexcept {
  if (query_.secure && !sip::is_secure(over)) return nullptr;
  const auto found = std::find_if(transports_.begin(), transports_.end(),
                                  [over](const usable_transport& t) { return t.transport == over; });
  return found == transports_.end() ? nullptr : &*found;
}

// RFC 3263 4.1: UDP, or what a sips URI needs; the next best where we don't have that.
std::optional<transport> location_search::default_transport() const noexcept {
  if (query_.transport) return query_.transport;
  const auto choices =
      query_.secure ? std::array{transport::tls, transport::wss} : std::array{transport::udp, transport::tcp};
  for (const transport over : choices) {
    if (usable(over) != nullptr) return over;
  }
  return std::nullopt;
}

void location_search::fail(const base::error_code& error) {
  state_ = state::ended;
  error_ = error;
}

void location_search::ask(std::size_t id, const std::string& name, record_type type) {
  questions_.push_back({id, name, type});
  ++pending_;
}

bool location_search::poll_question(question& out) {
  if (questions_.empty()) return false;
  out = std::move(questions_.front());
  questions_.pop_front();
  return true;
}

void location_search::begin() {
  if (query_.transport && usable(*query_.transport) == nullptr) return fail(errc::unsupported_transport);
  if (const auto ip = as_address(query_.host)) return begin_numeric(*ip);
  if (query_.port != 0) {
    const auto over = default_transport();
    if (!over) return fail(errc::unsupported_transport);
    add_server(*over, query_.host, query_.port);
    return ask_addresses();
  }
  if (!query_.transport) return ask(0, query_.host, record_type::naptr);
  for (const service_name& s : service_names) {
    if (s.over == *query_.transport) add_service(s.over, std::string(s.srv) + query_.host);
  }
  ask_services();
}

void location_search::begin_numeric(const base::ip_address& ip) {
  const auto over = default_transport();
  if (!over) return fail(errc::unsupported_transport);
  const usable_transport& ours = *usable(*over);
  if (!(ip.is_v6() ? ours.v6 : ours.v4)) return fail(errc::wrong_family);
  const std::uint16_t port = query_.port != 0 ? query_.port : sip::default_port(*over);
  targets_.push_back({*over, {ip, port}, 0});
  state_ = state::ended;
}

void location_search::add_service(transport over, std::string name) {
  if (services_.size() < options_.max_services) services_.push_back({over, std::move(name)});
}

void location_search::take_services(const name_records& records) {
  struct candidate {
    naptr_record record;
    transport over;
  };
  std::vector<candidate> found;
  for (const name_record& r : records) {
    const auto* const naptr = std::get_if<naptr_record>(&r.data);
    // RFC 3263 4.1: a terminal record that names SRV records, without a rewriting.
    if (naptr == nullptr || !sip::iequals(naptr->flags, "s") || !naptr->regexp.empty() ||
        naptr->replacement == ".")
      continue;
    for (const service_name& s : service_names) {
      if (sip::iequals(naptr->services, s.naptr) && usable(s.over) != nullptr)
        found.push_back({*naptr, s.over});
    }
  }
  std::sort(found.begin(), found.end(), [](const candidate& a, const candidate& b) {
    return std::tie(a.record.order, a.record.preference, a.record.replacement) <
           std::tie(b.record.order, b.record.preference, b.record.replacement);
  });
  for (const candidate& c : found) {
    // RFC 3403 4.1: once an order has a record of ours, higher ones are not considered.
    if (c.record.order != found.front().record.order) break;
    add_service(c.over, c.record.replacement);
  }
}

void location_search::ask_services() {
  state_ = state::servers;
  for (std::size_t i = 0; i < services_.size(); ++i) ask(i, services_[i].name, record_type::srv);
  if (services_.empty()) fail(errc::unsupported_transport);
}

void location_search::handle_answer(std::size_t id, const base::error_code& error,
                                    const name_records& records) {
  if (ended() || pending_ == 0) return;
  --pending_;
  // What is not known weighs more than what is not there.
  if (error && (!error_ || is_answer(error_))) error_ = error;
  switch (state_) {
    case state::services:
      take_services(records);
      if (services_.empty()) {
        for (const usable_transport& t : transports_) {
          for (const service_name& s : service_names) {
            if (s.over == t.transport && usable(s.over) != nullptr)
              add_service(s.over, std::string(s.srv) + query_.host);
          }
        }
      }
      return ask_services();
    case state::servers: {
      if (id >= services_.size()) break;
      service& s = services_[id];
      for (const name_record& r : records) {
        if (const auto* const srv = std::get_if<srv_record>(&r.data)) s.records.push_back(*srv);
      }
      s.absent = s.records.size() == 1 && s.records.front().target == ".";
      break;
    }
    case state::addresses: {
      if (id >= servers_.size()) break;
      for (const name_record& r : records) {
        const auto* const ip = std::get_if<base::ip_address>(&r.data);
        if (ip == nullptr) continue;
        auto& of_family = ip->is_v6() ? servers_[id].v6 : servers_[id].v4;
        of_family.push_back(*ip);
      }
      break;
    }
    case state::ended: break;
  }
  if (pending_ != 0) return;
  if (state_ == state::addresses) return end();

  std::optional<chosen_random> chosen;
  if (query_.choice) chosen.emplace(*query_.choice);
  for (service& s : services_) {
    if (s.absent) continue;
    order_srv(s.records, chosen ? *chosen : random_);
    for (const srv_record& r : s.records) {
      if (r.target != ".") add_server(s.transport, r.target, r.port);
    }
  }
  if (servers_.empty()) {
    // RFC 3263 4.2: without SRV records the host itself, over the transport that was found.
    const bool named = query_.transport || services_.size() == 1;
    const auto over = named ? services_.front().transport : default_transport();
    if (!over) return fail(errc::unsupported_transport);
    const bool absent = std::any_of(services_.begin(), services_.end(),
                                    [&over](const service& s) { return s.transport == *over && s.absent; });
    if (absent) return fail(errc::service_absent);
    add_server(*over, query_.host, sip::default_port(*over));
  }
  ask_addresses();
}

void location_search::add_server(transport over, const std::string& host, std::uint16_t port) {
  if (servers_.size() < options_.max_servers) servers_.push_back({over, host, port});
}

void location_search::ask_addresses() {
  state_ = state::addresses;
  error_.clear();
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const usable_transport& ours = *usable(servers_[i].transport);
    if (ours.v6) ask(i, servers_[i].host, record_type::aaaa);
    if (ours.v4) ask(i, servers_[i].host, record_type::a);
  }
  if (pending_ == 0) fail(errc::unsupported_transport);
}

void location_search::end() {
  state_ = state::ended;
  for (server& s : servers_) {
    if (query_.choice) {
      std::sort(s.v4.begin(), s.v4.end());
      std::sort(s.v6.begin(), s.v6.end());
    }
    // RFC 8305 4: the families take turns.
    const auto& first = options_.prefer_ipv4 ? s.v4 : s.v6;
    const auto& second = options_.prefer_ipv4 ? s.v6 : s.v4;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
      if (i < first.size()) add_target(s, first[i]);
      if (i < second.size()) add_target(s, second[i]);
    }
  }
  if (!targets_.empty()) {
    error_.clear();
  } else if (!error_) {
    error_ = errc::no_records;
  }
}

void location_search::add_target(const server& of, const base::ip_address& ip) {
  const located_target target{
      of.transport, {ip.unmapped(), of.port}, static_cast<std::size_t>(&of - servers_.data())};
  const bool known = std::any_of(targets_.begin(), targets_.end(), [&](const located_target& t) {
    return t.transport == target.transport && t.address == target.address;
  });
  if (!known && targets_.size() < options_.max_targets) targets_.push_back(target);
}

}  // namespace parley::net::detail
