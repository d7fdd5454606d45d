#pragma once

#include <parley/net/tls_context.hpp>

#include "support/temporary_folder.hpp"

#include <string>
#include <string_view>

struct x509_st;
struct evp_pkey_st;

namespace parley::test {

/// What a certificate of a test says.
struct certificate_wish {
  std::string common_name;
  std::string
      alternative_names{};   ///< as OpenSSL writes them: `DNS:a.example,URI:sip:a.example,IP:192.0.2.1`
  int valid_from_days = -1;  ///< counted from today
  int valid_until_days = 30;
};

/// A certificate authority of the test's own, and a folder with the PEM files of what it has issued. The
/// folder goes with it.
class authority {
 public:
  explicit authority(std::string_view name = "Test Authority");
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  /// Its own certificate.
  std::string file() const { return folder_.path() + "/authority.pem"; }
  net::tls_certificate issue(const certificate_wish& wish);
  /// Writes a file into the folder and returns its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  temporary_folder folder_;
  std::string name_;
  evp_pkey_st* key_;
  x509_st* certificate_;
  long serial_ = 1;
};

}  // namespace parley::test
