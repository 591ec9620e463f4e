// The folder that `--tls DIR` names, and its files:
//
//   authority.crt               the authority's certificate: each machine of the cluster has it
//   authority.key               its key: only where certificates are made
//   node-NAME.crt, .key         those of a node; client-NAME.crt, .key likewise
//
// All are PEM. Keys can be read by their owner alone. Each file comes into being whole, a key before its
// certificate, and none takes the place of another unless that is asked for.
#pragma once

#include "runtime/tls/certificate.hpp"
#include "runtime/tls/peer.hpp"

#include <string>
#include <vector>

namespace millrace::tls {

/// Makes the folder, where it is not there, and an authority in it. User error: one is there.
[[nodiscard]] expected<void> init_folder(const std::string& dir, const validity& when);

struct file_pair {
  std::string certificate;
  std::string key;
};
/// The paths of what `name` has, or will have.
[[nodiscard]] file_pair files_of(const std::string& dir, role is, const std::string& name);

enum class if_there : std::uint8_t { keep, replace };

/// Makes a key and a certificate. User errors: a wrong name or host, no authority in the folder, files that are
/// there and are to be kept.
[[nodiscard]] expected<file_pair> issue(const std::string& dir, const subject& of, const validity& when,
                                        if_there old);

/// Holds what one side of a connection needs.
struct credentials {
  role is = role::node;
  std::string name;
  tls::certificate authority;
  std::string authority_file;
  key_and_certificate own;
  file_pair files;
};

/// User errors: a file is missing, damaged or can be read by others, key and certificate do not belong
/// together, the certificate is refused by verify_peer().
[[nodiscard]] expected<credentials> node_credentials(const std::string& dir, const std::string& name,
                                                     event_micros now);
/// The credentials of the client of that name; without a name, of the only client in the folder, else of the only node.
[[nodiscard]] expected<credentials> client_credentials(const std::string& dir, const std::string& name,
                                                       event_micros now);

}  // namespace millrace::tls
