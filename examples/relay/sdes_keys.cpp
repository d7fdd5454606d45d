#include "sdes_keys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace relay {
namespace {

struct suite {
  srtp::profile profile;
  std::string_view name;  // RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2
};

constexpr std::array suites{
    suite{srtp::profile::aead_aes_256_gcm, "AEAD_AES_256_GCM"},
    suite{srtp::profile::aead_aes_128_gcm, "AEAD_AES_128_GCM"},
    suite{srtp::profile::aes_256_cm_hmac_sha1_80, "AES_256_CM_HMAC_SHA1_80"},
    suite{srtp::profile::aes_256_cm_hmac_sha1_32, "AES_256_CM_HMAC_SHA1_32"},
    suite{srtp::profile::aes_cm_128_hmac_sha1_80, "AES_CM_128_HMAC_SHA1_80"},
    suite{srtp::profile::aes_cm_128_hmac_sha1_32, "AES_CM_128_HMAC_SHA1_32"},
};

const suite* find_suite(std::string_view name) {
  const auto* at =
      std::find_if(suites.begin(), suites.end(), [&](const suite& s) { return same_name(s.name, name); });
  return at == suites.end() ? nullptr : at;
}

bool names(const std::vector<std::string>& list, const suite& wanted) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& one) { return same_name(one, wanted.name); });
}

bool may_use(const suite& which, const sdes_wishes& wishes) {
  if (wishes.off) return false;
  // RFC-given names stand for themselves: of `only` and `no` the first has the last word.
  return wishes.only.empty() ? !names(wishes.no, which) : names(wishes.only, which);
}

/// Whether packets are protected as this build does it. Parameters with a hyphen may be passed over (RFC
/// 4568 6.3.7).
bool has_known_parameters(const sdp::crypto& line) {
  return std::all_of(line.session_parameters.begin(), line.session_parameters.end(),
                     [](const std::string& one) { return one.starts_with('-') || one.starts_with("WSH="); });
}

}  // namespace

const sdp::crypto_key& own_keys::key_for(srtp::profile which, base::random_source& random) {
  const auto at =
      std::find_if(keys_.begin(), keys_.end(), [&](const auto& one) { return one.first == which; });
  if (at != keys_.end()) return at->second;
  const srtp::key_sizes sizes = srtp::sizes(which);
  sdp::crypto_key key;
  key.key_and_salt.resize(sizes.key + sizes.salt);
  random.fill(std::as_writable_bytes(std::span(key.key_and_salt)));
  return keys_.emplace_back(which, std::move(key)).second;
}

std::vector<sdp::crypto> own_keys::offer(const sdes_wishes& wishes, const std::vector<sdp::crypto>& named,
                                         base::random_source& random) {
  std::vector<sdp::crypto> out;
  std::uint32_t tag = 0;
  for (const suite& one : suites) {
    ++tag;
    if (!may_use(one, wishes)) continue;
    const bool known =
        std::any_of(named.begin(), named.end(), [&](const sdp::crypto& n) { return n.suite == one.name; });
    if (wishes.nonew && !named.empty() && !known) continue;
    out.push_back({.tag = tag,
                   .suite = std::string(one.name),
                   .keys = {key_for(one.profile, random)},
                   .session_parameters = {}});
  }
  return out;
}

sdp::crypto own_keys::answer(const sdp::crypto& chosen, base::random_source& random) {
  const suite* which = find_suite(chosen.suite);
  return {.tag = chosen.tag,
          .suite = chosen.suite,
          .keys = {key_for(which->profile, random)},
          .session_parameters = {}};
}

const sdp::crypto* choose_key(const std::vector<sdp::crypto>& offered, const sdes_wishes& wishes) {
  const auto at = std::find_if(offered.begin(), offered.end(), [&](const sdp::crypto& line) {
    const suite* which = find_suite(line.suite);
    return which != nullptr && may_use(*which, wishes) && master_key_of(line).has_value();
  });
  return at == offered.end() ? nullptr : &*at;
}

std::pair<const sdp::crypto*, const sdp::crypto*> match_keys(const std::vector<sdp::crypto>& offered,
                                                             const std::vector<sdp::crypto>& answered) {
  for (const sdp::crypto& theirs : answered) {
    for (const sdp::crypto& ours : offered) {
      if (ours.tag == theirs.tag && ours.suite == theirs.suite && master_key_of(theirs))
        return {&theirs, &ours};
    }
  }
  return {nullptr, nullptr};
}

std::optional<srtp::master_key> master_key_of(const sdp::crypto& line) {
  const suite* which = find_suite(line.suite);
  if (which == nullptr || line.keys.empty() || !has_known_parameters(line)) return std::nullopt;
  const sdp::crypto_key& key = line.keys.front();
  const srtp::key_sizes sizes = srtp::sizes(which->profile);
  if (key.key_and_salt.size() != sizes.key + sizes.salt) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(key.key_and_salt));
  std::array<std::byte, srtp::max_mki_bytes> mki{};
  if (key.mki_length > mki.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.mki_length && i < sizeof key.mki; ++i) {
    mki[key.mki_length - 1U - i] = static_cast<std::byte>(key.mki >> (8U * i) & 0xFFU);
  }
  const auto made = srtp::master_key::make(which->profile, bytes.first(sizes.key), bytes.subspan(sizes.key),
                                           std::span(mki).first(key.mki_length),
                                           key.lifetime.value_or(srtp::max_rtp_packets));
  if (!made) return std::nullopt;
  return *made;
}

}  // namespace relay
