#pragma once

#include <parley/net/deadline_timer.hpp>

#include "control.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace relay {

/// The machine with its clock: what the listeners give their messages to. All on one executor.
class control_service {
 public:
  control_service(const boost::asio::any_io_executor& executor, control& machine);

  /// The answer, empty where there is none.
  std::string handle(const base::ip_address& from, std::string_view message);

  const control& machine() const noexcept { return machine_; }

  /// Takes no new calls from now on; `done` is called when the last one has ended.
  void drain(std::function<void()> done);

 private:
  void look_whether_done();

  control& machine_;
  parley::net::deadline_timer timer_;
  std::function<void()> drained_{};
};

}  // namespace relay
