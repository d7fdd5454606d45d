// What a packet costs, in nanoseconds: protected and unprotected by each engine and by libsrtp2 called
// directly, as it is packaged. The ratio is ours to libsrtp2's of the same run.
//
// srtp [PACKETS]     packets a measurement, 20000 without
#include <parley/srtp/context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <srtp2/srtp.h>
#include <string_view>
#include <vector>

namespace {

using namespace parley;
using clock_type = std::chrono::steady_clock;

constexpr std::array<std::byte, 46> key_bytes{std::byte{0x5A}, std::byte{3}, std::byte{0x77}};
constexpr std::size_t batch = 1024;

struct row {
  srtp::profile which;
  const char* name;
  void (*set_policy)(srtp_crypto_policy_t*);
};

const std::array rows{
    row{srtp::profile::aes_cm_128_hmac_sha1_80, "AES_CM_128_HMAC_SHA1_80",
        srtp_crypto_policy_set_rtp_default},
    row{srtp::profile::aes_cm_128_hmac_sha1_32, "AES_CM_128_HMAC_SHA1_32",
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32},
    row{srtp::profile::aes_256_cm_hmac_sha1_80, "AES_256_CM_HMAC_SHA1_80",
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    row{srtp::profile::aes_256_cm_hmac_sha1_32, "AES_256_CM_HMAC_SHA1_32",
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32},
    row{srtp::profile::aead_aes_128_gcm, "AEAD_AES_128_GCM", srtp_crypto_policy_set_aes_gcm_128_16_auth},
    row{srtp::profile::aead_aes_256_gcm, "AEAD_AES_256_GCM", srtp_crypto_policy_set_aes_gcm_256_16_auth}};

void check(bool good) {
  if (good) return;
  std::puts("a packet was refused");
  std::exit(1);
}

struct cost {
  double protect = 0;
  double unprotect = 0;
};

/// Packets with their numbers, `batch` at a time, through `protect` and `unprotect`; of three runs the best.
template <class Protect, class Unprotect>
cost measure(std::size_t packets, std::size_t size, Protect protect, Unprotect unprotect) {
  base::buffer_pool pool;
  std::vector<base::packet_buffer> buffers;
  const std::vector<std::byte> blank(size, std::byte{0x55});
  for (std::size_t i = 0; i < batch; ++i) buffers.push_back(*pool.copy(std::span(blank), 0, 64));
  cost best{1e12, 1e12};
  std::uint16_t sequence = 0;
  for (int round = 0; round < 3; ++round) {
    std::chrono::nanoseconds out{0};
    std::chrono::nanoseconds in{0};
    std::size_t done = 0;
    for (; done < packets; done += batch) {
      for (base::packet_buffer& each : buffers) {
        std::byte* const at = each.mutable_data();
        at[0] = std::byte{0x80};
        at[2] = static_cast<std::byte>(sequence >> 8U);
        at[3] = static_cast<std::byte>(sequence & 0xFFU);
        ++sequence;
      }
      const auto start = clock_type::now();
      for (base::packet_buffer& each : buffers) check(protect(each));
      const auto middle = clock_type::now();
      for (base::packet_buffer& each : buffers) check(unprotect(each));
      in += clock_type::now() - middle;
      out += middle - start;
    }
    best.protect = std::min(best.protect, static_cast<double>(out.count()) / static_cast<double>(done));
    best.unprotect = std::min(best.unprotect, static_cast<double>(in.count()) / static_cast<double>(done));
  }
  return best;
}

cost measure_engine(const row& of, srtp::engine_choice engine, std::size_t packets, std::size_t size) {
  const srtp::key_sizes each = srtp::sizes(of.which);
  const auto all = std::span<const std::byte>(key_bytes);
  const auto key = srtp::master_key::make(of.which, all.first(each.key), all.subspan(each.key, each.salt));
  srtp::context_options options;
  options.engine = engine;
  auto sender = srtp::context::protecting({&*key, 1}, options);
  auto receiver = srtp::context::unprotecting({&*key, 1}, options);
  check(sender && receiver);
  return measure(
      packets, size, [&](base::packet_buffer& packet) { return sender->protect_rtp(packet).has_value(); },
      [&](base::packet_buffer& packet) { return receiver->unprotect_rtp(packet).has_value(); });
}

cost measure_libsrtp(const row& of, std::size_t packets, std::size_t size) {
  std::array<unsigned char, 46> key;
  std::memcpy(key.data(), key_bytes.data(), key.size());
  srtp_policy_t policy{};
  of.set_policy(&policy.rtp);
  of.set_policy(&policy.rtcp);
  policy.key = key.data();
  policy.window_size = 128;
  srtp_t sender = nullptr;
  srtp_t receiver = nullptr;
  policy.ssrc.type = ssrc_any_outbound;
  check(srtp_create(&sender, &policy) == srtp_err_status_ok);
  policy.ssrc.type = ssrc_any_inbound;
  check(srtp_create(&receiver, &policy) == srtp_err_status_ok);
  const std::size_t tag = srtp::sizes(of.which).rtp_tag;
  const cost out = measure(
      packets, size,
      [&](base::packet_buffer& packet) {
        auto length = static_cast<int>(packet.size());
        return packet.append(tag).has_value() &&
               srtp_protect(sender, packet.mutable_data(), &length) == srtp_err_status_ok;
      },
      [&](base::packet_buffer& packet) {
        auto length = static_cast<int>(packet.size());
        const bool good = srtp_unprotect(receiver, packet.mutable_data(), &length) == srtp_err_status_ok;
        packet.trim_back(tag);
        return good;
      });
  srtp_dealloc(sender);
  srtp_dealloc(receiver);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t packets = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 20'000;
  check(srtp_init() == srtp_err_status_ok);
  std::printf(
      "ns a packet, protect + unprotect       openssl          libsrtp        libsrtp2 itself   ratio\n");
  for (const std::size_t size : {std::size_t{172}, std::size_t{1200}}) {
    for (const row& each : rows) {
      const cost direct = measure_libsrtp(each, packets, size);
      const cost ours = measure_engine(each, srtp::engine_choice::openssl, packets, size);
      const cost theirs = measure_engine(each, srtp::engine_choice::libsrtp, packets, size);
      std::printf("%-24s %4zu bytes  %6.0f +%6.0f  %6.0f +%6.0f  %6.0f +%6.0f  %6.2f\n", each.name, size,
                  ours.protect, ours.unprotect, theirs.protect, theirs.unprotect, direct.protect,
                  direct.unprotect, (ours.protect + ours.unprotect) / (direct.protect + direct.unprotect));
      std::fflush(stdout);
    }
  }
  return 0;
}
