// millrace tls: the authority of a cluster, and the certificates of its nodes and clients.
#include "tools/cli/tls.hpp"

#include "runtime/base/time.hpp"
#include "runtime/tls/folder.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/subcommands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace millrace::cli {
namespace {

constexpr unsigned days_of_authority = 3650;
constexpr unsigned days_of_certificate = 825;
constexpr unsigned most_days = 36'500;
/// The clocks of a cluster's machines may differ.
constexpr event_micros back_dated = 3'600'000'000;
constexpr event_micros day = 86'400'000'000;

struct tls_arguments {
  std::string dir;
  std::string name;
  std::vector<std::string> hosts;
  unsigned days = days_of_certificate;
  bool replace = false;
};

tls::validity from_now(unsigned days) {
  const auto now = system_clock().now();
  return {now - back_dated, now + days * day};
}

int tell_failure(const error& e) {
  complain("millrace tls: " + describe(e));
  return e.whose == fault::user ? exit_wrong : exit_failed;
}

int make_authority_in(const tls_arguments& a) {
  if (const auto made = tls::init_folder(a.dir, from_now(a.days)); !made)
    return tell_failure(made.error());
  return print(fmt::format(
      "an authority is in {0}: authority.crt goes to every machine of the cluster, authority.key stays "
      "here\nnext: millrace tls node NAME --dir {0}\n",
      a.dir));
}

int make_certificate_in(const tls_arguments& a, tls::role is) {
  tls::subject of{is, a.name, a.hosts};
  if (is == tls::role::node)
    of.hosts.insert(of.hosts.end(), {"localhost", "127.0.0.1", "::1"});
  const auto files =
      tls::issue(a.dir, of, from_now(a.days), a.replace ? tls::if_there::replace : tls::if_there::keep);
  if (!files)
    return tell_failure(files.error());
  return print(fmt::format("{}\n{}\n", files->certificate, files->key));
}

void add_days(CLI::App& to, const std::shared_ptr<tls_arguments>& a) {
  to.add_option("--days", a->days, "How long the certificate is valid from now on")
      ->type_name("DAYS")
      ->capture_default_str()
      ->check(CLI::Range(1U, most_days));
}

void add_issuing(CLI::App& to, const std::shared_ptr<tls_arguments>& a, const char* doc) {
  to.add_option("NAME", a->name, doc)->required();
  to.add_option("--dir", a->dir, "The folder with the authority")->type_name("DIR")->required();
  add_days(to, a);
  to.add_flag("--replace", a->replace, "Replace a key and certificate of this name that are there");
}

void add_init(CLI::App& tls, int& status) {
  auto* const sub = tls.add_subcommand("init", "Make an authority, once for a cluster");
  const auto a = std::make_shared<tls_arguments>();
  a->days = days_of_authority;
  sub->add_option("DIR", a->dir, "The folder that is made for it")->type_name("DIR")->required();
  add_days(*sub, a);
  sub->footer(
      "Example:\n  millrace tls init /etc/millrace/tls\n\n"
      "Writes authority.crt and authority.key. Who has the key can make nodes of this cluster: it stays "
      "on the machine where certificates are made.");
  sub->callback([a, &status] { status = make_authority_in(*a); });
}

void add_certificate_of_node(CLI::App& tls, int& status) {
  auto* const sub = tls.add_subcommand("node", "Make the key and the certificate of a node");
  const auto a = std::make_shared<tls_arguments>();
  add_issuing(*sub, a, "The node's name, as `millrace node --name` has it");
  sub->add_option("--host", a->hosts, "A name or an address that the node is reached at; may be repeated")
      ->type_name("HOST")
      ->expected(1)
      ->take_all();
  sub->footer(
      "Example:\n  millrace tls node a --dir /etc/millrace/tls --host node1.example.com --host 192.0.2.1\n\n"
      "Writes node-NAME.crt and node-NAME.key; the node's machine gets both, and authority.crt. It is "
      "reached at localhost, too.");
  sub->callback([a, &status] { status = make_certificate_in(*a, tls::role::node); });
}

void add_client(CLI::App& tls, int& status) {
  auto* const sub = tls.add_subcommand("client", "Make the key and the certificate of a client");
  const auto a = std::make_shared<tls_arguments>();
  add_issuing(*sub, a, "The name of the client");
  sub->footer(
      "Example:\n  millrace tls client alice --dir /etc/millrace/tls\n\n"
      "Writes client-NAME.crt and client-NAME.key. A client may ask nodes; no node takes it for one.");
  sub->callback([a, &status] { status = make_certificate_in(*a, tls::role::client); });
}

}  // namespace

void add_tls(CLI::App& app, int& status) {
  auto* const sub =
      app.add_subcommand("tls", "Make the certificates that nodes of a cluster prove themselves with");
  sub->require_subcommand(1);
  add_init(*sub, status);
  add_certificate_of_node(*sub, status);
  add_client(*sub, status);
  sub->footer(
      "Example:\n"
      "  millrace tls init tls && millrace tls node a --dir tls && millrace tls node b --dir tls\n\n"
      "Keys can be read by their owner alone. Nothing that is there is overwritten without --replace.");
}

}  // namespace millrace::cli
