#include <parley/proxy/response_context.hpp>
#include <parley/sip/status.hpp>

#include <algorithm>

namespace parley::proxy {
namespace {

/// Smaller is better.
int rank(const response_context::branch& b) noexcept {
  if (b.status >= 600) return 0;
  int rank = (b.status / 100) * 100;
  // RFC 3261 16.7.6: those that tell the client how to do better are preferred within 4xx.
  switch (b.status) {
    case 401:
    case 407:
    case 415:
    case 420:
    case 484: break;
    case 408: rank += 2; break;  // says least of all
    case 503: rank += 2; break;  // concerns one server, not the call
    default: rank += 1; break;
  }
  return rank * 2 + (b.response ? 0 : 1);
}

}  // namespace

void response_context::add_branch(transaction::client_id client, const sip::hop& to) {
  branches_.emplace_back();
  branches_.back().client = client;
  branches_.back().by_flow = to.only_flow;
  branches_.back().sent_to = to.remote;
}

void response_context::add_failure(int status) {
  branches_.emplace_back();
  handle_failure(branches_.back(), status);
}

response_context::branch* response_context::find(transaction::client_id client) noexcept {
  if (client == transaction::client_id::none) return nullptr;
  const auto found = std::find_if(branches_.begin(), branches_.end(),
                                  [client](const branch& b) { return b.client == client; });
  return found == branches_.end() ? nullptr : &*found;
}

bool response_context::has_pending() const noexcept {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const branch& b) { return b.state != branch_state::ended; });
}

response_context::verdict response_context::handle_response(branch& on, int status,
                                                            const base::packet_buffer& data) {
  if (sip::is_provisional(status)) {
    if (on.state == branch_state::ended) return verdict::absorb;
    on.state = branch_state::proceeding;
    return status == 100 ? verdict::absorb : verdict::forward;
  }
  on.state = branch_state::ended;
  on.status = static_cast<std::uint16_t>(status);
  if (sip::is_success(status)) {
    has_success_ = true;
    return verdict::forward;
  }
  if (status >= 600) has_global_failure_ = true;
  on.response = data;
  return verdict::absorb;
}

void response_context::handle_failure(branch& on, int status) noexcept {
  if (on.state == branch_state::ended) return;
  on.state = branch_state::ended;
  on.status = static_cast<std::uint16_t>(status);
}

void response_context::set_aside(branch& on) noexcept {
  on.state = branch_state::ended;
  on.status = 0;
  on.response.reset();
}

const response_context::branch* response_context::best() const noexcept {
  const branch* best = nullptr;
  for (const branch& b : branches_) {
    if (b.status < 300) continue;
    if (best == nullptr || rank(b) < rank(*best)) best = &b;
  }
  return best;
}

}  // namespace parley::proxy
