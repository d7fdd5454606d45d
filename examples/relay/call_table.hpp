#pragma once

#include "call.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay {

/// All calls, under their Call-IDs. Calls end here when a delay is over, when nobody answers, and when
/// nothing is heard of their media any more.
class call_table {
 public:
  /// The secret keeps who chooses Call-IDs from choosing ones that collide.
  call_table(const call_world& world, const base::siphash_key& secret);
  ~call_table();

  call_table(const call_table&) = delete;
  call_table& operator=(const call_table&) = delete;

  /// Null where there is no such call. One that was deleted is there until the end of its delay.
  call* find(const std::string& id);

  /// A call that isn't there yet. Null where the table is full. Call `changed`, or `drop_if_empty`,
  /// afterwards.
  call* add(const std::string& id, const instant& at);

  /// Takes note of the media and the times of a call, after each command that changes it; a call without
  /// dialogues is taken out.
  void changed(call& which);

  /// Ends what the options name. Returns whether there was anything. `answer` becomes what `delete` answers.
  bool remove(const instant& at, const ng_options& options, base::duration delay, value& answer);

  /// Ends all calls at once.
  void clear();

  void handle_trouble(const instant& at, medium_id medium);
  void handle_timeout(const instant& at);
  base::time_point poll_timeout() const noexcept { return due_.empty() ? base::never : due_.begin()->first; }

  std::size_t size() const noexcept { return calls_.size(); }
  bool is_full() const noexcept { return calls_.size() >= world_.settings.max_calls; }
  std::vector<std::string> list(std::size_t most) const;
  template <class Function>
  void for_each(Function f) const {
    for (const auto& [id, one] : calls_) f(*one->call);
  }

  struct counts {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    std::uint64_t timed_out = 0;  ///< of those that ended
    media_totals media{};         ///< of media that are gone
  };
  const counts& counted() const noexcept { return counts_; }
  /// Of media that are gone and that are there.
  media_totals totals() const;
  std::size_t medium_count() const noexcept { return media_.size(); }

 private:
  struct entry {
    std::unique_ptr<relay::call> call;
    base::time_point due = base::never;
    std::vector<medium_id> media{};
  };
  struct hasher {
    base::siphash_key key;
    std::size_t operator()(const std::string& id) const noexcept;
  };
  using table = std::unordered_map<std::string, std::unique_ptr<entry>, hasher>;

  void note(entry& one);
  void take_out(entry& one);

  call_world world_;
  table calls_;
  std::unordered_map<medium_id, entry*> media_{};
  std::set<std::pair<base::time_point, entry*>> due_{};
  counts counts_{};
};

}  // namespace relay
