#include "tools/model/predict.hpp"

#include "runtime/model/read_model.hpp"
#include "runtime/model/score.hpp"
#include "tools/model/dataset.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace millrace::model {
namespace {

/// The models that have been asked for, by file. Used by several threads.
class models {
public:
  expected<model_ptr> of(const std::string& file) {
    const std::lock_guard lock(mutex_);
    if (const auto known = known_.find(file); known != known_.end())
      return known->second;
    auto made = read_model(file);
    if (!made)
      return tl::unexpected(std::move(made.error()));
    return known_[file] = std::make_shared<const model>(std::move(*made));
  }

private:
  std::mutex mutex_;
  std::map<std::string, model_ptr> known_;
};

}  // namespace

duckdb::row_function prediction() {
  return [known = std::make_shared<models>()](const std::string& file,
                                              const data::batch& given) -> expected<data::column_ptr> {
    const auto of_file = [&](const std::string& what) {
      return user_error(ec::invalid_argument, fmt::format("{}: {}", file, what));
    };
    const auto m = known->of(file);
    if (!m)
      return tl::unexpected(m.error());
    const auto rows = plain_numbers(given);
    if (!rows)
      return of_file(rows.error().message);
    const auto columns = bind(**m, *rows->schema);
    if (!columns)
      return of_file(columns.error().message);
    std::vector<refused_row> refused;
    auto found = score(**m, *columns, *rows, refused);
    if (!refused.empty())
      return of_file(refused.front().message + "; remedy: a query without such rows");
    return found;
  };
}

}  // namespace millrace::model
