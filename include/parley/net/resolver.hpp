#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace parley::net {

namespace asio = boost::asio;

/// Bounds on what a `resolver` asks and remembers.
struct resolver_options {
  base::duration found_for = std::chrono::seconds(60);   ///< how long addresses are remembered
  base::duration missing_for = std::chrono::seconds(5);  ///< how long a failure is
  std::size_t max_names = 1024;                          ///< that are remembered
  std::size_t max_pending = 256;                         ///< names that are asked for at once
};

/// Looks up the addresses of a host name as the system does: hosts file, DNS, whatever it is set up for.
/// Answers are remembered for a while, and those who ask for one name at the same time share the answer.
///
/// *Ownership:* all calls are made on the executor. Destroying it drops the handlers that wait.
class PARLEY_API resolver {
 public:
  /// Called from the executor, never from inside `resolve`. The addresses are in the order of preference.
  using handler = std::function<void(base::error_code error, const std::vector<base::ip_address>& addresses)>;

  explicit resolver(const asio::any_io_executor& executor, const resolver_options& options = {});
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  /// *Errors:* those of the system's look-up; `errc::limit_reached` where too many names are asked for
  /// already: treat the name as one that can't be resolved now.
  void resolve(const std::string& host, handler done);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley::net
