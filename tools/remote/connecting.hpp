// Decides which node a command asks, and as whom: by the command line, and where it is silent by what a node
// on this machine has left in its state folder.
#pragma once

#include "actors/api/client.hpp"

#include <optional>
#include <string>

namespace millrace::remote {

struct connect_arguments {
  std::string url;         // --connect: one or several, with commas between; empty: a node on this machine
  std::string tls;         // the folder; empty: none
  std::string tls_client;  // the name; empty: the only one in the folder
  std::string token;       // the file; empty: MILLRACE_TOKEN, or that of a node on this machine
};

/// The surroundings that a command finds.
struct surroundings {
  std::string
      node_folder;    // the state folder of a node on this machine; empty: nobody knows where it would be
  std::string token;  // the variable MILLRACE_TOKEN
};

/// The token of this machine's node is not told to any listener at a port of it: only to the node itself,
/// whose address is `own`, or to one that its certificate proves. Pure.
[[nodiscard]] bool may_have_own_token(const api::api_url& asked, const std::optional<api::api_url>& own);

/// Reads files, and contacts nothing. `acts`: a token is needed; else it is sent, where
/// it is known, for answers that tell more with it. User errors.
[[nodiscard]] expected<api::client> client_of(const connect_arguments& a, const surroundings& around,
                                              bool acts);

/// The arguments with one address: of several, the first at which a node answers within some seconds. Blocks.
[[nodiscard]] expected<connect_arguments> with_one_address(connect_arguments a, const surroundings& around);

}  // namespace millrace::remote
