#include "sdes_keys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace relay {
namespace {

/// The strongest first.
constexpr std::array profiles{
    srtp::profile::aead_aes_256_gcm,        srtp::profile::aead_aes_128_gcm,
    srtp::profile::aes_256_cm_hmac_sha1_80, srtp::profile::aes_256_cm_hmac_sha1_32,
    srtp::profile::aes_cm_128_hmac_sha1_80, srtp::profile::aes_cm_128_hmac_sha1_32,
};

bool names(const std::vector<std::string>& list, srtp::profile wanted) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& one) { return same_name(one, srtp::suite_name(wanted)); });
}

/// Of `only` and `no` the first has the last word.
bool may_use(srtp::profile which, const sdes_wishes& wishes) {
  if (wishes.off) return false;
  return wishes.only.empty() ? !names(wishes.no, which) : names(wishes.only, which);
}

}  // namespace

const srtp::master_key& own_keys::key_for(srtp::profile which, base::random_source& random) {
  const auto at = std::find_if(keys_.begin(), keys_.end(),
                               [&](const srtp::master_key& one) { return one.profile() == which; });
  if (at != keys_.end()) return *at;
  return keys_.emplace_back(srtp::generate_key(random, which));
}

std::vector<sdp::crypto> own_keys::offer(const sdes_wishes& wishes, const std::vector<sdp::crypto>& named,
                                         base::random_source& random) {
  std::vector<sdp::crypto> out;
  std::uint32_t tag = 0;
  for (const srtp::profile one : profiles) {
    ++tag;
    if (!may_use(one, wishes)) continue;
    const bool known = std::any_of(named.begin(), named.end(),
                                   [&](const sdp::crypto& n) { return n.suite == srtp::suite_name(one); });
    if (wishes.nonew && !named.empty() && !known) continue;
    if (auto line = srtp::write_sdes(tag, std::span(&key_for(one, random), 1)))
      out.push_back(*std::move(line));
  }
  return out;
}

std::optional<sdp::crypto> own_keys::answer(const sdp::crypto& chosen, base::random_source& random) {
  const auto which = srtp::profile_of_suite(chosen.suite);
  if (!which) return std::nullopt;
  auto line = srtp::write_sdes(chosen.tag, std::span(&key_for(*which, random), 1));
  if (!line) return std::nullopt;
  return *std::move(line);
}

const sdp::crypto* choose_key(const std::vector<sdp::crypto>& offered, const sdes_wishes& wishes) {
  const auto at = std::find_if(offered.begin(), offered.end(), [&](const sdp::crypto& line) {
    const auto which = srtp::profile_of_suite(line.suite);
    return which && may_use(*which, wishes) && !master_keys_of(line).empty();
  });
  return at == offered.end() ? nullptr : &*at;
}

std::pair<const sdp::crypto*, const sdp::crypto*> match_keys(const std::vector<sdp::crypto>& offered,
                                                             const std::vector<sdp::crypto>& answered) {
  for (const sdp::crypto& theirs : answered) {
    for (const sdp::crypto& ours : offered) {
      if (ours.tag == theirs.tag && ours.suite == theirs.suite && !master_keys_of(theirs).empty())
        return {&theirs, &ours};
    }
  }
  return {nullptr, nullptr};
}

std::vector<srtp::master_key> master_keys_of(const sdp::crypto& line) {
  auto read = srtp::read_sdes(line);
  if (!read) return {};
  return std::move(read->keys);
}

}  // namespace relay
