#pragma once

#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/net/name_source.hpp>
#include <parley/net/server_locator.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::net::detail {

/// One search for the servers of a URI (RFC 3263 4). A machine: answers go in, questions and at last targets
/// come out.
///
///  state      input                                  action                               next
///  services   NAPTR records of ours                  ask for the SRV records they name    servers
///  services   none                                   ask for SRV of each transport        servers
///  servers    all answered, some records             order them, ask for addresses        addresses
///  servers    all answered, ".": not there           -                                    ended
///  servers    all answered, none                     ask for addresses of the host        addresses
///  addresses  all answered                           put the targets together             ended
///
/// A question that fails counts as one that is answered with nothing: many name servers give an error for
/// types that they do not know.
///
/// *Ownership:* the random source is used until the search has ended.
class location_search {
 public:
  /// A question: `id` comes back with its answer.
  struct question {
    std::size_t id = 0;
    std::string name;
    record_type type = record_type::a;
  };

  location_search(location_query query, std::span<const usable_transport> transports,
                  base::random_source& random, const locator_options& options);

  bool ended() const noexcept { return state_ == state::ended; }
  /// Once it has ended. There is an error where there are no targets.
  base::error_code error() const noexcept { return error_; }
  const std::vector<located_target>& targets() const noexcept { return targets_; }

  /// Each question is answered once, in whatever order.
  void handle_answer(std::size_t id, const base::error_code& error, const name_records& records);
  bool poll_question(question& out);

 private:
  enum class state : std::uint8_t { services, servers, addresses, ended };

  /// What may offer the service over one transport.
  struct service {
    sip::transport transport;
    std::string name;
    std::vector<srv_record> records{};
    bool absent = false;
  };
  /// A name whose addresses are looked up.
  struct server {
    sip::transport transport;
    std::string host;
    std::uint16_t port;
    std::vector<base::ip_address> v4{};
    std::vector<base::ip_address> v6{};
  };

  const usable_transport* usable(sip::transport transport) const noexcept;
  std::optional<sip::transport> default_transport() const noexcept;
  void fail(const base::error_code& error);
  void ask(std::size_t id, const std::string& name, record_type type);
  void begin();
  void begin_numeric(const base::ip_address& ip);
  void add_service(sip::transport transport, std::string name);
  void take_services(const name_records& records);
  void ask_services();
  void ask_addresses();
  void add_server(sip::transport transport, const std::string& host, std::uint16_t port);
  void end();
  void add_target(const server& of, const base::ip_address& ip);

  location_query query_;
  std::span<const usable_transport> transports_;
  base::random_source& random_;
  const locator_options& options_;
  state state_ = state::services;
  std::size_t pending_ = 0;
  std::deque<question> questions_;
  std::vector<service> services_;
  std::vector<server> servers_;
  std::vector<located_target> targets_;
  base::error_code error_;
};

}  // namespace parley::net::detail
