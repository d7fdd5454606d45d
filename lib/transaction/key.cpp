#include <parley/sip/chars.hpp>
#include <parley/transaction/key.hpp>

#include <algorithm>
#include <array>

namespace parley::transaction {
namespace {

void update_lower(base::siphasher& hash, std::string_view text) noexcept {
  std::array<char, 64> part;
  hash.update(std::uint64_t{text.size()});
  while (!text.empty()) {
    const std::size_t n = std::min(text.size(), part.size());
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n), part.begin(), sip::lower);
    hash.update(std::string_view(part.data(), n));
    text.remove_prefix(n);
  }
}

std::string_view read(const sip::parsed<std::string_view>& tag) noexcept {
  return tag ? *tag : std::string_view{};
}

}  // namespace

base::hash128 server_key(const base::siphash_key& secret, const sip::message_view& request,
                         const sip::via_header& via, const sip::cseq_header& cseq,
                         std::string_view method) noexcept {
  base::siphasher hash(secret, base::siphash_output::bits128);
  const bool invite = method == "INVITE" || method == "ACK";
  hash.update_sized(invite ? "INVITE" : method);
  if (is_rfc3261_branch(via.branch)) {
    update_lower(hash, via.branch);
    update_lower(hash, via.host);
    hash.update(std::uint64_t{via.port});
    return hash.finish128();
  }
  // RFC 3261 17.2.3, second half. The To tag of an ACK is that of the response, so it can't be part of an
  // INVITE's key.
  hash.update_sized(request.request_uri());
  hash.update_sized(read(request.from_tag()));
  hash.update_sized(invite ? std::string_view{} : read(request.to_tag()));
  hash.update_sized(request.value_of(sip::header_id::call_id));
  hash.update(std::uint64_t{cseq.number});
  hash.update_sized(via.raw);
  return hash.finish128();
}

base::hash128 client_key(const base::siphash_key& secret, std::string_view branch,
                         std::string_view method) noexcept {
  base::siphasher hash(secret, base::siphash_output::bits128);
  hash.update_sized(method);
  update_lower(hash, branch);
  return hash.finish128();
}

base::hash128 merge_key(const base::siphash_key& secret, const sip::message_view& request,
                        const sip::cseq_header& cseq) noexcept {
  base::siphasher hash(secret, base::siphash_output::bits128);
  hash.update_sized(read(request.from_tag()));
  hash.update_sized(request.value_of(sip::header_id::call_id));
  hash.update(std::uint64_t{cseq.number});
  hash.update_sized(cseq.method_name);
  return hash.finish128();
}

}  // namespace parley::transaction
