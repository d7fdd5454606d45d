#include "describe.hpp"

namespace parley_inspect {

json describe(const sip::challenge& challenge) {
  json out{{"scheme", challenge.scheme}};
  if (!challenge.digest) {
    out["text"] = challenge.text;
    return out;
  }
  out["realm"] = challenge.realm;
  out["nonce"] = challenge.nonce;
  put(out, "domain", challenge.domain);
  if (challenge.has_opaque) out["opaque"] = challenge.opaque;
  put(out, "algorithm", challenge.algorithm);
  put(out, "qop", challenge.qop);
  put(out, "charset", challenge.charset);
  put(out, "stale", challenge.stale);
  put(out, "userhash", challenge.userhash);
  return out;
}

json describe(const sip::credentials& credentials) {
  json out{{"scheme", credentials.scheme}};
  if (!credentials.digest) {
    out["text"] = credentials.text;
    return out;
  }
  put(out, "username", credentials.username);
  put(out, "username*", credentials.username_ext);
  out["realm"] = credentials.realm;
  out["nonce"] = credentials.nonce;
  out["uri"] = credentials.uri;
  out["response"] = credentials.response;
  put(out, "algorithm", credentials.algorithm);
  put(out, "cnonce", credentials.cnonce);
  put(out, "opaque", credentials.opaque);
  put(out, "qop", credentials.qop);
  put(out, "nc", credentials.nc_text);
  put(out, "userhash", credentials.userhash);
  return out;
}

json describe(const sip::authentication_info& info) {
  json out{{"text", info.text}};
  put(out, "nextnonce", info.nextnonce);
  put(out, "qop", info.qop);
  put(out, "rspauth", info.rspauth);
  put(out, "cnonce", info.cnonce);
  put(out, "nc", info.nc_text);
  return out;
}

json describe(const sip::identity_header& identity) {
  json out{{"signature", identity.signature}};
  put(out, "info", identity.info);
  put(out, "alg", identity.algorithm);
  put(out, "ppt", identity.passport);
  return out;
}

json describe(const sip::identity_info_header& info) {
  json out{{"uri", info.uri}};
  put(out, "alg", info.algorithm);
  put_parameters(out, info.parameters);
  return out;
}

json describe(const sip::privacy_header& privacy) {
  json out{{"text", privacy.values}};
  put(out, "none", privacy.none);
  put(out, "header", privacy.header);
  put(out, "session", privacy.session);
  put(out, "user", privacy.user);
  put(out, "id", privacy.identity);
  put(out, "history", privacy.history);
  put(out, "critical", privacy.critical);
  return out;
}

}  // namespace parley_inspect
