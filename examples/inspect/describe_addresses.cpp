#include "describe.hpp"

namespace parley_inspect {

json describe(const sip::uri_view& uri) {
  json out{{"text", uri.raw}, {"scheme", uri.scheme_text}};
  if (uri.has_user || !uri.user.empty()) out["user"] = uri.user;
  if (uri.has_password) out["password"] = uri.password;
  put(out, "host", uri.host);
  if (uri.port != 0) out["port"] = uri.port;
  put_parameters(out, uri.parameters);
  put_parameters(out, uri.headers, "headers");
  return out;
}

json describe(const sip::via_header& via) {
  json out{{"protocol", via.protocol}, {"transport", via.transport_name}, {"host", via.host}};
  if (via.port != 0) out["port"] = via.port;
  put(out, "branch", via.branch);
  put(out, "received", via.received);
  if (via.has_rport) out["rport"] = via.rport != 0 ? json(via.rport) : json();
  put(out, "maddr", via.maddr);
  put(out, "ttl", via.ttl);
  put_parameters(out, via.parameters);
  return out;
}

json describe(const sip::name_addr& address) {
  json out = json::object();
  put(out, "display_name", address.display_name);
  out["uri"] = describe(address.uri);
  put_parameters(out, address.parameters);
  return out;
}

namespace {

json describe_base(const sip::name_addr& address) { return describe(address); }

}  // namespace

json describe(const sip::from_header& from) {
  json out = describe_base(from);
  put(out, "tag", from.tag);
  return out;
}

json describe(const sip::to_header& to) {
  json out = describe_base(to);
  put(out, "tag", to.tag);
  return out;
}

json describe(const sip::contact_header& contact) {
  if (contact.star) return {{"star", true}};
  json out = describe_base(contact);
  if (contact.q) out["q"] = *contact.q / 1000.0;
  put(out, "expires", contact.expires);
  return out;
}

json describe(const sip::referred_by_header& referred_by) {
  json out = describe_base(referred_by);
  put(out, "cid", referred_by.cid);
  return out;
}

json describe(const sip::history_info_header& entry) {
  json out = describe_base(entry);
  put(out, "index", entry.index);
  put(out, "rc", entry.rc);
  put(out, "mp", entry.mp);
  put(out, "np", entry.np);
  return out;
}

json describe(const sip::diversion_header& diversion) {
  json out = describe_base(diversion);
  put(out, "reason", diversion.reason);
  put(out, "privacy", diversion.privacy);
  put(out, "counter", diversion.counter);
  put(out, "limit", diversion.limit);
  return out;
}

json describe(const sip::call_info_header& info) {
  json out = describe_base(info);
  put(out, "purpose", info.purpose);
  return out;
}

}  // namespace parley_inspect
