#include <parley/sip/uri.hpp>

#include "configuration.hpp"
#include "settings/settings.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <string>
#include <vector>

namespace parley_proxy {

namespace net = parley::net;

reading read_command_line(int argc, const char* const* argv) {
  CLI::App app{"A SIP proxy (RFC 3261 16): stateful, record-routing, forking.", "parley-proxy"};
  app.set_version_flag("--version", "parley-proxy " PARLEY_VERSION);
  app.set_help_flag("--help", "Print this and exit.");
  std::vector<std::string> listen;
  std::string route;
  std::string file;
  std::string level;
  std::string advertise;
  std::string static_folder;
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
  std::vector<std::string> authorities;
  std::vector<std::string> name_servers;
  std::vector<std::string> registrar_domains;
  bool relay = false;
  bool verify_clients = false;
  bool proxy_protocol = false;
  std::vector<std::string> proxy_senders;
  std::size_t workers = 0;
  app.add_option("--listen", listen,
                 "Where to receive; HOST is numeric. May be given several times.\n"
                 "Without any: udp and tcp on port 5060 of all IPv4 addresses.")
      ->type_name("udp|tcp|tls|ws|wss:HOST:PORT")
      ->allow_extra_args(false);
  app.add_option(
         "--advertise", advertise,
         "How others are to name this proxy, where that is not the bound address: behind a NAT, or by a\n"
         "name that its certificates are for.")
      ->type_name("HOST[:PORT]");
  app.add_option("--cert", certificates,
                 "A certificate with its chain, in PEM. The first is shown where no other is for\n"
                 "the name that a client asks for. May be given several times, each with a --key.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--key", keys, "The key of the certificate in the same place, in PEM.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--ca", authorities,
                 "Certificates of authorities that are believed, in PEM. The system's, without any.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--verify-client", verify_clients,
               "Refuse TLS connections of clients without a valid certificate.");
  app.add_option("--static", static_folder, "Serve the files of this folder on the ws and wss listeners.")
      ->type_name("DIR");
  app.add_option(
         "--registrar", registrar_domains,
         "Answer REGISTER for addresses of this domain, and send what is for them where they are. May be\n"
         "given several times. Without users in the TOML file whoever asks is registered.")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
  app.add_flag("--proxy-protocol", proxy_protocol,
               "All connections come through a load balancer that says by the PROXY protocol, version 2,\n"
               "whom they are from; others are closed. For the tcp, tls, ws and wss listeners.");
  app.add_option("--proxy-protocol-from", proxy_senders,
                 "Who may say so: an address or a network, 192.0.2.0/24. May be given several times.\n"
                 "Without any everybody may, so that everybody can take any address he likes.")
      ->type_name("NETWORK")
      ->allow_extra_args(false);
  app.add_option("--route", route, "Where requests for others go, whatever their Request-URI says.")
      ->type_name("SIPURI");
  app.add_flag("--relay", relay,
               "Send requests to whomever they name by Route, maddr or Request-URI, also with --route or\n"
               "--registrar: only where all who reach the proxy may do so.");
  app.add_option("--dns", name_servers,
                 "A name server to ask in the place of the system's, HOST numeric; port 53 without another.\n"
                 "May be given several times: the next is asked where one fails.")
      ->type_name("HOST[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--config", file, "A TOML file with the same settings and more; the command line wins.")
      ->type_name("FILE.toml");
  app.add_option("--workers", workers, "Threads, each with sockets of its own on the same addresses (1).")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_option("--log-level", level, "trace, debug, info, warning, error or off (info).")
      ->type_name("LEVEL");
  app.footer(
      "SIGTERM and SIGINT drain: new calls get 503, what is under way is finished, then it exits with 0.\n"
      "A second signal ends it at once. SIGHUP reads keys and certificates again.");

  reading out;
  const auto fail = [&out](const std::string& why, const char* hint = "Try parley-proxy --help.\n") {
    out.exit_code = 2;
    out.message = "parley-proxy: " + why + "\n" + hint;
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

  if (!file.empty()) {
    if (const std::string why = read_file(file, out.config); !why.empty()) return fail(why, "");
  }
  if (!listen.empty()) out.config.server.listeners.clear();
  if (listen.empty() && out.config.server.listeners.empty())
    listen = {"udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"};
  for (const std::string& text : listen) {
    net::listener_options one;
    if (const std::string why = parley_settings::read_listener(text, one); !why.empty())
      return fail("--listen: " + why);
    out.config.server.listeners.push_back(one);
  }
  if (!advertise.empty()) {
    if (const std::string why = parley_settings::read_advertised(
            advertise, out.config.advertised.advertised_host, out.config.advertised.advertised_port);
        !why.empty())
      return fail("--advertise: " + why);
  }
  if (!name_servers.empty()) out.config.server.dns.servers.clear();
  for (const std::string& text : name_servers) {
    if (const std::string why = parley_settings::read_name_server(text, out.config.server.dns); !why.empty())
      return fail("--dns: " + why);
  }
  if (!static_folder.empty()) out.config.websocket.static_folder = static_folder;
  if (proxy_protocol) {
    if (const std::string why = require_proxy_protocol(out.config); !why.empty())
      return fail("--proxy-protocol: " + why);
  }
  if (!proxy_senders.empty()) out.config.proxy_senders.clear();
  for (const std::string& text : proxy_senders) {
    if (const std::string why = allow_proxy_sender(text, out.config); !why.empty())
      return fail("--proxy-protocol-from: " + why);
  }
  settle_listeners(out.config);
  if (certificates.size() != keys.size()) return fail("--cert and --key come in pairs");
  if (!certificates.empty()) out.config.tls.certificates.clear();
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    out.config.tls.certificates.push_back({certificates[i], keys[i]});
  }
  if (!authorities.empty()) out.config.tls.authority_files = authorities;
  if (out.config.tls.authority_files.empty()) out.config.tls.system_authorities = true;
  if (verify_clients) out.config.tls.clients = net::client_certificate::required;
  if (const std::string why = load_tls(out.config.tls, out.config.server.listeners); !why.empty()) {
    return fail(why, "");
  }
  if (!registrar_domains.empty()) out.config.server.registrar.domains = registrar_domains;
  if (out.config.server.registrar.domains.empty() && !out.config.server.registrar.users.empty())
    return fail("[registrar] has users and no domains: they could register nothing", "");
  if (!route.empty()) {
    if (const auto set = out.config.server.routes.set_default_route(route); !set) {
      return fail("--route: \"" + route + "\" is no SIP URI: at offset " +
                  std::to_string(set.error().offset) + ": " +
                  std::string(parley::sip::rule(set.error().code)));
    }
    out.config.route = route;
  }
  if (relay) out.config.server.routes.set_relay(true);
  // Without this the slip would show as a 500 for each call.
  if (!out.config.route.empty()) out.config.contacts.push_back(out.config.route);
  for (const std::string& next_hop : out.config.contacts) {
    if (const std::string why = check_next_hop(next_hop, out.config); !why.empty()) return fail(why, "");
  }
  if (workers != 0) out.config.server.workers = workers;
  if (!level.empty()) {
    if (const std::string why = parley_settings::read_log_level(level, out.config.log_level); !why.empty())
      return fail("--log-level: " + why);
  }
  out.run = true;
  return out;
}

}  // namespace parley_proxy
