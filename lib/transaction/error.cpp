#include <parley/transaction/error.hpp>

#include <string>

namespace parley::transaction {
namespace {

class transaction_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.transaction"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::already_final: return "a final response was sent already";
      case errc::not_for_non_invite: return "RFC 4320 forbids this response to a non-INVITE request";
      case errc::unknown_transaction: return "there is no such transaction any more";
      case errc::too_many_transactions: return "as many transactions exist as are allowed";
      case errc::queue_full: return "the queue of outgoing messages is full";
      case errc::no_buffer: return "there is no buffer left for the message";
      case errc::duplicate_branch: return "a transaction with this branch exists already";
      case errc::bad_message: return "the message lacks a readable Via or CSeq";
    }
    return "unknown error";
  }
};

}  // namespace

const base::error_category& category() noexcept {
  static const transaction_category instance;
  return instance;
}

}  // namespace parley::transaction
