// The main of a fuzz target in a build without libFuzzer: runs the kept inputs once each, and changes none. A statement that does not
// hold ends the process, after a line that names the input.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

namespace fs = std::filesystem;

std::string under_way;  // the path of the input that runs, with a line's end

/// Names the input, and dies of the signal all the same. Calls what POSIX allows in a handler.
void name_input(int signal) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, under_way.data(), under_way.size());
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Returns the files of these folders, in the order of their paths. A folder that is not there ends the process with 2.
std::vector<fs::path> files_of(int count, char** folders) {
  std::vector<fs::path> files;
  for (int i = 1; i < count; ++i) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folders[i], failed))
      files.push_back(entry.path());
    if (failed) {
      std::fprintf(stderr, "%s: %s\n", folders[i], failed.message().c_str());
      std::exit(2);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER...   runs each file of the folders as one input\n", argv[0]);
    return 2;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, name_input);
  const auto files = files_of(argc, argv);
  if (LLVMFuzzerInitialize != nullptr)
    LLVMFuzzerInitialize(&argc, &argv);
  for (const auto& file : files) {
    under_way = file.string() + " is the input\n";
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs\n", files.size());
  return 0;
}
