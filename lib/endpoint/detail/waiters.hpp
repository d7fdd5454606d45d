#pragma once

#include <parley/endpoint/completion.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace parley::detail {

/// One operation that waits for its end. It keeps what it waits for alive, and its executor at work.
template <class... Results>
class waiter {
 public:
  waiter() = default;
  waiter(std::shared_ptr<void> owner, asio::any_io_executor executor, completion<Results...> done)
      : owner_(std::move(owner)),
        done_(std::move(done)),
        executor_(std::move(executor)),
        handlers_(asio::prefer(asio::get_associated_executor(done_, asio::any_completion_executor(executor_)),
                               asio::execution::outstanding_work.tracked)) {}

  waiter(waiter&&) noexcept = default;
  // The move assignment of any_completion_handler never returns in Boost 1.81.
  waiter& operator=(waiter&& other) noexcept {
    owner_ = std::move(other.owner_);
    executor_ = std::move(other.executor_);
    handlers_ = std::move(other.handlers_);
    completion<Results...> done(std::move(other.done_));
    done_.swap(done);
    return *this;
  }
  ~waiter() = default;

  explicit operator bool() const noexcept { return static_cast<bool>(done_); }

  /// Calls `cancel` where the operation is cancelled through its slot.
  template <class Cancel>
  void on_cancel(Cancel cancel) {
    if (auto slot = asio::get_associated_cancellation_slot(done_); slot.is_connected()) {
      slot.assign([cancel = std::move(cancel)](asio::cancellation_type) mutable { cancel(); });
    }
  }

  /// Has the handler called, soon. Once only.
  void complete(base::error_code error, Results... results) {
    if (auto slot = asio::get_associated_cancellation_slot(done_); slot.is_connected()) slot.clear();
    const auto executor = executor_;
    asio::post(executor, [self = std::move(*this), error,
                          results = std::tuple<Results...>(std::move(results)...)]() mutable {
      const auto handlers = self.handlers_;
      handlers.execute([self = std::move(self), error, results = std::move(results)]() mutable {
        auto done = std::move(self.done_);
        // What was waited for may go before its handler runs, and with the handler's last handle.
        const auto owner = std::move(self.owner_);
        std::apply([&](Results&... values) { std::move(done)(error, std::move(values)...); }, results);
      });
    });
  }

 private:
  std::shared_ptr<void> owner_;
  completion<Results...> done_;
  asio::any_io_executor executor_;          // the endpoint's
  asio::any_completion_executor handlers_;  // the handler's own
};

/// Operations that wait for the same.
///
/// `Owner` has the list as a member, and `cancel(list, id)` of it is called where one is cancelled: it takes
/// that one out and completes it.
template <class... Results>
class waiters {
 public:
  bool empty() const noexcept { return waiting_.empty(); }

  template <class Owner>
  void add(const std::shared_ptr<Owner>& owner, const asio::any_io_executor& executor,
           completion<Results...> done, void (Owner::*cancel)(std::uint64_t id)) {
    entry& made = waiting_.emplace_back(++last_id_, waiter<Results...>(owner, executor, std::move(done)));
    made.second.on_cancel([weak = std::weak_ptr<Owner>(owner), cancel, id = made.first] {
      if (const auto alive = weak.lock()) (alive.get()->*cancel)(id);
    });
  }

  /// Takes one out; an empty one where it is gone.
  waiter<Results...> take(std::uint64_t id) {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [id](const entry& one) { return one.first == id; });
    if (found == waiting_.end()) return {};
    waiter<Results...> out = std::move(found->second);
    waiting_.erase(found);
    return out;
  }

  void complete(const base::error_code& error, const Results&... results) {
    for (entry& one : std::exchange(waiting_, {})) one.second.complete(error, results...);
  }

 private:
  using entry = std::pair<std::uint64_t, waiter<Results...>>;

  std::vector<entry> waiting_;
  std::uint64_t last_id_ = 0;
};

}  // namespace parley::detail
