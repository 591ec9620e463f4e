// Tests whose a state folder is: its lock, other topologies, folders of others, folders that cannot be
// written.
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
namespace fs = std::filesystem;

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
  store.close();
  open_or_fail({folder, "clicks", false, false});
}

TEST_CASE("a second opener removes nothing while the folder is held, whether it starts over or asks for a "
          "blank one") {
  faulty_file_system files;
  const auto store = open_or_fail(clicks, files);
  REQUIRE(store->put("zone", "x"));
  REQUIRE((*store.open_snapshots("a", 1))->append("capture", false));
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
