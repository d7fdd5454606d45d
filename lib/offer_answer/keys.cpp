#include "offer_answer/detail/keys.hpp"

#include "offer_answer/detail/text.hpp"

#include <algorithm>
#include <string>

namespace parley::offer_answer::detail {
namespace {

using role = sdp::setup::role;

/// Whether all session parameters may be left alone: RFC 4568 6.3.7 and 6.3.6. A suite that is not known has
/// keys of a length that nobody has checked.
bool is_usable(const sdp::crypto& one) {
  return sdp::crypto_key_bytes(one.suite) && !one.keys.empty() &&
         std::all_of(
             one.session_parameters.begin(), one.session_parameters.end(),
             [](const std::string& each) { return each.starts_with('-') || each.starts_with("WSH="); });
}

/// RFC 4568 5.1.2: the first offered one that can be used, with a key of ours; or by our order.
std::optional<sdp::crypto> choose_key(const std::vector<sdp::crypto>& offered,
                                      const std::vector<sdp::crypto>& ours, bool own_order) {
  const sdp::crypto* theirs = nullptr;
  const sdp::crypto* own = nullptr;
  for (const sdp::crypto& one : offered) {
    if (!is_usable(one)) continue;
    const auto mine = std::find_if(ours.begin(), ours.end(),
                                   [&](const sdp::crypto& each) { return iequals(each.suite, one.suite); });
    if (mine == ours.end() || (own != nullptr && (!own_order || &*mine >= own))) continue;
    theirs = &one;
    own = &*mine;
  }
  if (own == nullptr) return std::nullopt;
  sdp::crypto chosen = *own;
  chosen.tag = theirs->tag;
  chosen.session_parameters.clear();
  return chosen;
}

}  // namespace

bool does(const medium& own, keying how) noexcept {
  return std::find(own.keyings.begin(), own.keyings.end(), how) != own.keyings.end();
}

bool can_key(const medium& own, const protocol_traits& protocol) noexcept {
  if (!protocol.rtp) return true;
  if (!protocol.secure) return !own.keyings.empty();
  return does(own, keying::dtls) || (does(own, keying::sdes) && !protocol.dtls);
}

base::result<key_choice> choose_keying(const medium& own, const protocol_traits& protocol,
                                       const transport_reading& offered, const local_transport* local) {
  const bool offers_dtls = !offered.fingerprints.empty() && offered.setup != role::holdconn;
  bool lacks_local = false;
  if (protocol.sctp) {
    if (!offers_dtls) return errc::missing_keys;
    if (local != nullptr && local->fingerprints.empty()) return errc::missing_local_keys;
    return key_choice{keying::dtls, {}};
  }
  for (const keying how : own.keyings) {
    switch (how) {
      case keying::dtls:
        if (!offers_dtls) break;
        if (local == nullptr || !local->fingerprints.empty()) return key_choice{how, {}};
        lacks_local = true;
        break;
      case keying::sdes: {
        if (protocol.dtls || std::none_of(offered.keys.begin(), offered.keys.end(), is_usable)) break;
        if (local == nullptr) return key_choice{how, {}};
        if (auto key = choose_key(offered.keys, local->keys, own.own_order)) {
          return key_choice{how, std::move(key)};
        }
        lacks_local = lacks_local || local->keys.empty();
        break;
      }
      case keying::none:
        if (!protocol.secure) return key_choice{how, {}};
        break;
    }
  }
  if (lacks_local) return errc::missing_local_keys;
  // A plain offer where security is wanted, or a secure one where none is had.
  if (!protocol.secure || !can_key(own, protocol)) return errc::incompatible_protocol;
  return offered.setup == role::holdconn ? errc::bad_setup : errc::missing_keys;
}

std::optional<sdes_keys> agreed_keys(const std::vector<sdp::crypto>& offered,
                                     const std::vector<sdp::crypto>& answered) {
  if (answered.size() != 1 || answered.front().keys.empty()) return std::nullopt;
  const sdp::crypto& answer = answered.front();
  const auto found = std::find_if(offered.begin(), offered.end(),
                                  [&](const sdp::crypto& one) { return one.tag == answer.tag; });
  if (found == offered.end() || !iequals(found->suite, answer.suite)) return std::nullopt;
  return sdes_keys{*found, answer};
}

std::optional<role> answer_role(const transport_reading& offered, const dtls_parameters* existing,
                                bool prefer_passive) {
  // RFC 4145 4.1: active where the offer doesn't say.
  switch (offered.setup.value_or(role::active)) {
    case role::active: return role::passive;
    case role::passive: return role::active;
    case role::holdconn: return std::nullopt;
    case role::actpass: break;
  }
  const bool same = existing != nullptr && existing->remote_fingerprints == offered.fingerprints &&
                    existing->remote_tls_id == offered.tls_id;
  if (same) return existing->client ? role::active : role::passive;
  // RFC 8842 5.3: active, so that the handshake can begin before the answer arrives.
  return prefer_passive ? role::passive : role::active;
}

std::optional<bool> offerer_is_client(const transport_reading& offered, const transport_reading& answered) {
  const role offer = offered.setup.value_or(role::active);
  const role usual = offer == role::active ? role::passive : role::active;
  const role answer = answered.setup.value_or(usual);
  if (offer == role::holdconn || (answer != role::active && answer != role::passive) || offer == answer) {
    return std::nullopt;
  }
  return answer == role::passive;
}

}  // namespace parley::offer_answer::detail
