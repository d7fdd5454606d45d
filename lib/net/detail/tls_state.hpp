#pragma once

#include <parley/net/tls_context.hpp>

#include "net/detail/certificate_names.hpp"

#include <openssl/ssl.h>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace parley::net::detail {

struct free_ssl {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

/// The sessions that servers gave us, by the name that they proved and the rules by which they did, the least
/// used forgotten first. A server that takes a session up again shows no certificate, so that none is checked
/// then. All threads.
class tls_session_cache {
 public:
  explicit tls_session_cache(std::size_t max) noexcept : max_(max) {}

  void store(const std::string& name, name_rules rules, std::unique_ptr<SSL_SESSION, free_ssl> session);
  /// Empty where there is none. A session is handed out once: tickets of TLS 1.3 are for one use (RFC 8446
  /// C.4).
  std::unique_ptr<SSL_SESSION, free_ssl> take(const std::string& name, name_rules rules);
  std::size_t size() const;

 private:
  struct entry {
    std::string key;
    std::unique_ptr<SSL_SESSION, free_ssl> session;
  };
  static std::string key_of(const std::string& name, name_rules rules);

  mutable std::mutex mutex_;
  std::size_t max_;
  std::list<entry> order_;  // the newest first
  std::unordered_map<std::string, std::list<entry>::iterator> by_key_;
};

struct tls_context_state {
  explicit tls_context_state(const tls_options& wanted)
      : options(wanted), sessions(wanted.max_client_sessions) {}

  struct server {
    std::unique_ptr<SSL_CTX, free_ssl> context;
    certificate_names names;
  };
  /// The server for the name that a client asks for; the first where none has it.
  const server& server_for(std::string_view name) const;

  tls_options options;
  std::vector<server> servers;
  std::unique_ptr<SSL_CTX, free_ssl> client;
  tls_session_cache sessions;
};

}  // namespace parley::net::detail
