#include "runtime/base/trusted_library.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace millrace;
namespace fs = std::filesystem;

namespace {

/// A library, as far as its place goes, in folders that are its user's alone.
struct library {
  fs::path folder =
      fs::canonical(fs::temp_directory_path()) / ("trusted-library-" + std::to_string(getpid()));
  fs::path inner = folder / "inner";
  fs::path file = inner / "libx.so";
  library() {
    fs::remove_all(folder);
    fs::create_directories(inner);
    std::ofstream(file) << "x";
    for (const auto& place : {folder, inner, file})
      ::chmod(place.c_str(), 0755);
  }
  ~library() { fs::remove_all(folder); }
};

std::string refusal(const fs::path& path) {
  const auto judged = trusted_library(path.string());
  return judged ? "" : judged.error().message;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a library of this user's own is loaded, by its own path") {
  const library l;
  CHECK(trusted_library(l.file.string()).value() == l.file.string());
  fs::create_symlink(l.file, l.folder / "link.so");
  CHECK(trusted_library((l.folder / "link.so").string()).value() == l.file.string());
  CHECK(trusted_library((l.inner / ".." / "inner" / "libx.so").string()).value() == l.file.string());
  CHECK(trusted_library("/nowhere/libx.so").error().code == ec::not_found);
  CHECK(holds(refusal(l.inner), "it is not a regular file"));
}

TEST_CASE("a library that others may change is refused, also by way of a folder or a link") {
  const library l;
  for (const auto& place : {l.file, l.inner, l.folder}) {
    ::chmod(place.c_str(), 0777);
    CHECK(trusted_library(l.file.string()).error().code == ec::refused);
    const auto shown = place == l.file ? std::string("it") : place.string();
    CHECK(holds(refusal(l.file), l.file.string() + " is not loaded: " + shown + " belongs to "));
    CHECK(holds(refusal(l.file), "others may write to it (mode 0777)"));
    CHECK(holds(refusal(l.file), "remedy: chmod go-w " + place.string()));
    const auto link = l.folder / "link.so";
    fs::create_symlink(l.file, link);
    CHECK(holds(refusal(link), "is not loaded"));
    fs::remove(link);
    ::chmod(place.c_str(), 0755);
  }
  CHECK(refusal(l.file).empty());
  // The sticky bit keeps others from exchanging it in root's folder, and in nobody else's.
  ::chmod(l.inner.c_str(), 01777);
  CHECK(refusal(l.file).empty() == (::geteuid() == 0));
}

TEST_CASE("another user's library or folder is refused, for root as well") {
  const library l;
  constexpr uid_t other = 65'534;
  if (::geteuid() != 0)
    return;
  for (const auto& place : {l.file, l.inner, l.folder}) {
    REQUIRE(::chown(place.c_str(), other, 0) == 0);
    const auto shown = place == l.file ? std::string("it") : place.string();
    CHECK(holds(refusal(l.file), "is not loaded: " + shown + " belongs to "));
    CHECK(holds(refusal(l.file), "remedy: a copy of your own, or another HOME"));
    REQUIRE(::chown(place.c_str(), 0, 0) == 0);
  }
}

TEST_CASE("who may exchange the binary may exchange its libraries") {
  const library l;
  const auto binary = l.folder / "binary";
  std::ofstream(binary) << "x";
  const auto is_loaded = [&] { return trusted_library(l.file.string(), binary.string()).has_value(); };
  ::chmod(l.folder.c_str(), 0777);  // the binary lies in it, too
  CHECK(is_loaded());
  ::chmod(l.inner.c_str(), 0777);
  CHECK_FALSE(is_loaded());
  ::chmod(l.inner.c_str(), 0755);
  if (::geteuid() != 0)
    return;
  constexpr uid_t other = 65'534;
  REQUIRE(::chown(l.inner.c_str(), other, 0) == 0);
  CHECK_FALSE(is_loaded());
  REQUIRE(::chown(binary.c_str(), other, 0) == 0);
  CHECK(is_loaded());
}

TEST_CASE("a bare name is looked for where dlopen() looks first") {
  const library l;
  CHECK(library_in({l.folder.string(), l.inner.string()}, "libx.so") == l.file.string());
  CHECK(library_in({l.folder.string()}, "libx.so") == "libx.so");
}
