#pragma once

#include <parley/base/api.hpp>
#include <parley/base/log.hpp>

#include <atomic>

namespace parley::net {

/// Writes records to standard error, one line each, with a time stamp of RFC 3339 in UTC:
/// `2024-05-01T12:00:00.123Z info net: listening address="192.0.2.1:5060"`.
///
/// A line is written at once, so every thread of a program may share one sink. The level may be changed while
/// others write.
class PARLEY_API stderr_log final : public base::log_sink {
 public:
  explicit stderr_log(base::log_level level = base::log_level::info) noexcept : level_(level) {}

  void set_level(base::log_level level) noexcept { level_.store(level, std::memory_order_relaxed); }

  bool enabled(base::log_level level) const noexcept override {
    return level >= level_.load(std::memory_order_relaxed);
  }
  void write(const base::log_record& record) noexcept override;

 private:
  std::atomic<base::log_level> level_;
};

}  // namespace parley::net
