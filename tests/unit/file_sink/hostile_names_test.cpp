// Names beside and of a file sink's target that somebody else has laid before: nothing that they lead to is
// written to, and nothing is waited for.
#include "actors/stream/sink/files/side_file.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

#include <fstream>
#include <sys/stat.h>

namespace millrace::sink {
namespace {

std::string written(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  return path.string();
}
mode_t mode_of(const std::filesystem::path& path) {
  struct stat s {};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  return s.st_mode & 07777U;
}

error refusal(const std::unique_ptr<writer>& w) {
  const auto opened = w->open(life(1));
  REQUIRE_FALSE(opened);
  return opened.error();
}

}  // namespace

TEST_CASE("A link at the hidden side file's name is refused, and its target stays") {
  const temp_folder folder;
  written(folder / "victim", "precious");
  std::filesystem::create_symlink(folder / "victim", folder / ".millrace-out.jsonl");
  const auto e = refusal(file_writer(folder / "out.jsonl"));
  CHECK_THAT(e.message, Catch::Contains("symbolic link"));
  CHECK(e.whose == fault::user);
  CHECK(content(folder / "victim") == "precious");
  CHECK_FALSE(std::filesystem::exists(folder / "out.jsonl"));
}

TEST_CASE("A file at the side file's name that is neither empty nor ours stays as it is") {
  const temp_folder folder;
  for (const auto& text : {std::string("precious"), std::string(5000, 'x'), std::string(4095, '\0'),
                           std::string(4095, '\0') + "x"}) {
    const auto side = written(folder / ".millrace-out.jsonl", text);
    CHECK_THAT(refusal(file_writer(folder / "out.jsonl")).message, Catch::Contains("not a progress file"));
    CHECK(content(side) == text);
  }
}

TEST_CASE("A side file whose making was cut short is taken over") {
  const temp_folder folder;
  for (const auto& text : {std::string(), std::string(4096, '\0')}) {
    written(folder / ".millrace-out.jsonl", text);
    CHECK(file_writer(folder / "out.jsonl")->open(life(1)));
    std::filesystem::remove(folder / ".millrace-out.jsonl");
  }
}

TEST_CASE("A link at the data path is refused, also where the file is to be emptied") {
  const temp_folder folder;
  written(folder / "victim", "precious");
  std::filesystem::create_symlink(folder / "victim", folder / "out.jsonl");
  for (const auto* at_start : {"append", "empty"}) {
    auto o = file_options(folder / "out.jsonl");
    o.set("at_start", std::string(at_start), {});
    const auto e = refusal(make_file_writer(o, numbers()).value());
    CHECK_THAT(e.message, Catch::Contains("symbolic link") && Catch::Contains("the path that it leads to"));
    CHECK(content(folder / "victim") == "precious");
  }
}

TEST_CASE("A data file that becomes a link while rows are written takes none of them") {
  const temp_folder folder;
  written(folder / "victim", "precious");
  auto w = opened(folder / "out.jsonl");
  std::filesystem::remove(folder / "out.jsonl");
  std::filesystem::create_symlink(folder / "victim", folder / "out.jsonl");
  CHECK_FALSE((w->write(numbered_rows(0, 3)) && w->commit(at(1))));
  CHECK(content(folder / "victim") == "precious");
}

TEST_CASE("A named pipe at either name is refused without waiting") {
  const temp_folder folder;
  REQUIRE(::mkfifo((folder / ".millrace-a").c_str(), 0600) == 0);
  CHECK_THAT(refusal(file_writer(folder / "a")).message, Catch::Contains("not a regular file"));
  REQUIRE(::mkfifo((folder / "b").c_str(), 0600) == 0);
  CHECK_THAT(refusal(file_writer(folder / "b")).message, Catch::Contains("not a regular file"));
}

TEST_CASE("Dead letters and side files are this user's alone, rows as the umask says") {
  const temp_folder folder;
  const auto before = ::umask(0);
  REQUIRE(file_writer(folder / "out.jsonl")->open(life(1)));
  REQUIRE(make_dead_letter_writer(folder / "dead.jsonl", numbers(), {})->open(life(1)));
  ::umask(before);
  CHECK(mode_of(folder / "out.jsonl") == 0644);
  CHECK(mode_of(folder / ".millrace-out.jsonl") == 0600);
  CHECK(mode_of(folder / "dead.jsonl") == 0600);
  CHECK(mode_of(folder / ".millrace-dead.jsonl") == 0600);
}

}  // namespace millrace::sink
