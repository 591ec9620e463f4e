// millrace state copy: moves what a cluster, or `millrace run`, has in its store to another store.
#include "actors/node/host/run_handover.hpp"
#include "actors/node/host/store_copy.hpp"
#include "runtime/base/random.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/node_store.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/subcommands.hpp"

#include <fmt/format.h>

#include <memory>

namespace millrace::cli {
namespace {

struct copy_arguments {
  std::string from;
  std::string to;
  std::string from_properties;
  std::string to_properties;
  std::string log_level = "info";
};

int copy(const copy_arguments& a) {
  set_up_logging(spdlog::level::from_str(a.log_level), "text");
  if (a.from == a.to)
    return refuse_by_fault(user_error(ec::invalid_argument, "FROM and TO are the same store").value());
  const auto held = node::parse_store_address(a.from).and_then(
      [](const auto& from) { return host::enter_store_alone(from); });
  if (!held)
    return refuse_by_fault(held.error());
  const auto from = store_of_node(a.from, a.from_properties);
  if (!from)
    return refuse_by_fault(from.error());
  const auto to = store_of_node(a.to, a.to_properties);
  if (!to)
    return refuse_by_fault(to.error());
  const auto told = [](const host::copied_topology& t) {
    const auto again = t.passed_over == 0 ? std::string()
                                          : fmt::format(" ({} {} there)", t.passed_over,
                                                        t.passed_over == 1 ? "was" : "were");
    static_cast<void>(print(fmt::format("{}: {} chains{}, {} pieces of spilled output, {} bytes; it is {}\n",
                                        t.name, t.chains, again, t.segments, t.bytes, to_string(t.status))));
  };
  const auto done = host::copy_cluster(*from, *to, static_cast<std::uint32_t>(random_bits()), told);
  if (!done)
    return refuse_by_fault(done.error());
  if (done->was_there)
    return print(fmt::format("the cluster {} is in {} already; nothing was left to copy\n", done->cluster,
                             (*to)->shown()));
  return print(
      fmt::format("the cluster {} is in {}; begin its nodes with that --store, and none in {} any more\n",
                  done->cluster, (*to)->shown(), (*from)->shown()));
}

}  // namespace

void add_state(CLI::App& app, int& status) {
  auto* const state = app.add_subcommand("state", "Move what is stored of topologies");
  state->require_subcommand(1);
  auto* const sub = state->add_subcommand("copy", "Copy all topologies from one store to another");
  const auto a = std::make_shared<copy_arguments>();
  sub->add_option("FROM", a->from,
                  "The store of a cluster as --store of a node has it, or dir:DIR of the --state of a run")
      ->type_name("STORE")
      ->required();
  sub->add_option("TO", a->to,
                  "An empty store: dir:PATH, kafka:BROKERS[/TOPIC] or postgresql://USER@HOST/DATABASE")
      ->type_name("STORE")
      ->required();
  sub->add_option("--from-properties", a->from_properties, "Properties of librdkafka for FROM (see node)")
      ->type_name("FILE");
  sub->add_option("--to-properties", a->to_properties, "Properties of librdkafka for TO (see node)")
      ->type_name("FILE");
  sub->add_option("--log-level", a->log_level, "trace, debug, info, warn, error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  sub->footer("Example:\n"
              "  millrace state copy dir:/var/lib/clicks kafka:kafka-1:9092/clicks-chains\n"
              "  millrace state copy kafka:kafka-1:9092 postgresql://millrace@db/cluster\n\n"
              "Nobody may run it meanwhile. What was copied is read back and compared; a copy that was cut "
              "short goes on when\n"
              "it is repeated, and FROM stays as it is. A topology that `millrace run` has begun goes on "
              "once it is applied:\n"
              "millrace apply topology.json.");
  sub->callback([a, &status] { status = copy(*a); });
}

}  // namespace millrace::cli
