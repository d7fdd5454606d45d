#include <parley/srtp/master_key.hpp>

#include "srtp/detail/key_set.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace parley::srtp {

base::result<master_key> master_key::make(srtp::profile which, std::span<const std::byte> key,
                                          std::span<const std::byte> salt, std::span<const std::byte> mki,
                                          std::uint64_t lifetime) noexcept {
  const key_sizes wanted = sizes(which);
  if (key.size() != wanted.key || salt.size() != wanted.salt) return errc::bad_key_length;
  if (mki.size() > max_mki_bytes) return errc::bad_mki;
  if (lifetime == 0 || lifetime > max_rtp_packets) return errc::bad_lifetime;
  master_key made(which);
  std::copy(key.begin(), key.end(), made.key_.begin());
  std::copy(salt.begin(), salt.end(), made.salt_.begin());
  std::copy(mki.begin(), mki.end(), made.mki_.begin());
  made.mki_bytes_ = static_cast<std::uint8_t>(mki.size());
  made.lifetime_ = lifetime;
  return made;
}

master_key::~master_key() {
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(salt_.data(), salt_.size());
}

bool detail::is_key_set(std::span<const master_key> keys) noexcept {
  if (keys.empty() || keys.size() > detail::max_master_keys) return false;
  const master_key& first = keys.front();
  if (keys.size() > 1 && first.mki().empty()) return false;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].profile() != first.profile() || keys[i].mki().size() != first.mki().size()) return false;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (std::ranges::equal(keys[i].mki(), keys[earlier].mki())) return false;
    }
  }
  return true;
}

}  // namespace parley::srtp
