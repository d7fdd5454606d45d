#include <parley/proxy/registrar.hpp>
#include <parley/sip/authentication.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include "proxy/detail/reach.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace parley::proxy {
namespace {

using sip::header_id;

/// RFC 3261 10.3.7: only an expiry of less than an hour may be called too brief.
constexpr std::uint32_t one_hour = 3600;

std::string challenges_realm(const registrar_options& options) {
  return options.domains.empty() ? std::string{} : options.domains.front();
}

std::optional<sip::digest_server> make_digest(const registrar_options& options, base::random_source& random) {
  if (options.users.empty()) return std::nullopt;
  sip::digest_server_settings settings;
  settings.realm = challenges_realm(options);
  settings.algorithms = options.algorithms;
  return sip::digest_server(std::move(settings), random);
}

/// All values of that header, as one list.
std::string joined(const sip::message_view& request, header_id id) {
  std::string out;
  for (std::size_t i = request.find(id); i != sip::message_view::npos; i = request.find_after(id, i)) {
    if (!out.empty()) out += ", ";
    out += request.value(i);
  }
  return out;
}

/// False where requests could not be sent along the Path of this one (RFC 3327 5.3).
bool has_sound_path(const sip::message_view& request) {
  bool sound = true;
  const auto read = request.for_each<sip::path_header>(
      [&sound](const sip::path_header& path) { return sound = path.uri.is_sip(); });
  return read && sound;
}

/// RFC 5626 6: true where the first hop of the request supports flows, because it is us or says so.
bool first_hop_keeps_flows(const sip::message_view& request) {
  std::size_t vias = 0;
  std::ignore = request.for_each<sip::via_header>([&vias](const sip::via_header&) { return ++vias < 2; });
  if (vias < 2) return true;
  bool keeps = false;
  // Each proxy puts its own in front, so the first one's is the last.
  std::ignore = request.for_each<sip::path_header>(
      [&keeps](const sip::path_header& path) { keeps = path.uri.parameters.contains("ob"); });
  return keeps;
}

struct registration {
  std::string_view instance;
  std::uint32_t reg_id = 0;
};

/// RFC 5626 4.2: which flow of which instance a contact is, where it is one.
registration flow_of(const sip::contact_header& contact) {
  registration out;
  if (const auto instance = contact.parameters.find("+sip.instance"); instance && instance->quoted)
    out.instance = instance->value;
  if (const auto id = contact.parameters.find("reg-id"); id && !out.instance.empty()) {
    for (const char c : id->value) {
      if (c < '0' || c > '9' || out.reg_id > 0x7fffffffU / 10) return {out.instance, 0};
      out.reg_id = out.reg_id * 10 + static_cast<std::uint32_t>(c - '0');
    }
  }
  return out;
}

bool is_same(const binding& old, const sip::contact_header& contact, const registration& flow) {
  // RFC 5626 6: a flow takes the place of the one with its number, whatever the URI.
  if (old.reg_id != 0 || flow.reg_id != 0) return old.reg_id == flow.reg_id && old.instance == flow.instance;
  const auto uri = sip::parse_uri(old.contact);
  return uri && sip::equivalent(*uri, contact.uri);
}

/// RFC 3261 10.3.7: a request that is older than what made the binding changes nothing.
bool is_outdated(const binding& old, std::string_view call_id, std::uint32_t cseq) {
  return old.call_id == call_id && cseq <= old.cseq;
}

}  // namespace

registrar::registrar(registrar_options options, base::random_source& random, base::time_point now)
    : options_(std::move(options)),
      location_(options_.max_addresses, options_.max_bytes, base::siphash_key::from(random), now),
      digest_(make_digest(options_, random)) {}

bool registrar::serves(std::string_view host) const noexcept {
  return std::any_of(options_.domains.begin(), options_.domains.end(),
                     [host](const auto& domain) { return sip::iequals(host, domain); });
}

bool registrar::knows(const sip::uri_view& address) const {
  return address.has_user && serves(address.host) &&
         (options_.users.empty() || options_.users.contains(sip::unescape(address.user)));
}

registrar::answer registrar::handle_register(base::time_point now, const sip::message_view& request,
                                             const sip::hop& from) {
  answer out;
  const auto to = request.get<sip::to_header>();
  std::string unknown;
  std::ignore = request.for_each<sip::require_header>([&unknown](const sip::require_header& option) {
    if (sip::iequals(option.value, "path") || sip::iequals(option.value, "outbound")) return;
    if (!unknown.empty()) unknown += ", ";
    unknown += option.value;
  });
  if (!to) {
    out.status = 400;
  } else if (!unknown.empty()) {
    out.status = 420;
    out.fields.emplace_back(header_id::unsupported, std::move(unknown));
  } else if (!to->uri.is_sip() || !to->uri.has_user || !serves(to->uri.host)) {
    out.status = 404;  // RFC 3261 10.3.5
  } else {
    out.status = authenticate(now, request, to->uri, out);
  }
  if (out.status == 0) {
    const std::string address = address_of_record(to->uri);
    std::vector<binding> bindings = location_.find(address);
    std::erase_if(bindings, [now](const binding& b) { return b.expires <= now; });
    out.status = update(now, request, from, bindings, out);
    if (out.status == 200) {
      list(now, bindings, out);
      if (request.has(header_id::contact)) {
        if (location_.replace(address, std::move(bindings))) {
          out.changed = address;
        } else {
          out = {503, {{header_id::retry_after, "60"}}, {}, false};
        }
      }
    }
  }
  ++(out.status == 200 ? counters_.registered : out.status == 401 ? counters_.challenged : counters_.refused);
  return out;
}

// 0 where the client may go on.
int registrar::authenticate(base::time_point now, const sip::message_view& request,
                            const sip::uri_view& address, answer& out) {
  if (!digest_) return 0;
  const std::string user = sip::unescape(address.user);
  sip::digest_request what;
  what.method = request.method_name();
  what.request_uri = request.request_uri();
  what.body = request.body();
  bool stale = false;
  auto outcome = sip::digest_outcome::wrong_realm;
  bool own = false;
  std::ignore = request.for_each<sip::authorization_header>([&](const sip::authorization_header& from) {
    if (!from.digest || from.realm != digest_->settings().realm) return true;
    const auto known = options_.users.find(std::string(from.username));
    own = from.username == user;
    outcome = digest_->check(now, what, from,
                             {known == options_.users.end() ? std::string_view{} : known->second, {}, {}});
    return false;
  });
  if (outcome == sip::digest_outcome::accepted) return own ? 0 : 403;  // RFC 3261 10.3.4
  stale = outcome == sip::digest_outcome::stale || outcome == sip::digest_outcome::foreign_nonce ||
          outcome == sip::digest_outcome::replayed;
  digest_->challenge(now, stale, {}, challenges_);
  for (const std::string& challenge : challenges_)
    out.fields.emplace_back(header_id::www_authenticate, challenge);
  return 401;
}

int registrar::update(base::time_point now, const sip::message_view& request, const sip::hop& from,
                      std::vector<binding>& bindings, answer& out) const {
  const auto call_id = request.value_of(header_id::call_id);
  const auto cseq = request.get<sip::cseq_header>();
  if (!cseq) return 400;
  std::optional<std::uint32_t> asked;
  if (request.has(header_id::expires)) {
    const auto expires = request.get<sip::expires_header>();
    // RFC 3261 10.3.7: what can't be read counts as the default.
    asked = expires ? expires->value : static_cast<std::uint32_t>(options_.default_expires.count());
  }
  const bool outbound = detail::supports(request, "outbound");
  if (!has_sound_path(request)) return 400;
  const std::string path = joined(request, header_id::path);
  if (!path.empty() && !detail::supports(request, "path")) {
    // RFC 3327 5.3: the client has to know that others have put themselves between.
    out.fields.emplace_back(header_id::require, "path");
    return 421;
  }
  const bool by_flow = detail::is_reached_by_flow(request, from);
  std::size_t contacts = 0;
  std::size_t flows = 0;
  int status = 200;
  const auto read = request.for_each<sip::contact_header>([&](const sip::contact_header& contact) {
    ++contacts;
    if (contact.star) {
      // RFC 3261 10.3.6.
      const std::size_t line = request.find(header_id::contact);
      const bool alone = contacts == 1 && request.value(line) == "*" &&
                         request.find_after(header_id::contact, line) == sip::message_view::npos;
      if (!alone || asked != 0U) {
        status = 400;
      } else if (std::any_of(bindings.begin(), bindings.end(),
                             [&](const binding& b) { return is_outdated(b, call_id, cseq->number); })) {
        status = 500;
      }
      if (status == 200) bindings.clear();
      return false;
    }
    registration flow = flow_of(contact);
    if (!outbound) flow.reg_id = 0;
    const auto expires = std::min(contact.expires.value_or(asked.value_or(
                                      static_cast<std::uint32_t>(options_.default_expires.count()))),
                                  static_cast<std::uint32_t>(options_.max_expires.count()));
    if (expires != 0 && expires < options_.min_expires.count() && expires < one_hour) {
      out.fields.emplace_back(header_id::min_expires, std::to_string(options_.min_expires.count()));
      status = 423;
      return false;
    }
    if (flow.reg_id != 0 && expires != 0) {
      // RFC 5626 6: one flow a request.
      if (++flows > 1) status = 400;
      if (!first_hop_keeps_flows(request)) status = 439;
      if (status != 200) return false;
    }
    const auto old = std::find_if(bindings.begin(), bindings.end(),
                                  [&](const binding& b) { return is_same(b, contact, flow); });
    if (old != bindings.end() && is_outdated(*old, call_id, cseq->number)) {
      status = 500;
      return false;
    }
    if (expires == 0) {
      if (old != bindings.end()) bindings.erase(old);
      return true;
    }
    if (!contact.uri.is_sip()) {
      status = 400;
      return false;
    }
    const std::size_t bytes = contact.uri.raw.size() + call_id.size() + flow.instance.size() + path.size();
    if (bytes > options_.max_binding_bytes ||
        (old == bindings.end() && bindings.size() >= options_.max_contacts)) {
      status = 403;
      return false;
    }
    binding& b = old != bindings.end() ? *old : bindings.emplace_back();
    b.contact = contact.uri.raw;
    b.call_id = call_id;
    b.instance = flow.instance;
    b.path = path;
    b.expires = now + std::chrono::seconds(expires);
    b.updated = now;
    b.flow = from;
    b.flow.only_flow = by_flow;
    b.cseq = cseq->number;
    b.reg_id = flow.reg_id;
    b.q = contact.q.value_or(1000);
    return true;
  });
  if (!read && status == 200) return 400;
  if (status != 200) return status;
  if (!path.empty()) out.fields.emplace_back(header_id::path, path);
  if (flows != 0) {
    // RFC 5626 6.
    out.fields.emplace_back(header_id::require, "outbound");
    out.watched = by_flow && options_.flow_timer.count() != 0;
    if (options_.flow_timer.count() != 0)
      out.fields.emplace_back(header_id::flow_timer, std::to_string(options_.flow_timer.count()));
  }
  return 200;
}

void registrar::list(base::time_point now, const std::vector<binding>& bindings, answer& out) const {
  for (const binding& b : bindings) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(b.expires - now).count();
    std::string value = "<" + b.contact + ">;expires=" + std::to_string(left);
    if (b.q != 1000) {
      std::string thousandths = std::to_string(b.q);
      value += ";q=0." + std::string(3 - thousandths.size(), '0') + thousandths;
    }
    if (!b.instance.empty()) value += ";+sip.instance=\"" + b.instance + '"';
    if (b.reg_id != 0) value += ";reg-id=" + std::to_string(b.reg_id);
    out.fields.emplace_back(header_id::contact, std::move(value));
  }
  out.fields.emplace_back(header_id::supported, "path, outbound");
}

void registrar::add_targets(const sip::uri_view& address, std::vector<target>& out) const {
  const std::vector<binding>& bindings = location_.find(address_of_record(address));
  for (const binding& b : bindings) {
    const bool replaced = std::any_of(bindings.begin(), bindings.end(), [&b](const binding& other) {
      return &other != &b && b.reg_id != 0 && other.reg_id != 0 && other.instance == b.instance &&
             (other.updated > b.updated || (other.updated == b.updated && &other > &b));
    });
    if (replaced) continue;
    out.push_back({b.contact, {}, b.q, b.flow, b.path, true});
    if (b.reg_id == 0) continue;
    std::vector<const binding*> others;
    for (const binding& other : bindings) {
      if (&other != &b && other.reg_id != 0 && other.instance == b.instance) others.push_back(&other);
    }
    std::sort(others.begin(), others.end(), [](const binding* x, const binding* y) {
      return x->updated != y->updated ? x->updated > y->updated : x > y;
    });
    for (const binding* const other : others)
      out.push_back({other->contact, {}, other->q, other->flow, other->path, true, true});
  }
}

}  // namespace parley::proxy
