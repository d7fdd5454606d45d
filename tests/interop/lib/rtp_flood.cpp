// RTP at one port of the loopback address, from a source that has no business there.
//
//   rtp_flood ADDRESS PORT RATE SECONDS SSRC SEQUENCE
//       so many packets a second, with 160 bytes of 0xEE each, an SSRC that was guessed right and sequence
//       numbers from there on; prints `sent=N rate=N/s`

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "rtp_flood ADDRESS PORT RATE SECONDS SSRC SEQUENCE\n");
    return 2;
  }
  constexpr std::size_t batch = 50;
  constexpr std::size_t packet_size = 172;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) return 2;
  const double rate = std::atof(argv[3]);
  const double seconds = std::atof(argv[4]);
  const auto ssrc = htonl(static_cast<std::uint32_t>(std::strtoul(argv[5], nullptr, 0)));
  auto sequence = static_cast<std::uint16_t>(std::atoi(argv[6]));
  std::uint32_t timestamp = 0;

  const int by = ::socket(AF_INET, SOCK_DGRAM, 0);
  if (by < 0 || ::connect(by, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::perror("rtp_flood");
    return 1;
  }
  std::array<std::array<unsigned char, packet_size>, batch> packets{};
  std::array<iovec, batch> parts{};
  std::array<mmsghdr, batch> messages{};
  for (std::size_t i = 0; i < batch; ++i) {
    packets[i].fill(0xEE);
    packets[i][0] = 0x80;
    packets[i][1] = 8;
    std::memcpy(&packets[i][8], &ssrc, sizeof ssrc);
    parts[i] = {packets[i].data(), packet_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }

  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(clock::now() - begin).count(); };
  std::uint64_t sent = 0;
  while (passed() < seconds) {
    while (static_cast<double>(sent) > passed() * rate)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    for (auto& packet : packets) {
      const std::uint16_t number = htons(sequence++);
      const std::uint32_t time = htonl(timestamp += 160);
      std::memcpy(&packet[2], &number, sizeof number);
      std::memcpy(&packet[4], &time, sizeof time);
    }
    const int done = ::sendmmsg(by, messages.data(), batch, 0);
    if (done > 0) sent += static_cast<std::uint64_t>(done);
  }
  std::printf("sent=%llu rate=%.0f/s\n", static_cast<unsigned long long>(sent),
              static_cast<double>(sent) / passed());
  return 0;
}
