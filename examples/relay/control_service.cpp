#include "control_service.hpp"

#include <parley/net/clock.hpp>

#include <utility>

namespace relay {
namespace {

instant now() {
  return {parley::net::steady_clock_source::now(), parley::net::steady_clock_source::wall_now()};
}

}  // namespace

control_service::control_service(const boost::asio::any_io_executor& executor, control& machine)
    : machine_(machine), timer_(executor, [this](base::time_point) {
        machine_.handle_timeout(now());
        look_whether_done();
        return machine_.poll_timeout();
      }) {}

std::string control_service::handle(const base::ip_address& from, std::string_view message) {
  std::string answer = machine_.handle_message(now(), from, message);
  timer_.update(machine_.poll_timeout());
  look_whether_done();
  return answer;
}

void control_service::drain(std::function<void()> done) {
  machine_.drain();
  drained_ = std::move(done);
  look_whether_done();
}

void control_service::look_whether_done() {
  if (!drained_ || machine_.calls().size() != 0) return;
  std::exchange(drained_, {})();
}

}  // namespace relay
