#include <parley/endpoint/incoming_call.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/uri.hpp>

#include "endpoint/detail/call_state.hpp"
#include "endpoint/detail/endpoint_core.hpp"

#include <array>
#include <string>
#include <tuple>
#include <utility>

// Calls that come in, until they are answered.

namespace parley::detail {

base::result<std::string> call_state::describe_to(std::optional<sdp::description> offer) {
  if (!offer) return make_offer(*session);
  if (const auto taken = take_offer(*session, *std::move(offer)); !taken) return taken.error();
  return make_answer(*session);
}

// What this end says to the INVITE: once, in whatever response comes first.
base::result<void> call_state::describe(std::shared_ptr<call_media> chosen) {
  if (!early_answer.empty()) return {};
  const auto begun = begin_media(std::move(chosen));
  auto text =
      begun ? describe_to(std::exchange(pending_offer, {})) : base::result<std::string>(begun.error());
  if (!text) {
    refuse_offer(endpoint_core::now(), text.error());
    refused = true;
    return make_status_error(refusal_of(text.error()));
  }
  early_answer = std::move(*text);
  if (!offer_wanted) apply(*session);
  return {};
}

base::result<void> call_state::ring(int status, bool with_media) {
  if (is_over() || !core) return errc::call_over;
  if (state != call::state::incoming || answering || refused) return errc::not_now;
  const base::time_point now = endpoint_core::now();
  if (with_media) {
    if (const auto described = describe({}); !described) {
      core->pump(now);
      return described;
    }
  }
  const std::string_view text = with_media ? std::string_view(early_answer) : std::string_view{};
  // RFC 3262 5: an offer can only be in a response that is acknowledged.
  const bool needs_ack = with_media && offer_wanted;
  auto done = core->machine().progress(now, id, status, text, needs_ack);
  if (!done && done.error() == ua::make_error_code(ua::errc::reliable_required))
    done = core->machine().progress(now, id, status, text, true);
  core->pump(now);
  return done;
}

void call_state::start_answer(std::shared_ptr<call_media> chosen, completion<call> done) {
  const auto self = shared_from_this();
  // Other media than those of a description that has gone out come too late.
  const bool late = chosen && !early_answer.empty() && chosen != media;
  if (is_over() || !core || state != call::state::incoming || answering || refused || late) {
    const errc why = is_over() || !core ? errc::call_over : errc::not_now;
    return waiter<call>(self, executor, std::move(done)).complete(why, {});
  }
  const base::time_point now = endpoint_core::now();
  if (const auto described = describe(std::move(chosen)); !described) {
    waiter<call>(self, executor, std::move(done)).complete(described.error(), {});
    return core->pump(now);
  }
  answering = true;
  answering_waiters.add(self, executor, std::move(done), &call_state::cancel_answering);
  try_accept(now);
  core->pump(now);
}

// The 2xx waits for the PRACK of what went before (RFC 3262 3).
void call_state::try_accept(base::time_point now) {
  if (!answering || accepted || state != call::state::incoming) return;
  const auto done = core->machine().accept(now, id, early_answer);
  if (done) {
    accepted = true;
    return;
  }
  if (done.error() == ua::make_error_code(ua::errc::unacknowledged)) return;
  core->log_line(base::log_level::warning, "a call can't be answered", peer.uri, done.error());
  if (!core->machine().refuse(now, id, 500)) hang_up(now, 500);
}

void call_state::take_over(base::time_point now, const ua::core_event& event) {
  using happened = ua::session_event::kind;
  const ua::call_id fresh = event.call;
  if (event.what == ua::core_event::kind::ended) {
    core->forget_call(fresh);
    return;
  }
  const bool wanted = event.session.what == happened::offer_wanted;
  if (event.what != ua::core_event::kind::session || (!wanted && event.session.what != happened::offer))
    return;
  std::optional<sdp::description> offer;
  base::result<void> ready;
  if (!wanted) {
    auto read = read_description(event.session.description);
    if (read)
      offer = *std::move(read);
    else
      ready = read.error();
  }
  auto before = std::move(session);
  const auto ids_before = media_ids;
  const bool wanted_before = std::exchange(offer_wanted, wanted);
  if (ready) ready = begin_media({});
  const auto text = ready ? describe_to(std::move(offer)) : base::result<std::string>(ready.error());
  const auto done = text ? core->machine().accept(now, fresh, *text) : base::result<void>(text.error());
  if (!done) {
    session = std::move(before);
    media_ids = ids_before;
    offer_wanted = wanted_before;
    core->forget_call(fresh);
    core->log_line(base::log_level::info, "an INVITE that replaces a call was refused", peer.uri,
                   done.error());
    std::ignore = core->machine().refuse(now, fresh, refusal_of(done.error()));
    return;
  }
  // What is under way in the dialog that is replaced ends with it.
  abandon(errc::call_over, false);
  end_transfers();
  const ua::call_id replaced = std::exchange(id, fresh);
  core->forget_call(replaced);
  std::ignore = core->machine().hang_up(now, replaced);
  takes_over = true;
  outgoing = false;
  held_by_us = held_by_peer = false;
  legs.clear();
  sip::message_view request;
  if (event.message && request.parse(event.message.text())) {
    if (auto from = ua::caller_of(request, false)) peer = std::move(*from);
  }
  if (!wanted) apply(*session);
}

}  // namespace parley::detail

namespace parley {

const std::string& incoming_call::target() const noexcept { return call_.state_->target; }

std::string incoming_call::header(std::string_view name) const {
  const base::packet_buffer& data = call_.state_->invite;
  sip::message_view invite;
  if (!data || !invite.parse(data.text())) return {};
  const std::size_t index = invite.find(name);
  return index == sip::message_view::npos ? std::string() : std::string(invite.value(index));
}

base::result<void> incoming_call::ring(int status, bool with_media) const {
  return call_.state_->ring(status, with_media);
}

void incoming_call::start_answer(std::shared_ptr<call_media> media, detail::completion<call> done) const {
  call_.state_->start_answer(std::move(media), std::move(done));
}

base::result<void> incoming_call::refuse(int status) const {
  detail::call_state& c = *call_.state_;
  if (c.is_over() || !c.core) return errc::call_over;
  if (c.state != call::state::incoming || c.answering || c.refused) return errc::not_now;
  const base::time_point now = detail::endpoint_core::now();
  const auto done = c.core->machine().refuse(now, c.id, status);
  if (done) c.refused = true;
  c.core->pump(now);
  return done;
}

base::result<void> incoming_call::redirect(std::string_view uri) const {
  detail::call_state& c = *call_.state_;
  if (c.is_over() || !c.core) return errc::call_over;
  if (c.state != call::state::incoming || c.answering || c.refused) return errc::not_now;
  if (!sip::parse_uri(uri)) return errc::bad_uri;
  const std::string contact = '<' + std::string(uri) + '>';
  const std::array<ua::session::field, 1> fields{{{sip::header_id::contact, contact}}};
  const base::time_point now = detail::endpoint_core::now();
  const auto done = c.core->machine().refuse(now, c.id, 302, fields);
  if (done) c.refused = true;
  c.core->pump(now);
  return done;
}

}  // namespace parley
