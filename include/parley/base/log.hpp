#pragma once

#include <parley/base/api.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace parley::base {

/// `off` is a threshold, not the level of a record.
enum class log_level : std::uint8_t { trace, debug, info, warning, error, off };

/// "trace", "debug" and so on.
PARLEY_API std::string_view to_string(log_level level) noexcept;

/// A field's value. Whole numbers of any width, truth values, floating point and text convert to it.
///
/// *Ownership:* text is a view: a temporary string is good only within the expression that writes the record.
class log_value {
 public:
  using alternatives = std::variant<std::string_view, std::int64_t, std::uint64_t, bool, double>;

  log_value(std::string_view text) noexcept : value_(text) {}
  log_value(const char* text) noexcept : value_(std::string_view(text)) {}
  log_value(const std::string& text) noexcept : value_(std::string_view(text)) {}
  log_value(bool truth) noexcept : value_(truth) {}
  template <std::signed_integral Integer>
  log_value(Integer number) noexcept : value_(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral Integer>
    requires(!std::same_as<Integer, bool>)
  log_value(Integer number) noexcept : value_(static_cast<std::uint64_t>(number)) {}
  template <std::floating_point Real>
  log_value(Real number) noexcept : value_(static_cast<double>(number)) {}

  const alternatives& get() const noexcept { return value_; }

 private:
  alternatives value_;
};

/// One named value of a record.
struct log_field {
  std::string_view key;
  log_value value;
};

/// One thing worth telling, with its particulars as fields: a message is a constant sentence, and what came
/// from the network is in a field.
///
/// *Ownership:* everything is a view, good for the call of `log_sink::write` only.
struct log_record {
  log_level level = log_level::info;
  std::string_view room;
  std::string_view message;
  std::span<const log_field> fields{};
};

/// Where records go; the application's. It is called on the shard's thread, from inside a machine's command
/// or input: it must not call back into the machine, and it should be quick.
class PARLEY_API log_sink {
 public:
  log_sink() = default;
  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;

  /// Asked before a record is put together.
  virtual bool enabled(log_level level) const noexcept = 0;
  virtual void write(const log_record& record) noexcept = 0;

 protected:
  // Nobody owns a sink through this type.
  ~log_sink() = default;
};

/// A sink that takes nothing. It has no state, so every shard may share it.
PARLEY_API log_sink& null_sink() noexcept;

/// Appends `text` so that it stays on its line and inside its quotes: quotes and backslashes get a backslash;
/// control characters, bytes that are not UTF-8, and the code points that break or reorder lines become `\n`,
/// `\xNN` or `\uNNNN`.
PARLEY_API void append_escaped(std::string& out, std::string_view text);

/// `level room: message key=1 key="text"`, without a line end. All text is escaped.
PARLEY_API std::string format_line(const log_record& record);

}  // namespace parley::base
