#include <parley/net/tls_context.hpp>

#include "net/detail/tls_state.hpp"
#include "net/detail/tls_stream.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <optional>
#include <utility>

namespace parley::net {
namespace {

using detail::free_ssl;
using context_ptr = std::unique_ptr<SSL_CTX, free_ssl>;

class certificate_error_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.net.certificate"; }
  std::string message(int value) const override {
    switch (value) {
      case X509_V_ERR_HOSTNAME_MISMATCH: return "the certificate is for another name";
      case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the certificate is for another address";
      default: return std::string("the certificate is not believed: ") + X509_verify_cert_error_string(value);
    }
  }
};

tls_setup_error failure(std::string what) {
  // The first error is the one that the others came from: that a file is missing, for one.
  const unsigned long reason = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(reason)) {
    const base::error_code code(ERR_GET_REASON(reason), boost::system::system_category());
    return {code, what + ": " + code.message()};
  }
  if (reason == 0) return {boost::system::errc::make_error_code(boost::system::errc::invalid_argument), what};
  if (const char* const text = ERR_reason_error_string(reason)) what.append(": ").append(text);
  return {{static_cast<int>(reason), boost::asio::error::get_ssl_category()}, std::move(what)};
}

// A key with a passphrase would make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

int version_of(tls_version version) noexcept {
  return version == tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

// OpenSSL's, but for the order: as in the list for TLS 1.2 the cheapest of those that suffice comes first.
constexpr const char* suites_of_tls_1_3 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

std::optional<tls_setup_error> set_common(SSL_CTX* context, const tls_options& options) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  // One read below for all records that have come, rather than two for each.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
  if (SSL_CTX_set_ciphersuites(context, suites_of_tls_1_3) != 1)
    return failure("the suites of TLS 1.3 are not there");
  if (SSL_CTX_set_min_proto_version(context, version_of(options.lowest)) != 1) {
    return failure("the lowest TLS version can't be set");
  }
  if (SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    return failure("ciphers '" + options.ciphers + "' name no suite that can be used");
  }
  for (const std::string& file : options.authority_files) {
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
      return failure("no certificates of authorities can be read from " + file);
    }
  }
  if (options.system_authorities && SSL_CTX_set_default_verify_paths(context) != 1) {
    return failure("the system's certificates of authorities can't be read");
  }
  return std::nullopt;
}

std::optional<tls_setup_error> set_certificate(SSL_CTX* context, const tls_certificate& certificate) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.chain_file.c_str()) != 1) {
    return failure("no certificate can be read from " + certificate.chain_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failure("no key for " + certificate.chain_file + " can be read from " + certificate.key_file);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return failure("the key in " + certificate.key_file + " does not belong to " + certificate.chain_file);
  }
  return std::nullopt;
}

int choose_server(SSL* ssl, int*, void* state) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto& servers = *static_cast<const detail::tls_context_state*>(state);
  SSL_set_SSL_CTX(ssl, servers.server_for(name).context.get());
  return SSL_TLSEXT_ERR_OK;
}

constexpr unsigned char session_context[] = "parley";

std::optional<tls_setup_error> set_server(SSL_CTX* context, const tls_options& options) {
  if (options.clients != client_certificate::none) {
    const int required =
        options.clients == client_certificate::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
    // A client with several certificates goes by this list, and some show none that is not by one of it.
    STACK_OF(X509_NAME)* const announced = sk_X509_NAME_new_null();
    for (const std::string& file : options.authority_files) {
      if (SSL_add_file_cert_subjects_to_stack(announced, file.c_str()) == 1) continue;
      sk_X509_NAME_pop_free(announced, &X509_NAME_free);
      return failure("no certificates of authorities can be read from " + file);
    }
    SSL_CTX_set_client_CA_list(context, announced);
  }
  SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
  // Tickets hold the state of sessions, so none is kept here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (options.resumption) {
    SSL_CTX_set_num_tickets(context, 1);
  } else {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
  return std::nullopt;
}

int keep_session(SSL* ssl, SSL_SESSION* session) { return detail::tls_stream::keep_session(ssl, session); }

std::optional<tls_setup_error> add_server(detail::tls_context_state& state,
                                          const tls_certificate& certificate) {
  context_ptr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return failure("OpenSSL gives no context");
  if (auto bad = set_common(context.get(), state.options)) return bad;
  if (auto bad = set_certificate(context.get(), certificate)) return bad;
  if (auto bad = set_server(context.get(), state.options)) return bad;
  if (state.servers.empty()) {
    SSL_CTX_set_tlsext_servername_callback(context.get(), &choose_server);
    SSL_CTX_set_tlsext_servername_arg(context.get(), &state);
  }
  detail::certificate_names names = detail::names_of(*SSL_CTX_get0_certificate(context.get()));
  state.servers.push_back({std::move(context), std::move(names)});
  return std::nullopt;
}

std::optional<tls_setup_error> make_client(detail::tls_context_state& state) {
  context_ptr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return failure("OpenSSL gives no context");
  if (auto bad = set_common(context.get(), state.options)) return bad;
  if (!state.options.certificates.empty()) {
    if (auto bad = set_certificate(context.get(), state.options.certificates.front())) return bad;
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (state.options.resumption) SSL_CTX_sess_set_new_cb(context.get(), &keep_session);
  state.client = std::move(context);
  return std::nullopt;
}

}  // namespace

const base::error_category& certificate_category() noexcept {
  static const certificate_error_category instance;
  return instance;
}

void throw_exception_from_error(const tls_setup_error& error, const boost::source_location&) {
  throw boost::system::system_error(error.code, error.what);
}

boost::system::result<tls_context, tls_setup_error> tls_context::make(const tls_options& options) {
  ERR_clear_error();
  auto state = std::make_shared<detail::tls_context_state>(options);
  for (const tls_certificate& certificate : options.certificates) {
    if (auto bad = add_server(*state, certificate)) return std::move(*bad);
  }
  if (auto bad = make_client(*state)) return std::move(*bad);
  return tls_context(std::move(state));
}

const tls_options& tls_context::options() const noexcept { return state_->options; }

namespace detail {

const tls_context_state::server& tls_context_state::server_for(std::string_view name) const {
  for (const bool wildcards : {false, true}) {
    for (const server& one : servers) {
      for (const std::string& domain : one.names.sip_domains) {
        if (covers(domain, name, false)) return one;
      }
      for (const std::string& domain : one.names.dns) {
        if (covers(domain, name, wildcards)) return one;
      }
    }
  }
  return servers.front();
}

std::string tls_session_cache::key_of(const std::string& name, name_rules rules) {
  return name + (rules.accept_common_name ? '1' : '0') + (rules.accept_wildcards ? '1' : '0') +
         (rules.web_server ? '1' : '0');
}

void tls_session_cache::store(const std::string& name, name_rules rules,
                              std::unique_ptr<SSL_SESSION, free_ssl> session) {
  const std::lock_guard lock(mutex_);
  if (max_ == 0) return;
  std::string key = key_of(name, rules);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    order_.erase(found->second);
    by_key_.erase(found);
  }
  order_.push_front({key, std::move(session)});
  by_key_[std::move(key)] = order_.begin();
  if (order_.size() > max_) {
    by_key_.erase(order_.back().key);
    order_.pop_back();
  }
}

std::unique_ptr<SSL_SESSION, free_ssl> tls_session_cache::take(const std::string& name, name_rules rules) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key_of(name, rules));
  if (found == by_key_.end()) return nullptr;
  auto session = std::move(found->second->session);
  order_.erase(found->second);
  by_key_.erase(found);
  return session;
}

std::size_t tls_session_cache::size() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

}  // namespace detail
}  // namespace parley::net
