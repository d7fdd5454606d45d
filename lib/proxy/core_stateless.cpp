#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/transaction/key.hpp>

#include "proxy/detail/core_impl.hpp"
#include "proxy/detail/write_patch.hpp"

#include <optional>
#include <tuple>
#include <utility>

// Forwarding without transactions (RFC 3261 16.11), and ACKs, which have none.

namespace parley::proxy {

void core::implementation::handle_stateless(base::time_point now, const sip::hop& from,
                                            const base::packet_buffer& data) {
  const auto to = view_.get<sip::to_header>();
  // The ACK for a response of our own ends here.
  if (view_.method() == sip::method::ack && to && to->tag == tag_for(view_, "INVITE").text()) return;
  const bool in_dialog = to && !to->tag.empty();
  const bool is_ack = view_.method() == sip::method::ack;
  const bool sealed = in_dialog && is_sealed(view_);
  if (!is_ack && view_.method() != sip::method::cancel &&
      turn_away(now, from, rank(now, options_.record_route ? sealed : in_dialog)))
    return;
  if (const refusal why = check(view_)) return refuse(from, why);
  note_alias(from);
  if (draining_ && !in_dialog && !is_ack && view_.method() != sip::method::cancel) return overloaded(from);
  record* const r = events_.full() ? nullptr : create(now, from, data);
  if (r == nullptr) {
    if (!is_ack) return overloaded(from);
    ++counters_.dropped_no_room;
    return;
  }
  r->stateless = true;
  route(now, *r, in_dialog && (sealed || options_.relay));
}

void core::implementation::forward_stateless(base::time_point now, record& r, const target& to,
                                             const route_plan& plan) {
  r.undecided = false;
  const int status = send_branch(now, r, {to, breadth()}, plan);
  if (status != 0) return refuse_stateless(r, status);
  if (!r.waits_for_lookup()) maybe_destroy(r);
}

void core::implementation::refuse_stateless(record& r, int status) {
  if (r.method != sip::method::ack) {
    index(r);
    if (status == 503 && r.overloaded) {
      overloaded(r.from);
    } else {
      answer_stateless(r.from, status == 503 ? 500 : status, {});
    }
  }
  maybe_destroy(r);
}

std::uint64_t core::implementation::stateless_number(const sip::via_header& via,
                                                     const base::ip_address& source) noexcept {
  // RFC 3261 16.11: a function of what a retransmission, a CANCEL and an ACK have in common with the request
  // that they belong to: the topmost Via. The response bears that Via too, so the number shows that a request
  // came from where it goes.
  base::siphasher hash(secret_);
  hash.update_sized(via.branch);
  hash.update_sized(via.sent_by);
  const auto ip = source.unmapped().to_v6_bytes();
  hash.update(std::as_bytes(std::span(ip)));
  if (!transaction::is_rfc3261_branch(via.branch)) {
    // A peer of RFC 2543 may have the same Via in every request.
    const auto cseq = view_.get<sip::cseq_header>();
    hash.update_sized(view_.value_of(sip::header_id::call_id));
    hash.update(std::uint64_t{cseq ? cseq->number : 0});
  }
  return hash.finish64();
}

transaction::branch core::implementation::stateless_branch(const sip::via_header& via, const sip::hop& from,
                                                           bool by_address) {
  return transaction::branch_format::write(
      {options_.transactions.shard, stateless_number(via, from.remote.ip), loop_mark(view_, by_address)});
}

void core::implementation::forward_stateless_response(const sip::hop& from) {
  const auto top = view_.get<sip::via_header>();
  const auto branch = top ? transaction::branch_format::read(top->branch) : std::nullopt;
  // RFC 3261 16.11: the topmost Via must be ours; the next one says where the response goes.
  if (!branch || !options_.own.contains(top->host, top->port_or_default())) {
    ++counters_.dropped_stray;
    return;
  }
  std::size_t place = 0;
  std::optional<sip::hop> next;
  std::ignore = view_.for_each<sip::via_header>([&](const sip::via_header& via) {
    if (place++ == 0) return true;
    if (const auto flow = top->parameters.find("flow"); flow && flow->has_value) {
      next = tokens_.read(flow->value);
      if (!next || next->listener >= options_.listeners.size()) return next.reset(), false;
      next->transport = options_.listeners[next->listener].transport;
      return false;
    }
    next = transaction::response_hop(via, from.listener);
    if (!next) return false;
    // Nobody can make up a response that we would send to somebody who sent no request.
    if (stateless_number(via, next->remote.ip) != branch->number) next.reset();
    return false;
  });
  if (!next || (!next->only_flow && !choose_listener(*next, from, {}))) {
    ++counters_.dropped_stray;
    return;
  }
  sip::patch edit(view_);
  edit.remove_first<sip::via_header>();
  auto out = detail::write_patch(edit, pool_);
  if (!out || !layer_.send(*next, std::move(*out))) {
    ++counters_.dropped_no_room;
    return;
  }
  ++counters_.responses_forwarded;
}

}  // namespace parley::proxy
