// Reads a model's file: ours (docs/model.md), or XGBoost's own JSON with the names of its features. The
// outcome for any bytes is a model that is safe to apply, or one message that says what is wrong.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/model/model.hpp"

namespace millrace::model {

/// A file beyond this is refused before it is read.
inline constexpr std::uint64_t most_bytes = 100'000'000;
/// The version of the file that is written, and the only one that is read.
inline constexpr std::int64_t file_version = 1;

/// Pure.
[[nodiscard]] expected<model> parse_model(std::string_view bytes);

/// Reads the file, or what stands in the place of its name (data/carried_file.hpp); messages begin with the name.
[[nodiscard]] expected<model> read_model(const std::string& file);
/// The same for bytes that come with it, such as those to be copied elsewhere.
struct model_file {
  std::string bytes;
  model_ptr content;
};
[[nodiscard]] expected<model_file> read_model_file(const std::string& file);

}  // namespace millrace::model
