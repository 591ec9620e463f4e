// The lines of a file, plain or gzip, one after another with bounded memory; from the beginning again when
// asked to.
#pragma once

#include "runtime/base/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::load {

class line_file {
public:
  /// ec::not_found names a missing file.
  [[nodiscard]] static expected<line_file> open(const std::string& path);

  /// The next line that is not blank, without its line end, valid until the next call; nothing at the end.
  [[nodiscard]] expected<std::optional<std::string_view>> next();
  [[nodiscard]] expected<void> rewind();

private:
  struct close {
    void operator()(void* file) const;
  };
  line_file(std::string path, void* file) : path_(std::move(path)), file_(file) {}
  [[nodiscard]] expected<bool> fill();

  std::string path_;
  std::unique_ptr<void, close> file_;  // gzFile
  std::string buffer_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace millrace::load
