// A file in memory under a path, for code that reads files by their name.
#pragma once

#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace millrace::fuzz {

class memory_file {
public:
  // A name of its own: what is opened through a link is refused by some of that code.
  memory_file() : fd_(::mkostemp(path_.data(), O_CLOEXEC)) { require(fd_ >= 0, "a file in memory"); }
  ~memory_file() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  /// The same for the life of the file.
  [[nodiscard]] std::string path() const { return path_; }
  void set(std::string_view bytes) {
    require(::ftruncate(fd_, 0) == 0 &&
                ::pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "the file takes its bytes");
  }

  /// One byte, where the file reaches that far.
  void change(std::size_t at, std::uint8_t by) {
    char byte = 0;
    if (::pread(fd_, &byte, 1, static_cast<off_t>(at)) != 1)
      return;
    byte = static_cast<char>(byte ^ by);
    require(::pwrite(fd_, &byte, 1, static_cast<off_t>(at)) == 1, "the file takes a byte");
  }

private:
  std::string path_ = "/dev/shm/millrace-fuzz-XXXXXX";
  int fd_;
};

}  // namespace millrace::fuzz
