#include "settings.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace parley_phone;

namespace {

reading read(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "parley-phone");
  return read_command_line(static_cast<int>(arguments.size()), arguments.data());
}

settings good(const std::vector<const char*>& arguments) {
  const reading out = read(arguments);
  INFO(out.message);
  REQUIRE(out.run);
  return out.settings;
}

/// The names of the steps, with what they have.
std::string steps(const std::vector<const char*>& arguments) {
  std::string out;
  for (const step& one : good(arguments).steps) {
    out += (out.empty() ? "" : ", ") + one.name;
    for (const std::string& word : {one.word, one.uri, one.text}) out += word.empty() ? "" : " " + word;
    if (one.number != 0) out += " " + std::to_string(one.number);
  }
  return out;
}

std::string error(const std::vector<const char*>& arguments) {
  const reading out = read(arguments);
  CHECK_FALSE(out.run);
  CHECK(out.exit_code == 1);
  const std::string begin = "parley-phone: ";
  REQUIRE(out.message.rfind(begin, 0) == 0);
  return out.message.substr(begin.size(), out.message.find('\n') - begin.size());
}

}  // namespace

TEST_CASE("options become steps", "[phone][command_line]") {
  CHECK(steps({"--call", "sip:b@h"}) == "call sip:b@h, over");
  CHECK(steps({"--call", "sip:b@h", "--duration", "300"}) == "call sip:b@h, wait 300, hangup");
  CHECK(steps({"--call", "sip:b@h", "--hold", "--dtmf", "12#", "--duration", "9"}) ==
        "call sip:b@h, hold, wait 500, resume, dtmf 12#, wait 9, hangup");
  CHECK(steps({"--hold", "70", "--call", "sip:b@h"}) == "call sip:b@h, hold, wait 70, resume, over");
  CHECK(steps({"--call", "sip:b@h", "--transfer", "sip:c@h"}) == "call sip:b@h, transfer sip:c@h, hangup");
  CHECK(steps({"--answer", "--attended", "sip:c@h"}) == "answer, attended sip:c@h, hangup");
  CHECK(steps({"--answer", "--after", "50", "--calls", "2"}) ==
        "ring, wait 50, answer, over, ring, wait 50, answer, over");
  CHECK(steps({"--refuse", "486", "--calls", "2"}) == "refuse 486, refuse 486");
  CHECK(steps({"--register", "sip:a@h", "--message", "hi # there", "--to", "sip:b@h"}) ==
        "register, message sip:b@h hi # there");
  CHECK(steps({"--subscribe", "presence", "--to", "sip:b@h", "--duration", "5"}) ==
        "subscribe presence sip:b@h, wait 5");
  CHECK(steps({"--publish", "open", "--from", "sip:a@h"}) == "publish open");
  CHECK(steps({"--register", "sip:a@h", "--duration", "5"}) == "register, wait 5");
}

TEST_CASE("options of sound become steps and settings", "[phone][command_line]") {
  CHECK(steps({"--call", "sip:b@h", "--tone", "--record", "heard.wav", "--play", "/proc/self/exe", "--dtmf",
               "1"}) == "call sip:b@h, record heard.wav, tone 440, play /proc/self/exe, dtmf 1, over");
  CHECK(steps({"--answer", "--calls", "2", "--record", "calls.d/heard"}) ==
        "answer, record calls.d/heard, over, answer, record calls.d/heard-2, over");
  CHECK(steps({"--answer", "--calls", "2", "--record", "/tmp/heard.opus"}) ==
        "answer, record /tmp/heard.opus, over, answer, record /tmp/heard-2.opus, over");
  CHECK(error({"--call", "sip:b@h", "--play", "/no/such/file"}).find("/no/such/file") != std::string::npos);

  const settings plain = good({"--answer"});
  CHECK(plain.has_sound);
  CHECK(plain.sound.codecs.empty());
  CHECK(plain.sound.srtp == parley::srtp_use::never);
  const settings chosen = good({"--answer", "--codec", "opus,PCMA", "--srtp", "required"});
  CHECK(chosen.sound.codecs == std::vector<std::string>{"opus", "PCMA"});
  CHECK(chosen.sound.srtp == parley::srtp_use::required);
  CHECK(good({"--answer", "--srtp", "offered"}).sound.srtp == parley::srtp_use::offered);
  CHECK(!good({"--answer", "--signalling-only"}).has_sound);
  CHECK(error({"--answer", "--signalling-only", "--tone"}).find("--tone") != std::string::npos);
  CHECK(error({"--answer", "--srtp", "always"}).find("--srtp") != std::string::npos);
}

TEST_CASE("who and where", "[phone][command_line]") {
  const settings plain = good({"--answer"});
  CHECK(plain.endpoint.listen == std::vector<std::string>{"udp:0.0.0.0:0"});
  CHECK(plain.endpoint.identity.empty());
  CHECK(plain.timeout == std::chrono::seconds(60));
  CHECK(plain.follow_transfers);
  CHECK(plain.log_level == parley::base::log_level::warning);
  CHECK(plain.endpoint.session.timer.session_expires == 1800);

  CHECK(good({"--answer", "--transport", "tcp"}).endpoint.listen ==
        std::vector<std::string>{"tcp:0.0.0.0:0"});
  const settings two =
      good({"--listen", "udp:127.0.0.1", "--listen", "ws:[::1]:8080", "--answer", "--no-follow",
            "--advertise", "phone.example.com:5070", "--timeout", "5", "--session-expires", "90", "--dns",
            "127.0.0.1", "--proxy", "sip:p.example.com;lr", "--log-level", "debug"});
  CHECK(two.endpoint.listen == std::vector<std::string>{"udp:127.0.0.1:0", "ws:[::1]:8080"});
  CHECK(two.transports == std::vector<std::string>{"udp", "ws"});
  CHECK(two.endpoint.advertised_host == "phone.example.com");
  CHECK(two.endpoint.advertised_port == 5070);
  CHECK(two.endpoint.routes == std::vector<std::string>{"sip:p.example.com;lr"});
  REQUIRE(two.endpoint.dns.servers.size() == 1);
  CHECK(two.endpoint.dns.servers[0].port == 53);
  CHECK(two.timeout == std::chrono::seconds(5));
  CHECK(two.endpoint.session.timer.session_expires == 90);
  CHECK_FALSE(two.follow_transfers);
  CHECK(two.log_level == parley::base::log_level::debug);
}

TEST_CASE("registration and account", "[phone][command_line]") {
  const settings plain = good({"--register", "sip:al%20ice@example.com", "--password", "secret"});
  CHECK(plain.endpoint.identity == "sip:al%20ice@example.com");
  CHECK(plain.registration.address == "sip:al%20ice@example.com");
  REQUIRE(plain.endpoint.accounts.size() == 1);
  CHECK(plain.endpoint.accounts[0].username == "al ice");
  CHECK(plain.endpoint.accounts[0].realm == "example.com");
  CHECK(plain.endpoint.accounts[0].password == "secret");

  const settings all =
      good({"--register", "sip:a@h", "--from", "\"A\" <sip:b@h>", "--user", "u", "--password", "p", "--realm",
            "r", "--registrar", "sip:reg.h", "--expires", "60", "--outbound"});
  CHECK(all.endpoint.identity == "\"A\" <sip:b@h>");
  CHECK(all.endpoint.accounts[0].username == "u");
  CHECK(all.endpoint.accounts[0].realm == "r");
  CHECK(all.registration.address == "sip:a@h");
  CHECK(all.registration.registrar == "sip:reg.h");
  CHECK(all.registration.expires == 60);
  CHECK(all.registration.outbound);
  CHECK(good({"--publish", "open", "--from", "\"A\" <sip:b@h>"}).registration.address == "sip:b@h");
}

TEST_CASE("what is wrong on the command line is named", "[phone][command_line]") {
  CHECK(error({}) == "nothing is to be done: --call, --answer and --script are ways to begin");
  CHECK(error({"--call", "sip:b@h", "--answer"}) ==
        "--call, --answer, --refuse, --message, --subscribe, --publish and --script exclude each other");
  CHECK(error({"--call", "bob"}).find("call: \"bob\" is no SIP URI: at offset") == 0);
  CHECK(error({"--message", "hi"}) == "--to is missing");
  CHECK(
      error({"--answer", "--listen", "sctp:127.0.0.1"}).find("--listen: \"sctp:127.0.0.1\" is no listener") ==
      0);
  CHECK(error({"--answer", "--listen", "udp:localhost:5060"}).find("--listen: ") == 0);
  CHECK(error({"--answer", "--advertise", "sip:h"}).find("--advertise: ") == 0);
  CHECK(error({"--answer", "--dns", "ns.example.com"}).find("--dns: ") == 0);
  CHECK(error({"--answer", "--log-level", "loud"}).find("--log-level: \"loud\"") == 0);
  CHECK(error({"--answer", "--cert", "c.pem"}) == "--cert and --key come together");
  CHECK(error({"--answer", "--ca", "/nowhere.pem"}).find("/nowhere.pem") != std::string::npos);
  CHECK(error({"--publish", "open"}) == "publish needs an address: --register or --from");
  CHECK(error({"--script", "/nowhere.txt"}) == "--script: can't read /nowhere.txt");
  CHECK(error({"--refuse", "200"}).find("--refuse") == 0);
  CHECK(error({"--answer", "--session-expires", "89"}).find("--session-expires") == 0);
  CHECK(error({"--answer", "--transport", "sctp"}).find("--transport") == 0);
  CHECK(error({"--answer", "--transport", "tcp", "--listen", "udp:0.0.0.0"}).find(" excludes ") !=
        std::string::npos);
  CHECK(error({"--call", "sip:b@h", "--after", "5"}).find("--after requires --answer") == 0);
  CHECK(error({"--anwser"}).find("--anwser") != std::string::npos);
}

TEST_CASE("help and version", "[phone][command_line]") {
  const reading help = read({"--help"});
  CHECK(help.exit_code == 0);
  CHECK_FALSE(help.run);
  for (const char* part : {"--attended URI", "expect EVENT [KEY=VALUE]…", "Exit status: 0 all steps done"}) {
    INFO(help.message);
    CHECK(help.message.find(part) != std::string::npos);
  }
  CHECK(read({"--version"}).message.find("parley-phone ") == 0);
}
