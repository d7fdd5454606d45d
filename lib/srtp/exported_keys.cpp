#include <parley/srtp/exported_keys.hpp>

namespace parley::srtp {

base::result<exported_keys> split_exported(profile which, std::span<const std::byte> exported,
                                           dtls_role role) noexcept {
  if (exported.size() != exported_bytes(which)) return errc::bad_key_length;
  const key_sizes each = sizes(which);
  const auto keys = exported.first(2 * each.key);
  const auto salts = exported.subspan(2 * each.key);
  const auto client = master_key::make(which, keys.first(each.key), salts.first(each.salt));
  const auto server = master_key::make(which, keys.subspan(each.key), salts.subspan(each.salt));
  if (!client) return client.error();
  if (!server) return server.error();
  if (role == dtls_role::client) return exported_keys{*client, *server};
  return exported_keys{*server, *client};
}

}  // namespace parley::srtp
