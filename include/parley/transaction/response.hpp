#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/via.hpp>
#include <parley/transaction/error.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace parley::transaction {

/// Where the response to a request goes that came by `from` with `via` on top (RFC 3261 18.2.2, RFC 3581 4):
/// over the same connection for streams; to the source address and port where `rport` was asked for; else to
/// the source address and the port of the Via.
///
/// A `maddr` is followed only where it is a multicast address: any other would let the sender aim responses
/// at a third party.
PARLEY_API sip::hop response_hop(const sip::hop& from, const sip::via_header& via) noexcept;

/// Where a response goes that is forwarded without a transaction: what `via`, then its topmost Via, says by
/// `received`, `rport`, or a numeric sent-by. `listener` is ours to send from. Nothing where the Via names a
/// host that would have to be resolved.
PARLEY_API std::optional<sip::hop> response_hop(const sip::via_header& via, std::uint16_t listener) noexcept;

/// Adds to the topmost Via of a request what its receiver must: `received` where the source differs from
/// sent-by or `rport` was asked for, and the value of `rport` (RFC 3261 18.2.1, RFC 3581 4). `via` is the
/// topmost Via of the patch's message.
PARLEY_API void stamp_via(sip::patch& edit, const sip::via_header& via,
                          const base::socket_address& source) noexcept;

/// Where in its Via a neighbour asks to be told of our load (RFC 7339 4.1 and 4.2).
///
/// *Ownership:* views into the Via.
struct overload_question {
  std::string_view oc;          ///< the parameter, without a value; empty where nothing is asked
  std::string_view algorithms;  ///< what stands in the quotes of `oc-algo`; our choice goes there
};
/// Reads that question; nothing is asked where the Via has no `oc`.
PARLEY_API overload_question read_overload_question(const sip::via_header& via) noexcept;

/// The algorithm that is always understood (RFC 7339 4.2), and the only one that is chosen here.
inline constexpr std::string_view overload_algorithm = "loss";

/// What a response of our own has beside what it takes from the request.
struct response_options {
  std::string_view reason_phrase;  ///< the usual one where empty
  std::string_view to_tag;         ///< added to To where that has none; no tag is added where empty
  /// One more header line.
  struct field {
    sip::header_id id;
    std::string_view value;
  };
  std::initializer_list<field> fields{};  ///< further headers
  std::span<const field> more_fields{};   ///< the same, for a number of them that is not known before
  std::string_view overload{};            ///< what goes into the place of `overload_question::oc`
  const sip::message* own = nullptr;      ///< a response whose headers and body are added, too
};

/// A response to `request`, which came from `source`, as RFC 3261 8.2.6.2 says: Via (stamped), From, To,
/// Call-ID and CSeq of the request, Record-Route for 101 to 299, Timestamp for 100, and the options. Also
/// from a request with an error in it, where it has those headers.
///
/// *Errors:* `no_buffer` where the pool gives none; `bad_message` where the request has no Via to answer to.
PARLEY_API base::result<base::packet_buffer> make_response(base::buffer_pool& pool,
                                                           const sip::message_view& request,
                                                           const base::socket_address& source, int status,
                                                           const response_options& options = {});

}  // namespace parley::transaction
