#include "phone.hpp"

#include <algorithm>
#include <utility>

namespace parley_phone {

phone::phone(parley::endpoint& endpoint, const settings& settings, journal& events)
    : endpoint_(endpoint), settings_(settings), events_(events), changed_(endpoint.get_executor()) {
  endpoint_.on_call([this](const parley::incoming_call& in) { take_in(in); });
  endpoint_.on_message([this](const parley::incoming_message& message) { tell_message(message); });
  endpoint_.on_transfer([this](const parley::incoming_transfer& request) { consider(request); });
}

asio::awaitable<outcome> phone::do_steps() {
  for (place_ = 0; place_ < settings_.steps.size(); ++place_) {
    outcome how = co_await do_step(settings_.steps[place_]);
    if (how.exit_code != 0) co_return how;
  }
  co_return outcome{};
}

void phone::tell_failure(const outcome& why) {
  json fields = json::object();
  if (place_ < settings_.steps.size()) {
    fields["step"] = settings_.steps[place_].name;
    fields["line"] = settings_.steps[place_].line;
  }
  fields["status"] = why.status;
  fields["reason"] = why.reason;
  tell("failed", fields);
}

asio::awaitable<void> phone::leave() {
  place_ = settings_.steps.size();
  for (const line& each : lines_) each.call.hang_up();
  co_await endpoint_.close(as_values);
  while (!lines_.empty()) co_await change();
}

void phone::tell(std::string_view event, const json& fields) {
  events_.tell(event, fields);
  changed_.cancel();
}

/// Waits until something has happened.
asio::awaitable<void> phone::change() {
  changed_.expires_at(asio::steady_timer::time_point::max());
  co_await changed_.async_wait(as_values);
}

int phone::add_line(const parley::call& call, bool follows_transfer) {
  const int number = ++last_number_;
  lines_.push_back({number, call, follows_transfer});
  asio::co_spawn(endpoint_.get_executor(), watch(number, call), asio::detached);
  return number;
}

void phone::drop_line(int number) {
  std::erase_if(lines_, [number](const line& one) { return one.number == number; });
  std::erase_if(arrivals_, [number](const arrival& one) { return one.number == number; });
  if (current_ == number) {
    current_ = 0;
    for (const line& one : lines_) {
      if (one.call.state() == parley::call::state::established) current_ = one.number;
    }
  }
  changed_.cancel();
}

int phone::number_of(const parley::call& call) const {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&call](const line& one) { return one.call == call; });
  return found == lines_.end() ? 0 : found->number;
}

/// The call that steps are about: empty where there is none.
parley::call phone::current() const {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [this](const line& one) { return one.number == current_; });
  return found == lines_.end() ? parley::call() : found->call;
}

/// What is heard and said in a call; null where that has signalling only.
std::shared_ptr<parley::audio> phone::sound_of(const parley::call& call) {
  return std::dynamic_pointer_cast<parley::audio>(call.media());
}

bool phone::takes_more_calls() const {
  return std::any_of(settings_.steps.begin() + static_cast<std::ptrdiff_t>(place_), settings_.steps.end(),
                     takes_calls);
}

}  // namespace parley_phone
