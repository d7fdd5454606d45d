#pragma once

#include <parley/net/tls_context.hpp>

#include "support/net_peers.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace parley::test {

/// A TLS client of OpenSSL's own over a plain TCP connection, which believes every server. It can do what a
/// well-behaved one would not: `native` is the whole of OpenSSL, and `tcp` lets bytes past it.
class tls_peer {
 public:
  /// Connects, sends `before` in the clear, and makes the first move of the handshake. `version` is the only
  /// one that is spoken.
  tls_peer(asio::io_context& io, const base::socket_address& to, int version = TLS1_3_VERSION,
           std::string_view before = {})
      : tcp(io, to), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    tcp.send(before);
    pump();
  }

  SSL* native() noexcept { return ssl_.get(); }
  bool open() noexcept { return SSL_is_init_finished(ssl_.get()) == 1; }

  /// Encrypts, and writes what came of it.
  void send(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    flush();
  }

  /// Takes what has come, goes on with the handshake, and returns what was decrypted so far.
  std::string& pump() {
    std::string& raw = tcp.received();
    BIO_write(SSL_get_rbio(ssl_.get()), raw.data(), static_cast<int>(raw.size()));
    raw.clear();
    ERR_clear_error();
    std::array<char, 4096> into{};
    for (int n = 1; n > 0;) {
      n = open() ? SSL_read(ssl_.get(), into.data(), into.size()) : SSL_do_handshake(ssl_.get());
      if (n > 0 && open()) received_.append(into.data(), handshaken_ ? static_cast<std::size_t>(n) : 0);
      handshaken_ = open();
    }
    flush();
    return received_;
  }

  /// The records that wait to be written, taken away instead.
  std::string take_records() {
    std::string out;
    std::array<char, 4096> from{};
    for (int n = 0; (n = BIO_read(SSL_get_wbio(ssl_.get()), from.data(), from.size())) > 0;) {
      out.append(from.data(), static_cast<std::size_t>(n));
    }
    return out;
  }

  tcp_peer tcp;

 private:
  void flush() {
    boost::system::error_code ignored;
    const std::string records = take_records();
    asio::write(tcp.socket(), asio::buffer(records), ignored);
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  struct free_ssl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, free_ssl> ssl_;
  std::string received_;
  bool handshaken_ = false;
};

}  // namespace parley::test
