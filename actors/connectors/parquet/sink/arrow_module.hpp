// The border between millrace and libmillrace_parquet.so, which alone has Apache Arrow: the binary loads that module when a topology
// names a parquet sink (loaded_arrow). This header is all of ours that both sides share, and no exception crosses it: columns and
// rows come in Arrow's C data interface, errors go as texts. CMake hashes the header into the name of the module's one function
// (MILLRACE_PARQUET_BORDER), so that a process finds no module of another border when millrace was upgraded below it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ArrowArray;
struct ArrowSchema;

namespace millrace::parquet_module {

/// Takes the bytes of a new file. The caller keeps its own error where it answers false.
class output {
public:
  virtual ~output() = default;
  virtual bool write(std::string_view bytes) = 0;
};

/// Gives the bytes of a file that is there; likewise.
class input {
public:
  virtual ~input() = default;
  virtual std::uint64_t size() = 0;
  virtual bool read(std::uint64_t offset, std::uint64_t length, std::string& bytes) = 0;
};

enum class compression : std::uint8_t { none, snappy, zstd };

/// The reason why a call failed, in Arrow's words; none where it did not.
using failure = std::string;

/// Writes one file. Dropped before its footer, it writes no more.
class writer {
public:
  virtual ~writer() = default;
  /// Takes the rows over, also where it fails.
  virtual failure write(ArrowArray& rows) = 0;
  virtual failure end_row_group() = 0;
  virtual failure write_footer() = 0;
};

/// Each call takes `columns` over, also where it fails.
struct functions {
  /// `to` outlives the writer. No column of a name in `without_dictionary` gets a dictionary.
  failure (*open)(output& to, ArrowSchema& columns, compression packed,
                  const std::vector<std::string>& without_dictionary, std::unique_ptr<writer>& opened);
  /// A line for each column, in the same words as those of a file that was made with these columns.
  failure (*describe)(ArrowSchema& columns, std::vector<std::string>& lines);
  failure (*describe_file)(input& from, std::vector<std::string>& lines);
};

/// The module's one function, of the name in MILLRACE_PARQUET_BORDER.
using border = const functions*();

}  // namespace millrace::parquet_module
