// A folder of a test's own, which goes with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

namespace millrace::remote::test {

class folder {
public:
  folder() : path_(std::filesystem::temp_directory_path() / "millrace-remote-XXXXXX") {
    auto name = path_.string();
    if (::mkdtemp(name.data()) != nullptr)
      path_ = name;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  /// Its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    const auto path = (path_ / name).string();
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

private:
  std::filesystem::path path_;
};

}  // namespace millrace::remote::test
