#include "tools/cli/connect_options.hpp"

#include "actors/api/node_files.hpp"
#include "tools/cli/state_folder.hpp"

#include <cstdlib>

namespace millrace::cli {

void add_connect_options(CLI::App& to, remote::connect_arguments& a) {
  to.add_option("--connect", a.url,
                "The address of any node's API, or that of run --http (default: a node's on this machine, in "
                "the file http of "
                "its state folder)")
      ->type_name("URL");
  to.add_option("--token", a.token,
                "The file with the node's token, which changes and records need (default: the variable "
                "MILLRACE_TOKEN, "
                "else the file token of a node on this machine)")
      ->type_name("FILE");
  to.add_option("--tls", a.tls,
                "The folder with this client's certificate and the cluster's authority; for https")
      ->type_name("DIR");
  to.add_option("--tls-client", a.tls_client, "Whose certificate, where the folder has several")
      ->type_name("NAME");
}

remote::ask_function asker_for(const remote::connect_arguments& a) {
  const char* const token = std::getenv("MILLRACE_TOKEN");
  return remote::asker_of(
      a, {default_state_folder(std::string(api::default_node_folder)).value_or(std::string()),
          token == nullptr ? "" : token});
}

}  // namespace millrace::cli
