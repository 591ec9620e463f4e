#include "runtime/base/guarded_file.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace millrace;
using test::contents;
using test::mode_of;
using test::scratch;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

class handle {
public:
  handle(const std::string& path, int flags, const file_rule& rule = private_file)
      : file(open_guarded(path, flags, rule)) {}
  ~handle() {
    if (file.fd >= 0)
      ::close(file.fd);
  }
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  guarded_file file;
};

}  // namespace

TEST_CASE("a link is refused and what it leads to stays, whatever the flags are") {
  const scratch s;
  const auto victim = s.write("victim", "precious");
  fs::create_symlink(victim, s / "link");
  fs::create_symlink(s / "nothing", s / "dangling");
  for (const int flags : {O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC})
    for (const auto* name : {"link", "dangling"}) {
      const handle h(s / name, flags);
      CHECK(h.file.fd == -1);
      CHECK(h.file.refusal == file_refusal::link);
    }
  CHECK(contents(victim) == "precious");
  CHECK_FALSE(fs::exists(s / "nothing"));
  CHECK(refusal_at(s / "link", data_file_rule) == file_refusal::link);
}

TEST_CASE("a named pipe, a folder and a device are refused at once") {
  const scratch s;
  REQUIRE(::mkfifo((s / "pipe").c_str(), 0600) == 0);
  fs::create_directory(s / "folder");
  for (const int flags : {O_RDONLY, O_WRONLY | O_CREAT, O_RDWR | O_CREAT})
    CHECK(handle(s / "pipe", flags).file.refusal == file_refusal::no_file);
  CHECK(handle(s / "folder", O_RDONLY).file.refusal == file_refusal::no_file);
  CHECK(handle("/dev/null", O_RDWR).file.refusal == file_refusal::no_file);
  CHECK(refusal_at(s / "pipe", private_file) == file_refusal::no_file);
}

TEST_CASE("a private file is this user's alone, whatever the umask is, and an older one becomes so") {
  const scratch s;
  const auto before = ::umask(0);
  const handle made(s / "made", O_RDWR | O_CREAT);
  const handle shown(s / "shown", O_RDWR | O_CREAT, data_file_rule);
  ::umask(before);
  CHECK(mode_of(s / "made") == 0600);
  CHECK(mode_of(s / "shown") == 0644);
  s.write("old", "state");
  REQUIRE(::chmod((s / "old").c_str(), 0664) == 0);
  const handle read(s / "old", O_RDONLY);
  CHECK(mode_of(s / "old") == 0664);
  const handle written(s / "old", O_RDWR);
  CHECK(mode_of(s / "old") == 0600);
}

TEST_CASE("another user's file is never private, and no data file where everybody may lay one") {
  if (::geteuid() != 0)
    return;  // only root can make one
  const scratch s;
  const auto path = s.write("theirs", "precious");
  REQUIRE(::chown(path.c_str(), nobody, nobody) == 0);
  CHECK(handle(path, O_WRONLY | O_CREAT | O_TRUNC).file.refusal == file_refusal::other_owner);
  CHECK(contents(path) == "precious");
  CHECK(handle(path, O_RDONLY).file.refusal == file_refusal::other_owner);
  CHECK(handle(path, O_RDONLY, data_file_rule).file.fd >= 0);
  CHECK(handle(path, O_RDWR, data_file_rule).file.fd >= 0);  // a folder of ours: somebody's with our consent
  REQUIRE(::chmod((s / ".").c_str(), 01777) == 0);
  CHECK(handle(path, O_RDWR, data_file_rule).file.refusal == file_refusal::other_owner);
  CHECK(refusal_at(path, data_file_rule) == file_refusal::other_owner);
}

TEST_CASE("what is missing and what is there already are the system's errors") {
  const scratch s;
  CHECK(handle(s / "missing", O_RDONLY).file.error == ENOENT);
  s.write("there", "");
  CHECK(handle(s / "there", O_RDWR | O_CREAT | O_EXCL).file.error == EEXIST);
  CHECK(handle(s / "there/below", O_RDONLY).file.error == ENOTDIR);
  CHECK(refusal_at(s / "missing", private_file) == file_refusal::none);
}

TEST_CASE("a file with secrets is read whole where it is its user's alone") {
  const scratch s;
  const auto path = s.write("secret", std::string(9'000, 'x'));
  ::chmod(path.c_str(), 0600);
  CHECK(read_secret_file(path, 9'000).value() == std::string(9'000, 'x'));
  CHECK_THAT(read_secret_file(path, 8'999).error().message, Catch::Contains("more than 8999 bytes"));
  ::chmod(path.c_str(), 0640);
  CHECK_THAT(read_secret_file(path, 9'000).error().message, Catch::Contains("chmod 600 " + path));
  CHECK(read_secret_file(s / "missing", 10).error().code == ec::not_found);
  fs::create_symlink(path, s / "link");
  CHECK_THAT(read_secret_file(s / "link", 9'000).error().message, Catch::Contains("symbolic link"));
}
