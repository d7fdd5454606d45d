#pragma once

#include <parley/base/random_source.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::ua::detail {

/// Who a request outside dialogs goes to, and from whom.
struct request_parties {
  std::string_view request_uri;
  std::string_view to;    // a URI or a name-addr, without a tag
  std::string_view from;  // the same
  const std::vector<std::string>* routes;
};

/// False where a text can't be what it stands for.
bool is_sound(const request_parties& parties);

/// Bytes of all of them.
std::size_t text_size(const std::vector<std::string>& texts) noexcept;

/// The requests of one usage outside dialogs: they share Call-ID and From tag, and their CSeq goes up (RFC
/// 3261 8.1.1.5 and 10.2). Where the numbers are used up, the next begins with another Call-ID.
class request_series {
 public:
  static constexpr std::uint32_t max_cseq = 0x7fffffff;
  /// The core below takes a number for each challenge that it answers (RFC 3261 22.2), and at most so many.
  static constexpr std::uint32_t max_challenges = 8;

  request_series(base::random_source& random, std::uint32_t first_cseq);

  const std::string& call_id() const noexcept { return call_id_; }
  std::uint32_t cseq() const noexcept { return cseq_; }

  /// A request with the next number: Max-Forwards, Route, From, To, Call-ID, CSeq.
  std::optional<sip::message> write(std::string_view method, const request_parties& parties);
  /// Goes on from the number of the request that was answered in the end.
  void handle_response(const sip::message_view& response) noexcept;
  /// Nobody says which number the request had in the end: leaves out those that it may have had.
  void handle_failure() noexcept;

 private:
  void restart();

  base::random_source* random_;
  std::string call_id_;
  std::string tag_;
  std::uint32_t cseq_;  // of the last request
};

}  // namespace parley::ua::detail
