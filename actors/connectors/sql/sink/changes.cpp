#include "actors/connectors/sql/sink/changes.hpp"

#include "runtime/data/key_encoding.hpp"

#include <string>
#include <unordered_map>
#include <utility>

namespace millrace::sink::sql {
namespace {

class cutter {
public:
  cutter(const data::batch& rows, std::span<const std::size_t> key, const data::column* deletes,
         bool keys_alone)
      : rows_(rows), key_(key), deletes_(deletes), keys_alone_(keys_alone) {}

  void add(std::size_t row) {
    const bool deletes = deletes_ != nullptr && !deletes_->is_null(row) && deletes_->boolean_at(row);
    if (keys_alone_ ? changes_otherwise(row, deletes) : !(deletes ? part_.upserts : part_.deletions).empty())
      cut();
    (deletes ? part_.deletions : part_.upserts).push_back(row);
    if (keys_alone_ && deletes_ != nullptr)
      kinds_[std::move(encoded_)] = deletes;
  }

  std::vector<change_part> finish() {
    cut();
    return std::move(parts_);
  }

private:
  /// Whether the part has a change of the other kind with the row's key, which is left in encoded_.
  bool changes_otherwise(std::size_t row, bool deletes) {
    if (deletes_ == nullptr)
      return false;
    encoded_.clear();
    for (const auto k : key_)
      data::append_key(encoded_, *rows_.columns[k], row);
    const auto known = kinds_.find(encoded_);
    return known != kinds_.end() && known->second != deletes;
  }

  void cut() {
    if (part_.upserts.empty() && part_.deletions.empty())
      return;
    parts_.push_back(std::exchange(part_, {}));
    kinds_.clear();
  }

  const data::batch& rows_;
  std::span<const std::size_t> key_;
  const data::column* deletes_;
  bool keys_alone_;
  change_part part_;
  std::unordered_map<std::string, bool> kinds_;  // keys of part_, and whether they are deleted
  std::string encoded_;
  std::vector<change_part> parts_;
};

}  // namespace

std::vector<change_part> parts_of(const data::batch& rows, std::span<const std::size_t> chosen,
                                  std::span<const std::size_t> key, const data::column* deletes,
                                  bool keys_alone) {
  cutter cut(rows, key, deletes, keys_alone);
  for (const auto row : chosen)
    cut.add(row);
  return cut.finish();
}

}  // namespace millrace::sink::sql
