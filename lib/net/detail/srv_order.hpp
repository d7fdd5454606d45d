#pragma once

#include <parley/base/random_source.hpp>
#include <parley/net/name_source.hpp>

#include <vector>

namespace parley::net::detail {

/// Puts SRV records into the order in which to try them: the lowest priority first, and among equal ones each
/// next by chance, as likely as its weight says (RFC 2782).
///
/// The result depends on the set of records and on what the random source gives, not on the order in which
/// they came, so that the same draws choose the same server (RFC 3263 4.4).
void order_srv(std::vector<srv_record>& records, base::random_source& random);

}  // namespace parley::net::detail
