#include "tools/cli/connect_options.hpp"

#include "actors/api/node_files.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/state_folder.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>
#include <variant>

namespace millrace::cli {

namespace {

/// No command stays longer without a word.
constexpr std::chrono::seconds told_after{2};

}  // namespace

void add_connect_options(CLI::App& to, remote::connect_arguments& a) {
  to.add_option(
        "--connect", a.url,
        "The address of a node's API or of run --http; of several, separated by commas, the first that "
        "answers is asked (default: the node on this machine, by the file http in its state folder)")
      ->type_name("URL");
  to.add_option("--token", a.token,
                "The file with the node's token, which is needed to change anything and to see records "
                "(default: the variable MILLRACE_TOKEN, else the file token of the node on this machine)")
      ->type_name("FILE");
  to.add_option("--tls", a.tls,
                "The folder with this client's certificate and the cluster's authority; for https")
      ->type_name("DIR");
  to.add_option("--tls-client", a.tls_client, "The name of the certificate, where the folder has several")
      ->type_name("NAME");
}

remote::ask_function quiet_asker_for(const remote::connect_arguments& a) {
  const char* const token = std::getenv("MILLRACE_TOKEN");
  return remote::asker_of(
      a, {default_state_folder(std::string(api::default_node_folder)).value_or(std::string()),
          token == nullptr ? "" : token});
}

remote::ask_function asker_for(const remote::connect_arguments& a) {
  const auto whom = a.url.empty() ? std::string("the node on this machine") : a.url;
  return remote::telling_of_waits(quiet_asker_for(a), told_after, [whom](const api::request& what) {
    const auto* const w = std::get_if<api::requests::wait>(&what);
    complain(w != nullptr ? fmt::format("millrace: waiting for the end of {}", w->topology)
                          : fmt::format("millrace: {} has not answered yet; waiting", whom),
             true);
  });
}

}  // namespace millrace::cli
