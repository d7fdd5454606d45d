#include <parley/sip/digest.hpp>
#include <parley/sip/uri.hpp>

#include "configuration.hpp"
#include "settings/settings.hpp"
#include "table_reader.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley_proxy {
namespace {

constexpr std::int64_t many = 100'000'000;

void read_milliseconds(table_reader& in, std::string_view key, parley::base::duration& out) {
  std::int64_t value = std::chrono::duration_cast<std::chrono::milliseconds>(out).count();
  in.number(key, value, 1, 3'600'000);
  out = std::chrono::milliseconds(value);
}

void read_seconds(table_reader& in, std::string_view key, std::chrono::seconds& out, std::int64_t low) {
  std::int64_t value = out.count();
  in.number(key, value, low, 86'400);
  out = std::chrono::seconds(value);
}

void read_seconds(table_reader& in, std::string_view key, parley::base::duration& out, std::int64_t low) {
  auto value = std::chrono::duration_cast<std::chrono::seconds>(out);
  read_seconds(in, key, value, low);
  out = value;
}

void read_limits(table_reader& in, parley::net::proxy_server_options& server) {
  in.allow({"transactions",
            "pending_invites",
            "requests",
            "branches",
            "breadth",
            "memory_mb",
            "message_bytes",
            "header_bytes",
            "body_bytes",
            "header_lines",
            "connections",
            "connections_per_source",
            "client_connections",
            "queued_bytes_per_connection",
            "queued_bytes",
            "handshakes",
            "handshakes_per_source",
            "source_rate",
            "source_burst",
            "sources",
            "udp_request_bytes"});
  auto& core = server.core;
  in.number("transactions", core.transactions.max_server_transactions, 16, many);
  core.transactions.max_client_transactions = core.transactions.max_server_transactions;
  in.number("pending_invites", core.transactions.max_pending_invites, 1, many);
  in.number("requests", core.max_requests, 16, many);
  in.number("branches", core.max_branches, 1, 64);
  in.number("breadth", core.max_breadth, 1, 255);
  std::size_t megabytes = server.memory_bytes >> 20U;
  in.number("memory_mb", megabytes, 4, 1 << 20);
  server.memory_bytes = megabytes << 20U;
  in.number("message_bytes", core.limits.message_bytes, 1024, 65535);
  in.number("header_bytes", core.limits.header_bytes, 1024, 65535);
  in.number("body_bytes", core.limits.body_bytes, 0, 65535);
  in.number("header_lines", core.limits.header_lines, 16,
            static_cast<std::int64_t>(parley::sip::max_header_lines));
  server.limits.message = core.limits;
  in.number("connections", server.limits.max_connections, 1, many);
  in.number("connections_per_source", server.limits.max_connections_per_source, 1, many);
  in.number("client_connections", server.limits.max_client_connections, 1, many);
  in.number("handshakes", server.limits.max_handshakes, 1, many);
  in.number("handshakes_per_source", server.limits.max_handshakes_per_source, 1, many);
  in.number("queued_bytes_per_connection", server.limits.queued_bytes_per_connection, 4096, 1 << 30);
  in.number("queued_bytes", server.limits.queued_bytes, 0, std::int64_t{1} << 40);
  in.number("source_rate", core.sources.rate, 0, many);
  in.number("source_burst", core.sources.burst, 1, many);
  in.number("sources", core.sources.sources, 8, 1 << 24);
  in.number("udp_request_bytes", core.max_datagram_request, 0, 65535);
}

void read_overload(table_reader& in, parley::proxy::overload_options& overload) {
  in.allow({"target", "emergency_rate", "ask", "validity_ms", "neighbours"});
  overload.target = in.decimal("target", overload.target, 0.05, 1);
  in.number("emergency_rate", overload.emergency_rate, 0, 1'000'000);
  in.flag("ask", overload.ask);
  std::int64_t validity = overload.validity.count();
  in.number("validity_ms", validity, 1, 60'000);
  overload.validity = std::chrono::milliseconds(validity);
  in.number("neighbours", overload.neighbours, 1, many);
}

void read_timers(table_reader& in, parley::net::proxy_server_options& server) {
  in.allow({"t1_ms", "t2_ms", "t4_ms", "trying_ms", "timer_c_s", "group_s", "tcp_idle_s", "connect_s",
            "handshake_s", "http_s", "first_message_s", "message_s", "write_s", "accept_back_off_ms"});
  auto& t = server.core.transactions.timers;
  read_milliseconds(in, "t1_ms", t.t1);
  read_milliseconds(in, "t2_ms", t.t2);
  read_milliseconds(in, "t4_ms", t.t4);
  const auto trying = t.trying;
  t = parley::transaction::timers::from(t.t1, t.t2, t.t4);
  t.trying = trying;
  read_milliseconds(in, "trying_ms", t.trying);
  read_seconds(in, "timer_c_s", server.core.timer_c, 181);  // RFC 3261 16.6.11: more than three minutes
  read_seconds(in, "group_s", server.core.group_time, 1);
  read_seconds(in, "tcp_idle_s", server.limits.idle_timeout, 1);
  read_seconds(in, "connect_s", server.limits.connect_timeout, 1);
  read_seconds(in, "handshake_s", server.limits.handshake_timeout, 1);
  read_seconds(in, "http_s", server.limits.http_timeout, 1);
  read_seconds(in, "first_message_s", server.limits.first_message_timeout, 1);
  read_seconds(in, "message_s", server.limits.message_timeout, 1);
  read_seconds(in, "write_s", server.limits.write_timeout, 1);
  read_milliseconds(in, "accept_back_off_ms", server.limits.accept_back_off);
}

void read_keep_alive(table_reader& in, parley::net::transport_limits& limits) {
  in.allow({"stun", "websocket_ping_s", "opened_s", "pong_s", "grace_s", "flows"});
  in.flag("stun", limits.answer_stun);
  read_seconds(in, "websocket_ping_s", limits.websocket_ping_interval, 0);
  read_seconds(in, "opened_s", limits.opened_keep_alive, 0);
  read_seconds(in, "pong_s", limits.pong_timeout, 1);
  read_seconds(in, "grace_s", limits.keep_alive_grace, 0);
  in.number("flows", limits.max_kept_flows, 0, many);
}

void read_tls(table_reader& in, parley::net::tls_options& tls) {
  in.allow({"certificates", "authorities", "system_authorities", "verify_client", "lowest_version", "ciphers",
            "accept_common_name", "accept_wildcards", "resumption"});
  in.tables("certificates", [&](table_reader& one, const toml::node& where) {
    one.allow({"chain", "key"});
    parley::net::tls_certificate certificate;
    one.text("chain", certificate.chain_file);
    one.text("key", certificate.key_file);
    if (certificate.chain_file.empty() || certificate.key_file.empty()) {
      one.fail(where, "a certificate has a \"chain\" and a \"key\": two PEM files");
    }
    tls.certificates.push_back(std::move(certificate));
  });
  in.texts("authorities",
           [&](const std::string& text, const toml::node&) { tls.authority_files.push_back(text); });
  in.flag("system_authorities", tls.system_authorities);
  using parley::net::client_certificate;
  in.choice("verify_client", tls.clients,
            {{"none", client_certificate::none},
             {"optional", client_certificate::optional},
             {"required", client_certificate::required}});
  using parley::net::tls_version;
  in.choice("lowest_version", tls.lowest, {{"1.2", tls_version::tls_1_2}, {"1.3", tls_version::tls_1_3}});
  in.text("ciphers", tls.ciphers);
  in.flag("accept_common_name", tls.accept_common_name);
  in.flag("accept_wildcards", tls.accept_wildcards);
  in.flag("resumption", tls.resumption);
}

void read_websocket(table_reader& in, parley::net::websocket_options& options) {
  in.allow({"origins", "hosts", "static", "static_file_bytes", "request_bytes", "compression"});
  in.texts("origins", [&](const std::string& text, const toml::node&) { options.origins.push_back(text); });
  in.texts("hosts", [&](const std::string& text, const toml::node&) { options.hosts.push_back(text); });
  in.text("static", options.static_folder);
  in.number("static_file_bytes", options.static_file_bytes, 0, std::int64_t{1} << 40U);
  in.number("request_bytes", options.request_bytes, 256, 65535);
  in.flag("compression", options.compression);
}

void read_dns(table_reader& in, parley::net::proxy_server_options& server) {
  in.allow({"servers",     "timeout_ms",       "tries",          "hosts_file",      "mix_case",
            "pending",     "pending_per_zone", "names",          "records",         "ttl_min_s",
            "ttl_max_s",   "negative_min_s",   "negative_max_s", "failed_s",        "stale_s",
            "prefer_ipv4", "attempt_delay_ms", "blacklist_s",    "blacklist_max_s", "blacklist_targets"});
  auto& dns = server.dns;
  in.texts("servers", [&](const std::string& text, const toml::node& node) {
    if (const std::string why = parley_settings::read_name_server(text, dns); !why.empty())
      in.fail(node, why);
  });
  read_milliseconds(in, "timeout_ms", dns.timeout);
  in.number("tries", dns.tries, 1, 10);
  in.text("hosts_file", dns.hosts_file);
  in.flag("mix_case", dns.mix_case);
  in.number("pending", dns.max_pending, 1, many);
  in.number("pending_per_zone", dns.max_pending_per_zone, 1, many);
  in.number("names", dns.max_names, 0, many);
  in.number("records", dns.max_records, 1, 1000);
  read_seconds(in, "ttl_min_s", dns.shortest_ttl, 1);
  read_seconds(in, "ttl_max_s", dns.longest_ttl, 1);
  read_seconds(in, "negative_min_s", dns.shortest_negative, 1);
  read_seconds(in, "negative_max_s", dns.longest_negative, 1);
  read_seconds(in, "failed_s", dns.failed_for, 1);
  read_seconds(in, "stale_s", dns.stale_for, 0);
  in.flag("prefer_ipv4", server.locator.prefer_ipv4);
  read_milliseconds(in, "attempt_delay_ms", server.limits.attempt_delay);
  read_seconds(in, "blacklist_s", server.blacklist.failed_for, 1);
  read_seconds(in, "blacklist_max_s", server.blacklist.longest, 1);
  in.number("blacklist_targets", server.blacklist.max_targets, 1, many);
}

void read_registrar(table_reader& in, parley::proxy::registrar_options& out) {
  in.allow({"domains", "users", "algorithms", "default_expires_s", "min_expires_s", "max_expires_s",
            "flow_timer_s", "addresses", "contacts", "binding_bytes", "memory_mb"});
  in.texts("domains", [&](const std::string& text, const toml::node&) { out.domains.push_back(text); });
  in.tables("users", [&](table_reader& one, const toml::node& where) {
    one.allow({"name", "password"});
    std::string name;
    std::string password;
    one.text("name", name);
    one.text("password", password);
    if (name.empty() || password.empty()) one.fail(where, "a user has a \"name\" and a \"password\"");
    if (!out.users.emplace(name, password).second) one.fail(where, "there are two users \"" + name + "\"");
  });
  std::vector<parley::sip::digest_algorithm> algorithms;
  in.texts("algorithms", [&](const std::string& text, const toml::node& where) {
    const auto algorithm = parley::sip::digest_algorithm_of(text);
    if (text.empty() || !algorithm || !parley::sip::digest_hasher::supports(*algorithm))
      return in.fail(where, "\"" + text + "\" is no algorithm: SHA-256, MD5 and SHA-512-256 are");
    algorithms.push_back(*algorithm);
  });
  if (!algorithms.empty()) out.algorithms = std::move(algorithms);
  read_seconds(in, "default_expires_s", out.default_expires, 1);
  read_seconds(in, "min_expires_s", out.min_expires, 1);
  read_seconds(in, "max_expires_s", out.max_expires, 1);
  read_seconds(in, "flow_timer_s", out.flow_timer, 0);
  in.number("addresses", out.max_addresses, 1, many);
  in.number("contacts", out.max_contacts, 1, 1000);
  in.number("binding_bytes", out.max_binding_bytes, 256, 65535);
  std::size_t megabytes = out.max_bytes >> 20U;
  in.number("memory_mb", megabytes, 1, 1 << 20);
  out.max_bytes = megabytes << 20U;
}

void read_proxy_protocol(table_reader& in, configuration& config) {
  in.allow({"listeners", "from"});
  in.texts("listeners", [&](const std::string& text, const toml::node& node) {
    parley::net::listener_options wanted;
    if (const std::string why = parley_settings::read_listener(text, wanted); !why.empty())
      return in.fail(node, why);
    const auto& all = config.server.listeners;
    const bool listed = std::any_of(all.begin(), all.end(), [&wanted](const auto& one) {
      return one.transport == wanted.transport && one.bind == wanted.bind;
    });
    if (!listed) return in.fail(node, "\"" + text + "\" is none of the places in \"listen\"");
    if (wanted.transport == parley::sip::transport::udp)
      return in.fail(node, "\"" + text + "\" is not for streams, which the PROXY protocol is");
    config.proxy_listeners.push_back(wanted);
  });
  in.texts("from", [&](const std::string& text, const toml::node& node) {
    if (const std::string why = allow_proxy_sender(text, config); !why.empty()) in.fail(node, why);
  });
}

/// 32 hexadecimal digits. *Errors:* returns what is wrong, empty where nothing is.
std::string read_secret(const std::string& text, parley::base::siphash_key& out) {
  const auto read = [&text](std::size_t from, std::uint64_t& word) {
    const char* const end = text.data() + from + 16;
    return std::from_chars(text.data() + from, end, word, 16).ptr == end;
  };
  const bool sound = text.size() == 32 && read(0, out.k0) && read(16, out.k1);
  return sound && (out.k0 | out.k1) != 0 ? ""
                                         : "a secret is 32 hexadecimal digits, as from: openssl rand -hex 16";
}

std::string reason(const parley::sip::parse_error& error) {
  return "at offset " + std::to_string(error.offset) + ": " + std::string(parley::sip::rule(error.code));
}

void read_location(table_reader& in, const toml::node& where, configuration& config) {
  in.allow({"aor", "contacts"});
  std::string aor;
  in.text("aor", aor);
  if (aor.empty()) in.fail(where, "a location has an \"aor\": the URI that callers dial");
  std::vector<parley::proxy::route_table::contact> contacts;
  in.tables("contacts", [&](table_reader& contact, const toml::node& at) {
    contact.allow({"uri", "q"});
    parley::proxy::route_table::contact one;
    contact.text("uri", one.uri);
    if (const auto uri = parley::sip::parse_uri(one.uri); !uri) {
      contact.fail(at, "\"" + one.uri + "\" is no SIP URI: " + reason(uri.error()));
    } else if (!uri->is_sip()) {
      contact.fail(at, "\"" + one.uri + "\" is no SIP URI");
    }
    one.q = static_cast<std::uint16_t>(std::lround(contact.decimal("q", 1.0, 0.0, 1.0) * 1000));
    config.contacts.push_back(one.uri);
    contacts.push_back(std::move(one));
  });
  if (const auto set = config.server.routes.set_location(aor, std::move(contacts)); !set) {
    in.fail(where, "\"" + aor + "\" is no SIP URI: " + reason(set.error()));
  }
}

/// *Errors:* returns the system's words for why the file can't be read, empty where it can.
std::string read_text(const std::string& path, std::string& out) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return std::strerror(errno);
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), file.get())) > 0;)
    out.append(block.data(), got);
  return std::ferror(file.get()) != 0 ? std::strerror(errno) : "";
}

}  // namespace

std::string read_file(const std::string& path, configuration& config) {
  std::string content;
  if (const std::string why = read_text(path, content); !why.empty()) return path + ": " + why;
  toml::table root;
  try {
    root = toml::parse(content, path);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    const std::string why(error.description());
    return path + ": line " + std::to_string(begin.line) + ": " + why;
  }
  std::string error;
  table_reader in(root, error);
  in.allow({"listen",    "route",     "relay",          "secret",     "workers",
            "log_level", "domains",   "record_route",   "stateless",  "drain_timeout_s",
            "limits",    "overload",  "timers",         "keep_alive", "dns",
            "tls",       "websocket", "proxy_protocol", "advertise",  "registrar",
            "location"});
  auto& server = config.server;
  const auto listen = [&](const std::string& text, const toml::node& node) {
    parley::net::listener_options one;
    if (const std::string why = parley_settings::read_listener(text, one); !why.empty())
      return in.fail(node, why);
    server.listeners.push_back(one);
  };
  in.texts_or_tables("listen", listen, [&](table_reader& one, const toml::node& node) {
    one.allow({"at", "advertise"});
    std::string at;
    std::string advertised;
    one.text("at", at);
    one.text("advertise", advertised);
    listen(at, node);
    if (advertised.empty() || server.listeners.empty()) return;
    if (const std::string why = parley_settings::read_advertised(
            advertised, server.listeners.back().advertised_host, server.listeners.back().advertised_port);
        !why.empty())
      one.fail(node, why);
  });
  in.texts("domains", [&](const std::string& text, const toml::node&) { server.domains.push_back(text); });
  if (const toml::node* const node = root.get("route")) {
    in.text("route", config.route);
    if (const auto set = server.routes.set_default_route(config.route); error.empty() && !set) {
      in.fail(*node, "\"" + config.route + "\" is no SIP URI: " + reason(set.error()));
    }
  }
  if (root.get("relay") != nullptr) {
    bool relay = false;
    in.flag("relay", relay);
    server.routes.set_relay(relay);
  }
  if (const toml::node* const node = root.get("secret")) {
    std::string secret;
    in.text("secret", secret);
    if (const std::string why = read_secret(secret, server.core.route_secret); !why.empty())
      in.fail(*node, why);
  }
  in.number("workers", server.workers, 1, 256);
  if (const toml::node* const node = root.get("log_level")) {
    std::string level;
    in.text("log_level", level);
    if (const std::string why = parley_settings::read_log_level(level, config.log_level); !why.empty())
      in.fail(*node, why);
  }
  in.flag("record_route", server.core.record_route);
  in.flag("stateless", server.core.stateless);
  read_seconds(in, "drain_timeout_s", config.drain_timeout, 0);
  in.table("limits", [&](table_reader& t) { read_limits(t, server); });
  in.table("overload", [&](table_reader& t) { read_overload(t, server.core.overload); });
  in.table("timers", [&](table_reader& t) { read_timers(t, server); });
  in.table("keep_alive", [&](table_reader& t) { read_keep_alive(t, server.limits); });
  in.table("dns", [&](table_reader& t) { read_dns(t, server); });
  in.table("tls", [&](table_reader& t) { read_tls(t, config.tls); });
  in.table("registrar", [&](table_reader& t) { read_registrar(t, server.registrar); });
  in.table("websocket", [&](table_reader& t) { read_websocket(t, config.websocket); });
  in.table("proxy_protocol", [&](table_reader& t) { read_proxy_protocol(t, config); });
  if (const toml::node* const node = root.get("advertise")) {
    std::string advertised;
    in.text("advertise", advertised);
    if (const std::string why = parley_settings::read_advertised(
            advertised, config.advertised.advertised_host, config.advertised.advertised_port);
        !why.empty())
      in.fail(*node, why);
  }
  in.tables("location", [&](table_reader& t, const toml::node& where) { read_location(t, where, config); });
  return error.empty() ? error : path + ": " + error;
}

}  // namespace parley_proxy
