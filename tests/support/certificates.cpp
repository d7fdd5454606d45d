#include "support/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace parley::test {
namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("certificates of the test: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(made != nullptr, value.c_str());
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

X509* make(const certificate_wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, long serial) {
  X509* const made = X509_new();
  require(made != nullptr, "no memory");
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), 86400L * wish.valid_from_days);
  X509_gmtime_adj(X509_getm_notAfter(made), 86400L * wish.valid_until_days);
  X509_set_pubkey(made, key);
  set_name(X509_get_subject_name(made), wish.common_name);
  X509* const above = issuer == nullptr ? made : issuer;
  X509_set_issuer_name(made, X509_get_subject_name(above));
  add_extension(made, above, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wish.alternative_names.empty()) {
    add_extension(made, above, NID_subject_alt_name, wish.alternative_names);
  }
  require(X509_sign(made, issuer_key, EVP_sha256()) > 0, "signing");
  return made;
}

template <class Write>
void write_pem(const std::string& path, Write&& write) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  require(file != nullptr, path.c_str());
  require(write(file) == 1, path.c_str());
  std::fclose(file);
}

}  // namespace

authority::authority(std::string_view name) : name_(name), key_(EVP_EC_gen("P-256")) {
  certificate_ = make({.common_name = name_}, key_, nullptr, key_, serial_++);
  write_pem(file(), [&](std::FILE* f) { return PEM_write_X509(f, certificate_); });
}

authority::~authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

net::tls_certificate authority::issue(const certificate_wish& wish) {
  const std::string number = std::to_string(serial_);
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = make(wish, key, certificate_, key_, serial_++);
  net::tls_certificate out{folder_.path() + "/" + number + ".pem", folder_.path() + "/" + number + ".key"};
  write_pem(out.chain_file, [&](std::FILE* f) { return PEM_write_X509(f, certificate); });
  write_pem(out.key_file, [&](std::FILE* f) {
    return PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

std::string authority::write(std::string_view name, std::string_view content) const {
  const std::string path = folder_.path() + "/" + std::string(name);
  write_pem(path, [&](std::FILE* f) {
    return std::fwrite(content.data(), 1, content.size(), f) == content.size() ? 1 : 0;
  });
  return path;
}

}  // namespace parley::test
