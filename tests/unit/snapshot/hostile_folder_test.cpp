// State folders that somebody else has prepared, and state files that cannot be: refused with one message,
// and nothing is written, waited for or read whole.
#include "runtime/snapshot/size_limits.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
using Catch::Contains;
using millrace::test::contents;
using millrace::test::mode_of;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

std::string refusal(const std::string& folder) {
  const auto opened = open_dir_store({folder, "clicks", false, false});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().whose != fault::ours);
  return opened.error().message;
}

/// A folder with a state of one value and one snapshot.
void make_state(const std::string& folder) {
  const auto store = open_or_fail({folder, "clicks", false, false});
  REQUIRE(store->put("plan", "x"));
  REQUIRE((*store.open_snapshots("counts/1", 1))->append("one", true));
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& e : fs::recursive_directory_iterator(folder))
    if (e.is_regular_file())
      out.push_back(e.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("a state folder and all in it is its user's alone, whatever the umask is") {
  const scratch s;
  const auto before = ::umask(0);
  make_state(s / "a/state");
  ::umask(before);
  CHECK(mode_of(s / "a") == 0700);
  CHECK(mode_of(s / "a/state") == 0700);
  int files = 0;
  for (const auto& e : fs::recursive_directory_iterator(s / "a/state")) {
    INFO(e.path());
    CHECK(mode_of(e.path().string()) == (e.is_directory() ? 0700 : 0600));
    ++files;
  }
  CHECK(files > 6);
}

TEST_CASE("a state folder that is open to others is closed when it is opened for writing") {
  const scratch s;
  make_state(s / "state");
  REQUIRE(::chmod((s / "state").c_str(), 0755) == 0);
  REQUIRE(open_dir_store({s / "state", "clicks", false, true}));
  CHECK(mode_of(s / "state") == 0755);
  REQUIRE(open_dir_store({s / "state", "clicks", false, false}));
  CHECK(mode_of(s / "state") == 0700);
}

TEST_CASE("a link in a prepared state folder is not followed, wherever it lies") {
  const scratch s;
  s.write("victim", "precious");
  for (const std::string name : {"lock", "identity.1.tmp", "identity.1"}) {
    const auto folder = s / ("state of " + name);
    fs::create_directory(folder);
    fs::create_symlink(s / "victim", folder + "/" + name);
    CHECK_THAT(refusal(folder), Contains("symbolic link") && Contains(name) && Contains("--state"));
    CHECK(contents(s / "victim") == "precious");
  }
  make_state(s / "state");
  fs::create_directory(s / "elsewhere");
  for (const auto& file : files_below(s / "state")) {
    fs::rename(file, file + ".aside");
    fs::create_symlink(s / "victim", file);
    CHECK_THAT(refusal(s / "state"), Contains("symbolic link"));
    fs::remove(file);
    fs::rename(file + ".aside", file);
  }
  CHECK(contents(s / "victim") == "precious");
  const auto deep = fs::path(files_below(s / "state").front()).parent_path().string() + "/segments";
  fs::create_symlink(s / "elsewhere", deep);
  CHECK_THAT(refusal(s / "state"), Contains("symbolic link"));
  fs::remove(deep);
  CHECK(open_dir_store({s / "state", "clicks", false, false}));
}

TEST_CASE("a state folder may be reached by a link of its user's") {
  const scratch s;
  make_state(s / "state");
  fs::create_symlink(s / "state", s / "link");
  CHECK(open_dir_store({s / "link", "clicks", false, false}));
}

TEST_CASE("another user's state folder, or file in it, is refused") {
  if (::geteuid() != 0)
    return;  // only root can make them
  const scratch s;
  make_state(s / "state");
  const auto file = files_below(s / "state").front();
  REQUIRE(::chown(file.c_str(), nobody, nobody) == 0);
  CHECK_THAT(refusal(s / "state"), Contains("belongs to another user"));
  REQUIRE(::chown(file.c_str(), 0, 0) == 0);
  REQUIRE(::chown((s / "state").c_str(), nobody, nobody) == 0);
  CHECK_THAT(refusal(s / "state"), Contains("belongs to another user"));
}

TEST_CASE("a folder of a node's own is closed to others, and another user's is refused") {
  const scratch s;
  auto& files = posix_file_system();
  const auto before = ::umask(0);
  REQUIRE(make_own_folder(files, s / "a/node"));
  ::umask(before);
  CHECK(mode_of(s / "a") == 0700);
  CHECK(mode_of(s / "a/node") == 0700);
  REQUIRE(::chmod((s / "a/node").c_str(), 0755) == 0);
  REQUIRE(make_own_folder(files, s / "a/node"));
  CHECK(mode_of(s / "a/node") == 0700);
  if (::geteuid() != 0)
    return;  // only root can give it away
  REQUIRE(::chown((s / "a/node").c_str(), nobody, nobody) == 0);
  CHECK_THAT(make_own_folder(files, s / "a/node").error().message, Contains("belongs to another user"));
}

TEST_CASE("a named pipe in a state folder is refused without waiting") {
  const scratch s;
  fs::create_directory(s / "state");
  REQUIRE(::mkfifo((s / "state/lock").c_str(), 0600) == 0);
  CHECK_THAT(refusal(s / "state"), Contains("no regular file"));
}

TEST_CASE("state files of an absurd size are told as damage and not read") {
  const scratch s;
  constexpr std::uintmax_t absurd = 100'000'000'000;
  make_state(s / "counted");
  const auto count = files_below(s / "counted").size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto folder = s / "state" + std::to_string(i);
    make_state(folder);
    const auto file = files_below(folder)[i];
    INFO(file);
    if (file.ends_with("/lock"))
      continue;
    fs::resize_file(file, absurd);
    const auto read = read_at_most(posix_file_system(), file, largest_chain_file);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ec::corrupt);
    CHECK_THAT(read.error().message, Contains("MiB"));
    // Values are mended, one copy from the other; a newest increment is passed over.
    const auto opened = open_or_fail({folder, "clicks", false, false});
    CHECK(opened->get("plan") == "x");
    const auto chain = opened.open_snapshots("counts/1", 2);
    CHECK((chain ? "" : chain.error().message) == "");
  }
  make_state(s / "both");
  for (const auto& file : files_below(s / "both/control"))
    fs::resize_file(file, absurd);
  CHECK_THAT(refusal(s / "both"), Contains("damaged"));
}
