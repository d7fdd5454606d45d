#pragma once

#include <parley/base/api.hpp>
#include <parley/base/siphash.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include <string_view>

namespace parley::transaction {

/// The magic cookie of RFC 3261 8.1.1.7.
inline constexpr std::string_view branch_cookie = "z9hG4bK";

/// True where the branch was made by the rules of RFC 3261, so that it names the transaction by itself. The
/// bare cookie names nothing. A branch is a token and thus compared without case (RFC 3261 7.3.1), its cookie
/// too.
inline bool is_rfc3261_branch(std::string_view branch) noexcept {
  return branch.size() > branch_cookie.size() &&
         sip::iequals(branch.substr(0, branch_cookie.size()), branch_cookie);
}

/// The keys under which transactions are found. They are keyed hashes of 128 bits of what the RFC compares:
/// equal keys may be taken for equal transactions, and nobody outside can make two that collide.

/// RFC 3261 17.2.3: branch, sent-by and method, ACK counting as INVITE; for a request of RFC 2543 the
/// Request-URI, From tag, Call-ID, CSeq number and topmost Via, and the To tag too where the method isn't
/// INVITE or ACK. `method` replaces the request's own, so that a CANCEL finds what it cancels. `via` and
/// `cseq` are the request's.
PARLEY_API base::hash128 server_key(const base::siphash_key& secret, const sip::message_view& request,
                                    const sip::via_header& via, const sip::cseq_header& cseq,
                                    std::string_view method) noexcept;

/// RFC 3261 17.1.3: the branch of the topmost Via and the method of CSeq.
PARLEY_API base::hash128 client_key(const base::siphash_key& secret, std::string_view branch,
                                    std::string_view method) noexcept;

/// RFC 3261 8.2.2.2: From tag, Call-ID and CSeq, which a request that was forked and merged again shares with
/// its twin.
PARLEY_API base::hash128 merge_key(const base::siphash_key& secret, const sip::message_view& request,
                                   const sip::cseq_header& cseq) noexcept;

}  // namespace parley::transaction
