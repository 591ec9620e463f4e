// A folder of a test's own, which goes with it.
#pragma once

#include "tests/support/scratch.hpp"

#include <string>
#include <sys/stat.h>

namespace millrace::remote::test {

class folder {
public:
  [[nodiscard]] std::string path() const { return own_.path().string(); }
  /// Its path.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    const auto path = own_.write(name, text);
    ::chmod(path.c_str(), mode);
    return path;
  }

private:
  millrace::test::scratch own_;
};

}  // namespace millrace::remote::test
