// millrace node: one process of a cluster.
#include "actors/api/late_view.hpp"
#include "actors/api/server.hpp"
#include "actors/link/sockets.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/host/node_process.hpp"
#include "actors/node/host/run_handover.hpp"
#include "actors/node/host/store_wait.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "actors/observe/troubles.hpp"
#include "runtime/base/allocator.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/base/time.hpp"
#include "runtime/cluster/silence.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/tls/folder.hpp"
#include "runtime/tls/names.hpp"
#include "tools/cli/degraded_by.hpp"
#include "tools/cli/last_words.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/node_exit.hpp"
#include "tools/cli/node_folder.hpp"
#include "tools/cli/node_store.hpp"
#include "tools/cli/own_names.hpp"
#include "tools/cli/printing.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/resources.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/cli/state_folder.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/cli/topology_options.hpp"
#include "tools/web/assets.hpp"

#include <boost/asio/ip/address.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace::cli {
namespace {

/// The arguments of `millrace node`, and what can be found wrong in them before anything is contacted.
struct node_arguments {
  std::string name;
  std::string store;
  std::string store_properties;
  std::string listen;
  std::vector<std::string> join;
  bool coordinator = false;
  std::string http = "127.0.0.1:0";
  std::vector<std::string> http_hosts;
  bool is_read_only = false;
  std::string state;
  std::string tls;
  std::string start_timeout = "30 s";
  std::string detach_after = "500 ms";
  std::string away_after = "2 s";
  std::vector<std::string> degraded_by;
  std::string log_level = "info";
  std::string log_format = "text";
  unsigned threads = 0;
};

struct checked_arguments {
  link::endpoint listen;
  std::vector<link::endpoint> join;
  std::shared_ptr<node::chain_store> store;
  std::string folder;
  std::chrono::milliseconds start_timeout{};
  cluster::silence silence;
  observe::trouble_limits degraded_by;
  api::server_options api;
};

/// HOST:PORT, [HOST]:PORT or :PORT, which means loopback.
expected<link::endpoint> endpoint_of(const std::string& option, const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = colon == std::string::npos ? text : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  link::endpoint at{host.empty() ? "127.0.0.1" : host, 0};
  const auto digits = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  const auto* const end = digits.data() + digits.size();
  if (const auto read = std::from_chars(digits.data(), end, at.port);
      digits.empty() || read.ec != std::errc() || read.ptr != end)
    return user_error(
        ec::invalid_argument,
        fmt::format("{}: \"{}\" is not an address; write HOST:PORT, such as 127.0.0.1:7100", option, text));
  return at;
}

/// Anybody on the way reads and changes without TLS what nodes say, so the address is this machine's own. Other nodes
/// reach this one at what it says here.
expected<void> check_listen(const node_arguments& a, const link::endpoint& at) {
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(at.host == "localhost" ? "127.0.0.1" : at.host, bad);
  if (!bad && address.is_unspecified())
    return user_error(ec::invalid_argument,
                      fmt::format("--listen {}: other nodes reach this one at that address, so it is one "
                                  "of this machine's, such as 10.0.0.5:{}",
                                  a.listen, at.port));
  if ((!bad && address.is_loopback()) || !a.tls.empty())
    return {};
  return user_error(
      ec::invalid_argument,
      fmt::format("--listen {}: without TLS whoever is on the way could read and change what nodes say; "
                  "give it a certificate by --tls DIR (see millrace tls), or listen on loopback, such as "
                  "127.0.0.1:{}",
                  a.listen, at.port));
}

/// Signs of life come each 150 ms. Nobody waits longer than an hour for a machine that may be gone.
constexpr micros shortest_silence = std::chrono::milliseconds(200);
constexpr micros longest_silence = std::chrono::hours(1);

expected<cluster::silence> silence_of(const node_arguments& a) {
  const auto read = [](const std::string& option, const std::string& text) -> expected<micros> {
    const auto length = parse_duration(text);
    if (!length)
      return user_error(ec::invalid_argument, fmt::format("{}: {}", option, length.error().message));
    if (*length < shortest_silence || *length > longest_silence)
      return user_error(ec::invalid_argument,
                        fmt::format("{} {}: give a time from 200 ms to 1 h", option, text));
    return *length;
  };
  ASSIGN_OR_RETURN(const auto detach, read("--detach-after", a.detach_after));
  ASSIGN_OR_RETURN(const auto away, read("--away-after", a.away_after));
  if (detach > away)
    return user_error(
        ec::invalid_argument,
        fmt::format("--detach-after {} is longer than --away-after {}: a node is detached first, "
                    "and away later; give it a shorter time",
                    a.detach_after, a.away_after));
  return cluster::silence{detach, away};
}

/// Looks at the arguments and at files alone, and does not touch the store. User errors name the option.
expected<checked_arguments> check_arguments(const node_arguments& a) {
  checked_arguments out;
  RETURN_IF_ERROR(tls::check_name("--name", a.name));
  ASSIGN_OR_RETURN(out.listen, endpoint_of("--listen", a.listen));
  RETURN_IF_ERROR(check_listen(a, out.listen));
  for (const auto& j : a.join) {
    ASSIGN_OR_RETURN(const auto at, endpoint_of("--join", j));
    out.join.push_back(at);
  }
  if (!a.coordinator && a.join.empty())
    return user_error(ec::invalid_argument,
                      "a node joins others (--join ADDR), or may lead them (--coordinator); "
                      "give one of them");
  ASSIGN_OR_RETURN(out.store, store_of_node(a.store, a.store_properties));
  ASSIGN_OR_RETURN(out.folder, a.state.empty() ? default_state_folder(std::string(api::default_node_folder))
                                               : expected<std::string>(a.state));
  const auto timeout = parse_duration(a.start_timeout);
  if (!timeout)
    return user_error(ec::invalid_argument, "--start-timeout: " + timeout.error().message);
  out.start_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  ASSIGN_OR_RETURN(out.silence, silence_of(a));
  ASSIGN_OR_RETURN(out.degraded_by, parse_degraded_by(a.degraded_by));
  ASSIGN_OR_RETURN(const auto http, endpoint_of("--http", a.http));
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(http.host == "localhost" ? "127.0.0.1" : http.host, bad);
  if (bad)
    return user_error(ec::invalid_argument, fmt::format("--http {}: write the address in digits", a.http));
  out.api.listen = {address, http.port};
  out.api.guard.names = own_names(a.http_hosts);
  out.api.assets = web::assets();
  out.api.guard.is_read_only = a.is_read_only;
  if (!a.tls.empty()) {
    ASSIGN_OR_RETURN(out.api.tls, tls::node_credentials(a.tls, a.name, system_clock().now()));
  }
  return out;
}

constexpr std::chrono::seconds node_stop_limit{45};
constexpr std::chrono::seconds node_leave_limit{5};

/// Waits for the end of the process. Any thread may cause it.
class node_end {
public:
  void over(const std::string& why) {
    const std::lock_guard lock(mutex_);
    why_ = why;
    changed_.notify_all();
  }
  std::string wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return why_.has_value(); });
    return *why_;
  }
  /// A stop that comes while the node starts is carried out then.
  void ask() {
    std::function<void()> leave;
    {
      const std::lock_guard lock(mutex_);
      asked_ = true;
      leave = leave_;
    }
    if (leave)
      leave();
  }
  void attach(std::function<void()> leave) {
    std::unique_lock lock(mutex_);
    leave_ = std::move(leave);
    if (asked_ && leave_) {
      auto now = leave_;
      lock.unlock();
      now();
    }
  }
  [[nodiscard]] bool is_asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> why_;
  bool asked_ = false;
  std::function<void()> leave_;
};

/// Prints why the node ends, after all its other lines.
int refuse_node(node_step at, const error& e) { return refuse(e, exit_status_of(at, e)); }

host::process_options options_of(const node_arguments& a, const checked_arguments& c, std::size_t threads,
                                 node_end& end) {
  host::process_options o;
  o.name = a.name;
  o.store = c.store;
  o.listen = c.listen;
  o.tls = c.api.tls;
  o.join = c.join;
  o.may_lead = a.coordinator;
  o.cores = threads;
  o.folder = c.folder;
  o.start_timeout = c.start_timeout;
  o.silence = c.silence;
  o.cancelled = [&] { return end.is_asked(); };
  o.on_over = [&](const std::string& why) { end.over(why); };
  o.running = std::make_shared<observe::running_topologies>(c.degraded_by);
  return o;
}

/// Returns once the node has ended, which is in the cluster: why, unless it was asked to.
std::optional<error> work(const node_arguments& a, const checked_arguments& c, host::node_process& node,
                          const std::string& url, observe::running_topologies& running, node_end& end) {
  std::optional<error> failed;
  if (const auto written = write_node_files(c.folder, url).and_then([&] { return tell_openings(*c.store); });
      !written) {
    failed = written.error();
    node.leave();
  } else {
    print(fmt::format("ready: node {} listens at {}:{}, its API is {}\n", a.name, node.address().host,
                      node.address().port, url));
    end.attach([&] {
      running.stopping();
      node.leave();
    });
  }
  const auto why = end.wait();
  end.attach({});
  if (!failed && !end.is_asked())
    failed = fatal_error(ec::unavailable, why).value();
  return failed;
}

/// Takes its addresses before anybody hears of it, and waits for its store before it joins.
int serve(const node_arguments& a, const checked_arguments& c, node_end& end) {
  const auto threads = a.threads != 0 ? a.threads : std::max(1U, std::thread::hardware_concurrency());
  if (const auto there = try_threads(threads); !there)
    return refuse_node(node_step::folder, there.error());
  caf::actor_system_config config;
  control::share_threads(config, threads);
  link::configure_network(config);
  std::optional<start_watch> watch(std::in_place);
  caf::actor_system system(config);
  watch.reset();
  const auto ends = [&](node_step at, const error& why) {
    const int status = end.is_asked() ? exit_done : refuse_node(at, why);
    leave_within(node_leave_limit, status);
    return status;
  };
  auto o = options_of(a, c, threads, end);
  auto listens = link::listen_at(c.listen);
  if (!listens)
    return ends(node_step::address, listens.error());
  o.listens = std::move(*listens);
  api::late_view view;
  auto server = api::server::start(c.api, view);
  if (!server)
    return ends(node_step::address, server.error());
  // The recorder opens before the node runs anything, and lives until everything has ended.
  const auto recorder = flight_recorder::open(c.folder + "/flight_recorder");
  if (recorder)
    o.last_works = (*recorder)->told();
  else
    spdlog::warn("a crash of this process will not be explained to the cluster: {}",
                 recorder.error().message);
  view.waits_for("the store " + c.store->shown());
  host::store_wait store([s = c.store] { return node::control_book(s).look().map([](const auto&) {}); });
  if (const auto answers = store.run(c.store->shown(), c.start_timeout, o.cancelled); !answers)
    return ends(node_step::store, answers.error());
  const auto held =
      node::parse_store_address(a.store).and_then([](const auto& at) { return host::enter_store(at); });
  if (!held)
    return ends(node_step::store, held.error());
  view.waits_for("the other nodes");
  const auto running = o.running;
  auto node = host::node_process::start(system, std::move(o));
  if (!node)
    return ends(node_step::joining, node.error());
  if (recorder)
    (*recorder)->forget();  // `control` has it
  view.attach((*node)->view());
  const auto failed = work(a, c, **node, server->url(), *running, end);
  server = unexpected(error{});
  (*node)->stop();
  const int status = failed ? refuse_node(node_step::running, *failed) : exit_done;
  leave_within(node_leave_limit, status);
  return status;
}

int run_node(const node_arguments& a) {
  std::signal(SIGPIPE, SIG_IGN);
  log_names names;
  names.node = a.name;
  set_up_logging(spdlog::level::from_str(a.log_level), a.log_format, std::move(names));
  auto checked = check_arguments(a);
  if (!checked)
    return refuse_node(node_step::arguments, checked.error());
  if (const auto few = raise_file_limit())
    spdlog::warn("{}", *few);
  auto folder = make_node_folder(checked->folder);
  if (!folder)
    return refuse_node(node_step::folder, folder.error());
  checked->api.guard.token = std::move(folder->token);
  node_end end;
  return_freed_memory();
  const orderly_end ends(node_stop_limit, [&] { end.ask(); });
  return serve(a, *checked, end);
}

}  // namespace

void add_node(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("node", "Run one process of a cluster");
  auto a = std::make_shared<node_arguments>();
  command
      ->add_option("--name", a->name, "This node's name: unique in the cluster, and the same after a restart")
      ->required();
  command
      ->add_option(
          "--store", a->store,
          "Where the cluster keeps its state, the same for all nodes: dir:PATH, kafka:BROKERS[/TOPIC] or "
          "postgresql://USER@HOST/DATABASE")
      ->type_name("STORE")
      ->required();
  command
      ->add_option("--store-properties", a->store_properties,
                   "File with properties of librdkafka for --store kafka:, such as those of TLS and SASL: "
                   "one NAME=VALUE a line; only this user may have access to it (mode 0600)")
      ->type_name("FILE");
  command
      ->add_option("--listen", a->listen,
                   "The address where other nodes reach this one, such as 127.0.0.1:7100; any but loopback "
                   "needs --tls")
      ->type_name("ADDR")
      ->required();
  command
      ->add_option("--join", a->join,
                   "The address where another node listens; several are separated by commas")
      ->type_name("ADDR")
      ->delimiter(',');
  command->add_flag("--coordinator", a->coordinator,
                    "This node may lead the cluster; several may, and one does");
  command->add_option("--http", a->http, "Serve the API, metrics and probes there; port 0 is any free one")
      ->type_name("ADDR")
      ->capture_default_str();
  command
      ->add_option("--http-host", a->http_hosts,
                   "A further host name or address under which clients may reach --http, beside localhost "
                   "and its own address")
      ->type_name("NAME");
  command->add_flag("--http-read-only", a->is_read_only, "The API is read-only: it refuses every action");
  add_property_switch(*command);
  add_secrets_folder(*command);
  command
      ->add_option("--state", a->state,
                   "Folder of this node alone, for the address and token of its API and for files of stages "
                   "that run here "
                   "(default: node under XDG_STATE_HOME)")
      ->type_name("DIR");
  command
      ->add_option("--tls", a->tls,
                   "Folder of certificates (see tls): with it, links to other nodes and the API speak TLS, "
                   "and --listen may be any address")
      ->type_name("DIR");
  command->add_option("--start-timeout", a->start_timeout, "How long to wait for other nodes and for servers")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--detach-after", a->detach_after,
                   "After this long without a sign of life from a node, nobody waits for its receivers any "
                   "more; the same on all nodes")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option(
          "--away-after", a->away_after,
          "After this long without a sign of life from a node, others take over what it runs, and its lead "
          "if it has it; set it longer on machines that sometimes freeze; the same on all nodes")
      ->type_name("DURATION")
      ->capture_default_str();
  add_degraded_by(*command, a->degraded_by);
  command
      ->add_option("--threads", a->threads,
                   "Workers, the threads that share parsing and windows (default: one per core). Each source "
                   "and sink, snapshots and control have further threads, which mostly wait")
      ->check(CLI::Range(0U, 1'024U));
  command->add_option("--log-level", a->log_level, "trace, debug, info, warn, error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  command->add_option("--log-format", a->log_format, "text, or json: an object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Example:\n  millrace node --name a --store dir:/tmp/cluster --listen 127.0.0.1:7100 --coordinator "
      "--state /tmp/a\n"
      "  millrace node --name b --store dir:/tmp/cluster --listen 127.0.0.1:7101 --join 127.0.0.1:7100 "
      "--state /tmp/b\n\n"
      "Runs until SIGTERM: then its stages commit, and it leaves the cluster. A second SIGTERM ends it at "
      "once.");
  command->callback([a, &status] { status = run_node(*a); });
}

}  // namespace millrace::cli
