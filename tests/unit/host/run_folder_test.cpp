// The folder of a run: whom it belongs to, how a state begins in it, and what a crash, damage or a folder of another build
// leave of it.
#include "actors/node/control/control_book.hpp"
#include "actors/node/host/run_handover.hpp"
#include "config/plan/state_fit.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "tests/support/must.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace millrace::host::run_folder_test {
namespace {

using Catch::Contains;
using millrace::test::must;
using millrace::test::scratch;
using snapshot::test::faulty_file_system;
namespace fs = std::filesystem;

constexpr uid_t nobody = 65534;

config::topology clicks(const std::string& fingerprint = "one") {
  config::topology t;
  t.name = "clicks";
  t.state_fingerprint = fingerprint;
  return t;
}

expected<found_run> take(snapshot::file_system& files, const config::topology& t = clicks(),
                         bool fresh = false) {
  return run_folder::open("/state", fresh, files).and_then([&](const auto& folder) {
    return take_state(*folder, t, fresh);
  });
}

/// A run that has asked its sources, and, where it `reads`, has read something; one actor keeps a record.
void run_once(snapshot::file_system& files, bool reads, const config::topology& t = clicks()) {
  const auto folder = must(run_folder::open("/state", false, files));
  auto found = must(take_state(*folder, t, false));
  found.plan.values[std::string(config::fingerprint_name)] = t.state_fingerprint;
  if (reads)
    found.plan.values[std::string(has_read_name)] = "1";
  node::control_book book(folder->store());
  const cluster::epoch mine{found.highest.term + 1, 0};
  must(book.open(mine));
  REQUIRE(book.append(mine, {cluster::records::topology_applied{"clicks", encode_plan(found.plan),
                                                                found.topology->generation + 1}}) ==
          cluster::append_outcome::acknowledged);
  const auto name = cluster::chains_of("clicks", found.topology->first_generation);
  REQUIRE(must(folder->store()->open({name, "counts/0"}, {found.highest.term, 0}))->append("kept", true));
}

/// How many records the actor of the present state has.
std::size_t kept_in(snapshot::file_system& files, const found_run& found) {
  const auto folder = must(run_folder::look("/state", files));
  const auto name = cluster::chains_of("clicks", found.topology->first_generation);
  return must(folder->store()->look({name, "counts/0"})).contents.increments.size();
}

std::string refusal(const std::string& folder) {
  const auto opened =
      run_folder::open(folder).and_then([](const auto& f) { return take_state(*f, clicks(), false); });
  REQUIRE_FALSE(opened);
  CHECK(opened.error().whose != fault::ours);
  return opened.error().message;
}

void make_state(const std::string& folder) {
  must(take_state(*must(run_folder::open(folder)), clicks(), false));
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& e : fs::recursive_directory_iterator(folder))
    if (e.is_regular_file())
      out.push_back(e.path().string());
  std::ranges::sort(out);
  return out;
}

}  // namespace

TEST_CASE("a second opener is told who holds the folder, and gets it once that process is killed") {
  const scratch dir;
  const auto folder = dir / "state";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto held = run_folder::open(folder);
    (void)!::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  CHECK_THAT(refusal(folder), Contains("process " + std::to_string(child)) && Contains("--state"));
  CHECK_THAT(enter_store(node::dir_address{folder}).error().message,
             Contains("process " + std::to_string(child)));
  CHECK(run_folder::look(folder));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  make_state(folder);
}

TEST_CASE("nodes share a folder, and neither a run nor a copy comes in meanwhile") {
  const scratch dir;
  const node::store_address store = node::dir_address{dir / "state"};
  {
    const auto one = must(enter_store(store));
    const auto two = must(enter_store(store));
    CHECK(run_folder::open(dir / "state").error().code == ec::locked);
    CHECK(enter_store_alone(store).error().code == ec::locked);
  }
  const auto copy = must(enter_store_alone(store));
  CHECK(enter_store(store).error().code == ec::locked);
}

TEST_CASE("folders of other topologies, of others, and paths that are none are refused with the way out") {
  const scratch dir;
  make_state(dir / "state");
  auto sales = clicks();
  sales.name = "sales";
  for (const bool fresh : {false, true}) {
    const auto other = take_state(*must(run_folder::open(dir / "state", fresh)), sales, fresh);
    REQUIRE_FALSE(other);
    CHECK(other.error().code == ec::mismatch);
    CHECK_THAT(other.error().message, Contains("belongs to the topology clicks") && Contains("--state"));
    dir.write("home/thesis.txt", "years of work");
    const auto home = run_folder::open(dir / "home", fresh);
    REQUIRE_FALSE(home);
    CHECK(home.error().code == ec::mismatch);
    CHECK_THAT(home.error().message, Contains("thesis.txt") && Contains("--state"));
  }
  CHECK(std::distance(fs::directory_iterator(dir / "home"), {}) == 1);
  dir.write("file", "x");
  for (const auto* path : {"file", "file/below/it"})
    CHECK(run_folder::open(dir / path).error().whose == fault::user);
  CHECK(run_folder::open("").error().code == ec::invalid_argument);
  CHECK(run_folder::look(dir / "nowhere").error().code == ec::not_found);
  fs::create_directories(dir / "disk/lost+found");
  make_state(dir / "disk");
}

TEST_CASE("a folder and all in it is its user's alone, whatever the umask is") {
  const scratch s;
  const auto before = ::umask(0);
  make_state(s / "a/state");
  ::umask(before);
  CHECK(millrace::test::mode_of(s / "a") == 0700);
  for (const auto& e : fs::recursive_directory_iterator(s / "a")) {
    INFO(e.path());
    CHECK(millrace::test::mode_of(e.path().string()) == (e.is_directory() ? 0700 : 0600));
  }
  REQUIRE(::chmod((s / "a/state").c_str(), 0755) == 0);
  REQUIRE(run_folder::look(s / "a/state"));
  CHECK(millrace::test::mode_of(s / "a/state") == 0755);
  make_state(s / "a/state");
  CHECK(millrace::test::mode_of(s / "a/state") == 0700);
  fs::create_symlink(s / "a/state", s / "link");  // its user's own
  make_state(s / "link");
}

TEST_CASE("links, pipes and other users' files in a prepared folder are refused") {
  const scratch s;
  s.write("victim", "precious");
  fs::create_directory(s / "linked");
  fs::create_symlink(s / "victim", s / "linked/lock");
  CHECK_THAT(refusal(s / "linked"), Contains("symbolic link") && Contains("--state"));
  fs::create_directory(s / "piped");
  REQUIRE(::mkfifo((s / "piped/lock").c_str(), 0600) == 0);
  CHECK_THAT(refusal(s / "piped"), Contains("not a regular file"));
  make_state(s / "state");
  for (const auto& file : files_below(s / "state")) {
    INFO(file);
    fs::rename(file, file + ".aside");
    fs::create_symlink(s / "victim", file);
    CHECK_THAT(refusal(s / "state"), Contains("symbolic link"));
    fs::remove(file);
    fs::rename(file + ".aside", file);
  }
  CHECK(millrace::test::contents(s / "victim") == "precious");
  if (::geteuid() != 0)
    return;  // only root can give files away
  const auto file = files_below(s / "state").front();
  REQUIRE(::chown(file.c_str(), nobody, nobody) == 0);
  CHECK_THAT(refusal(s / "state"), Contains("belongs to another user"));
  REQUIRE(::chown(file.c_str(), 0, 0) == 0);
  REQUIRE(::chown((s / "state").c_str(), nobody, nobody) == 0);
  CHECK_THAT(refusal(s / "state"), Contains("belongs to another user"));
}

TEST_CASE("a first start that dies at any step is begun again, or gone on with") {
  for (const bool power : {false, true})
    for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      files.crash_after(dies_after);
      std::string id;
      if (const auto found = take(files); found && !files.is_dead()) {
        id = found->plan.state_id;
        done = 1;
      }
      files.restart(power);
      const auto found = must(take(files));
      CHECK((id.empty() || id == found.plan.state_id));
      CHECK(found.plan.state_id.size() == 32);
      CHECK_FALSE(found.has_started);
      CHECK_FALSE(found.topology->begins_anew);
      CHECK(found.topology->status == cluster::topology_status::stopped);
    }
}

TEST_CASE("a state that is begun is found again, and its own files stay") {
  faulty_file_system files;
  run_once(files, true);
  const auto found = must(take(files));
  CHECK(found.has_started);
  CHECK(found.has_read);
  CHECK(kept_in(files, found) == 1);
  CHECK(must(take(files)).plan.state_id == found.plan.state_id);
  // Another topology of the name: it is told by the plan that does not fit, not here.
  CHECK(must(take(files, clicks("two"))).plan.state_id == found.plan.state_id);
}

TEST_CASE("--fresh that dies at any step leaves the old state whole or the new one") {
  for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after)
    for (const bool power : {false, true}) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      run_once(files, true);
      files.put("/state/dead_letters.jsonl", "{}\n");
      const auto first = must(take(files)).plan.state_id;
      REQUIRE(files.make_folder("/state/state-" + first));
      files.put("/state/state-" + first + "/flight_recorder", "x");
      files.settle();
      files.crash_after(dies_after);
      done = take(files, clicks(), true).has_value() && !files.is_dead();
      files.restart(power);
      const auto found = must(take(files));
      const bool is_old = found.plan.state_id == first;
      CHECK((is_old ? !done : found.topology->begins_anew));
      CHECK(kept_in(files, found) == (is_old ? 1 : 0));
      CHECK(files.contents("/state/dead_letters.jsonl") == "{}\n");
      if (!is_old) {
        CHECK_FALSE(files.list("/state/state-" + first));
        CHECK(found.control.leftovers == std::set<std::string>{"clicks"});
      }
    }
}

TEST_CASE("a state that had read nothing of another topology becomes blank, in whatever step it dies") {
  for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
    INFO("after " << dies_after);
    faulty_file_system files(dies_after);
    run_once(files, false);
    const auto first = must(take(files)).plan.state_id;
    files.crash_after(dies_after);
    done = take(files, clicks("two")).has_value() && !files.is_dead();
    files.restart(true);
    const auto found = must(take(files, clicks("two")));
    CHECK(found.plan.state_id == first);
    CHECK_FALSE(found.has_started);
    CHECK_FALSE(found.topology->begins_anew);
    CHECK(kept_in(files, found) == 0);
    run_once(files, false, clicks("two"));
    CHECK(kept_in(files, must(take(files, clicks("three")))) == 0);
  }
}

TEST_CASE(
    "a folder that has lost its control is damaged, not new, and --fresh has nothing of what was there") {
  enum class harm { no_folder, no_files, all_damaged };
  for (const auto how : {harm::no_folder, harm::no_files, harm::all_damaged}) {
    INFO("harm " << static_cast<int>(how));
    faulty_file_system files;
    run_once(files, true);
    for (const auto& path : files.all_files("/state/control"))
      how == harm::all_damaged ? files.put(path, "damaged") : files.lose_file(path);
    if (how == harm::no_folder)
      REQUIRE(files.remove("/state/control"));
    const auto refused = take(files);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::corrupt);
    CHECK(refused.error().whose == fault::user);
    CHECK_THAT(refused.error().message,
               Contains("/state/control") && Contains("backup") && Contains("--fresh"));
    const auto found = must(take(files, clicks(), true));
    CHECK(found.topology->begins_anew);
    CHECK(kept_in(files, found) == 0);
    CHECK(found.control.leftovers == std::set<std::string>{"clicks"});
    CHECK(must(take(files)).plan.state_id == found.plan.state_id);
  }
}

TEST_CASE("a control that does not know of a later state is told as damaged") {
  faulty_file_system files;
  run_once(files, true);
  const auto before = files.clone();
  must(take(files, clicks(), true));
  run_once(files, true);
  files.settle();
  for (const auto& path : files.all_files("/state/control"))
    files.lose_file(path);
  for (const auto& path : before->all_files("/state/control"))
    files.put(path, before->contents(path));
  const auto refused = take(files);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::corrupt);
  CHECK_THAT(refused.error().message, Contains("has lost its newest records") && Contains("--fresh"));
  CHECK(kept_in(files, must(take(files, clicks(), true))) == 0);
}

TEST_CASE("a state whose chains are gone is told as damaged") {
  faulty_file_system files;
  must(take(files));
  must(take(files));  // nothing has a chain yet
  run_once(files, true);
  for (const auto& path : files.all_files("/state/chains"))
    files.lose_file(path);
  REQUIRE(snapshot::remove_tree(files, "/state/chains"));
  const auto refused = take(files);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::corrupt);
  CHECK_THAT(refused.error().message, Contains("/state/chains/clicks is missing") && Contains("--fresh"));
  must(take(files, clicks(), true));
}

TEST_CASE("one damaged or missing file of control costs nothing") {
  faulty_file_system healthy;
  for (int process = 0; process < 5; ++process) {
    run_once(healthy, true);
    healthy.settle();
    const auto id = must(take(*healthy.clone())).plan.state_id;
    for (const auto& victim : healthy.all_files("/state/control"))
      for (const bool missing : {false, true}) {
        INFO(victim << " missing " << missing << " process " << process);
        const auto files = healthy.clone();
        missing ? files->lose_file(victim) : files->damage(victim);
        for (int again = 0; again < 2; ++again)
          CHECK(must(take(*files)).plan.state_id == id);
      }
  }
}

TEST_CASE("a folder of an earlier build is refused by name, and --fresh begins anew there, in whatever step "
          "it dies") {
  for (const bool power : {false, true})
    for (std::uint64_t dies_after = 1, done = 0; done == 0; ++dies_after) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      for (const auto* folder : {"/state", "/state/control", "/state/state-0123"})
        REQUIRE(files.make_folder(folder));
      files.put("/state/identity.1", "of format 7");
      files.put("/state/control/run-00000000000000000001", "a chain of that time");
      files.put("/state/state-0123/x", "a state");
      files.settle();
      const auto before = files.all_files("/state");
      const auto refused = take(files);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ec::mismatch);
      CHECK_THAT(refused.error().message, Contains("earlier build") && Contains("--fresh"));
      CHECK_FALSE(run_folder::look("/state", files));
      CHECK(files.all_files("/state") == before);
      files.crash_after(dies_after);
      done = take(files, clicks(), true).has_value() && !files.is_dead();
      files.restart(power);
      const auto again = take(files);
      if (!again)
        CHECK((again.error().code == ec::mismatch || again.error().code == ec::corrupt));
      CHECK((again || !done));
      CHECK(must(take(files, clicks(), !again)).plan.state_id.size() == 32);
      CHECK_FALSE(files.list("/state/state-0123"));
    }
}

TEST_CASE("a control of a later build is refused and left alone, also with --fresh") {
  faulty_file_system files;
  must(take(files));
  {
    const auto folder = must(run_folder::open("/state", false, files));
    const auto seen = must(folder->store()->look(node::control_of_cluster()));
    const auto chain =
        must(folder->store()->open_chosen(node::control_of_cluster(), {seen.highest.term + 1, 0}));
    REQUIRE(chain->append("\xff of a later version", true));
  }
  for (const bool fresh : {false, true})
    CHECK(take(files, clicks(), fresh).error().code == ec::unsupported);
}

}  // namespace millrace::host::run_folder_test
