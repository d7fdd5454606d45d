#include "settings.hpp"
#include "settings/settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace relay {
namespace {

/// The options as they stand on the command line.
struct options {
  std::vector<std::string> ng, ng_tcp, ng_ws, media;
  std::string metrics, ports, level, recording;
  unsigned single_port = 0;
  unsigned workers = 1;
  std::uint32_t timeout = 60;
  std::uint32_t silent_timeout = 3600;
  std::uint32_t offer_timeout = 300;
  std::uint32_t delete_delay = 30;
  std::uint32_t drain_timeout = 3600;
  std::size_t max_calls = 100'000;
};

constexpr std::uint32_t longest_time = 30U * 86400U;

void add_control(CLI::App& app, options& o) {
  const std::string group = "Control";
  app.add_option("--ng", o.ng, "Takes commands of the NG protocol over UDP. May be given several times.")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--ng-tcp", o.ng_tcp, "The same over TCP.")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--ng-ws", o.ng_ws, "The same over WebSocket, with the subprotocol ng.rtpengine.com.")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--metrics", o.metrics, "Serves /metrics for Prometheus, and /healthz.")
      ->type_name("HOST:PORT")
      ->group(group);
}

void add_media(CLI::App& app, options& o) {
  const std::string group = "Media";
  app.add_option(
         "--media-ip", o.media,
         "Where media are received: an address, a name for it that commands use in direction, and the\n"
         "address that peers are told where that is another. May be given several times.")
      ->type_name("[NAME/]IP[!ADVERTISED]")
      ->required()
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--ports", o.ports, "The ports of media (30000-40000).")
      ->type_name("LOW-HIGH")
      ->group(group);
  app.add_option(
         "--single-port", o.single_port,
         "All media at this port, and at the next ones for further workers, in place of ports of their\n"
         "own. Peers are told apart by their addresses or a=ssrc lines.")
      ->type_name("PORT")
      ->check(CLI::Range(1024, 65535))
      ->excludes("--ports")
      ->group(group);
  app.add_option("--workers", o.workers, "Threads that forward media (1).")
      ->type_name("N")
      ->check(CLI::Range(1, 256))
      ->group(group);
}

void add_recording(CLI::App& app, options& o) {
  app.add_option(
         "--recording", o.recording,
         "The folder for recordings of calls: what each medium has received, in a capture file of its own.\n"
         "Without it nothing is recorded.")
      ->type_name("DIR")
      ->group("Media");
}

void add_bounds(CLI::App& app, options& o) {
  const std::string group = "Bounds";
  const auto seconds = [&](const std::string& name, std::uint32_t& value, const std::string& text,
                           std::uint32_t least) {
    app.add_option(name, value, text)->type_name("S")->check(CLI::Range(least, longest_time))->group(group);
  };
  seconds("--timeout", o.timeout, "A call ends after so long without a packet (60).", 1);
  seconds("--silent-timeout", o.silent_timeout, "Likewise, where all its media are held (3600).", 1);
  seconds("--offer-timeout", o.offer_timeout, "A call that nobody answers ends after so long (300).", 1);
  seconds("--delete-delay", o.delete_delay,
          "A deleted call's media pass for so long, unless the command says it (30).", 0);
  seconds("--drain-timeout", o.drain_timeout, "For how long calls may go on after SIGTERM (3600).", 0);
  app.add_option("--max-calls", o.max_calls, "Calls at a time (100000).")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}))
      ->group(group);
  app.add_option("--log-level", o.level, "What is told on standard error (warning).")
      ->type_name("trace|debug|info|warning|error|off")
      ->group(group);
}

std::string read_addresses(const std::vector<std::string>& texts, std::string_view option,
                           std::vector<base::socket_address>& out) {
  for (const std::string& one : texts) {
    const auto read = base::socket_address::from_string(one);
    if (!read)
      return std::string(option) + ": " + one + " is not a numeric address with a port, as 127.0.0.1:22222";
    out.push_back(*read);
  }
  return {};
}

/// Puts the options into the settings; returns what is wrong, empty where nothing is.
std::string settle(const options& o, relay_settings& out) {
  if (std::string why = read_addresses(o.ng, "--ng", out.ng_udp); !why.empty()) return why;
  if (std::string why = read_addresses(o.ng_tcp, "--ng-tcp", out.ng_tcp); !why.empty()) return why;
  if (std::string why = read_addresses(o.ng_ws, "--ng-ws", out.ng_websocket); !why.empty()) return why;
  if (o.ng.empty() && o.ng_tcp.empty() && o.ng_ws.empty())
    return "one of --ng, --ng-tcp and --ng-ws is needed";
  if (!o.metrics.empty()) {
    std::vector<base::socket_address> one;
    if (std::string why = read_addresses({o.metrics}, "--metrics", one); !why.empty()) return why;
    out.metrics = one.front();
  }
  for (const std::string& one : o.media) {
    media_interface read;
    if (std::string why = read_media_interface(one, read); !why.empty()) return "--media-ip: " + why;
    const bool twice = std::any_of(
        out.media.interfaces.begin(), out.media.interfaces.end(),
        [&](const media_interface& m) { return m.name == read.name && m.ip.is_v6() == read.ip.is_v6(); });
    if (twice) return "--media-ip: the name " + read.name + " has two addresses of one family";
    out.media.interfaces.push_back(std::move(read));
  }
  if (!o.ports.empty()) {
    if (std::string why = read_ports(o.ports, out.media); !why.empty()) return "--ports: " + why;
  }
  if (!o.level.empty()) {
    if (std::string why = parley_settings::read_log_level(o.level, out.log_level); !why.empty())
      return "--log-level: " + why;
  }
  if (!o.recording.empty()) {
    if (::access(o.recording.c_str(), W_OK | X_OK) != 0 || !std::filesystem::is_directory(o.recording))
      return "--recording: " + o.recording + " is not a folder that can be written to";
    out.control.recording_folder = o.recording;
  }
  if (o.single_port + o.workers > 65536)
    return "--single-port: there are fewer ports from there on than --workers";
  out.media.single_port = static_cast<std::uint16_t>(o.single_port);
  out.control.shares_ports = o.single_port != 0;
  out.media.workers = o.workers;
  out.media.silence = std::chrono::seconds(o.timeout);
  out.control.silence = std::chrono::seconds(o.timeout);
  out.control.held_silence = std::chrono::seconds(o.silent_timeout);
  out.control.unanswered = std::chrono::seconds(o.offer_timeout);
  out.control.delete_delay = std::chrono::seconds(o.delete_delay);
  out.control.max_calls = o.max_calls;
  out.drain_timeout = std::chrono::seconds(o.drain_timeout);
  return {};
}

}  // namespace

std::string read_media_interface(const std::string& text, media_interface& out) {
  std::string rest = text;
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    out.name = rest.substr(0, slash);
    rest.erase(0, slash + 1);
    if (out.name.empty()) return "a name stands before the slash in " + text;
  }
  std::string advertised = rest;
  if (const std::size_t mark = rest.find('!'); mark != std::string::npos) {
    advertised = rest.substr(mark + 1);
    rest.resize(mark);
  }
  const auto ip = base::ip_address::from_string(rest);
  if (!ip) return rest + " is not an IP address";
  if (ip->is_unspecified() || ip->is_multicast()) return rest + " is not the address of an interface";
  const auto shown = base::ip_address::from_string(advertised);
  if (!shown) return advertised + " is not an IP address";
  if (shown->is_v6() != ip->is_v6()) return "both addresses of " + text + " must be of one family";
  out.ip = *ip;
  out.advertised = *shown;
  return {};
}

std::string read_ports(const std::string& text, media_plane_options& out) {
  std::uint16_t low = 0;
  std::uint16_t high = 0;
  const char* end = text.data() + text.size();
  const auto [dash, first_error] = std::from_chars(text.data(), end, low);
  if (first_error != std::errc{} || dash == end || *dash != '-') return "write LOW-HIGH, as 30000-40000";
  const auto [stopped, second_error] = std::from_chars(dash + 1, end, high);
  if (second_error != std::errc{} || stopped != end) return "write LOW-HIGH, as 30000-40000";
  if (low < 1024 || high <= low) return "the first port must be 1024 or more, and the last one greater";
  out.first_port = low;
  out.last_port = high;
  return {};
}

reading read_command_line(int argc, const char* const* argv) {
  CLI::App app{"A media relay that SIP proxies drive by rtpengine's NG protocol.", "parley-relay"};
  app.set_version_flag("--version", "parley-relay " PARLEY_VERSION);
  app.set_help_flag("--help", "Print this and exit.");
  options given;
  add_control(app, given);
  add_media(app, given);
  add_recording(app, given);
  add_bounds(app, given);

  reading out;
  const auto fail = [&out](const std::string& why) {
    out.exit_code = 1;
    out.message = "parley-relay: " + why + "\nTry parley-relay --help.\n";
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
  out.run = true;
  return out;
}

}  // namespace relay
