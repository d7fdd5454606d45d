#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

namespace parley::transaction {

/// What a command to a transaction, or to the layer, may be refused for.
enum class errc {
  /// A final response was sent already: drop the new one.
  already_final = 1,
  /// RFC 4320 forbids this response to a non-INVITE request: drop it.
  not_for_non_invite,
  /// No transaction has that id any more: forget the id.
  unknown_transaction,
  /// As many transactions exist as were allowed: answer 503 with Retry-After, without a transaction.
  too_many_transactions,
  /// The queue of outgoing messages is full: send what `poll_transmit` gives, then try again.
  queue_full,
  /// There is no buffer for the message: answer 503, or drop it.
  no_buffer,
  /// A transaction with the same branch exists already: take another branch.
  duplicate_branch,
  /// The message lacks what a transaction needs (Via, CSeq): answer 400 where that is possible.
  bad_message,
};

/// The category of `errc`; its name is "parley.transaction".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace parley::transaction

template <>
struct boost::system::is_error_code_enum<parley::transaction::errc> : std::true_type {};
