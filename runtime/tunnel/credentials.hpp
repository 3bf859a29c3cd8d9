#pragma once

#include "runtime/tunnel/certificates.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// What a node has of its cluster on disk. A folder of mode 0700 with
///
/// | ca.pem   | the certificates of the authorities that it trusts, usually one          |
/// | node.pem | its own certificate                                                       |
/// | node.key | the key of it; 0600                                                       |
/// | ca.key   | the key of the authority; 0600, only where the cluster was made           |
namespace bpci::tunnel {

struct credentials {
  std::string authorities; ///< PEM
  issued own;
  certificate_facts facts; ///< of `own`
};

/// Where a node keeps them: `<data dir>/cluster`, unless its configuration names another folder.
std::filesystem::path certificates_dir(const std::filesystem::path& data_dir);

/// None: the folder has no node.pem. Checks that key, certificate and authorities fit together.
/// Errors: config_invalid (a file is missing, unreadable, open to others, or not what it should
/// be); one reader in the middle of a renewal can see a key that does not fit, so ask again.
result<std::optional<credentials>> load_credentials(const std::filesystem::path& folder,
                                                    timestamp_ms now);

/// Who the node.pem of the folder is of, be it valid or not. Errors: not_found, config_invalid.
result<member_id> member_of_folder(const std::filesystem::path& folder);

/// Changes when a file of the folder does; cheap. 0: there is no node.pem.
std::uint64_t stamp_of(const std::filesystem::path& folder);

/// Each file whole or not at all; the key first, so that a crash in between is noticed and not
/// mistaken for an old certificate. Errors: storage_failed.
result<void> store_credentials(const std::filesystem::path& folder, std::string_view authorities,
                               const issued& own);

/// Of the folder of an authority. Errors: not_found (there is no ca.key), config_invalid.
result<issued> load_authority(const std::filesystem::path& folder);

/// Never takes the place of another one. Errors: conflict (there is one), storage_failed.
result<void> store_authority(const std::filesystem::path& folder, const issued& authority);

/// A new file of mode 0600 that has this text, whole. Errors: storage_failed.
result<void> write_secret(const std::filesystem::path& path, std::string_view text);

/// Errors: not_found, config_invalid (open to others), too_large.
result<std::string> read_secret(const std::filesystem::path& path);

} // namespace bpci::tunnel
