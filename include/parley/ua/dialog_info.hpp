#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua {

/// The states of RFC 4235 3.7.1.
enum class dialog_info_state : std::uint8_t { trying, proceeding, early, confirmed, terminated };

/// What brought a dialog into its state (RFC 4235 4.1.2).
enum class dialog_info_event : std::uint8_t {
  none,
  cancelled,
  rejected,
  replaced,
  local_bye,
  remote_bye,
  error,
  timeout,
};

/// Who began a dialog, as its reporter sees it (RFC 4235 4.1).
enum class dialog_info_direction : std::uint8_t { none, initiator, recipient };

/// One end of a reported dialog (RFC 4235 4.1.6).
struct dialog_info_party {
  std::string identity;      ///< a URI; empty where it is not told
  std::string display_name;  ///< of the identity
  std::string target;        ///< a URI; empty where it is not told

  friend bool operator==(const dialog_info_party&, const dialog_info_party&) = default;
};

/// One dialog (RFC 4235 4.1).
struct dialog_info_dialog {
  std::string id;  ///< of the dialog within the reports
  dialog_info_state state = dialog_info_state::trying;
  dialog_info_event event = dialog_info_event::none;
  std::optional<std::uint16_t> code;  ///< the response that brought the state
  dialog_info_direction direction = dialog_info_direction::none;
  std::string call_id;  ///< empty where it is not told, as the tags
  std::string local_tag;
  std::string remote_tag;
  std::optional<std::uint32_t> duration;  ///< seconds
  dialog_info_party local;
  dialog_info_party remote;

  friend bool operator==(const dialog_info_dialog&, const dialog_info_dialog&) = default;
};

/// A body of application/dialog-info+xml, the state of the package dialog (RFC 4235): what lights a lamp for
/// a line.
struct dialog_info {
  static constexpr std::string_view content_type = "application/dialog-info+xml";
  static constexpr std::string_view package = "dialog";

  std::uint32_t version = 0;  ///< one more with each NOTIFY of a subscription
  bool full = true;           ///< false: dialogs that are not named are as they were
  std::string entity;         ///< whose dialogs these are
  std::vector<dialog_info_dialog> dialogs;

  /// Elements of other namespaces, and those that the types above have no place for, are passed over.
  /// *Errors:* `bad_body` for what is no such document, without a version, or with a dialog whose state is
  /// none of the five; `too_large` as `pidf::read`.
  PARLEY_API static base::result<dialog_info> read(std::string_view body);
  /// The body. Characters that XML can't hold become `?`.
  PARLEY_API std::string write() const;

  friend bool operator==(const dialog_info&, const dialog_info&) = default;
};

}  // namespace parley::ua
