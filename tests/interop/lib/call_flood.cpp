// Calls at a proxy on the loopback address, as many as a core can make: INVITE, 200, ACK, BYE, 200, from many
// addresses.
//
//   call_flood saturate PROXY_PORT CALLEE_PORT CALLS SECONDS
//       so many calls under way at any time; prints `N calls/s`
//   call_flood flood PROXY_PORT CALLEE_PORT RATE SECONDS ANSWERED
//       so many new calls a second, whatever becomes of them; of a hundred INVITEs that come through ANSWERED
//       are answered, to the others the callee says nothing. Prints `sent=N offered=N/s admitted=N
//       completed=N refused=N other=N`
//
// It is both ends: the callee listens at CALLEE_PORT, where a Route leads. Nothing is repeated, and a call is
// known by its Call-ID alone, so that no number of calls takes memory. Each final response is acknowledged.

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::size_t callers = 16;
constexpr std::size_t batch = 64;
constexpr std::size_t max_message = 2048;

constexpr std::string_view offer =
    "v=0\r\no=flood 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 "
    "0\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n";

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(unsigned last_byte, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(0x7f000000U + last_byte);
  return out;
}

/// A UDP socket that sends to the proxy, in batches.
class endpoint {
 public:
  endpoint(unsigned last_byte, std::uint16_t port, std::uint16_t proxy_port) : memory_(batch * max_message) {
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_in local = loopback(last_byte, port);
    const sockaddr_in proxy = loopback(1, proxy_port);
    const int room = 8 << 20;
    if (::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) give_up("bind");
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&proxy), sizeof proxy) != 0) give_up("connect");
    socklen_t size = sizeof local;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &size);
    std::array<char, INET_ADDRSTRLEN> ip{};
    ::inet_ntop(AF_INET, &local.sin_addr, ip.data(), ip.size());
    name_ = std::string(ip.data()) + ":" + std::to_string(ntohs(local.sin_port));
    for (std::size_t i = 0; i < batch; ++i) {
      in_[i].iov_base = memory_.data() + i * max_message;
      in_[i].iov_len = max_message;
      headers_in_[i].msg_hdr.msg_iov = &in_[i];
      headers_in_[i].msg_hdr.msg_iovlen = 1;
      headers_out_[i].msg_hdr.msg_iov = &out_[i];
      headers_out_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

  /// A text to write the next message into; it goes with the batch.
  std::string& next() {
    if (used_ == batch) flush();
    std::string& out = texts_[used_++];
    out.clear();
    return out;
  }

  void flush() {
    for (std::size_t i = 0; i < used_; ++i) out_[i] = {texts_[i].data(), texts_[i].size()};
    for (std::size_t sent = 0; sent < used_;) {
      const int n = ::sendmmsg(fd_, headers_out_.data() + sent, static_cast<unsigned>(used_ - sent), 0);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
      } else if (errno != EINTR && errno != EAGAIN) {
        ++sent;  // that one is lost, as datagrams may be
      }
    }
    used_ = 0;
  }

  /// Calls `f(text)` for each message that waits; false where none did.
  template <class F>
  bool receive(F&& f) {
    const int n = ::recvmmsg(fd_, headers_in_.data(), batch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < n; ++i)
      f(std::string_view(memory_.data() + static_cast<std::size_t>(i) * max_message, headers_in_[i].msg_len));
    return n > 0;
  }

 private:
  int fd_ = -1;
  std::string name_;
  std::size_t used_ = 0;
  std::vector<char> memory_;
  std::array<std::string, batch> texts_;
  std::array<iovec, batch> in_{};
  std::array<iovec, batch> out_{};
  std::array<mmsghdr, batch> headers_in_{};
  std::array<mmsghdr, batch> headers_out_{};
};

/// The lines of that name, each with its end; `name` is as the proxy and this program write it, with its
/// colon.
std::string lines(std::string_view message, std::string_view name) {
  std::string out;
  const std::string start = "\r\n" + std::string(name);
  for (std::size_t at = message.find(start); at != std::string_view::npos; at = message.find(start, at + 2)) {
    const std::size_t end = message.find("\r\n", at + 2);
    if (end == std::string_view::npos) break;
    out.append(message.substr(at + 2, end - at));
  }
  return out;
}

std::string_view value(std::string_view line) {
  const std::size_t at = line.find(": ");
  return at == std::string_view::npos ? line : line.substr(at + 2, line.size() - at - 4);
}

struct figures {
  std::uint64_t sent = 0;
  std::uint64_t admitted = 0;  ///< INVITEs that came through to the callee, those that the proxy repeated too
  std::uint64_t completed = 0;  ///< calls whose BYE got its 200
  std::uint64_t refused = 0;    ///< with 503
  std::uint64_t other = 0;      ///< other final responses
};

class both_ends {
 public:
  both_ends(std::uint16_t proxy_port, std::uint16_t callee_port, unsigned answered)
      : answered_(answered),
        proxy_("127.0.0.1:" + std::to_string(proxy_port)),
        callee_(std::make_unique<endpoint>(1, callee_port, proxy_port)),
        run_(std::to_string(::getpid())) {
    for (unsigned i = 0; i < callers; ++i)
      callers_.push_back(std::make_unique<endpoint>(2 + i, 0, proxy_port));
  }

  const figures& counted() const { return counted_; }
  std::uint64_t under_way() const { return under_way_; }
  void forget() { under_way_ = 0; }

  void invite() {
    const std::uint64_t call = counted_.sent++;
    ++under_way_;
    endpoint& from = *callers_[call % callers];
    const std::string number = std::to_string(call);
    from.next()
        .append("INVITE sip:flood@")
        .append(proxy_)
        .append(" SIP/2.0\r\nVia: SIP/2.0/UDP ")
        .append(from.name())
        .append(";branch=z9hG4bK")
        .append(run_)
        .append("i")
        .append(number)
        .append("\r\nMax-Forwards: 70\r\nRoute: <sip:")
        .append(callee_->name())
        .append(";lr>\r\nFrom: <sip:caller@")
        .append(from.name())
        .append(">;tag=")
        .append(number)
        .append("\r\nTo: <sip:flood@")
        .append(proxy_)
        .append(">\r\nCall-ID: ")
        .append(number)
        .append("-")
        .append(run_)
        .append("\r\nCSeq: 1 INVITE\r\nContact: <sip:caller@")
        .append(from.name())
        .append(">\r\nContent-Type: application/sdp\r\nContent-Length: ")
        .append(std::to_string(offer.size()))
        .append("\r\n\r\n")
        .append(offer);
  }

  /// Takes what has come, and sends what follows from it. True where anything had.
  bool answer() {
    bool any = false;
    // As much as all callers together may take.
    for (std::size_t i = 0; i < callers; ++i) {
      if (!callee_->receive([this](std::string_view text) { be_called(text); })) break;
      any = true;
    }
    for (auto& caller : callers_)
      any = caller->receive([&](std::string_view text) { call(*caller, text); }) || any;
    flush();
    return any;
  }

  void flush() {
    callee_->flush();
    for (auto& caller : callers_) caller->flush();
  }

  void wait(int milliseconds) {
    std::array<pollfd, callers + 1> all{};
    all[callers] = {callee_->fd(), POLLIN, 0};
    for (std::size_t i = 0; i < callers; ++i) all[i] = {callers_[i]->fd(), POLLIN, 0};
    ::poll(all.data(), all.size(), milliseconds);
  }

 private:
  void be_called(std::string_view request) {
    const bool is_invite = request.starts_with("INVITE ");
    if (is_invite) ++counted_.admitted;
    if (!is_invite && !request.starts_with("BYE ")) return;
    if (is_invite && counted_.admitted % 100 >= answered_) return;
    std::string to = lines(request, "To:");
    if (is_invite) to.insert(to.size() - 2, ";tag=callee");
    std::string& out = callee_->next();
    out.append("SIP/2.0 200 OK\r\n").append(lines(request, "Via:")).append(lines(request, "Record-Route:"));
    out.append(lines(request, "From:")).append(to).append(lines(request, "Call-ID:"));
    out.append(lines(request, "CSeq:")).append("Contact: <sip:callee@").append(callee_->name());
    out.append(">\r\nContent-Length: 0\r\n\r\n");
  }

  void call(endpoint& caller, std::string_view response) {
    if (!response.starts_with("SIP/2.0 ") || response[8] == '1') return;
    if (response.find(" BYE\r\n") != std::string_view::npos) {
      ++counted_.completed;
      end_one();
      return;
    }
    const std::string call_id = lines(response, "Call-ID:");
    const std::string_view number = value(call_id).substr(0, value(call_id).find('-'));
    const std::string dialog =
        "Max-Forwards: 70\r\n" + lines(response, "From:") + lines(response, "To:") + call_id;
    if (response[8] == '2') {
      const std::string target = lines(response, "Contact:");
      const std::string routes = lines(response, "Record-Route:");
      const std::string_view uri = value(target).substr(1, value(target).size() - 2);
      const auto send = [&](std::string_view method, std::string_view sequence) {
        std::string& out = caller.next();
        out.append(method)
            .append(" ")
            .append(uri)
            .append(" SIP/2.0\r\nVia: SIP/2.0/UDP ")
            .append(caller.name());
        out.append(";branch=z9hG4bK").append(run_).append(method).append(number).append("\r\n");
        if (!routes.empty()) out.append("Route: ").append(value(routes)).append("\r\n");
        out.append(dialog).append("CSeq: ").append(sequence).append(" ").append(method);
        out.append("\r\nContent-Length: 0\r\n\r\n");
      };
      send("ACK", "1");
      send("BYE", "2");
      return;
    }
    ++(response.substr(8, 3) == "503" ? counted_.refused : counted_.other);
    end_one();
    std::string& out = caller.next();
    out.append("ACK sip:flood@").append(proxy_).append(" SIP/2.0\r\nVia: SIP/2.0/UDP ").append(caller.name());
    out.append(";branch=z9hG4bK").append(run_).append("i").append(number).append("\r\nRoute: <sip:");
    out.append(callee_->name())
        .append(";lr>\r\n")
        .append(dialog)
        .append("CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
  }

  void end_one() {
    if (under_way_ > 0) --under_way_;
  }

  unsigned answered_;
  std::string proxy_;
  std::unique_ptr<endpoint> callee_;
  std::vector<std::unique_ptr<endpoint>> callers_;
  std::string run_;
  std::uint64_t under_way_ = 0;
  figures counted_;
};

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

void saturate(both_ends& ends, std::uint64_t calls, double seconds) {
  const auto start = clock_type::now();
  while (seconds_since(start) < seconds) {
    while (ends.under_way() < calls) ends.invite();
    ends.flush();
    if (!ends.answer()) {
      ends.wait(500);
      // What was lost is not repeated: others take its place.
      if (!ends.answer()) ends.forget();
    }
  }
  std::printf("%.0f calls/s\n", static_cast<double>(ends.counted().completed) / seconds_since(start));
}

void flood(both_ends& ends, double rate, double seconds) {
  const auto start = clock_type::now();
  double passed = 0;
  while ((passed = seconds_since(start)) < seconds) {
    const auto due = static_cast<std::uint64_t>(rate * passed);
    // What comes back needs its turn, too, when this program is late.
    for (std::size_t i = 0; i < callers * batch / 2 && ends.counted().sent < due; ++i) ends.invite();
    ends.flush();
    if (!ends.answer()) ends.wait(1);
  }
  const double took = seconds_since(start);
  // What is under way ends.
  const auto end = clock_type::now();
  while (seconds_since(end) < 1) {
    if (!ends.answer()) ends.wait(10);
  }
  const figures& f = ends.counted();
  std::printf("sent=%llu offered=%.0f admitted=%llu completed=%llu refused=%llu other=%llu\n",
              static_cast<unsigned long long>(f.sent), static_cast<double>(f.sent) / took,
              static_cast<unsigned long long>(f.admitted), static_cast<unsigned long long>(f.completed),
              static_cast<unsigned long long>(f.refused), static_cast<unsigned long long>(f.other));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if ((what != "saturate" || argc != 6) && (what != "flood" || argc != 7)) {
    std::fputs(
        "call_flood saturate PROXY_PORT CALLEE_PORT CALLS SECONDS\n"
        "call_flood flood PROXY_PORT CALLEE_PORT RATE SECONDS ANSWERED\n",
        stderr);
    return 2;
  }
  const auto port = [&](int i) { return static_cast<std::uint16_t>(std::atoi(argv[i])); };
  both_ends ends(port(2), port(3), what == "flood" ? static_cast<unsigned>(std::atoi(argv[6])) : 100);
  const double many = std::atof(argv[4]);
  const double seconds = std::atof(argv[5]);
  if (what == "saturate") {
    saturate(ends, static_cast<std::uint64_t>(many), seconds);
  } else {
    flood(ends, many, seconds);
  }
}
