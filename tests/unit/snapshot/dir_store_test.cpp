#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace millrace;
using namespace millrace::snapshot;
using test::faulty_file_system;
using test::join;
namespace fs = std::filesystem;

namespace {

/// A folder of the machine's, gone afterwards.
class scratch {
public:
  scratch() {
    auto pattern = (fs::temp_directory_path() / "millrace-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()));
    path_ = pattern;
  }
  ~scratch() { fs::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

std::unique_ptr<state_store> open_or_fail(const open_options& options) {
  auto opened = open_dir_store(options);
  if (!opened)
    FAIL(opened.error().message);
  return std::move(*opened);
}

std::unique_ptr<state_store> open_or_fail(const open_options& options, file_system& files,
                                          base_rule rule = {}) {
  auto opened = open_dir_store(options, files, rule);
  if (!opened)
    FAIL(opened.error().message);
  return std::move(*opened);
}

bool mentions(const error& e, std::string_view part) { return e.message.find(part) != std::string::npos; }

const open_options clicks{"/state", "clicks", false, false};
const open_options clicks_fresh{"/state", "clicks", true, false};

std::string chain_folder(const state_store& store, const std::string& actor) {
  return store.folder() + "/state-" + store.id().state_id + "/snapshots/" + actor;
}

bool is_base(faulty_file_system& files, const std::string& path) {
  record r;
  return decode_record(files.contents(path), "a", r) == reading::whole && r.kind == record_kind::base;
}

/// One bit of a file's record, the first one being 0.
void damage_record(faulty_file_system& files, const std::string& path, std::uint64_t number) {
  auto bytes = files.contents(path);
  std::size_t at = 0;
  for (; number > 0; --number)
    at = bytes.find("MRSNAP", at + 1);
  bytes[at + 20] ^= 4;
  files.put(path, bytes);
}

/// A chain as format 1 had it: each record a file, all but the newest with a copy.
void put_single_records(faulty_file_system& files, const std::string& folder, std::uint64_t count) {
  chain::link tail;
  for (std::uint64_t n = 1; n <= count; ++n) {
    const auto text = std::to_string(n);
    const record r{record_kind::increment, 1, n, 1, tail.sequence, tail.checksum, 0, {}};
    const auto header = seal(r, "a", text);
    tail = {n, header.checksum};
    for (const bool copy : {false, true})
      if (!copy || n < count)
        files.put(folder + "/" + to_file_name({false, copy, n}), std::string(bytes_of(header)) + "a" + text);
  }
}

}  // namespace

TEST_CASE("a state folder is made with its parents and found again") {
  const scratch dir;
  std::string id;
  {
    const auto store = open_or_fail({dir / "a/b/c//", "clicks", false, false});
    id = store->id().state_id;
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(store->folder() == dir / "a/b/c");
    CHECK(store->id().previous_state_id.empty());
    CHECK(!store->id().finished);
    REQUIRE(store->mark_finished());
    CHECK(store->id().finished);
  }
  const auto store = open_or_fail({dir / "a/b/c", "clicks", false, false});
  CHECK(store->id().state_id == id);
  CHECK(store->id().finished);
}

TEST_CASE("a second opener is told who holds the folder, and gets it once that one is gone") {
  const scratch dir;
  const auto folder = dir / "state";
  auto store = open_or_fail({folder, "clicks", false, false});
  const auto second = open_dir_store({folder, "clicks", false, false});
  REQUIRE(!second);
  CHECK(second.error().code == ec::locked);
  CHECK(second.error().whose == fault::user);
  CHECK(mentions(second.error(), "process " + std::to_string(::getpid())));
  CHECK(mentions(second.error(), "--state"));
  store.reset();
  open_or_fail({folder, "clicks", false, false});
}

TEST_CASE("a second opener removes nothing while the folder is held, whether it starts over or asks for a "
          "blank one") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  REQUIRE(store->put("zone", "x"));
  REQUIRE((*store->open_snapshots("a", *store->next_incarnation()))->append("capture", false));
  files.put("/state/identity.1.tmp", "of a write that is under way");
  const auto before = files.all_files("/state");
  CHECK(open_dir_store(clicks, files).error().code == ec::locked);
  CHECK(open_dir_store(clicks_fresh, files).error().code == ec::locked);
  CHECK(open_blank_dir_store(clicks, files).error().code == ec::locked);
  CHECK(files.all_files("/state") == before);
}

TEST_CASE("the lock is free again when its process is killed") {
  const scratch dir;
  const auto folder = dir / "state";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto store = open_dir_store({folder, "clicks", false, false});
    (void)!::write(ready[1], store ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  const auto second = open_dir_store({folder, "clicks", false, false});
  CHECK((!second && second.error().code == ec::locked));
  CHECK(mentions(second.error(), "process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  open_or_fail({folder, "clicks", false, false});
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("another topology's folder is refused, also with --fresh") {
  const scratch dir;
  open_or_fail({dir / "state", "clicks", false, false});
  for (const bool fresh : {false, true}) {
    const auto opened = open_dir_store({dir / "state", "sales", fresh, false});
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::mismatch);
    CHECK(opened.error().whose == fault::user);
    CHECK(mentions(opened.error(), "clicks"));
    CHECK(mentions(opened.error(), "--state"));
  }
}

TEST_CASE("a folder with other things in it is refused and left as it is") {
  const scratch dir;
  fs::create_directory(dir / "home");
  std::ofstream(dir / "home/thesis.txt") << "years of work";
  for (const bool fresh : {false, true}) {
    const auto opened = open_dir_store({dir / "home", "clicks", fresh, false});
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::mismatch);
    CHECK(mentions(opened.error(), "thesis.txt"));
    CHECK(mentions(opened.error(), "--state"));
  }
  CHECK(std::distance(fs::directory_iterator(dir / "home"), {}) == 1);
}

TEST_CASE("a path that is a file, or leads through one, is refused with the way out") {
  const scratch dir;
  std::ofstream(dir / "file") << "x";
  for (const auto* path : {"file", "file/below/it"}) {
    const auto opened = open_dir_store({dir / path, "clicks", false, false});
    REQUIRE(!opened);
    CHECK(opened.error().whose == fault::user);
    CHECK(mentions(opened.error(), "--state"));
  }
  CHECK(open_dir_store({"", "clicks", false, false}).error().code == ec::invalid_argument);
}

TEST_CASE("a folder that may not be written is refused with the way out") {
  if (::getuid() == 0) {
    // root may write anywhere but into the kernel
    const auto opened = open_dir_store({"/proc/millrace", "clicks", false, false});
    CHECK(!opened);
    return;
  }
  const scratch dir;
  fs::create_directory(dir / "closed");
  fs::permissions(dir / "closed", fs::perms::owner_read | fs::perms::owner_exec);
  const auto opened = open_dir_store({dir / "closed", "clicks", false, false});
  REQUIRE(!opened);
  CHECK(opened.error().whose == fault::user);
  CHECK(mentions(opened.error(), "--state"));
}

TEST_CASE("an empty file system's lost+found is no stranger") {
  const scratch dir;
  fs::create_directories(dir / "state/lost+found");
  open_or_fail({dir / "state", "clicks", false, false});
}

TEST_CASE("--fresh gives a new identity, remembers the old one and leaves plain files alone") {
  faulty_file_system files;
  std::string first;
  incarnation life = 0;
  {
    const auto store = open_or_fail(clicks, files);
    first = store->id().state_id;
    life = *store->next_incarnation();
    const auto chain = *store->open_snapshots("counts/0", life);
    REQUIRE(chain->append("old", false));
    REQUIRE((*store->open_journal("counts/0", life))->append({"old"}));
    REQUIRE(store->put("plan", "old"));
    REQUIRE(store->mark_finished());
    files.put("/state/dead_letters.jsonl", "{}\n");
  }
  const auto store = open_or_fail(clicks_fresh, files);
  CHECK(store->id().state_id != first);
  CHECK(store->id().previous_state_id == first);
  CHECK(!store->id().finished);
  CHECK(*store->next_incarnation() > life);
  CHECK(store->get("plan").error().code == ec::not_found);
  const auto next = *store->next_incarnation();
  CHECK((*store->open_snapshots("counts/0", next))->load()->increments.empty());
  CHECK((*store->open_journal("counts/0", next))->load()->empty());
  CHECK(files.contents("/state/dead_letters.jsonl") == "{}\n");
  for (const auto& path : files.all_files("/state"))
    CHECK(path.find(first) == std::string::npos);
}

TEST_CASE("a blank state keeps its id and forgets what was stored under it, in whatever step it dies") {
  const auto fill = [](file_system& files) {
    const auto store = open_or_fail(clicks, files);
    for (const auto* const name : {"starts/parsed", "tried", "zone"})
      REQUIRE(store->put(name, "x"));
    const auto life = store->next_incarnation();
    REQUIRE(life);
    REQUIRE((*store->open_snapshots("counts/0", *life))->append("capture", false));
    return store->id().state_id;
  };
  for (std::uint64_t steps = 0;; ++steps) {
    faulty_file_system files;
    const auto id = fill(files);
    files.crash_after(steps);
    const bool done = open_blank_dir_store(clicks, files).has_value();
    files.restart(false);
    const auto store = open_or_fail(clicks, files);
    CHECK(store->id().state_id == id);
    if (!store->get("tried"))  // removed last
      CHECK_FALSE(store->get("starts/parsed"));
    if (!done)
      continue;
    CHECK_FALSE(store->get("zone"));
    CHECK_FALSE(store->get("tried"));
    CHECK((*store->open_snapshots("counts/0", *store->next_incarnation()))->load()->increments.empty());
    break;
  }
}

TEST_CASE("--fresh that dies at any step leaves the old state whole or the new one") {
  for (std::uint64_t dies_after = 1; dies_after < 80; ++dies_after)
    for (const bool power : {false, true}) {
      INFO("after " << dies_after << ", power lost: " << power);
      faulty_file_system files(dies_after);
      std::string first;
      {
        const auto store = open_or_fail(clicks, files);
        first = store->id().state_id;
        const auto chain = *store->open_snapshots("a", *store->next_incarnation());
        REQUIRE(chain->append("old", false));
        REQUIRE(store->put("plan", "old"));
      }
      files.crash_after(dies_after);
      (void)open_dir_store(clicks_fresh, files);
      files.restart(power);
      const auto store = open_or_fail(clicks, files);
      const bool is_old = store->id().state_id == first;
      if (!is_old)
        CHECK(store->id().previous_state_id == first);
      const auto chain = *store->open_snapshots("a", *store->next_incarnation());
      CHECK(chain->load()->increments.size() == (is_old ? 1 : 0));
      CHECK(store->get("plan").has_value() == is_old);
    }
}

TEST_CASE("incarnation numbers only rise, over restarts too") {
  faulty_file_system files;
  incarnation last = 0;
  for (int process = 0; process < 5; ++process) {
    const auto store = open_or_fail(clicks, files);
    for (int i = 0; i < 100; ++i) {
      const auto next = *store->next_incarnation();
      REQUIRE(next > last);
      last = next;
    }
  }
}

TEST_CASE("both copies of the identity gone or damaged is told, and --fresh is the way out") {
  for (const bool missing : {false, true}) {
    faulty_file_system files(missing);
    {
      const auto store = open_or_fail(clicks, files);
      REQUIRE(store->next_incarnation());
      REQUIRE(store->put("plan", "x"));
    }
    for (const auto* path : {"/state/identity.1", "/state/identity.2"})
      missing ? files.lose_file(path) : files.damage(path);
    const auto opened = open_dir_store(clicks, files);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
    const auto store = open_or_fail(clicks_fresh, files);
    CHECK(*store->next_incarnation() > 1'000'000);
  }
}

TEST_CASE("a state folder of a later format is refused and left alone") {
  faulty_file_system files;
  open_or_fail(clicks, files);
  auto later = files.contents("/state/identity.1");
  stored_value v;
  REQUIRE(decode_value(later, "identity", v) == reading::whole);
  v.payload[0] = 4;
  for (const auto* path : {"/state/identity.1", "/state/identity.2"})
    files.put(path, encode_value("identity", v.payload, 9));
  for (const auto& options : {clicks, clicks_fresh}) {
    const auto opened = open_dir_store(options, files);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::unsupported);
    CHECK(mentions(opened.error(), "later version"));
  }
}

TEST_CASE("a state folder of format 1 is read, and becomes one of format 3 when it is opened for writing") {
  faulty_file_system files;
  const auto version = [&] {
    stored_value v;
    REQUIRE(decode_value(files.contents("/state/identity.2"), "identity", v) == reading::whole);
    return v.payload[0];
  };
  const auto id = open_or_fail(clicks, files)->id().state_id;
  CHECK(version() == 3);
  stored_value v;
  REQUIRE(decode_value(files.contents("/state/identity.1"), "identity", v) == reading::whole);
  v.payload[0] = 1;
  for (const auto* path : {"/state/identity.1", "/state/identity.2"})
    files.put(path, encode_value("identity", v.payload, 9));
  // Then each record was a file of its own.
  const auto folder = "/state/state-" + id + "/snapshots/a";
  REQUIRE(files.make_folder(folder));
  put_single_records(files, folder, 6);
  CHECK(*join(*(*open_or_fail({"/state", "clicks", false, true}, files)->open_snapshots("a", 0))->load()) ==
        "123456");
  CHECK(version() == 1);
  const auto store = open_or_fail(clicks, files);
  CHECK(version() == 3);
  const auto chain = *store->open_snapshots("a", *store->next_incarnation() + 1);
  CHECK(*join(*chain->load()) == "123456");
  REQUIRE(chain->append("7", false));
  CHECK(*chain->compact(join));  // these are too many files
  CHECK(*join(*chain->load()) == "1234567");
}

TEST_CASE("a snapshot file of a later format is refused, not thrown away") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  const auto chain = *store->open_snapshots("a", 1);
  const auto number = *chain->append("x", false);
  REQUIRE(number == 2);
  const auto path = chain_folder(*store, "a") + "/" + run_file(1);
  auto bytes = files.contents(path).substr(0, sizeof(record_header) + 1);
  bytes[8] = 2;  // version
  std::memset(bytes.data() + 16, 0, 8);
  const auto sum = checksum_of({bytes});
  std::memcpy(bytes.data() + 16, &sum, 8);
  files.put(path, bytes);
  files.lose_file(chain_folder(*store, "a") + "/" + run_file(1, run_part::copy));
  CHECK(store->open_snapshots("a", 2).error().code == ec::unsupported);
  CHECK(files.contents(path) == bytes);
}

TEST_CASE("names of any characters and lengths stay apart") {
  faulty_file_system files;
  std::vector<std::string> names{"", "a", "A", "a/b", "a.b", "a%2Fb", "..", "a.1", std::string("\0", 1), "ö"};
  for (const char last : {'x', 'y'})
    names.push_back(std::string(400, 'n') + last);
  const auto store = open_or_fail(clicks, files);
  for (const auto& name : names) {
    REQUIRE(store->put(name, "value of " + name));
    REQUIRE((*store->open_snapshots(name, 1))->append("state of " + name, true));
    REQUIRE((*store->open_journal(name, 1))->append({"decision of " + name}));
  }
  for (const auto& name : names) {
    CHECK(*store->get(name) == "value of " + name);
    CHECK((*store->open_snapshots(name, 2))->load()->increments == std::vector{"state of " + name});
    CHECK(*(*store->open_journal(name, 2))->load() == std::vector{"decision of " + name});
  }
}

TEST_CASE("an append costs one sync of the file, and one of the folder where it begins a file") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files, {0, 6});
  const auto chain = *store->open_snapshots("a", 1);
  const auto syncs_of_append = [&](bool twice) {
    const auto before = files.syncs();
    REQUIRE(chain->append("x", twice));
    return files.syncs() - before;
  };
  for (const bool twice : {false, false, true, false})  // behind the opening record
    CHECK(syncs_of_append(twice) == (twice ? 2 : 1));
  REQUIRE(*chain->compact(join));
  CHECK(syncs_of_append(false) == 2);
  CHECK(syncs_of_append(false) == 1);
  CHECK(syncs_of_append(true) == 3);  // the name of its second copy, too
  CHECK(syncs_of_append(true) == 2);
}

TEST_CASE("increments lie in one file between two bases, however many they are") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  const auto chain = *store->open_snapshots("a", 1);
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(chain->append("x", i % 7 == 0));
    REQUIRE(chain->compact(join));
    most = std::max(most, files.all_files(chain_folder(*store, "a")).size());
  }
  CHECK(most == 7);  // two bases, a file of increments after each, a copy of the newer one, two trim marks
  CHECK(join(*chain->load())->size() == 1000);
}

TEST_CASE("lives that end at once do not pile up files") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  std::size_t most = 0;
  for (incarnation life = 1; life < 50; ++life) {
    const auto chain = *store->open_snapshots("a", life);
    REQUIRE(chain->append("x", false));
    REQUIRE(chain->compact(join));
    most = std::max(most, files.all_files(chain_folder(*store, "a")).size());
  }
  CHECK(most <= 18);
  CHECK(join(*(*store->open_snapshots("a", 50))->load())->size() == 49);
}

TEST_CASE("a large base is not written again for a few hundred small increments") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files, {1000, 20});
  const auto chain = *store->open_snapshots("a", 1);
  REQUIRE(chain->append(std::string(100'000, 'a'), false));
  REQUIRE(*chain->compact(join));
  int compactions = 0;
  for (int i = 0; i < 400; ++i) {
    REQUIRE(chain->append(std::string(50, 'b'), false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 0);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(chain->append(std::string(50, 'b'), false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 1);
  CHECK(join(*chain->load())->size() == 130'000);
}

TEST_CASE("an older life in another process finds the newer one's file, and is fenced") {
  faulty_file_system files;
  REQUIRE(files.make_folder("/a"));
  const auto open = [&](incarnation life) {
    return *open_dir_snapshots(files, "/a", "a", life, std::make_shared<life_fence>());
  };
  const auto older = open(1);
  REQUIRE(older->append("one,", false));
  const auto newer = open(2);
  CHECK(older->append("lost,", false).error().code == ec::fenced);
  REQUIRE(newer->append("two,", false));
  CHECK(older->append("lost,", false).error().code == ec::fenced);
  CHECK(*join(*open(3)->load()) == "one,two,");
}

TEST_CASE("a failed append leaves the chain as it was and the next one goes on") {
  for (unsigned failures = 1; failures < 4; ++failures)
    for (unsigned good = 0; good < 3; ++good)
      for (const bool twice : {false, true}) {
        INFO(failures << " failures after " << good << ", twice: " << twice);
        faulty_file_system files(failures);
        const auto store = open_or_fail(clicks, files);
        const auto chain = *store->open_snapshots("a", 1);
        REQUIRE(chain->append("one,", false));
        REQUIRE(chain->append("and,", true));
        // The file has "one" once, and a second copy of it is due: then there are two appends, or three.
        REQUIRE(chain->append("old,", false));
        files.fail_next(failures, std::min(good, twice ? 2U : 1U));
        REQUIRE(!chain->append("lost,", twice));
        files.fail_next(0);
        REQUIRE(chain->append("two,", twice));
        CHECK(*join(*chain->load()) == "one,and,old,two,");
        {
          const auto again = *store->open_snapshots("a", 2);
          CHECK(*join(*again->load()) == "one,and,old,two,");
        }
        for (const auto& path : files.all_files("/state"))
          CHECK(path.find("tmp") == std::string::npos);
      }
}

TEST_CASE("compaction waits until increments outweigh the base, then keeps one base in reserve") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files, {1000, 200});
  const auto chain = *store->open_snapshots("a", 1);
  REQUIRE(chain->append(std::string(500, 'a'), false));
  CHECK(*chain->compact(join) == false);
  std::string all(500, 'a');
  for (int i = 0; i < 40; ++i) {
    REQUIRE(chain->append(std::string(400, 'b'), i % 5 == 0));
    all.append(400, 'b');
    const auto done = chain->compact(join);
    REQUIRE(done.has_value());
    CHECK(*join(*chain->load()) == all);
  }
  int bases = 0;
  for (const auto& path : files.all_files("/state"))
    bases += is_base(files, path);
  CHECK(bases == 2);
  CHECK(chain->bytes() < 5 * all.size());
  std::uint64_t on_disk = 0;
  for (const auto& path : files.all_files(chain_folder(*store, "a")))
    on_disk += files.contents(path).size();
  CHECK(chain->bytes() == on_disk);
  CHECK(store->bytes() >= on_disk);
}

TEST_CASE("many small increments are compacted for their number") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  const auto chain = *store->open_snapshots("a", 1);
  int compactions = 0;
  for (int i = 0; i < 450; ++i) {
    REQUIRE(chain->append("x", false));
    compactions += *chain->compact(join);
  }
  CHECK(compactions == 2);
  CHECK(join(*chain->load())->size() == 450);
}

TEST_CASE("a merge that fails, or a base that cannot be written, costs nothing") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files, {0, 0});
  const auto chain = *store->open_snapshots("a", 1);
  REQUIRE(chain->append("x", false));
  CHECK(chain->compact([](const auto&) -> expected<std::string> { return our_error("no"); }).error().code ==
        ec::internal);
  files.fail_next(1);
  CHECK(chain->compact(join).error().code == ec::io);
  CHECK(*chain->compact(join));
  CHECK(*join(*chain->load()) == "x");
}

TEST_CASE("every file of a chain may be cut at any byte and one increment is lost at most") {
  faulty_file_system files;
  {
    const auto store = open_or_fail(clicks, files, {40, 3});
    const auto chain = *store->open_snapshots("a", 1);
    for (int i = 0; i < 8; ++i) {
      REQUIRE(chain->append(std::to_string(i), i == 5));
      REQUIRE(chain->compact(join));
    }
  }
  files.settle();
  for (const auto& path : files.all_files("/state")) {
    if (path.find("snapshots") == std::string::npos)
      continue;
    for (std::size_t n = 0; n <= files.contents(path).size(); ++n) {
      INFO(path << " cut at " << n);
      auto copy = files.clone();
      const bool is_whole = n == files.contents(path).size();
      copy->put(path, files.contents(path).substr(0, n));
      const auto store = open_or_fail(clicks, *copy);
      const auto opened = store->open_snapshots("a", *store->next_incarnation());
      REQUIRE(opened.has_value());
      const auto found = *join(*(*opened)->load());
      REQUIRE((found == "01234567" || (!is_whole && found == "0123456")));
    }
  }
}

TEST_CASE("after a damaged base a new one is due at once") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files, {0, 0});
  {
    const auto chain = *store->open_snapshots("a", 1);
    for (const auto* text : {"a", "b", "c"}) {
      REQUIRE(chain->append(text, false));
      REQUIRE(*chain->compact(join));
    }
  }
  std::string newest;
  for (const auto& path : files.all_files("/state"))
    if (is_base(files, path))
      newest = path;
  files.damage(newest);
  const auto copy = files.clone();
  const auto later = open_or_fail(clicks, *copy);  // with the ordinary, far away thresholds
  const auto chain = *later->open_snapshots("a", 2);
  const auto found = *chain->load();
  CHECK(*join(found) == "abc");
  CHECK(found.passed_over == 1);
  CHECK(*chain->compact(join));
  CHECK(!*chain->compact(join));
}

TEST_CASE("of two copies of a value the newer one counts, and opening makes them equal") {
  faulty_file_system files;
  const auto folder = [&] {
    const auto store = open_or_fail(clicks, files);
    REQUIRE(store->put("plan", "old"));
    return "/state/state-" + store->id().state_id + "/values/";
  }();
  for (const auto* newer : {"plan.1", "plan.2"}) {
    auto copy = files.clone();
    copy->put(folder + newer, encode_value("plan", "new", 2));
    CHECK(*open_or_fail(clicks, *copy)->get("plan") == "new");
    CHECK(copy->contents(folder + "plan.1") == copy->contents(folder + "plan.2"));
  }
}

TEST_CASE(
    "a second copy that a full disk cuts short does not look like that of a record that was kept twice") {
  faulty_file_system disk;
  test::interposed_file_system files(disk);
  using answer = test::interposed_file_system::answer;
  REQUIRE(files.make_folder("/a"));
  {
    const auto chain = *open_dir_snapshots(files, "/a", "a", 1, std::make_shared<life_fence>());
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, false));
    files.before = [&](std::string_view operation, const std::string& path) {
      if (operation == "append" && path.ends_with(".copy"))
        REQUIRE(disk.append(path, {"MRS"}, false));
      return operation == "append" || operation == "replace" ? answer::refused : answer::given;
    };
    CHECK_FALSE(chain->append("c", false));
    CHECK_FALSE(chain->append("d", false));
    files.before = [](auto, const auto&) { return answer::given; };
  }
  damage_record(disk, "/a/" + run_file(1), 2);
  const auto opened = open_dir_snapshots(files, "/a", "a", 2, std::make_shared<life_fence>());
  REQUIRE(opened);
  CHECK(*join(*(*opened)->load()) == "a");
}

TEST_CASE("two damaged files are told, never passed over in silence") {
  for (const std::uint64_t victim : {1, 2, 3}) {  // b, c and d may be the newest, and d only has one copy
    faulty_file_system files;
    const auto store = open_or_fail(clicks, files);
    {
      const auto chain = *store->open_snapshots("a", 1);
      for (const auto* text : {"a", "b", "c", "d"})
        REQUIRE(chain->append(text, text[0] == 'c'));
    }
    const auto folder = chain_folder(*store, "a");
    for (const bool copy : {false, true})
      damage_record(files, folder + "/" + run_file(1, copy ? run_part::copy : run_part::original), victim);
    const auto opened = store->open_snapshots("a", 2);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
  }
}

TEST_CASE("a newest record that was kept twice is not passed over when both copies of it are damaged") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  {
    const auto chain = *store->open_snapshots("a", 1);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, text[0] == 'b'));
  }
  for (const bool copy : {false, true})
    damage_record(
        files, chain_folder(*store, "a") + "/" + run_file(1, copy ? run_part::copy : run_part::original), 2);
  const auto opened = store->open_snapshots("a", 2);
  REQUIRE(!opened);
  CHECK(opened.error().code == ec::corrupt);
}

TEST_CASE("a second copy that was not completed does not say that a damaged record was kept twice") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  {
    const auto chain = *store->open_snapshots("a", 1);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, true));
  }
  const auto folder = chain_folder(*store, "a") + "/";
  const auto whole = files.contents(folder + run_file(1));
  const auto begin = whole.rfind("MRSNAP");
  for (auto copied = begin; copied < whole.size(); ++copied)
    for (auto harmed = begin; harmed < whole.size(); ++harmed)
      for (const bool is_cut : {false, true}) {
        INFO("copied up to " << copied << ", damaged at " << harmed << ", cut " << is_cut);
        const auto disk = files.clone();
        auto original = whole;
        if (is_cut)
          original.resize(harmed);
        else
          original[harmed] ^= 4;
        disk->put(folder + run_file(1), original);
        disk->put(folder + run_file(1, run_part::copy), whole.substr(0, copied));
        const auto chain = open_dir_snapshots(*disk, folder, "a", 2, std::make_shared<life_fence>());
        REQUIRE(chain);
        const auto found = *(*chain)->load();
        CHECK(*join(found) == "a");
        CHECK(found.fell_back_to.has_value() == (copied > begin || original.size() > begin));
        REQUIRE((*chain)->append("c", false));
        CHECK(*join(*(*chain)->load()) == "ac");
      }
}

TEST_CASE("a newest record that was kept twice is missed, too, where the original ends before it") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  {
    const auto chain = *store->open_snapshots("a", 1);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, true));
  }
  const auto folder = chain_folder(*store, "a") + "/";
  const auto whole = files.contents(folder + run_file(1));
  const auto begin = whole.rfind("MRSNAP");
  for (auto end = begin; end < whole.size(); ++end)
    for (auto harmed = begin; harmed < whole.size(); ++harmed) {
      INFO("the original is cut at " << end << ", the copy is damaged at " << harmed);
      const auto disk = files.clone();
      disk->put(folder + run_file(1), whole.substr(0, end));
      disk->contents(folder + run_file(1, run_part::copy))[harmed] ^= 4;
      record_header head{};
      std::memcpy(&head, disk->contents(folder + run_file(1, run_part::copy)).data() + begin, sizeof head);
      const auto rest = whole.size() - begin - sizeof head;
      if (head.name_length > rest || head.payload_length > rest)
        continue;  // this damage makes a whole copy look like one that was not completed
      CHECK(open_dir_snapshots(*disk, folder, "a", 2, std::make_shared<life_fence>()).error().code ==
            ec::corrupt);
    }
}

TEST_CASE("a record is read behind a damaged one whose copy is whole") {
  for (const std::size_t victim : {0, 1, 2, 3}) {
    faulty_file_system files;
    const auto store = open_or_fail(clicks, files);
    {
      const auto chain = *store->open_snapshots("a", 1);
      for (const auto* text : {"a", "b", "c", "d"})
        REQUIRE(chain->append(text, false));
    }
    const auto original = chain_folder(*store, "a") + "/" + run_file(1);
    damage_record(files, original, victim);
    const auto found = *(*store->open_snapshots("a", 2))->load();
    CHECK(*join(found) == "abcd");
    CHECK(found.passed_over == 1);
    CHECK_FALSE(found.fell_back_to);
    files.damage(chain_folder(*store, "a") + "/" + run_file(1, run_part::sealed));  // the original is mended
    CHECK(*join(*(*store->open_snapshots("a", 3))->load()) == "abcd");
  }
}

TEST_CASE("an append that was cut short at any byte is passed over, and the next life goes on") {
  for (const bool twice : {false, true}) {
    faulty_file_system files;
    const auto store = open_or_fail(clicks, files);
    {
      const auto chain = *store->open_snapshots("a", 1);
      for (const auto* text : {"a", "b"})
        REQUIRE(chain->append(text, twice));
    }
    const auto original = chain_folder(*store, "a") + "/" + run_file(1);
    const auto whole = files.contents(original);
    const auto end = whole.rfind("MRSNAP");
    for (auto cut = end; cut < whole.size(); ++cut) {
      INFO("cut at " << cut << ", twice " << twice);
      const auto copy = files.clone();
      copy->put(original, whole.substr(0, cut));
      const auto again = open_or_fail(clicks, *copy);
      {
        const auto chain = *again->open_snapshots("a", 2);
        const auto found = *chain->load();
        CHECK(*join(found) == (twice ? "ab" : "a"));
        CHECK(found.fell_back_to.has_value() == (cut > end || twice));
        REQUIRE(chain->append("c", false));
      }
      CHECK(*join(*(*again->open_snapshots("a", 3))->load()) == (twice ? "abc" : "ac"));
    }
  }
}

TEST_CASE(
    "a damaged newest record behind missing ones is told, not passed over: that would go back behind those") {
  for (const std::uint64_t first_missing : {1, 2, 3}) {
    faulty_file_system files;
    const auto store = open_or_fail(clicks, files);
    const auto folder = chain_folder(*store, "a");
    REQUIRE(files.make_folder(folder));
    put_single_records(files, folder, 4);
    for (auto number = first_missing; number < 4; ++number)
      for (const bool copy : {false, true})
        REQUIRE(files.remove(folder + "/" + to_file_name({false, copy, number})));
    files.damage(folder + "/" + to_file_name({false, false, 4}));
    const auto damaged = files.contents(folder + "/" + to_file_name({false, false, 4}));
    const auto opened = store->open_snapshots("a", 2);
    REQUIRE(!opened);
    CHECK(opened.error().code == ec::corrupt);
    CHECK(mentions(opened.error(), "--fresh"));
    CHECK(files.contents(folder + "/" + to_file_name({false, false, 4})) == damaged);  // as it was found
  }
}

TEST_CASE("files of format 1 become runs whatever their number is: a place behind them can be taken") {
  for (const std::uint64_t number : {0, 1}) {
    faulty_file_system files;
    REQUIRE(files.make_folder("/a"));
    const auto header = seal({record_kind::increment, 1, number, 1, 0, 0, 0, {}}, "a", "x");
    files.put("/a/" + to_file_name({false, false, number}), std::string(bytes_of(header)) + "ax");
    const auto opened = open_dir_snapshots(files, "/a", "a", 2, std::make_shared<life_fence>());
    CHECK((opened || opened.error().code == ec::corrupt));
  }
}

TEST_CASE("a fall back says to which record") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  {
    const auto chain = *store->open_snapshots("a", 1);
    CHECK_FALSE((*chain->load()).fell_back_to);
    for (const auto* text : {"a", "b"})
      REQUIRE(chain->append(text, false));
  }
  const auto original = chain_folder(*store, "a") + "/" + run_file(1);
  damage_record(files, original, 2);
  const auto found = *(*store->open_snapshots("a", 2))->load();
  CHECK(found.fell_back_to == 2U);
  CHECK(found.passed_over == 1);
  CHECK(found.increments == std::vector<std::string>{"a"});
  damage_record(files, original, 1);  // it has a copy
  const auto repaired = *(*store->open_snapshots("a", 3))->load();
  CHECK_FALSE(repaired.fell_back_to);
  CHECK(repaired.passed_over == 1);
}

TEST_CASE("a newest file that is gone or empty is told as a fall back: its copy lags by a record") {
  for (const bool is_gone : {true, false}) {
    faulty_file_system files;
    const auto store = open_or_fail(clicks, files);
    {
      const auto chain = *store->open_snapshots("a", 1);
      for (const auto* text : {"a", "b", "c"})
        REQUIRE(chain->append(text, false));
    }
    const auto original = chain_folder(*store, "a") + "/" + run_file(1);
    if (is_gone)
      files.lose_file(original);
    else
      files.put(original, "");
    const auto found = *(*store->open_snapshots("a", 2))->load();
    CHECK(*join(found) == "ab");
    CHECK(found.fell_back_to == 3U);
    CHECK_FALSE((*store->open_snapshots("a", 3))->load()->fell_back_to);
  }
}

TEST_CASE("a record of another actor or number is damage") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  {
    const auto a = *store->open_snapshots("a", 1);
    const auto b = *store->open_snapshots("b", 1);
    REQUIRE(a->append("of a", false));
    REQUIRE(b->append("of b", false));
  }
  const auto name = "/" + run_file(1);
  files.put(chain_folder(*store, "a") + name, files.contents(chain_folder(*store, "b") + name));
  const auto chain = *(*store->open_snapshots("a", 2))->load();
  CHECK(chain.increments.empty());
  CHECK(chain.passed_over == 1);
}

TEST_CASE("an older incarnation is fenced, also by a later process") {
  faulty_file_system files;
  {
    const auto store = open_or_fail(clicks, files);
    const auto old_life = *store->open_snapshots("a", 5);
    const auto old_journal = *store->open_journal("a", 5);
    REQUIRE(store->open_snapshots("a", 6));
    REQUIRE(store->open_journal("a", 6));
    CHECK(old_life->append("x", false).error().code == ec::fenced);
    CHECK(old_life->load().has_value());  // what it read when it opened
    CHECK(old_life->load().error().code == ec::fenced);
    CHECK(old_journal->append({"x"}).error().code == ec::fenced);
    CHECK(old_journal->load().error().code == ec::fenced);
    CHECK(store->open_snapshots("a", 5).error().code == ec::fenced);
  }
  const auto store = open_or_fail(clicks, files);
  CHECK(store->open_snapshots("a", 5).error().code == ec::fenced);
  CHECK(store->open_journal("a", 5).error().code == ec::fenced);
  CHECK(store->open_snapshots("a", 7).has_value());
}

TEST_CASE("a journal's torn end is cut and its copies are made equal from the longer") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  const auto stem = store->folder() + "/state-" + store->id().state_id + "/journals/a";
  REQUIRE((*store->open_journal("a", 1))->append({"one", "two"}));
  const auto whole = files.contents(stem + ".2");
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    INFO("cut at " << n);
    files.put(stem + ".1", whole.substr(0, n));
    files.put(stem + ".2", whole);
    CHECK(*(*store->open_journal("a", 1))->load() == std::vector<std::string>{"one", "two"});
    CHECK(files.contents(stem + ".1") == files.contents(stem + ".2"));
  }
  for (std::size_t n = 0; n <= whole.size(); ++n) {  // both torn
    INFO("both cut at " << n);
    files.put(stem + ".1", whole.substr(0, n));
    files.put(stem + ".2", whole.substr(0, n));
    const auto opened = store->open_journal("a", 1);
    if (n < sizeof(journal_header) + 1) {
      CHECK(opened.error().code == ec::corrupt);
      continue;
    }
    const std::size_t entry = sizeof(journal_entry_header) + 3;
    CHECK((*opened)->load()->size() == (n - sizeof(journal_header) - 1) / entry);
  }
}

TEST_CASE("reading only takes no lock, writes nothing and refuses to") {
  faulty_file_system files;
  CHECK(open_dir_store({"/state", "clicks", false, true}, files).error().code == ec::not_found);
  const auto store = open_or_fail(clicks, files);
  REQUIRE(store->put("plan", "x"));
  const auto chain = *store->open_snapshots("a", 1);
  REQUIRE(chain->append("x", false));
  const auto before = files.operations();
  const auto reader = open_or_fail({"/state", "clicks", false, true}, files);
  CHECK(reader->id().state_id == store->id().state_id);
  CHECK(*reader->get("plan") == "x");
  CHECK(*join(*(*reader->open_snapshots("a", 0))->load()) == "x");
  CHECK((*reader->open_journal("a", 0))->load()->empty());
  CHECK(!reader->put("plan", "y"));
  CHECK(!reader->next_incarnation());
  CHECK(!reader->mark_finished());
  CHECK(!(*reader->open_snapshots("a", 0))->append("y", false));
  CHECK(!(*reader->open_journal("a", 0))->append({"y"}));
  CHECK(files.operations() == before);
}

TEST_CASE("32 actors write at the same time") {
  const scratch dir;
  const open_options options{dir / "state", "clicks", false, false};
  constexpr int actors = 32, rounds = 12;
  {
    const auto store = open_dir_store(options, posix_file_system(), {100, 5});
    REQUIRE(store.has_value());
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int a = 0; a < actors; ++a)
      threads.emplace_back([&, a] {
        const auto name = "counts/" + std::to_string(a);
        const auto life = *(*store)->next_incarnation();
        auto chain = (*store)->open_snapshots(name, life);
        auto log = (*store)->open_journal(name, life);
        if (!chain || !log) {
          ++failures;
          return;
        }
        for (int i = 0; i < rounds; ++i)
          if (!(*chain)->append(std::to_string(i) + ",", i % 4 == 0) || !(*chain)->compact(join) ||
              !(*log)->append({std::to_string(i)}) || !(*store)->put(name, std::to_string(i)))
            ++failures;
        (void)(*store)->bytes();
      });
    for (auto& t : threads)
      t.join();
    REQUIRE(failures == 0);
  }
  const auto store = open_or_fail(options);
  for (int a = 0; a < actors; ++a) {
    const auto name = "counts/" + std::to_string(a);
    const auto life = *store->next_incarnation();
    CHECK(*join(*(*store->open_snapshots(name, life))->load()) == "0,1,2,3,4,5,6,7,8,9,10,11,");
    CHECK((*store->open_journal(name, life))->load()->size() == rounds);
    CHECK(*store->get(name) == "11");
  }
}
