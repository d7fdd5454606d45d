#include <parley/sip/name_addr.hpp>
#include <parley/sip/uri.hpp>

#include "settings.hpp"
#include "settings/settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace parley_phone {
namespace {

namespace net = parley::net;

/// The options as they stand on the command line.
struct options {
  std::vector<std::string> listen;
  std::string transport;
  std::string advertise;
  std::string from;
  std::vector<std::string> proxies;
  std::vector<std::string> authorities;
  std::string certificate;
  std::string key;
  std::vector<std::string> name_servers;
  std::vector<std::string> info_packages;
  std::string registering;
  std::string user;
  std::string password;
  std::string realm;
  std::string registrar;
  std::uint32_t expires = 3600;
  bool outbound = false;
  bool follow = true;
  std::uint32_t session_expires = 0;
  std::vector<std::string> codecs;
  std::string srtp;
  bool signalling_only = false;
  unsigned timeout = 60;
  std::string script_file;
  std::string level;
  plan wanted;
};

void add_who_and_where(CLI::App& app, options& o) {
  const std::string group = "Who and where";
  app.add_option(
         "--listen", o.listen,
         "Where to receive; ADDR is numeric, and port 0, or none, is a free one. May be given several\n"
         "times. Without any: udp:0.0.0.0:0.")
      ->type_name("udp|tcp|tls|ws|wss:ADDR[:PORT]")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--transport", o.transport, "The same as --listen NAME:0.0.0.0:0, and no other.")
      ->type_name("udp|tcp|tls|ws|wss")
      ->check(CLI::IsMember({"udp", "tcp", "tls", "ws", "wss"}))
      ->excludes("--listen")
      ->group(group);
  app.add_option(
         "--advertise", o.advertise,
         "How others reach this phone, where that is not the bound address: behind a NAT, or by a name.")
      ->type_name("HOST[:PORT]")
      ->group(group);
  app.add_option(
         "--from", o.from,
         "Who calls, in From: sip:alice@example.com, or '\"Alice\" <sip:alice@example.com>'. Without it\n"
         "the address of --register, else sip:parley@ and our own address.")
      ->type_name("URI")
      ->group(group);
  app.add_option("--proxy", o.proxies,
                 "An outbound proxy, as a Route: 'sip:edge.example.com;lr'. May be given several times, the\n"
                 "first to be visited first.")
      ->type_name("URI")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--ca", o.authorities,
                 "Certificates of authorities that are believed, in PEM. Without any: the system's.")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--cert", o.certificate,
                 "Our certificate with its chain, in PEM. Without it tls and wss only go out.")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--key", o.key, "The key of --cert, in PEM.")->type_name("FILE")->group(group);
  app.add_option("--dns", o.name_servers,
                 "A name server to ask in the place of the system's, HOST numeric; port 53 without another.")
      ->type_name("HOST[:PORT]")
      ->allow_extra_args(false)
      ->group(group);
}

void add_registration(CLI::App& app, options& o) {
  const std::string group = "Registration";
  app.add_option("--register", o.registering, "Registers this address first, and removes that at the end.")
      ->type_name("URI")
      ->group(group);
  app.add_option("--user", o.user, "For challenges; without it the user of --register, or else of --from.")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--password", o.password,
                 "For challenges. Others on this host can see it in the list of processes.")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--realm", o.realm,
                 "Whose challenges are answered; without it the domain of --register, or else of --from.")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--registrar", o.registrar, "Where to register; without it the domain of --register.")
      ->type_name("URI")
      ->group(group);
  app.add_option("--expires", o.expires, "For how long to register (3600).")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::uint32_t{1}, std::numeric_limits<std::uint32_t>::max()))
      ->group(group);
  app.add_flag("--outbound", o.outbound,
               "Have calls come by the connection that registered (RFC 5626): behind a NAT, or over ws.")
      ->group(group);
}

void add_what_to_do(CLI::App& app, options& o) {
  const std::string group = "What to do";
  plan& wanted = o.wanted;
  app.add_option("--call", wanted.call, "Calls that address.")->type_name("URI")->group(group);
  app.add_flag("--answer", wanted.answer, "Waits for a call and answers it.")->group(group);
  app.add_option("--after", wanted.answer_after, "With --answer: rings for so long first.")
      ->type_name("MS")
      ->check(CLI::Range(0, 86'400'000))
      ->needs("--answer")
      ->group(group);
  app.add_option("--refuse", wanted.refuse, "Waits for a call and refuses it with that status, 300 to 699.")
      ->type_name("CODE")
      ->check(CLI::Range(300, 699))
      ->group(group);
  app.add_option("--calls", wanted.calls,
                 "With --answer or --refuse: so many calls, one after the other (1).")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->group(group);
  app.add_option("--message", wanted.message, "Sends that instant message to --to.")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--subscribe", wanted.subscribe,
                 "Subscribes to that package of --to: presence, dialog, message-summary, reg …")
      ->type_name("EVENT")
      ->group(group);
  app.add_option("--to", o.wanted.to, "Whom --message and --subscribe are for.")
      ->type_name("URI")
      ->group(group);
  app.add_option("--publish", wanted.publish, "Publishes that presence of --from.")
      ->type_name("open|closed")
      ->check(CLI::IsMember({"open", "closed"}))
      ->group(group);
  app.add_option(
         "--script", o.script_file,
         "Does the steps of that file, see below; - is the standard input. The step register comes first\n"
         "where --register is given and the file has none.")
      ->type_name("FILE")
      ->group(group);
}

void add_conversation(CLI::App& app, options& o) {
  const std::string group = "When a call was answered, in this order";
  plan& wanted = o.wanted;
  app.add_option("--hold", wanted.hold, "Holds it, and resumes it so much later (500).")
      ->type_name("[MS]")
      ->expected(0, 1)
      ->default_str("500")
      ->check(CLI::Range(0, 86'400'000))
      ->group(group);
  app.add_option("--play", wanted.play, "Plays that file, WAV or Ogg Opus, to its end.")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->group(group);
  app.add_option("--dtmf", wanted.dtmf,
                 "Sends these keys, within the sound where the peer takes that (RFC 4733), else by INFO.")
      ->type_name("KEYS")
      ->group(group);
  app.add_option("--transfer", wanted.transfer, "Has the peer call that address, and hangs up when it has.")
      ->type_name("URI")
      ->group(group);
  app.add_option("--attended", wanted.attended, "Calls that address, and has the peer take our place there.")
      ->type_name("URI")
      ->excludes("--transfer")
      ->group(group);
  app.add_option("--duration", wanted.duration,
                 "Hangs up so much later; without it when the peer does. Without a call: how long to stay\n"
                 "registered, subscribed, published.")
      ->type_name("MS")
      ->check(CLI::Range(0, 86'400'000))
      ->group(group);
}

void add_sound(CLI::App& app, options& o) {
  const std::string group = "Sound";
  plan& wanted = o.wanted;
  app.add_option(
         "--codec", o.codecs,
         "Codecs, the preferred one first: opus, G722, PCMA, PCMU, GSM, L16. Without it, all but L16.")
      ->type_name("NAME,…")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--srtp", o.srtp,
                 "Whether sound is encrypted, with keys in the signalling (RFC 4568): never, where the peer\n"
                 "can, or in any case (never).")
      ->type_name("never|offered|required")
      ->check(CLI::IsMember({"never", "offered", "required"}))
      ->group(group);
  app.add_flag("--tone", wanted.tone, "Sends a tone of 440 Hz from the answer on, until --play.")
      ->group(group);
  app.add_option(
         "--record", wanted.record,
         "Writes what the peer says to that file: Ogg Opus where it ends in .opus or .ogg, else WAV.\n"
         "With --calls the second call's has -2 in its name, and so on.")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--signalling-only", o.signalling_only,
               "Offers PCMU, PCMA and telephone-event, but nothing is sent and nobody listens: for load.")
      ->excludes("--codec", "--srtp", "--tone", "--record", "--play")
      ->group(group);
}

void add_manners(CLI::App& app, options& o) {
  const std::string group = "Bounds and manners";
  app.add_option("--timeout", o.timeout, "Gives up after that time, whatever goes on (60).")
      ->type_name("SECONDS")
      ->check(CLI::Range(1U, 86'400U))
      ->take_last()
      ->group(group);
  app.add_option("--session-expires", o.session_expires,
                 "Asks for a session timer (RFC 4028) of so many seconds, 90 or more.")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::uint32_t{90}, std::numeric_limits<std::uint32_t>::max()))
      ->group(group);
  app.add_option("--info-package", o.info_packages,
                 "An Info Package (RFC 6086) that peers may send; may be given several times.")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--follow,!--no-follow", o.follow,
               "Whether a peer may have us call another (REFER); followed without either.")
      ->group(group);
  app.add_option("--log-level", o.level, "trace, debug, info, warning, error or off (warning).")
      ->type_name("LEVEL")
      ->group(group);
}

std::string footer() {
  return "Each event is a line of JSON on standard output, with its name in \"event\" and the time in "
         "seconds\n"
         "since 1970 in \"time\"; logs are on standard error. Where nothing is played silence is sent. When "
         "a "
         "call\n"
         "is over, the event quality tells how it was heard here: packets, loss as a share, jitter, delay "
         "and\n"
         "round_trip in ms, the share of the sound that was made up, and an opinion score (ITU-T G.107).\n"
         "\n"
         "Steps of a script, one a line; # begins a comment, and \"…\" holds a word with blanks together:\n" +
         describe_steps() +
         "At the end all calls are hung up, and the registration is removed.\n"
         "\n"
         "A call that comes in when no step is left that takes one is refused with 480. One that is to take "
         "the\n"
         "place of another (RFC 3891) does so without a step: the event is transferred.\n"
         "\n"
         "Exit status: 0 all steps done; 1 an option, file or listener is wrong; 2 not registered; 3 a call "
         "was\n"
         "refused or failed; 4 the time of --timeout was over; 5 another step failed. SIGINT and SIGTERM "
         "hang up,\n"
         "unregister and exit with 130 and 143; a second one, or five seconds, end that, too.\n"
         "The status 503 or 408 may also mean that nobody could be reached: --log-level info says why.\n"
         "\n"
         "Examples:\n"
         "  parley-phone --call sip:bob@192.0.2.7 --hold --duration 3000\n"
         "  parley-phone --listen udp:0.0.0.0:5060 --answer --after 1000 --calls 10 --timeout 3600\n"
         "  parley-phone --register sip:alice@example.com --password secret --transport tls --script "
         "steps.txt";
}

/// At most what nobody writes by hand; *Errors:* nothing where it can't be read.
std::optional<std::string> read_file(const std::string& name) {
  const auto read_all = [](std::istream& in) -> std::optional<std::string> {
    std::string text(std::size_t{1} << 20U, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || !in.eof()) return std::nullopt;
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
  };
  if (name == "-") return read_all(std::cin);
  std::ifstream in(name, std::ios::binary);
  return in ? read_all(in) : std::nullopt;
}

/// The user, the host or all of the URI of an identity, which may be a name-addr; empty where it can't be
/// read.
std::string part_of(const std::string& identity, std::string_view parley::sip::uri_view::*part) {
  parley::sip::cursor in(identity);
  parley::sip::name_addr read;
  return parley::sip::read_name_addr(in, read) ? std::string(read.uri.*part) : std::string();
}

/// Settings from options; returns what is wrong, empty where nothing is.
std::string settle(const options& o, settings& out) {
  parley::endpoint_options& endpoint = out.endpoint;
  endpoint.listen.clear();
  std::vector<std::string> listen = o.listen;
  if (listen.empty()) listen.push_back((o.transport.empty() ? "udp" : o.transport) + ":0.0.0.0:0");
  for (const std::string& one : listen) {
    if (std::string why = read_listener(one, endpoint); !why.empty()) return "--listen: " + why;
    out.transports.push_back(one.substr(0, one.find(':')));
  }
  if (!o.advertise.empty()) {
    if (std::string why =
            parley_settings::read_advertised(o.advertise, endpoint.advertised_host, endpoint.advertised_port);
        !why.empty())
      return "--advertise: " + why;
  }
  for (const std::string& one : o.name_servers) {
    if (std::string why = parley_settings::read_name_server(one, endpoint.dns); !why.empty())
      return "--dns: " + why;
  }
  if (!o.level.empty()) {
    if (std::string why = parley_settings::read_log_level(o.level, out.log_level); !why.empty())
      return "--log-level: " + why;
  }

  if (o.certificate.empty() != o.key.empty()) return "--cert and --key come together";
  net::tls_options tls;
  if (!o.certificate.empty()) tls.certificates.push_back({o.certificate, o.key});
  tls.authority_files = o.authorities;
  tls.system_authorities = o.authorities.empty();
  auto context = net::tls_context::make(tls);
  if (!context) return context.error().what;
  endpoint.tls = *std::move(context);

  endpoint.identity = o.from.empty() ? o.registering : o.from;
  endpoint.routes = o.proxies;
  endpoint.info_packages = o.info_packages;
  endpoint.user_agent = "parley-phone/" PARLEY_VERSION;
  if (o.session_expires != 0) endpoint.session.timer.session_expires = o.session_expires;
  const std::string& account = o.registering.empty() ? o.from : o.registering;
  using parley::sip::uri_view;
  if (!o.password.empty()) {
    endpoint.accounts = {
        {.realm = o.realm.empty() ? part_of(account, &uri_view::host) : o.realm,
         .username = o.user.empty() ? parley::sip::unescape(part_of(account, &uri_view::user)) : o.user,
         .password = o.password}};
  }
  out.registration = {.address = part_of(account, &uri_view::raw),
                      .registrar = o.registrar,
                      .expires = o.expires,
                      .outbound = o.outbound};
  out.has_sound = !o.signalling_only;
  out.sound.codecs = o.codecs;
  if (o.srtp == "offered") out.sound.srtp = parley::srtp_use::offered;
  if (o.srtp == "required") out.sound.srtp = parley::srtp_use::required;
  out.timeout = std::chrono::seconds(o.timeout);
  out.follow_transfers = o.follow;
  return {};
}

/// The steps, from the script or from the options; returns what is wrong, empty where nothing is.
std::string find_steps(options& o, settings& out) {
  plan& wanted = o.wanted;
  wanted.enroll = !o.registering.empty();
  const int things = int{!wanted.call.empty()} + int{wanted.answer} + int{wanted.refuse != 0} +
                     int{!wanted.message.empty()} + int{!wanted.subscribe.empty()} +
                     int{!wanted.publish.empty()} + int{!o.script_file.empty()};
  if (things > 1)
    return "--call, --answer, --refuse, --message, --subscribe, --publish and --script exclude each other";
  if (things == 0 && !wanted.enroll)
    return "nothing is to be done: --call, --answer and --script are ways to begin";
  if ((!wanted.message.empty() || !wanted.subscribe.empty()) && wanted.to.empty()) return "--to is missing";

  script read;
  if (!o.script_file.empty()) {
    const std::optional<std::string> text = read_file(o.script_file);
    if (!text) return "--script: can't read " + o.script_file;
    read = read_script(*text, o.script_file == "-" ? "(standard input)" : o.script_file);
    const bool enrolls = std::any_of(read.steps.begin(), read.steps.end(),
                                     [](const step& one) { return one.what == action::enroll; });
    if (wanted.enroll && !enrolls) {
      step first;
      std::ignore = read_step({"register"}, first);
      read.steps.insert(read.steps.begin(), std::move(first));
    }
  } else {
    read = steps_of(wanted);
  }
  out.steps = std::move(read.steps);
  if (!read.error.empty()) return read.error;
  for (const step& one : out.steps) {
    const bool needs_address = one.what == action::enroll || one.what == action::publish;
    if (needs_address && out.registration.address.empty())
      return one.name + " needs an address: --register or --from";
  }
  return {};
}

}  // namespace

reading read_command_line(int argc, const char* const* argv) {
  CLI::App app{"A SIP phone for the command line: makes and takes calls, step by step.", "parley-phone"};
  app.set_version_flag("--version", "parley-phone " PARLEY_VERSION);
  app.set_help_flag("--help", "Print this and exit.");
  app.footer(footer());
  options given;
  add_who_and_where(app, given);
  add_registration(app, given);
  add_what_to_do(app, given);
  add_conversation(app, given);
  add_sound(app, given);
  add_manners(app, given);

  reading out;
  const auto fail = [&out](const std::string& why) {
    out.exit_code = 1;
    out.message = "parley-phone: " + why + "\nTry parley-phone --help.\n";
    return out;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out.message = app.help();
    return out;
  } catch (const CLI::CallForVersion&) {
    out.message = app.version() + "\n";
    return out;
  } catch (const CLI::ParseError& error) {
    return fail(error.what());
  }
  if (std::string why = settle(given, out.settings); !why.empty()) return fail(why);
  if (std::string why = find_steps(given, out.settings); !why.empty()) return fail(why);
  out.run = true;
  return out;
}

}  // namespace parley_phone
